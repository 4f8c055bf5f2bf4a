"""The traps that other planners fell into, each with the case that shows it.

Numbers of the sections of planners.md (hazards) are given as H4.1 and so on.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from planners import Plan, TabularMDP
from tests.oracles.exact import as_floats, values_of
from tests.oracles.sweeps import swept_values

METHODS: list[Callable[..., Plan]] = [planners.value_iteration, planners.policy_iteration, planners.solve]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def read(P: Any) -> TabularMDP:
    return TabularMDP.from_gym_dict(P)


# H4.1: the span bounds assume that no episode ends.

HALF_ENDS = {0: {0: [(0.5, 0, 0.0, True), (0.5, 0, 1.0, False)]}}


@every_method
@pytest.mark.parametrize("discount", [0.5, 0.875, 0.96875, 0.9990234375])
def test_span_bound_is_wrong_where_episodes_end_and_ours_is_not(method: Callable[..., Plan], discount: float) -> None:
    exact = 0.5 / (1 - discount / 2)  # V = 1/2 + discount/2 * V
    change = np.array([0.5])  # T V - V at V = 0, the same in every state
    naive_lower = change + discount / (1 - discount) * change.min()  # MacQueen 1966, for episodes without end
    assert naive_lower[0] > exact + 0.2
    plan = method(read(HALF_ENDS), discount=discount)
    assert plan.lower[0] <= exact <= plan.upper[0]
    assert abs(plan.values[0] - exact) <= plan.error_bound <= 1e-6
    certificate = planners.certify(read(HALF_ENDS), [0.0], discount=discount)
    assert certificate.lower[0] <= exact <= certificate.upper[0]


def test_actions_that_lead_away_from_the_end_count_in_the_upper_bound() -> None:
    """At discount 1: the guess -4 hides that state 1 is worth 16 steps of reward 1, and state 0 can go there."""
    P = {
        0: {0: [(1.0, 0, 0.0, True)], 1: [(1.0, 1, 0.0, False)]},
        1: {0: [(0.9375, 1, 1.0, False), (0.0625, 0, 1.0, True)]},
    }
    certificate = planners.certify(read(P), [0.0, -4.0], discount=1.0)
    assert (certificate.lower <= 16).all()
    assert (certificate.upper >= 16).all()


# H4.2: discount 1.


def corridor(length: int, step: float = -1.0) -> dict[int, Any]:
    """A walk along a line; only the right end ends it."""
    P: dict[int, Any] = {
        s: {0: [(1.0, max(s - 1, 0), step, False)], 1: [(1.0, s + 1, step, False)]} for s in range(length - 1)
    }
    P[length - 1] = {0: [(1.0, length - 2, step, False)], 1: [(1.0, length - 1, step, True)]}
    return P


def test_improper_random_starts(rng: np.random.Generator) -> None:
    """A random policy on a corridor almost surely never ends, and its linear system is singular."""
    for seed in rng.integers(2**32, size=25):
        plan = planners.policy_iteration(read(corridor(12)), discount=1.0, seed=int(seed))
        np.testing.assert_allclose(plan.values, np.arange(-12, 0), rtol=0, atol=1e-9)  # one a step to the end


@every_method
def test_states_that_never_end_are_minus_infinity_and_the_others_right(method: Callable[..., Plan]) -> None:
    P = corridor(4)
    P[4] = {0: [(1.0, 4, -1.0, False)], 1: [(1.0, 4, -2.0, False)]}  # a trap that costs
    P[5] = {0: [(0.5, 4, 0.0, False), (0.5, 0, 0.0, False)], 1: [(1.0, 5, -1.0, False)]}  # may fall into it
    P[0][2] = [(1.0, 4, 100.0, False)]  # a bait that leads into it
    plan = method(read(P), discount=1.0)
    expected = [-4.0, -3.0, -2.0, -1.0, -np.inf, -np.inf]  # one a step to the end
    for array in (plan.values, plan.lower, plan.upper):
        np.testing.assert_allclose(array, expected, atol=1e-6)
    np.testing.assert_allclose(planners.evaluate(read(P), plan.policy, discount=1.0), expected, atol=1e-9)
    assert plan.action_values[0, 2] == -np.inf
    assert not plan.optimal_actions[0, 2]
    assert not plan.optimal_actions[1, 2]  # does not exist
    assert plan.policy.actions[:4].tolist() == [1, 1, 1, 1]


@every_method
def test_free_loops_do_not_look_optimal(method: Callable[..., Plan], rng: np.random.Generator) -> None:
    """H4.4, Storm issue 940: every action has the right Q, and staying for ever earns nothing."""
    one, half = Fraction(1), Fraction(1, 2)
    for _ in range(5):
        order = [int(i) for i in rng.permutation(5)]
        P: Any = {}
        for place, state in enumerate(order[:-1]):
            ahead = order[place + 1]
            P[state] = {
                0: [(one, state, Fraction(0), False)],
                1: [(half, order[0], Fraction(0), False), (half, ahead, Fraction(0), False)],
                2: [(one, order[max(place - 1, 0)], Fraction(0), False)],
            }
        P[order[-1]] = {0: [(one, order[0], Fraction(0), False)], 1: [(one, order[0], Fraction(3), True)]}
        plan = method(read(as_floats(P)), discount=1.0)
        followed = values_of(P, [{int(a): one} for a in plan.policy.actions], one)
        assert followed == [3] * 5  # there is no cost, and the end can be reached for sure
        assert plan.optimal_actions.sum() == 3 * 4 + 2


@every_method
def test_resting_for_nothing_beats_paying(method: Callable[..., Plan]) -> None:
    P = {
        0: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 0, -3.0, True)]},
        1: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 1, -1.0, False)]},
    }
    plan = method(read(P), discount=1.0)
    assert np.abs(plan.values).max() <= plan.error_bound <= 1e-6
    assert plan.policy.actions.tolist() == [0, 0]


# H4.4: ties.


def symmetric_grid(size: int) -> dict[int, Any]:
    """A square with its end in the middle: nearly every square has two or more best moves."""
    P: dict[int, Any] = {}
    middle = (size // 2) * size + size // 2
    for row in range(size):
        for column in range(size):
            moves = {}
            for action, (down, right) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
                to = min(max(row + down, 0), size - 1) * size + min(max(column + right, 0), size - 1)
                moves[action] = [(1.0, to, -0.1, to == middle)]
            P[row * size + column] = moves
    return P


@pytest.mark.parametrize("discount", [0.9, 0.999, 1.0])
def test_ties_do_not_make_policy_iteration_go_round(discount: float, rng: np.random.Generator) -> None:
    model = read(symmetric_grid(7))
    answers = []
    for seed in rng.integers(2**32, size=15):
        plan = planners.policy_iteration(model, discount=discount, seed=int(seed))
        assert plan.iterations <= 49  # each state at its right distance after as many policies at the latest
        answers.append(plan)
    for plan in answers[1:]:
        np.testing.assert_allclose(plan.values, answers[0].values, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(plan.optimal_actions, answers[0].optimal_actions)
    corner = answers[0].optimal_actions[0]
    assert corner.tolist() == [False, True, True, False]  # right and down are equally short


# H4.3: Gymnasium's conventions.

TOY_TEXT = [
    ("FrozenLake-v1", {"map_name": "4x4"}),
    ("FrozenLake-v1", {"map_name": "8x8"}),
    ("Taxi-v4", {}),
    ("CliffWalking-v1", {}),
    ("CliffWalking-v1", {"is_slippery": True}),
]


@every_method
@pytest.mark.parametrize(("name", "options"), TOY_TEXT, ids=str)
@pytest.mark.parametrize("discount", [0.9, 0.99])
def test_toy_text(name: str, options: dict[str, Any], discount: float, method: Callable[..., Plan]) -> None:
    env = gym.make(name, **options)
    expected = swept_values(env.unwrapped.P, discount)  # type: ignore[attr-defined]
    plan = method(env, discount=discount)
    assert np.abs(plan.values - expected).max() <= plan.error_bound + 1e-9
    assert (plan.lower <= expected + 1e-9).all()
    assert (expected - 1e-9 <= plan.upper).all()
    assert plan.error_bound <= 1e-6


@every_method
@pytest.mark.parametrize(("name", "options"), TOY_TEXT[:3], ids=str)
def test_toy_text_undiscounted(name: str, options: dict[str, Any], method: Callable[..., Plan]) -> None:
    """Sweeps from 0 find the optimum: FrozenLake pays only at the end, and Taxi can end from everywhere."""
    env = gym.make(name, **options)
    plan = method(env, discount=1.0)
    expected = swept_values(env.unwrapped.P, 1.0)  # type: ignore[attr-defined]
    assert np.abs(plan.values - expected).max() <= 1e-6
    followed = planners.evaluate(env, plan.policy, discount=1.0)
    np.testing.assert_allclose(followed, expected, atol=1e-6)  # the policy too, free loops or not


@every_method
def test_cliff_walking_ends_in_a_state_that_lives_on(method: Callable[..., Plan]) -> None:
    plan = method(gym.make("CliffWalking-v1"), discount=1.0)
    # Sutton and Barto (2018), Example 6.6: 13 steps of -1 from the start, state 36, along the edge.
    assert plan.values[36] == pytest.approx(-13, abs=1e-6)
    # The goal, state 47, moves like any square when started in: one step back up and one down, or against the edge.
    assert plan.values[47] == pytest.approx(-1, abs=1e-6)


def test_flag_of_each_transition_decides() -> None:
    """The same next state is reached with and without an end; only the latter has a future."""
    P = {0: {0: [(0.5, 1, 0.0, True), (0.5, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 8.0, True)]}}
    np.testing.assert_allclose(planners.solve(read(P), discount=0.5).values, [0.5 * 0.5 * 8, 8], atol=1e-9)


@pytest.mark.parametrize("percent", [7, 30, 32, 34])
def test_rows_one_ulp_short_are_accepted(percent: int) -> None:
    """H4.3: the sums of these success rates are off by rounding."""
    env = gym.make("FrozenLake-v1", success_rate=percent / 100)
    for discount in (0.99, 1.0):
        plan = planners.solve(env, discount=discount)
        expected = swept_values(env.unwrapped.P, discount)  # type: ignore[attr-defined]
        assert np.abs(plan.values - expected).max() <= plan.error_bound + 1e-9
