"""`solve(at_most=)` against every mixture of deterministic policies, with exact rationals of what is claimed."""

import math
import pickle
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import TabularMDP
from tests.oracles.examples import times
from tests.oracles.tradeoffs import Case, best_within, draw_case


def check(case: Case, rng: np.random.Generator) -> str:
    """Solve within random bounds, and hold all that is said of it against brute force; what happened."""
    totals, count = case.totals(), len(case.tables) - 1
    low, high = totals[:, 1:].min(axis=0), totals[:, 1:].max(axis=0)
    bounds = low + rng.choice([-0.2, 0.05, 0.3, 0.7, 1.1], size=count) * (high - low)
    bounds[high - low < 1e-9] += 0.1  # to have exactly the least that is possible cannot be proven
    model = TabularMDP.from_gym_dict(case.P)
    minimise = bool(rng.integers(2))
    if minimise:
        totals[:, 0] *= -1.0
    at_most: dict[Any, Any] = {f"cost {k}": (case.tables[k + 1], bounds[k]) for k in range(count - 1)}
    at_most["entries"] = (np.flatnonzero(case.inside).tolist(), bounds[-1])
    options: Any = {"discount": float(case.discount), "start": case.start, "minimise": minimise}
    best = best_within(totals, bounds)
    unit = 1e-9 * (1.0 + float(np.abs(totals).max()))
    if best == -math.inf:
        with pytest.raises(planners.InfeasibleBoundsError) as error:
            planners.solve(model, at_most=at_most, **options)
        for least, true in zip(error.value.least.values(), low, strict=True):
            assert true - unit <= least <= true + 1e-13 * (1.0 + true)
        return "infeasible"
    plan = planners.solve(model, at_most=at_most, **options)
    if minimise:
        best = -best
    assert plan.lower <= plan.value <= plan.upper
    assert plan.lower - unit <= best <= plan.upper + unit
    assert plan.error_bound <= plan.tolerance
    value, *costs = case.exact(plan.policy.probabilities)
    assert Fraction(plan.lower) <= value <= Fraction(plan.upper)
    for cost, bound, name in zip(costs, bounds, plan.bounds, strict=True):
        assert cost <= Fraction(plan.costs_upper[name]) <= Fraction(float(bound))
        assert abs(float(cost) - plan.costs[name]) <= 1e-9 * (1.0 + float(cost))
    # what the prices promise, at other bounds
    others = bounds * rng.uniform(0.5, 1.5, size=count)
    other = best_within(totals, others)
    if other > -math.inf:
        step = sum(price * (b - a) for price, a, b in zip(plan.prices.values(), bounds, others, strict=True))
        assert (-other >= plan.lower - step - unit) if minimise else (other <= plan.upper + step + unit)
    return "bound" if any(plan.prices.values()) else "free"


@pytest.mark.parametrize("kinds", [2, 3])
def test_holds_against_every_mixture(rng: np.random.Generator, kinds: int) -> None:
    for _ in range(times(60)):
        check(draw_case(rng, kinds), rng)


LECTURE = gym.make("GridWorld-v0", slip=0.2)


def test_the_lecture_s_pit_by_any_name() -> None:
    found = [
        planners.solve(LECTURE, discount=0.9, at_most=at_most)
        for at_most in ({"pit": 0.01}, {"-": 0.01}, {(1, 3): 0.01}, {6: 0.01}, {"x": ([6], 0.01)})
    ]
    assert len({plan.value for plan in found}) == 1
    plan = found[0]
    assert plan.drawn == [8]  # one bound: the action is drawn in one state at most
    assert abs(planners.visits(LECTURE, plan, discount=0.9).entries("pit") - 0.01) < 1e-9
    assert math.isclose(sum(p for s, _, p in plan.table() if s == 8), 1.0)
    assert "price 0.555592" in repr(plan)
    assert pickle.loads(pickle.dumps(plan)).value == plan.value


def test_none_at_all_is_proven_exactly_and_has_its_price() -> None:
    plan = planners.solve(LECTURE, discount=0.9, at_most={"pit": 0})
    assert plan.costs_upper["pit"] == 0.0
    little = planners.solve(LECTURE, discount=0.9, at_most={"pit": 1e-4})
    assert math.isclose(plan.prices["pit"], (little.value - plan.value) / 1e-4, rel_tol=1e-6)


def test_a_bound_that_a_policy_has_exactly() -> None:
    row = {0: [(0.75, 0, 0.0, True), (0.25, 1, 1.0, True)], 1: [(1.0, 0, 0.0, True)], 2: [(1.0, 1, 3.0, True)]}
    model = TabularMDP.from_gym_dict({0: row, 1: {0: [(1.0, 1, 0.0, True)]}})
    plan = planners.solve(model, discount=1, at_most={1: 0.25}, start=0)
    assert math.isclose(plan.value, 0.75, rel_tol=1e-6)  # 1/4 of the third action, which pays 3
    assert plan.costs_upper["1"] <= 0.25


def test_entering_is_from_outside_once() -> None:
    """Squares that pay on leaving: the episode comes there by one step and ends there by another, which is no entry."""
    env = gym.make("GridWorld-v0", slip=0.2, reward_on="exit")
    free = planners.solve(env, discount=1, at_most={"pit": 1.0})
    within = planners.solve(env, discount=1, at_most={"pit": 0.01})
    assert free.costs["pit"] < 0.014  # 1/73, as where squares pay on entering; not twice that
    assert math.isclose(within.costs["pit"], 0.01, rel_tol=1e-9)


def test_what_never_ends_at_discount_1() -> None:
    """Where the best is to stay for ever in some episodes and to leave in others, no policy of one state does it."""
    rest, leave = [(1.0, 0, 0.0, False)], [(1.0, 1, 1.0, True)]
    model = TabularMDP.from_gym_dict({0: {0: rest, 1: leave}, 1: {0: [(1.0, 1, 0.0, True)]}})
    assert planners.solve(model, discount=1, at_most={1: 1.5}, start=0).value == 1.0
    with pytest.raises(planners.ImproperPolicyError, match="stays for ever in states 0"):
        planners.solve(model, discount=1, at_most={1: 0.5}, start=0)
    gains = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: leave}, 1: {0: [(1.0, 1, 0.0, True)]}})
    with pytest.raises(planners.UnboundedValueError, match="for ever"):
        planners.solve(gains, discount=1, at_most={1: 0.5}, start=0)
    with pytest.raises(planners.ImproperPolicyError, match="only the bounds of x limit it"):
        planners.solve(gains, discount=1, at_most={"x": ([1.0, 0.0], 4.0)}, start=0)
    limited = planners.solve(gains, discount=1 - 2.0**-20, at_most={"x": ([1.0, 0.0], 4.0)}, start=0)
    assert math.isclose(limited.value, 4.0, rel_tol=1e-5)  # as it is just below discount 1


def test_a_bound_at_the_least_that_is_possible_is_refused_in_words() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(0.7, 0, 1.0, False), (0.3, 1, 1.0, True)]}, 1: {0: [(1, 1, 0.0, True)]}})
    with pytest.raises(planners.UnprovenValueError, match="The bound is the least that is possible, up to rounding"):
        planners.solve(model, discount=1, at_most={1: 1.0}, start=0)


@pytest.mark.parametrize(
    ("at_most", "options", "words"),
    [
        ({}, {}, "expected a dictionary of bounds"),
        ({"pti": 0.1}, {}, "did you mean 'pit'"),
        ({"pit": "5 %"}, {}, "at_most\\['pit'\\] is '5 %'; expected a number"),
        ({"fuel": (np.ones((3, 4)), 1.0)}, {}, "has shape \\(3, 4\\); expected \\(11,\\)"),
        ({"fuel": (np.full(11, np.nan), 1.0)}, {}, "is nan in state 0, action 0"),
        ({"fuel": (np.ones(11), 2.0)}, {}, "the least that is possible is 4.05"),
        ({"pit": 0.0, "fuel": (np.ones(11), 5.0)}, {}, "each bound can be kept, but not all"),
        ({"pit": 0.1}, {"temperature": 1.0}, "leave out device, distributed, temperature"),
        ({"pit": 0.1}, {"epsilon": 1.0}, "no option 'epsilon' with at_most="),
        ({"pit": 0.1}, {"discount": np.full((11, 4), 0.9)}, "one number from 0 to 1"),
    ],
)
def test_what_is_refused(at_most: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(planners.PlannerError, match=words):
        planners.solve(LECTURE, at_most=at_most, **{"discount": 0.9, **options})


def test_pairs_names_and_interrupts() -> None:
    outcomes = {("good", "run"): [(0.75, "good", 2.0), (0.25, "broken", 2.0)], ("good", "rest"): [(1.0, "good", 0.5)]}

    def after(state: str, action: str) -> list[tuple[float, str, float]]:
        return outcomes.get((state, action), [(1.0, "good", -1.0)])

    model = TabularMDP.from_functions("good", actions=lambda s: ["run", "rest"], outcomes=after)
    plan = planners.solve(model, discount=0.5, at_most={"broken": 0.125})
    assert plan.drawn == ["good"]

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        planners.solve(model, discount=0.5, at_most={"broken": 0.125}, progress=stop)
