"""Arrays that others wrote: every layout gives the same model, what is ambiguous is refused, masks are honoured."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import planners
from planners import InvalidModelError, InvalidOptionError, TabularMDP


def tables(rng: np.random.Generator, states: int, actions: int, whole: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """P (S, A, S') with zeros, and R (S, A, S'); in quarters and integers when `whole`."""
    P = np.zeros((states, actions, states))
    for state in range(states):
        for action in range(actions):
            for to in rng.integers(states, size=4):
                P[state, action, to] += 0.25
    R = rng.integers(-9, 10, size=P.shape).astype(float)
    return P, R if whole else R + rng.normal(size=P.shape)


def by_loops(P: np.ndarray, R: np.ndarray) -> np.ndarray:
    """r(s,a) of dense (S, A, S') tables, by its definition."""
    S, A = P.shape[:2]
    rewards = np.zeros((S, A))
    for s in range(S):
        for a in range(A):
            rewards[s, a] = sum(P[s, a, t] * R[s, a, t] for t in range(S) if P[s, a, t])
    return rewards


def assert_is(model: TabularMDP, P: np.ndarray, rewards: np.ndarray) -> None:
    """The model has these continuing probabilities, rewards, and no end."""
    np.testing.assert_array_equal(model.transitions.toarray().reshape(P.shape), P)
    np.testing.assert_allclose(model.rewards, rewards, atol=1e-12)
    assert not model.termination.any()
    assert model.feasible.all()


FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]


def in_format(matrix: np.ndarray, name: Any) -> Any:
    return sparse.coo_array(matrix).asformat(name)


Form = Callable[[np.ndarray], Any]
PROBABILITIES: dict[str, Form] = {
    "SAS": lambda P: P,
    "SAS lists": lambda P: P.tolist(),
    "ASS": lambda P: P.transpose(1, 0, 2),
    "ASS list of dense": lambda P: list(P.transpose(1, 0, 2)),
    "ASS tuple of mixed": lambda P: tuple(m if a else sparse.csr_array(m) for a, m in enumerate(P.transpose(1, 0, 2))),
    "ASS matrices": lambda P: [sparse.csr_matrix(m) for m in P.transpose(1, 0, 2)],
    "stacked": lambda P: sparse.csc_array(P.reshape(-1, len(P))),
    "stacked dense": lambda P: P.reshape(-1, len(P)),
    **{name: lambda P, name=name: [in_format(m, name) for m in P.transpose(1, 0, 2)] for name in FORMATS},
}
REWARDS: dict[str, Form] = {
    "SAS": lambda R: R,
    "ASS": lambda R: R.transpose(1, 0, 2),
    "ASS list of dense": lambda R: list(R.transpose(1, 0, 2)),
    "ASS mixed": lambda R: [m if a else sparse.csr_array(m) for a, m in enumerate(R.transpose(1, 0, 2))],
    **{name: lambda R, name=name: [in_format(m, name) for m in R.transpose(1, 0, 2)] for name in FORMATS},
}


@pytest.mark.parametrize("form", PROBABILITIES)
@pytest.mark.parametrize("reward_form", ["SAS", "coo"])
def test_every_layout_of_probabilities(rng: np.random.Generator, form: str, reward_form: str) -> None:
    for states, actions in ((5, 3), (3, 4), (4, 1), (1, 2), (1, 1)):
        P, R = tables(rng, states, actions)
        axes = "SAS" if "stacked" in form else None
        model = TabularMDP.from_arrays(PROBABILITIES[form](P), REWARDS[reward_form](R), axes=axes)
        assert_is(model, P, by_loops(P, R))


@pytest.mark.parametrize("form", REWARDS)
@pytest.mark.parametrize("probability_form", ["SAS", "ASS", "csr", "stacked"])
def test_every_layout_of_rewards(rng: np.random.Generator, form: str, probability_form: str) -> None:
    P, R = tables(rng, 5, 3)
    axes = "SAS" if probability_form == "stacked" else None
    model = TabularMDP.from_arrays(PROBABILITIES[probability_form](P), REWARDS[form](R), axes=axes)
    assert_is(model, P, by_loops(P, R))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.coo_array])
def test_one_matrix_is_read_without_axes_only_where_both_orders_are_the_same(
    rng: np.random.Generator, form: Any
) -> None:
    P, R = tables(rng, 4, 1)
    assert_is(TabularMDP.from_arrays(form(P[:, 0]), R[:, 0]), P, by_loops(P, R))  # one action: (S, S'), r(s,s')
    P, _ = tables(rng, 3, 2)
    for rows in (P.reshape(6, 3), P.transpose(1, 0, 2).reshape(6, 3)):
        with pytest.raises(
            InvalidModelError, match=r"3 states and 2 actions, whose rows can be in two orders.*axes='SAS'"
        ):
            TabularMDP.from_arrays(form(rows), np.zeros(3))
    alike = np.tile(P[:1, :1], (3, 2, 1))
    assert_is(TabularMDP.from_arrays(form(alike.reshape(6, 3)), np.zeros(3)), alike, np.zeros((3, 2)))


def test_an_array_of_matrices(rng: np.random.Generator) -> None:
    """pymdptoolbox also takes an object array of A matrices."""
    P, R = tables(rng, 5, 3)
    matrices = np.empty(3, dtype=object)
    rewards = np.empty(3, dtype=object)
    for action in range(3):
        matrices[action], rewards[action] = sparse.csr_array(P[:, action]), sparse.csr_array(R[:, action])
    assert_is(TabularMDP.from_arrays(matrices, rewards), P, by_loops(P, R))


@given(states=st.integers(1, 5), actions=st.integers(1, 5), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_named_axes_settle_everything(states: int, actions: int, seed: int, data: st.DataObject) -> None:
    """With axes= the orders agree for every S and A, A = S among them."""
    P, R = tables(np.random.default_rng(seed), states, actions, whole=True)
    rewards = by_loops(P, R)
    by_action = [in_format(m, data.draw(st.sampled_from(FORMATS))) for m in P.transpose(1, 0, 2)]
    forms: list[tuple[Literal["SAS", "ASS"], Any, Any]] = [
        ("SAS", P, R),
        ("SAS", P, rewards),
        ("SAS", sparse.csr_array(P.reshape(-1, states)), R),
        ("SAS", P.reshape(-1, states), R),
        ("ASS", P.transpose(1, 0, 2).reshape(-1, states), rewards),
        ("ASS", P.transpose(1, 0, 2), R.transpose(1, 0, 2)),
        ("ASS", P.transpose(1, 0, 2), rewards),
        ("ASS", by_action, R.transpose(1, 0, 2)),
        ("ASS", sparse.coo_array(P.transpose(1, 0, 2).reshape(-1, states)), rewards),
    ]
    for axes, probabilities, given_rewards in forms:
        assert_is(TabularMDP.from_arrays(probabilities, given_rewards, axes=axes), P, rewards)


def test_as_many_actions_as_states_are_refused_unless_both_readings_agree(rng: np.random.Generator) -> None:
    P, R = tables(rng, 4, 4)
    P[0, 1], P[1, 0] = np.eye(4)[0], np.eye(4)[1]  # so that the two readings differ
    with pytest.raises(InvalidModelError, match=r"P has shape \(4, 4, 4\), which fits both.*axes='SAS' or axes='ASS'"):
        TabularMDP.from_arrays(P, R)
    alike = np.tile(np.eye(4)[1], (4, 4, 1))
    assert_is(TabularMDP.from_arrays(alike, np.zeros((4, 4))), alike, np.zeros((4, 4)))
    assert_is(TabularMDP.from_arrays(alike, np.arange(4.0)), alike, np.repeat(np.arange(4.0)[:, None], 4, axis=1))
    with pytest.raises(InvalidModelError, match=r"R has shape \(4, 4, 4\), which fits both.*axes="):
        TabularMDP.from_arrays(alike, R)
    listed = [sparse.csr_array(matrix) for matrix in P.transpose(1, 0, 2)]  # a list is of actions, always
    rewards = R[:, :, 0]
    with pytest.raises(InvalidModelError, match=r"R has shape \(4, 4\).*r\(s,s'\).*as many actions as states.*axes="):
        TabularMDP.from_arrays(listed, rewards)
    assert_is(TabularMDP.from_arrays(listed, rewards, axes="ASS"), P, rewards)
    assert_is(TabularMDP.from_arrays(listed, [sparse.csr_array(m) for m in R.transpose(1, 0, 2)]), P, by_loops(P, R))


def test_puterman_with_minus_infinity() -> None:
    """QuantEcon's example from Puterman (2005), Section 3.1; V* by Example 6.2.1, for discounts above 10/11."""
    discount = 0.95
    R = [[5, 10], [-1, -np.inf]]
    Q = [[[0.5, 0.5], [0, 1]], [[0, 1], [np.nan, 7]]]
    expected = [(5 - 5.5 * discount) / ((1 - 0.5 * discount) * (1 - discount)), -1 / (1 - discount)]
    masked = TabularMDP.from_arrays(Q, [[5, 10], [-1, np.nan]], feasible=[[True, True], [True, False]], axes="SAS")
    pairs = TabularMDP.from_state_action_pairs([5, 10, -1], [[0.5, 0.5], [0, 1], [0, 1]], [0, 0, 1], [0, 1, 0])
    for model in (TabularMDP.from_arrays(Q, R, axes="SAS"), masked, pairs):
        assert model.feasible.tolist() == [[True, True], [True, False]]
        assert model.transitions.toarray()[3].tolist() == [0, 0]
        plan = planners.solve(model, discount=discount)
        np.testing.assert_allclose(plan.values, expected, atol=1e-6)
        assert plan.policy.actions.tolist() == [0, 0]
        assert not plan.optimal_actions[1, 1]


@given(states=st.integers(2, 5), actions=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_what_is_not_feasible_is_not_read(states: int, actions: int, seed: int) -> None:
    """Empty rows, rows of garbage and rewards of garbage, behind the mask or in a terminal state."""
    rng = np.random.default_rng(seed)
    P, R = tables(rng, states, actions, whole=True)
    feasible, terminal = rng.random((states, actions)) < 0.6, np.arange(states) == states - 1
    feasible[:-1, 0] = True
    ignored = ~feasible | terminal[:, None]
    clean, garbage = P.copy(), P.copy()
    clean[ignored] = np.eye(states)[0]
    garbage[ignored] = rng.choice([0.0, -3.0, np.nan, np.inf], size=garbage[ignored].shape)
    rewards = np.where(ignored[:, :, None], rng.choice([0.0, -np.inf, np.nan, np.inf], size=R.shape), R)
    expected = np.where(ignored, 0.0, by_loops(clean, R))
    into_end = np.where(ignored, 0.0, clean[:, :, -1])
    for probabilities, given_rewards in (
        (garbage, rewards),
        (garbage, np.where(ignored, np.nan, expected)),
        (sparse.csr_array(garbage.reshape(-1, states)), np.where(ignored, np.inf, expected)),
    ):
        model = TabularMDP.from_arrays(probabilities, given_rewards, terminal, feasible, axes="SAS")
        np.testing.assert_array_equal(model.feasible[:-1], feasible[:-1])
        np.testing.assert_array_equal(model.feasible[-1], feasible[-1] if feasible[-1].any() else True)
        np.testing.assert_array_equal(model.rewards, expected)
        np.testing.assert_array_equal(model.termination[:-1], into_end[:-1])
        np.testing.assert_array_equal(model.termination[-1], model.feasible[-1])
        kept = np.where(ignored[:, :, None] | terminal, 0.0, clean)
        np.testing.assert_array_equal(model.transitions.toarray().reshape(P.shape), kept)


def test_rewards_of_impossible_transitions_are_not_read() -> None:
    P = [[[0.0, 1.0]], [[1.0, 0.0]]]
    R = np.array([[[np.nan, 1.0]], [[2.0, np.inf]]])
    assert TabularMDP.from_arrays(P, R).rewards.tolist() == [[1.0], [2.0]]
    assert TabularMDP.from_arrays(P, [sparse.csr_array(R[:, 0])]).rewards.tolist() == [[1.0], [2.0]]


def test_the_arrays_of_the_caller_stay_theirs() -> None:
    P, R = sparse.csr_array(np.eye(2)), np.zeros((2, 1))
    model = TabularMDP.from_arrays(P, R)
    P.data[:], P.indices[:], R[:] = 0.5, 0, 9.0  # still open for writing, and no part of the model
    assert model.transitions.toarray().tolist() == np.eye(2).tolist()
    assert model.rewards.tolist() == [[0.0], [0.0]]


def test_the_initial_distribution_is_kept() -> None:
    model = TabularMDP.from_arrays([np.eye(2)], [0.0, 1.0], initial=[0.25, 0.75])
    assert model.initial is not None
    assert model.initial.tolist() == [0.25, 0.75]


def test_unknown_axes() -> None:
    axes: Any = "SSA"
    with pytest.raises(InvalidOptionError, match=r"axes is 'SSA'; expected 'SAS' for \(S, A, S'\), 'ASS'"):
        TabularMDP.from_arrays([np.eye(2)], [0.0, 1.0], axes=axes)


def test_pymdptoolbox_solves_the_same(rng: np.random.Generator) -> None:
    mdptoolbox = pytest.importorskip("mdptoolbox.mdp")
    P, R = tables(rng, 6, 3)
    by_action, rewards = P.transpose(1, 0, 2), R.transpose(1, 0, 2)
    theirs = mdptoolbox.PolicyIteration(by_action, rewards, 0.9)
    theirs.run()
    ours = planners.solve(TabularMDP.from_arrays(by_action, rewards), discount=0.9, tolerance=1e-9)
    np.testing.assert_allclose(ours.values, theirs.V, atol=1e-8)
