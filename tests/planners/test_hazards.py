"""The traps that other planners fell into, each with the case that shows it.

Numbers of the sections of planners.md (hazards) are given as H4.1 and so on.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from planners import InvalidModelError, MoveMDP, TabularMDP
from tests.oracles.problems import HALF_ENDS, baited_line, line
from tests.oracles.sweeps import swept_values


def read(P: Any) -> TabularMDP:
    return TabularMDP.from_gym_dict(P)


# H4.1: the span bounds assume that no episode ends.


@pytest.mark.parametrize("discount", [0.5, 0.875, 0.96875, 0.9990234375])
def test_span_bound_is_wrong_where_episodes_end_and_ours_is_not(discount: float) -> None:
    exact = 0.5 / (1 - discount / 2)  # V = 1/2 + discount/2 * V
    change = np.array([0.5])  # T V - V at V = 0, the same in every state
    naive_lower = change + discount / (1 - discount) * change.min()  # MacQueen 1966, for episodes without end
    assert naive_lower[0] > exact + 0.2
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


def test_improper_random_starts(rng: np.random.Generator) -> None:
    """A random policy on a corridor almost surely never ends, and its linear system is singular."""
    for seed in rng.integers(2**32, size=25):
        plan = planners.policy_iteration(read(line(12)), discount=1.0, seed=int(seed))
        np.testing.assert_allclose(plan.values, np.arange(-12, 0), rtol=0, atol=1e-9)  # one a step to the end


def test_a_bait_that_leads_into_a_trap_is_worth_minus_infinity() -> None:
    plan = planners.solve(read(baited_line()), discount=1.0)
    assert plan.action_values[0, 2] == -np.inf
    assert not plan.optimal_actions[0, 2]
    assert not plan.optimal_actions[1, 2]  # does not exist


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


# H4.3: Gymnasium's conventions; whole tables of it are in tests/oracles/problems.py.


@pytest.mark.parametrize("percent", [7, 30, 32, 34])
def test_rows_one_ulp_short_are_accepted(percent: int) -> None:
    """H4.3: the sums of these success rates are off by rounding."""
    env = gym.make("FrozenLake-v1", success_rate=percent / 100)
    for discount in (0.99, 1.0):
        plan = planners.solve(env, discount=discount)
        expected = swept_values(env.unwrapped.P, discount)  # type: ignore[attr-defined]
        assert np.abs(plan.values - expected).max() <= plan.error_bound + 1e-9


def moves(**fields: Any) -> MoveMDP:
    """Three states in a ring, written as lists; 300 actions, of which the last earns most."""
    given: dict[str, Any] = {
        "successor": [[0, 1], [1, 2], [2, 0]],
        "outcome": [[0, 1]] * 3,
        "outcome_reward": [1.0, 0.0],
        "outcome_ends": [True, False],
        "mixture": [[[a / 299, 1 - a / 299] for a in range(300)]],
    }
    return MoveMDP(**(given | fields))


def test_moves_are_read_from_lists() -> None:
    plan = planners.solve(moves(), discount=0.9)
    assert plan.policy.actions.tolist() == [299] * 3
    assert plan.values == pytest.approx([1.0] * 3, abs=1e-12)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"outcome": [[0, 1], [0, 1], [0, 2]]}, "outcome of state 2 is .*expected numbers from 0 to 1"),
        ({"outcome": [[0, 1], [-1, 1], [0, 1]]}, "outcome of state 1"),
        ({"kind": [0, 0, 1]}, "kind of state 2 is 1; expected numbers from 0 to 0"),
        ({"mixture": [[1.0, 0.0]]}, "mixture has shape .1, 2.; expected .C, A, 2."),
        ({"successor": [[0, 1], [1]]}, "successor has rows of different lengths"),
    ],
)
def test_moves_that_point_nowhere_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidModelError, match=message):
        moves(**fields)
