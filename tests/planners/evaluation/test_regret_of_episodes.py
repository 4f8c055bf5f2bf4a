"""The estimate of the regret from episodes, by hand: the mean of what was given away, and two standard errors of it."""

import math
from typing import Any

import numpy as np
import pytest

import planners
from planners import Episode, TabularMDP, Transition

MODEL = TabularMDP.from_gym_dict(
    {  # V* = (5, 9) at discount 1/2; the second action gives away 3 in state 0, and 5 in state 1
        0: {0: [(1.0, 1, 0.5, False)], 1: [(1.0, 0, 2.0, True)]},
        1: {0: [(1.0, 0, 9.0, True)], 1: [(1.0, 1, 4.0, True)]},
    }
)


def episode(*steps: tuple[int, int]) -> Episode:
    """(state, action) by step."""
    last = len(steps) - 1
    return Episode(
        tuple(Transition(state, action, 0.0, 0, t == last, False, {}) for t, (state, action) in enumerate(steps))
    )


def test_the_mean_and_its_error_by_hand() -> None:
    """Given away: 3 + 5 / 2; 0 + 5 / 2; 0; 5. Their mean is 13 / 4, their variance (sum of squares - 4 mean^2) / 3."""
    episodes = [episode((0, 1), (1, 1)), episode((0, 0), (1, 1)), episode((0, 0)), episode((1, 1), (1, 0))]
    found = planners.regret(MODEL, episodes, discount=0.5)
    variance = (5.5**2 + 2.5**2 + 0.0 + 5.0**2 - 13.0**2 / 4) / 3
    assert found.value == pytest.approx(13 / 4, abs=1e-5)
    assert found.error == pytest.approx(2 * math.sqrt(variance / 4), abs=1e-5)
    assert found.optimal == pytest.approx((5 + 5 + 5 + 9) / 4, abs=1e-5)
    assert found.episodes == 4


def test_two_episodes_have_an_error_and_one_has_none() -> None:
    two = planners.regret(MODEL, [episode((0, 1)), episode((0, 0))], discount=0.5)
    assert (two.value, two.error) == (pytest.approx(1.5, abs=1e-5), pytest.approx(3.0, abs=1e-5))
    one = planners.regret(MODEL, [episode((0, 1))], discount=0.5)
    assert (one.value, one.episodes) == (pytest.approx(3.0, abs=1e-5), 1)
    assert math.isnan(one.error)


def test_a_hundred_episodes_are_played_and_a_policy_is_judged_without_any() -> None:
    class Once:
        """One state, one step, which gives away 1."""

        P = {0: {0: [(1.0, 0, 0.0, True)], 1: [(1.0, 0, 1.0, True)]}}

        def reset(self, **_: Any) -> tuple[int, dict[str, Any]]:
            return 0, {}

        def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
            return 0, float(action), True, False, {}

    class Zero:
        def act(self, observation: Any) -> int:
            return 0

    found = planners.regret(Once(), Zero(), discount=0.5)
    assert (found.episodes, found.error) == (100, pytest.approx(0.0, abs=1e-5))
    assert found.value == pytest.approx(1.0, abs=1e-5)
    model = TabularMDP(
        transitions=MODEL.transitions, termination=MODEL.termination, rewards=MODEL.rewards,
        feasible=MODEL.feasible, initial=np.array([0.25, 0.75]),
    )  # fmt: skip
    exact = planners.regret(model, [1, 1], discount=0.5)
    assert exact.episodes == 0
    assert exact.value == pytest.approx(0.25 * 3 + 0.75 * 5, abs=1e-5)
    assert exact.optimal == pytest.approx(0.25 * 5 + 0.75 * 9, abs=1e-5)
