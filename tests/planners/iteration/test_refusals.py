"""What is refused, with which words, and how planning ends when it cannot reach the tolerance."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from planners import (
    InvalidModelError,
    InvalidOptionError,
    InvalidPolicyError,
    MoveMDP,
    NotConvergedError,
    Plan,
    PlannerError,
    Status,
    TabularMDP,
)

ROOT = Path(__file__).resolve().parents[3]
METHODS: list[Callable[..., Plan]] = [planners.value_iteration, planners.policy_iteration, planners.solve]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def stay(reward: float = 1.0, states: int = 1) -> TabularMDP:
    """Every state stays for ever: V = reward / (1 - discount)."""
    return TabularMDP.from_gym_dict({s: {0: [(1.0, s, reward, False)]} for s in range(states)})


def two(entry: tuple[float, int, float, bool]) -> TabularMDP:
    """A model whose state 1, action 2 has one given entry."""
    good = [(1.0, 0, 0.0, True)]
    return TabularMDP.from_gym_dict({0: dict.fromkeys(range(3), good), 1: {0: good, 1: good, 2: [entry]}})


# Models.

WRONG_ENTRIES = [
    ((0.75, 0, 0.0, False), r"state 1, action 2 sum to 0\.75; expected 1"),
    ((1.25, 0, 0.0, True), r"state 1, action 2 sum to 1\.25; expected 1"),
    ((-0.5, 0, 0.0, False), r"state 1, action 2 .*-0\.5.*expected a number from 0 to 1"),
    ((-0.5, 0, 0.0, True), r"state 1, action 2 .*-0\.5.*expected a number from 0 to 1"),
    ((math.nan, 0, 0.0, False), r"state 1, action 2 .*nan"),
    ((math.nan, 0, 0.0, True), r"state 1, action 2 .*nan"),
    ((1.0, 0, math.nan, False), r"state 1, action 2 has reward nan; expected a finite number"),
    ((1.0, 0, math.inf, False), r"state 1, action 2 has reward inf; expected a finite number"),
    ((1.0, 0, -math.inf, True), r"state 1, action 2 has reward -inf; expected a finite number"),
    ((1.0, 2, 0.0, False), r"state 1, action 2 leads to state 2; expected a state from 0 to 1"),
    ((1.0, -1, 0.0, False), r"state 1, action 2 leads to state -1; expected a state from 0 to 1"),
]


@pytest.mark.parametrize(("entry", "message"), WRONG_ENTRIES)
def test_wrong_entries_are_named(entry: Any, message: str) -> None:
    with pytest.raises(InvalidModelError, match=message) as caught:
        two(entry)
    assert (caught.value.state, caught.value.action) == (1, 2)
    assert isinstance(caught.value, PlannerError)
    assert isinstance(caught.value, ValueError)


def test_a_raw_dictionary_is_no_model_but_can_be_read() -> None:
    with pytest.raises(InvalidModelError, match=r"a dict is no model; .* is read by planners.TabularMDP.from_gym_dict"):
        planners.solve({}, discount=0.9)  # pyright: ignore[reportArgumentType, reportCallIssue]


@pytest.mark.parametrize(
    "source", ["FrozenLake-v1", 3, None, object(), gym.make("CartPole-v1")], ids=lambda s: type(s).__name__
)
def test_no_tables(source: Any) -> None:
    name = type(getattr(source, "unwrapped", source)).__name__
    with pytest.raises(InvalidModelError, match=rf"{name} has no tables.*from_arrays"):
        planners.solve(source, discount=0.9)


@pytest.mark.parametrize(
    ("P", "R", "message"),
    [
        (np.full((2, 3, 2), 0.5), np.zeros((2, 2)), r"R has shape \(2, 2\); expected \(2,\), \(2, 3\) or \(2, 3, 2\)"),
        (np.full((2, 3), 0.5), np.zeros(2), r"P is one matrix of shape \(2, 3\); expected \(S\*A, S'\)"),
        (np.full((2, 3, 4), 0.25), np.zeros(2), r"P has shape \(2, 3, 4\)"),
    ],
)
def test_shapes_of_arrays(P: np.ndarray, R: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidModelError, match=message):
        TabularMDP.from_arrays(P, R)


@pytest.mark.parametrize("mixture", [[0.5, 0.25], [1.5, -0.5], [math.nan, 1.0]])
def test_mixtures_of_moves(mixture: list[float]) -> None:
    with pytest.raises(InvalidModelError, match=r"action 0 .*sum to"):
        MoveMDP(
            successor=np.zeros((1, 2), dtype=np.int32),
            outcome=np.zeros((1, 2), dtype=np.uint8),
            outcome_reward=np.zeros(1),
            outcome_ends=np.ones(1, dtype=bool),
            mixture=np.array([[mixture]]),
        )


# Arguments; the options are in test_planners_options.py.


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.0, 0.0], r"shape \(2,\); expected \(3,\)"),
        ([[0.0], [0.0], [0.0]], r"shape \(3, 1\); expected \(3,\)"),
        ([0.0, math.nan, 0.0], "NaN.*expected"),
        ([0.0, 0.0, math.inf], "infinite in state 2"),
        ([0.0, 0.0, -math.inf], "infinite in state 2"),
    ],
)
def test_values_to_certify(values: Any, message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        planners.certify(stay(states=3), values, discount=0.9)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ([0, 0], "policy has 2 states and 1 actions; the model has 3 states and 1 actions"),
        ([0, 1, 0], "action 1 in state 1; expected an action from 0 to 0"),
        ([0, -1, 0], "action -1 in state 1; expected an action from 0 to 0"),
        ([0.0, 0.0, 0.0], "expected .* integers"),
        (np.full((3, 2), 0.5), "3 states and 2 actions"),
        ([[1.0], [0.5], [1.0]], r"state 1 .*sum to 0\.5"),
        ([[1.0], [math.nan], [1.0]], "state 1"),
        (np.zeros((3, 1, 1)), r"shape \(3, 1, 1\)"),
    ],
)
def test_policies(policy: Any, message: str) -> None:
    for question in (planners.evaluate, planners.is_optimal):
        with pytest.raises(InvalidPolicyError, match=message):
            question(stay(states=3), policy, discount=0.9)


def test_actions_that_do_not_exist_in_a_state() -> None:
    model = TabularMDP.from_gym_dict({0: {1: [(1.0, 0, 1.0, True)]}})
    for policy in ([0], [[0.5, 0.5]]):
        with pytest.raises(InvalidPolicyError, match=r"takes action 0 in state 0, where only \[1\] are feasible"):
            planners.evaluate(model, policy, discount=0.5)


# Not converging.


def slow() -> TabularMDP:
    """Two states that exchange reward; value iteration needs many sweeps."""
    return TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 0.0, False)]}})


SLOW_VALUES = np.array([1.0, 0.999]) / (1 - 0.999**2)  # V0 = 1 + g V1, V1 = g V0


def test_iteration_limit_carries_an_honest_plan() -> None:
    with pytest.raises(NotConvergedError, match=r"after 5 iterations.*throw=False") as caught:
        planners.value_iteration(slow(), discount=0.999, max_iterations=5)
    returned = planners.value_iteration(slow(), discount=0.999, max_iterations=5, throw=False)
    for plan in (caught.value.plan, returned):
        assert plan.status is Status.ITERATION_LIMIT
        assert not plan.converged
        assert plan.iterations == len(plan.history) == 5
        assert (plan.lower <= SLOW_VALUES).all()
        assert (plan.upper >= SLOW_VALUES).all()
        assert np.abs(plan.values - SLOW_VALUES).max() <= plan.error_bound


@every_method
@pytest.mark.parametrize("discount", [0.5, 0.999, 1.0])
def test_tolerance_below_the_floor_of_rounding(method: Callable[..., Plan], discount: float) -> None:
    P = {s: {0: [(0.3, s, 0.1, False), (0.3, 1 - s, -0.7, False), (0.4, 0, 37.7, True)]} for s in range(2)}
    plan = method(TabularMDP.from_gym_dict(P), discount=discount, tolerance=1e-18, throw=False)
    assert plan.status is Status.ROUNDING_FLOOR
    exact = (0.3 * 0.1 - 0.3 * 0.7 + 0.4 * 37.7) / (1 - 0.6 * discount)  # the two states are alike
    assert 1e-18 < plan.error_bound <= 1e-9
    assert (plan.lower <= exact + 1e-13).all()
    assert (plan.upper >= exact - 1e-13).all()
    with pytest.raises(NotConvergedError, match="Rounding"):
        method(TabularMDP.from_gym_dict(P), discount=discount, tolerance=1e-18)


@every_method
@pytest.mark.parametrize("cost", [1e-9, 1e-12, 1e-15])
def test_costs_lost_in_rounding_end_at_the_floor(method: Callable[..., Plan], cost: float) -> None:
    """No proof is possible at discount 1; more sweeps do not help, so the limit is not the reason."""
    row = [(1.0, 0, -cost, False)]
    P = {0: {0: row, 1: [(1.0, 1, -cost, False)]}, 1: {0: [(1.0, 1, -cost, False)], 1: [(1.0, 1, 1e6, True)]}}
    plan = method(TabularMDP.from_gym_dict(P), discount=1.0, max_iterations=5_000, throw=False)
    assert plan.status in (Status.ROUNDING_FLOOR, Status.CONVERGED), plan
    assert (plan.lower <= 1e6 - np.array([cost, 0.0])).all()
    assert (plan.upper >= 1e6 - np.array([cost, 0.0])).all()
