"""Reading tables: published examples, the shapes of rewards, duplicates, and what is not an MDP."""

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import planners
from planners import InvalidModelError, TabularMDP


def forest() -> tuple[np.ndarray, np.ndarray]:
    """pymdptoolbox's quick start, from its definition: S = 3, r1 = 4, r2 = 2, p = .1; wait or cut."""
    S, r1, r2, p = 3, 4.0, 2.0, 0.1
    P = np.zeros((2, S, S))
    P[0, :, 0] = p  # wait: a fire, or the forest grows
    for s in range(S):
        P[0, s, min(s + 1, S - 1)] += 1 - p
    P[1, :, 0] = 1  # cut
    R = np.zeros((S, 2))
    R[S - 1, 0] = r1
    R[:, 1] = [0, 1, r2]
    return P, R


@pytest.mark.parametrize("method", ["value_iteration", "policy_iteration", "auto"])
def test_forest(method: str) -> None:
    P, R = forest()
    for model in (
        TabularMDP.from_arrays(P, R),
        TabularMDP.from_arrays(P.transpose(1, 0, 2), R),
        TabularMDP.from_arrays([sparse.csr_array(matrix) for matrix in P], R),
    ):
        plan = planners.solve(model, discount=0.9, method=method)
        # Waiting everywhere, by the 3x3 system: V* = (26.244, 29.484, 33.484). pymdptoolbox's value
        # iteration prints (5.05, 8.29, 12.29): its issue 13.
        np.testing.assert_allclose(plan.values, [26.244, 29.484, 33.484], atol=1e-6)
        assert plan.policy.actions.tolist() == [0, 0, 0]


def random_arrays(rng: np.random.Generator, states: int, actions: int) -> np.ndarray:
    P = rng.random((states, actions, states)) * (rng.random((states, actions, states)) < 0.6)
    P[:, :, 0] += 0.1
    return P / P.sum(axis=2, keepdims=True)


def test_shapes_of_rewards_agree(rng: np.random.Generator) -> None:
    P, R = random_arrays(rng, 6, 3), rng.normal(size=6)
    by_action, by_next = np.repeat(R[:, None], 3, axis=1), np.repeat(R[:, None], 18, axis=1).reshape(6, 3, 6)
    answers = [planners.solve(TabularMDP.from_arrays(P, form), discount=0.9).values for form in (R, by_action, by_next)]
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-9)
    np.testing.assert_allclose(answers[2], answers[0], atol=1e-9)
    expected = R.copy()
    for _ in range(2000):
        expected = (R[:, None] + 0.9 * P @ expected).max(axis=1)
    np.testing.assert_allclose(answers[0], expected, atol=1e-8)


def test_reward_by_next_state_is_an_expectation(rng: np.random.Generator) -> None:
    P, R = random_arrays(rng, 5, 2), rng.normal(size=(5, 2, 5))
    model = TabularMDP.from_arrays(P, R)
    np.testing.assert_allclose(model.rewards, np.einsum("sat,sat->sa", P, R), atol=1e-12)


def test_terminal_states_in_both_conventions() -> None:
    P = np.zeros((3, 1, 3))
    P[0, 0, 1] = P[1, 0, 2] = P[2, 0, 2] = 1.0
    terminal = np.array([False, False, True])
    leaving = TabularMDP.from_arrays(P, np.array([-1.0, -1.0, 10.0]), terminal)
    # R(s) is paid when the state is left, in a terminal state once: -1 + .5 * (-1 + .5 * 10).
    np.testing.assert_allclose(planners.solve(leaving, discount=0.5).values, [1.0, 4.0, 10.0], atol=1e-9)
    with pytest.raises(InvalidModelError, match=r"state 2 is terminal, and action 0 has reward 99 there.*R\(s\)"):
        TabularMDP.from_arrays(P, np.array([[-1.0], [10.0], [99.0]]), terminal)
    with pytest.raises(InvalidModelError, match="state 2 is terminal, and action 0 has reward 99 there"):
        TabularMDP.from_arrays(P, np.where(P > 0, [[[-1.0]], [[10.0]], [[99.0]]], 0.0), terminal)
    entering = TabularMDP.from_arrays(P, np.array([[-1.0], [10.0], [0.0]]), terminal)
    np.testing.assert_allclose(planners.solve(entering, discount=0.5).values, [4.0, 10.0, 0.0], atol=1e-9)


def test_duplicates_are_added_up() -> None:
    P = {0: {0: [(0.25, 0, 1.0, False), (0.25, 0, 3.0, False), (0.25, 0, -1.0, True), (0.25, 0, 5.0, True)]}}
    model = TabularMDP.from_gym_dict(P)
    assert model.rewards.tolist() == [[2.0]]
    assert model.termination.tolist() == [[0.5]]
    assert model.transitions.toarray().tolist() == [[0.5]]
    # V = 2 + .5 * .5 * V
    assert planners.solve(model, discount=0.5).values[0] == pytest.approx(2 / (1 - 0.25), abs=1e-9)


def test_lecture_sum() -> None:
    """1 + .8 + .64 + ... = 5, the lecture's geometric series."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    for method in ("value_iteration", "policy_iteration"):
        plan = planners.solve(model, discount=0.8, method=method)
        assert plan.lower[0] <= 5.0 <= plan.upper[0]
    assert planners.evaluate(model, [0], discount=0.8)[0] == pytest.approx(5, abs=1e-12)


def test_zeros_stored_in_a_sparse_table_are_no_transitions() -> None:
    """State 0 stays for nothing; a stored probability 0 must not let it slip into the costly state 1."""
    stored = sparse.csr_array(([1.0, 0.0, 1.0], [0, 1, 1], [0, 2, 3]), shape=(2, 2))
    R = np.array([[0.0], [-1.0]])
    by_arrays = TabularMDP.from_arrays([stored], R)
    direct = TabularMDP(stored, np.zeros((2, 1)), R, np.ones((2, 1), dtype=bool))
    for model in (by_arrays, direct):
        plan = planners.solve(model, discount=1.0)
        assert plan.lower[0] <= 0.0 <= plan.upper[0]
        assert plan.upper[1] == -np.inf
        np.testing.assert_array_equal(planners.evaluate(model, [0, 0], discount=1.0), [0.0, -np.inf])


@pytest.mark.parametrize("method", ["value_iteration", "policy_iteration"])
@pytest.mark.parametrize("slack", [9e-10, -9e-10])
@pytest.mark.parametrize("discount", [1 - 1e-4, 1 - 1e-8, 1 - 1e-10])
def test_slack_in_row_sums_is_normalised_or_in_the_bounds(method: str, slack: float, discount: float) -> None:
    """A row may miss 1 by 1e-9. Whether it is scaled to 1 or left, all answers must agree and be possible."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0 + slack, 0, 1.0, False)]}})
    plan = planners.solve(model, discount=discount, method=method, throw=False, max_iterations=50)
    start = planners.certify(model, [0.0], discount=discount)
    value = planners.evaluate(model, [0], discount=discount)[0]
    normalised = 1 / (1 - discount)
    assert plan.upper[0] >= 1.0  # a reward of 1 a step
    for bounds in (plan, start):
        assert bounds.lower[0] * (1 - 1e-5) <= normalised <= bounds.upper[0] * (1 + 1e-5)
        assert bounds.lower[0] * (1 - 1e-5) <= value <= bounds.upper[0] * (1 + 1e-5)


@pytest.mark.parametrize("terminated", [False, True])
def test_negative_probabilities_are_refused_before_they_are_added_up(terminated: bool) -> None:
    row = [(-0.5, 0, 1.0, terminated), (1.5, 0, 0.0, terminated)]
    with pytest.raises(InvalidModelError, match=r"state 0, action 0.*-0\.5"):
        TabularMDP.from_gym_dict({0: {0: row}})


MALFORMED: list[tuple[Any, str]] = [
    ({}, "state"),
    ({0: {}}, "state 0"),
    ({0: {0: []}}, "state 0, action 0"),
    ({0: {0: [(1.0, 0, 1.0, True)], -1: [(1.0, 0, 1.0, True)]}}, "-1"),
    ({0: {0: [(1.0, 0, 1.0)]}}, "state 0, action 0"),
    ({0: {0: [(1.0, 0.5, 1.0, False)]}}, r"state 0, action 0.*0\.5"),
    ({0: {0: [(1.0, 1, 1.0, False)]}}, "state 0, action 0.*state 1"),
    ({0: {0: [(1.0, 0, 1.0, True)]}, 1: {}}, "state 1 has no feasible action"),
    ({0: {0: [(1.0, 0, 1.0, True)]}, 2: {0: [(1.0, 0, 1.0, True)]}}, "state 1"),
]


@pytest.mark.parametrize(("P", "names"), MALFORMED, ids=lambda value: value if isinstance(value, str) else "")
def test_malformed_dictionaries_are_refused(P: Any, names: str) -> None:
    with pytest.raises(InvalidModelError, match=names):
        TabularMDP.from_gym_dict(P)
