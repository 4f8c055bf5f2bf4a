"""Discount 1: actions that only go round for free are not optimal, and whatever is kept may be mixed at will."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import Plan, TabularMDP, UnboundedValueError
from planners.equations import ways_out
from tests.oracles.bounds import distance
from tests.oracles.exact import (
    PLUS,
    Number,
    Tables,
    action_value,
    as_floats,
    deterministic_policies,
    optimal_values,
    swings,
    values_where_defined,
)
from tests.oracles.examples import times
from tests.oracles.methods import METHODS
from tests.oracles.models import tables

FREE = [Fraction(0)] * 6 + [Fraction(1, 4), Fraction(-1, 4), Fraction(-1)]
AT_END = [Fraction(0), Fraction(1), Fraction(1), Fraction(3), Fraction(-1)]
SLACK = Fraction(1, 10**6)  # above what the plans may be off; the models' own gaps are far larger
MAPS: list[tuple[str, dict[str, Any]]] = [
    ("GridWorld-v0", {"desc": ["S..+"]}),
    ("GridWorld-v0", {"desc": ["....", ".##.", "S..+"]}),
    ("GridWorld-v0", {"desc": ["+..S...+"]}),
    ("GridWorld-v0", {"desc": ["....", "....", "S..+"], "slip": 0.2}),
    ("GridWorld-v0", {"map_name": "four-rooms"}),
    ("FrozenLake-v1", {"is_slippery": False}),
    ("FrozenLake8x8-v1", {"is_slippery": False}),
    ("FrozenLake-v1", {}),
]


@pytest.mark.parametrize(("name", "options"), MAPS, ids=str)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_any_choice_among_the_optimal_actions_of_a_free_map_is_worth_v_star(
    name: str, options: dict[str, Any], method: Callable[..., Plan], rng: np.random.Generator
) -> None:
    env = gym.make(name, **({"step_reward": 0.0} if name == "GridWorld-v0" else {}), **options)
    plan = method(env, discount=1.0, tolerance=1e-7)
    optimal = plan.optimal_actions
    assert optimal[np.arange(len(optimal)), plan.policy.actions].all()
    first, last = optimal.argmax(axis=1), optimal.shape[1] - 1 - optimal[:, ::-1].argmax(axis=1)
    drawn = [np.where(optimal, rng.random(optimal.shape), -1).argmax(axis=1) for _ in range(times(6))]
    for policy in [first, last, *drawn, optimal / optimal.sum(axis=1, keepdims=True)]:
        np.testing.assert_allclose(planners.evaluate(env, policy, discount=1.0), plan.values, atol=1e-6)
        assert planners.is_optimal(env, policy, discount=1.0, tolerance=1e-6)


def test_the_way_out_is_the_nearest() -> None:
    plan = planners.solve(gym.make("GridWorld-v0", desc=["+..S...+"], step_reward=0.0), discount=1.0)
    assert [np.flatnonzero(row).tolist() for row in plan.optimal_actions[1:-1]] == [[3]] * 3 + [[1]] * 3
    assert plan.policy.actions[1:-1].tolist() == [3, 3, 3, 1, 1, 1]


def test_where_nothing_can_be_had_resting_is_optimal() -> None:
    """V* = 0: to rest for ever is as good as to end, so nothing is ruled out."""
    rest = TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 0, 0.0, True)], 2: [(1.0, 0, -1.0, True)]}}
    )
    assert planners.solve(rest, discount=1.0).optimal_actions.tolist() == [[True, True, False]]


def test_bounds_are_close_beside_the_rewards_of_the_model() -> None:
    """A gap of 1e-12 is one of half a reward where rewards are 1e-12: not yet a tie."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 2e-12, True)], 1: [(1.0, 0, 1e-12, True)]}})
    assert not ways_out._settled(model, np.array([1e-12]), np.array([2e-12])).any()
    assert ways_out._settled(model, np.array([2e-12]), np.array([2e-12])).all()


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(P=st.one_of(tables(FREE, AT_END), tables()), method=st.sampled_from(list(METHODS.values())))
def test_every_policy_of_optimal_actions_is_optimal(P: Tables, method: Callable[..., Plan]) -> None:
    """Exactly, for each deterministic choice; and what is left out although Q* = V* can be chosen to no end."""
    best = optimal_values(P, Fraction(1))
    assume(PLUS not in best and not swings(P))
    try:
        plan = method(TabularMDP.from_gym_dict(as_floats(P)), discount=1.0, throw=False)
    except UnboundedValueError:
        assume(False)
        raise
    assume(plan.error_bound <= 1e-6)
    kept = plan.optimal_actions
    assert all(kept[state, action] for state, action in enumerate(plan.policy.actions))
    gaps = {(s, a): distance(best[s], action_value(P, s, a, best, Fraction(1))) for s in P for a in P[s]}
    harmful: set[tuple[int, int]] = set()
    for policy in deterministic_policies(P):
        pairs = [(state, next(iter(row))) for state, row in enumerate(policy)]
        if any(gaps[pair] > 0 for pair in pairs):
            continue
        values = values_where_defined(P, policy, Fraction(1))
        harmful |= {pair for pair in pairs if _loses(values[pair[0]], best[pair[0]])}
        if all(kept[pair] for pair in pairs):
            assert not any(_loses(value, truth) for value, truth in zip(values, best, strict=True)), (pairs, values)
    for pair, gap in gaps.items():
        if gap > SLACK:
            assert not kept[pair], (pair, gap)
        elif gap == 0 and not kept[pair]:
            assert pair in harmful


def _loses(value: Number | None, best: Number) -> bool:
    return value is None or distance(value, best) > SLACK
