"""Discount 1: free rests, mean rewards of 0, gaining and losing loops, and policies that hardly end."""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import Plan, TabularMDP, UnboundedValueError
from tests.oracles.bounds import check_plan
from tests.oracles.exact import Number, Tables, as_floats, limit_values, optimal_values, values_of
from tests.oracles.methods import METHODS
from tests.oracles.models import COSTS, REWARDS, tables
from tests.oracles.rationals import Exact, Given

F, T = False, True
exact = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
QUICK = ("policy iteration", "value iteration", "linear program", "Gauss-Seidel")  # on any model of a few states
methods = st.sampled_from([METHODS[name] for name in QUICK])
inf = math.inf


def exactly(P: Any) -> Tables:
    return {
        s: {a: [(Fraction(p), t, Fraction(r), ends) for p, t, r, ends in row] for a, row in actions.items()}
        for s, actions in P.items()
    }


# By hand: tables, and V*.
CASES: dict[str, tuple[Any, list[float]]] = {
    "rest where the loop loses": (
        {0: {0: [(1, 0, 0, F)], 1: [(1, 1, 1, F)]}, 1: {0: [(1, 0, -2, F)], 1: [(1, 1, 0, F)]}},
        [1, 0],
    ),
    "an end that pays, in a loop that loses": (
        {0: {0: [(1, 0, 0, F)], 1: [(1, 1, 1, F)], 2: [(1, 0, 5, T)]}, 1: {0: [(1, 0, -2, F)]}},
        [5, 3],
    ),
    "buy and sell, and rest with the money": (
        {0: {0: [(1, 0, 0, F)], 1: [(1, 1, -1, F)]}, 1: {0: [(1, 0, 1, F)]}},
        [0, 1],
    ),
    "buy and sell, and rest with either": (
        {0: {0: [(1, 0, 0, F)], 1: [(1, 1, 1, F)]}, 1: {0: [(1, 0, -1, F)], 1: [(1, 1, 0, F)]}},
        [1, 0],
    ),
    "buy and sell for ever": ({0: {0: [(1, 1, 1, F)]}, 1: {0: [(1, 0, -1, F)]}}, [0.5, -0.5]),
    "buy and sell, or end for more": (
        {0: {0: [(1, 1, 1, F)]}, 1: {0: [(1, 0, -1, F)], 1: [(1, 0, 3, T)]}},
        [4, 3],
    ),
    "a fair game at random, and nowhere else to go": (
        {0: {0: [(0.5, 0, 1, F), (0.5, 1, 1, F)]}, 1: {0: [(0.5, 0, -1, F), (0.5, 1, -1, F)]}},
        [1, -1],
    ),
    "two ways of going round for nothing, of which one is worth more": (
        {
            0: {0: [(1, 1, 1, F)], 1: [(1, 2, 3, F)]},
            1: {0: [(1, 0, -1, F)]},
            2: {0: [(1, 0, -3, F)]},
        },
        [1.5, 0.5, -1.5],
    ),
    "gain, a way there, a mere chance of it, and loss": (
        {
            0: {0: [(1, 0, 1, F)]},
            1: {0: [(1, 0, -9, F)], 1: [(1, 1, 2, T)]},
            2: {0: [(0.5, 0, 0, F), (0.5, 3, 0, F)]},
            3: {0: [(1, 3, -1, F)]},
            4: {0: [(1, 4, 7, T)], 1: [(1, 3, 8, F)]},
        },
        [inf, inf, inf, -inf, 7],
    ),
    "gain only by a policy that is found in fractions": (
        {0: {0: [(1, 1, 2.0**40, F)], 1: [(1, 0, 0, F)]}, 1: {0: [(1, 0, 2.0**-12 - 2.0**40, F)]}},
        [inf, inf],
    ),
    "all but gain": (
        {0: {0: [(1, 1, 2.0**20, F)]}, 1: {0: [(1, 0, -0.25 - 2.0**20, F)], 1: [(1, 0, 1, T)]}},
        [2.0**20 + 1, 1],
    ),
    "shortest ways, one of them through a free room": (
        {
            0: {0: [(1, 1, -3, F)], 1: [(1, 2, -1, F)]},
            1: {0: [(1, 1, 0, T)]},
            2: {0: [(1, 2, 0, F)], 1: [(1, 1, -1, F)], 2: [(1, 0, 0, F)]},
        },
        [-1, 0, 0],
    ),
    "reach the goal": (
        {
            0: {0: [(0.5, 0, 1, T), (0.5, 1, 0, F)], 1: [(0.25, 1, 0, T), (0.75, 2, 0, F)]},
            1: {0: [(1, 0, 0, T)], 1: [(1, 1, 0, F)]},
            2: {0: [(1, 0, 0, F)]},
        },
        [0.5, 0, 0.5],
    ),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("name", CASES)
def test_by_hand(name: str, method: Callable[..., Plan]) -> None:
    P, expected = CASES[name]
    best = optimal_values(exactly(P), Fraction(1))
    assert best == expected
    plan = method(TabularMDP.from_gym_dict(P), discount=1.0, throw=False)
    check_plan(exactly(P), plan, best, Fraction(1))
    assert plan.converged or max(map(abs, expected)) > 1000


def test_a_bump_that_costs_nothing() -> None:
    env = gym.make("GridWorld-v0", desc=["S.c.+"], legend={"c": {"reward": 0.01}}, step_reward=-0.04, bump_reward=0.0)
    np.testing.assert_allclose(planners.solve(env, discount=1).values, [0.93, 0.97, 0.96, 1, 0], atol=1e-12)


def test_what_is_infinite_is_named_and_the_rest_is_planned() -> None:
    P, expected = CASES["gain, a way there, a mere chance of it, and loss"]
    model = TabularMDP.from_gym_dict(P)
    with pytest.raises(UnboundedValueError, match=r"in 3 states \(0, 1, 2\).*costs\? Then say.*throw=False") as told:
        planners.solve(model, discount=1)
    assert told.value.states == (0, 1, 2)
    assert told.value.plan is not None
    assert told.value.plan.values.tolist() == expected


@pytest.mark.parametrize("seed", range(30))
def test_the_sign_of_a_loop_is_that_of_its_stored_floats(seed: int) -> None:
    """Sums such as .1 + .2 - .3, which are not 0 in floats; and those that are."""
    rng = np.random.default_rng(seed)
    rewards = rng.uniform(-1, 1, rng.integers(1, 6))
    rewards = np.append(rewards, -rewards.sum())
    rng.shuffle(rewards)
    sign = sum(map(Fraction, rewards.tolist()))
    loop = {s: {0: [(1.0, (s + 1) % len(rewards), reward, F)]} for s, reward in enumerate(rewards.tolist())}
    values = planners.solve(TabularMDP.from_gym_dict(loop), discount=1, throw=False).values
    assert (values == inf).all() if sign > 0 else (values == -inf).all() if sign < 0 else np.isfinite(values).all()
    best = optimal_values(exactly(loop), Fraction(1))
    np.testing.assert_allclose(values, [float(value) for value in best], atol=1e-12)


def shaped(P: Tables, potential: list[Fraction]) -> Tables:
    """Each reward r of a step from s to x as r + potential(x) - potential(s), that of an end as 0."""
    return {
        s: {
            a: [(p, t, r + (0 if ends else potential[t]) - potential[s], ends) for p, t, r, ends in row]
            for a, row in actions.items()
        }
        for s, actions in P.items()
    }


heights = st.lists(st.sampled_from([Fraction(n, 4) for n in range(-8, 9)]), min_size=5, max_size=5)


@exact
@given(P=st.one_of(tables(), tables(going_on=COSTS, at_end=REWARDS)), potential=heights, method=methods)
def test_shaped_models_are_planned(P: Tables, potential: list[Fraction], method: Callable[..., Plan]) -> None:
    """Every free rest becomes a loop of mean 0, and what was decided by rewards of one sign is no longer."""
    P = shaped(P, potential)
    plan = method(TabularMDP.from_gym_dict(as_floats(P)), discount=1.0, throw=False)
    check_plan(P, plan, optimal_values(P, Fraction(1)), Fraction(1))


@exact
@given(P=tables(going_on=[Fraction(-1, 8), Fraction(-1)], at_end=REWARDS), potential=heights)
def test_shaping_changes_no_policy(P: Tables, potential: list[Fraction]) -> None:
    """Ng, Harada and Russell (1999): where every way ends or loses, V* becomes V* - potential, and the policy stays."""
    best = optimal_values(P, Fraction(1))
    plan = planners.solve(TabularMDP.from_gym_dict(as_floats(shaped(P, potential))), discount=1, throw=False)
    for state, value in enumerate(best):
        found = plan.values[state]
        assert found == value or abs(Fraction(found) + potential[state] - value) <= Fraction(plan.error_bound)
    actions = [{int(action): Fraction(1)} for action in plan.policy.actions]
    for kept, value in zip(values_of(P, actions, Fraction(1)), best, strict=True):
        assert kept == value or value - kept <= 2 * Fraction(plan.error_bound)


def test_a_shaped_map_keeps_its_values() -> None:
    """3,600 squares without a cost of moving: one component, whose steps pay what the potential gains."""
    side, goal = 60, 60 * 60 - 1
    potential = np.random.default_rng(5).integers(-64, 64, side * side) / 8.0
    P: Any = {}
    for s in range(side * side):
        row, column = divmod(s, side)
        P[s] = {}
        for a, (down, right) in enumerate([(-1, 0), (0, 1), (1, 0), (0, -1)]):
            t = min(max(row + down, 0), side - 1) * side + min(max(column + right, 0), side - 1)
            P[s][a] = [(1.0, t, 1.0 - potential[s] if t == goal else potential[t] - potential[s], t == goal)]
    plan = planners.solve(TabularMDP.from_gym_dict(P), discount=1)
    at = np.append(potential[:goal], -np.inf).reshape(side, side)  # who goes round keeps the mean potential of the way
    rest = max(at[0].max(), at[-1].max(), at[:, 0].max(), at[:, -1].max())  # a bump is free
    loop = max(((at[:, 1:] + at[:, :-1]) / 2).max(), ((at[1:] + at[:-1]) / 2).max())
    np.testing.assert_allclose(plan.values[:goal] + potential[:goal], max(1.0, rest, loop), atol=1e-9)


# The value of a policy.


def walk(length: int, right: float) -> Any:
    """To the right with a probability, else to the left; -1 a step, and an end after the last state."""
    return {
        s: {0: [(right, min(s + 1, length - 1), -1.0, s + 1 == length), (1.0 - right, max(s - 1, 0), -1.0, F)]}
        for s in range(length)
    }


@pytest.mark.parametrize("length", [5, 17, 18, 40])
@pytest.mark.parametrize("right", [0.125, 0.5, 0.75])
def test_a_walk_that_hardly_ends(length: int, right: float) -> None:
    P = walk(length, right)
    truth = values_of(exactly(P), [{0: Fraction(1)}] * length, Fraction(1))
    found = planners.evaluate(TabularMDP.from_gym_dict(P), [0] * length, discount=1)
    for value, expected in zip(found, truth, strict=True):
        assert abs(Fraction(value) - expected) <= Fraction(1, 10**10) * abs(expected)


def test_a_walk_that_is_too_long_is_refused() -> None:
    model = TabularMDP.from_gym_dict(walk(2000, 0.125))
    with pytest.raises(planners.UnprovenValueError, match=r"cannot be proven.*hardly ends") as told:
        planners.evaluate(model, [0] * 2000, discount=1)
    assert 0 in told.value.states


@st.composite
def slow_chains(draw: st.DrawFn) -> Tables:
    """One action, ends and ways of very unequal probabilities."""
    count = draw(st.integers(1, 6))
    P: Tables = {}
    for state in range(count):
        small = Fraction(1, 2 ** draw(st.sampled_from([1, 3, 20, 40, 53])))
        first, second = draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1))
        rewards = [draw(st.sampled_from(REWARDS)) for _ in range(2)]
        P[state] = {0: [(1 - small, first, rewards[0], False), (small, second, rewards[1], draw(st.booleans()))]}
    return P


RARE: Tables = {  # factors of its equations are singular in float64
    0: {0: [(1 - Fraction(1, 2**40), 1, Fraction(0), False), (Fraction(1, 2**40), 0, Fraction(0), True)]},
    1: {0: [(1 - Fraction(1, 2**20), 2, Fraction(0), False), (Fraction(1, 2**20), 0, Fraction(0), False)]},
    2: {0: [(Fraction(1, 2), 1, Fraction(0), False), (Fraction(1, 2), 1, Fraction(1, 4), False)]},
}


@exact
@example(P=RARE, discount=Fraction(1))
@given(P=slow_chains(), discount=st.sampled_from([Fraction(1), Fraction(1), Fraction(1) - Fraction(1, 2**40)]))
def test_the_value_of_a_policy_is_right_to_six_digits_or_refused(P: Tables, discount: Fraction) -> None:
    policy = [{0: Fraction(1)}] * len(P)
    model = TabularMDP.from_gym_dict(as_floats(P))
    try:
        found = planners.evaluate(model, [0] * len(P), discount=float(discount))
    except (planners.UnprovenValueError, planners.ImproperPolicyError):
        return
    unit = max(abs(Fraction(reward)) for reward in model.rewards.ravel())
    for value, expected in zip(found, values_of(P, policy, discount), strict=True):
        check_digits(float(value), expected, unit)


def check_digits(value: float, expected: Number, unit: Fraction) -> None:
    if math.isinf(expected):
        assert value == expected
    else:
        assert abs(Fraction(value) - expected) <= Fraction(11, 10**7) * max(abs(expected), unit)


@exact
@given(P=slow_chains(), method=methods)
def test_ends_that_are_hardly_reached(P: Tables, method: Callable[..., Plan]) -> None:
    """Whatever floats make of 1 - 2^-53: bounds that hold, and no raw error."""
    plan = method(TabularMDP.from_gym_dict(as_floats(P)), discount=1.0, throw=False, max_iterations=4)
    best = limit_values(P, [{0: Fraction(1)}] * len(P))
    for lower, truth, upper in zip(plan.lower, best, plan.upper, strict=True):
        assert math.isinf(lower) or Fraction(lower) <= truth
        assert math.isinf(upper) or Fraction(upper) >= truth
        assert lower <= truth <= upper


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_row_that_leaves_with_less_than_a_rounding(method: Callable[..., Plan]) -> None:
    P = {
        0: {0: [(1 / 3, 0, 1.0, T), (1 / 3, 0, 0.0, F), (1 / 3, 1, 0.0, F)]},
        1: {0: [(1.0, 1, 0.0, F), (1e-17, 1, 1.0, T)]},
        2: {0: [(1.0, 1, -1.0, F)]},
    }
    plan = method(TabularMDP.from_gym_dict(P), discount=1.0)
    np.testing.assert_allclose(plan.values, [1, 1, 0], atol=plan.error_bound)


def test_shaping_over_slips_changes_nothing_in_every_form(rng: np.random.Generator) -> None:
    """Every loop is fair by its outcomes, but 42 of 50 gained or lost 1e-17 by their expected rewards, rounded once."""
    for _ in range(10):
        potential = rng.integers(-5, 6, 4).astype(float)
        P: Any = {
            s: {
                a: [
                    (p, int(t), potential[t] - potential[s], False)
                    for p, t in zip((0.8, 0.1, 0.1), rng.permutation(4)[:3], strict=True)
                ]
                for a in range(2)
            }
            for s in range(4)
        }
        probabilities, rewards = np.zeros((4, 2, 4)), np.zeros((4, 2, 4))
        for s, a in itertools.product(range(4), range(2)):
            for p, t, reward, _ in P[s][a]:
                probabilities[s, a, t], rewards[s, a, t] = p, reward
        model = TabularMDP.from_gym_dict(P)
        for one in (model, TabularMDP.from_arrays(probabilities, rewards)):
            for minimise in (False, True):
                plan = planners.solve(one, discount=1, minimise=minimise)
                assert plan.converged
                shift = plan.values + potential  # the least or the most average of the potential that one can stay at
                assert np.ptp(shift) <= 4 * plan.error_bound + 1e-9
            found = planners.evaluate(one, [0] * 4, discount=1)
            assert np.isfinite(found).all()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_the_rounding_of_a_reward_counts_where_a_potential_cancels_it(method: Callable[..., Plan]) -> None:
    """State 1 buys and sells for .1, and its first action also ends, once in 10^12: it earns .3 in all.

    The mean of .1 and .3 is rounded by 10^-17, which 10^12 rounds make 10^-5 of.
    """
    rare = 4.097165376429244e-13
    rows: Given = {
        0: {0: [(1.0, 1, -0.1, False)]},
        1: {0: [(rare, 0, 0.3, True), (1.0 - rare, 0, 0.1, False)], 1: [(1.0, 0, 0.1, False)]},
    }
    plan = method(TabularMDP.from_gym_dict(rows), discount=1.0, throw=False)
    for low, high, truth in zip(plan.lower, plan.upper, Exact(rows, 1.0).best(), strict=True):
        assert low <= truth <= high
