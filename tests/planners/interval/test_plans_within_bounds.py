"""Plans within bounds against brute force over policies and nature's vertices, in exact fractions; their options."""

import dataclasses
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy.optimize import linprog

import gridworld_env  # noqa: F401
import planners
from planners import IntervalMDP, IntervalPlan, NotConvergedError, Status, TabularMDP
from planners.errors import InvalidModelError, InvalidOptionError, InvalidPolicyError
from planners.interval.nature import WORST, Nature
from tests.oracles import exact, nature
from tests.oracles.examples import times

DISCOUNTS = [Fraction(0), Fraction(1, 2), Fraction(15, 16)]


@pytest.fixture
def lecture() -> TabularMDP:
    return gym.make("GridWorld-v0", map_name="lecture", slip=0.2).unwrapped.mdp.tabular  # pyright: ignore


@pytest.mark.parametrize("ball", [False, True])
def test_plans_hold_in_every_model_and_are_the_best_ones(rng: np.random.Generator, ball: bool) -> None:
    for number in range(times(100)):
        sets = nature.random_sets(rng, 2, 2, ball)
        assert not nature.violations(sets, DISCOUNTS[number % 3]), (number, sets)


def test_rounding_is_included(rng: np.random.Generator) -> None:
    for number in range(times(60)):
        sets, scale = nature.float_sets(rng, 2, 2)
        discount = (Fraction(0.3), Fraction(0.9), Fraction(0.999))[number % 3]
        assert not nature.violations(sets, discount, 1e-7 * scale / float(1 - discount)), (number, sets)


def test_at_discount_1_too(rng: np.random.Generator) -> None:
    for number in range(times(40)):
        sets = nature.random_sets(rng, 2, 2, ball=number % 4 == 0)
        assert not nature.violations(sets, Fraction(1)), (number, sets)


def test_bounds_of_a_policy_that_draws(rng: np.random.Generator) -> None:
    for number in range(times(20)):
        sets = nature.random_sets(rng, 2, 2, ball=number % 2 == 0)
        weights = [[Fraction(int(k), 8), 1 - Fraction(int(k), 8)] for k in rng.integers(0, 9, size=2)]
        policy = [dict(enumerate(row)) for row in weights]
        table = np.array([[*map(float, row)] for row in weights] + [[1.0, 0.0]])
        lower, upper = planners.evaluate_bounds(nature.as_model(sets), table, discount=0.5)
        for side, found, sign in ((0, lower, 1), (1, upper, -1)):
            values = [exact.values_of(model, policy, Fraction(1, 2)) for model in nature.models(sets, side)]
            for s in range(2):
                true = min(sign * v[s] for v in values)
                assert sign * exact.exact_value(found[s]) <= true, (number, sets)
                assert abs(sign * found[s] - float(true)) <= 2e-6, (number, sets)


@pytest.mark.parametrize("norm", ["l1", "max"])
def test_nature_answers_as_a_linear_program(rng: np.random.Generator, norm: Any) -> None:
    """Rows of 40 next states and an end, whose order changes from one answer to the next."""
    P = np.zeros((41, 1, 41))
    P[:] = rng.dirichlet(np.full(41, 0.3), size=(41, 1))
    mdp = TabularMDP.from_arrays(P, np.zeros((41, 1)), terminal=np.arange(41) == 40)
    radius = 0.4 if norm == "l1" else 0.01
    sets = IntervalMDP.around(mdp, radius, norm=norm)
    answers = Nature(sets, 1.0, WORST)
    low, high, centre = (matrix[:40].toarray() for matrix in (sets.low, sets.high, sets.centre_or_fail))
    for _ in range(3):
        values = np.append(rng.normal(size=40), 0.0)
        found = answers.answer(values)[:40, 0]
        for s in range(0, 40, 7):  # p = centre + gained - lost, with gained + lost at most the radius in all
            gains, losses = high[s] - centre[s], centre[s] - low[s]
            after = np.append(values[:40], [0.0, 0.0])[: len(centre[s])]
            result = linprog(
                np.concatenate((after, -after)),
                A_ub=np.ones((1, 2 * len(after))),
                b_ub=[radius if norm == "l1" else 2.0],
                A_eq=np.concatenate((np.ones(len(after)), -np.ones(len(after))))[None],
                b_eq=[0.0],
                bounds=[(0, x) for x in np.concatenate((gains, losses))],
            )
            assert abs(found[s] - (centre[s] @ after + result.fun)) <= 1e-8


@pytest.mark.parametrize("discount", [0.9, 1.0])
@pytest.mark.parametrize("minimise", [False, True])
def test_bounds_of_no_width_are_the_plan_of_today_to_the_bit(
    lecture: TabularMDP, discount: float, minimise: bool
) -> None:
    today = planners.solve(lecture, discount=discount, minimise=minimise, throw=False)
    plan = planners.solve(IntervalMDP.around(lecture, 0.0), discount=discount, minimise=minimise, throw=False)
    for name in ("values", "lower", "upper", "error_bound", "status", "method", "action_values", "optimal_actions"):
        assert np.array_equal(getattr(plan, name), getattr(today, name)), name
    assert np.array_equal(plan.policy.actions, today.policy.actions)


def test_the_models_that_attain_the_bounds_and_the_other_direction(lecture: TabularMDP) -> None:
    sets = IntervalMDP.around(lecture, 0.1, reward_radius=0.05)
    plan = planners.solve(sets, discount=0.9)
    assert isinstance(plan, IntervalPlan)
    for model, bound in ((plan.worst_model(), plan.lower), (plan.best_model(), plan.upper)):
        assert nature.contains(sets, model)
        assert np.abs(planners.solve(model, discount=0.9).values - bound).max() <= 2e-6
    earned = planners.evaluate(plan.worst_model(), plan, discount=0.9)
    assert (earned >= plan.lower - 1e-12).all()
    played = planners.evaluate(lecture, plan, discount=0.9)
    assert (played >= plan.lower).all()
    assert (played <= plan.upper).all()
    costs = planners.solve(sets.negated(), discount=0.9, minimise=True)
    assert np.array_equal(costs.lower, -plan.upper)
    assert np.array_equal(costs.upper, -plan.lower)
    assert np.array_equal(costs.optimal_actions, plan.optimal_actions)
    assert np.abs(planners.solve(costs.worst_model(), discount=0.9, minimise=True).values - costs.upper).max() <= 2e-6
    best = planners.solve(plan.best_model(), discount=0.9).policy.actions
    assert plan.optimal_actions[np.arange(11), best].all()
    assert "IntervalPlan" in repr(plan)
    with pytest.raises(InvalidOptionError, match="two plans"):
        plan.save("never.npz")


def test_limits_interruptions_and_progress(lecture: TabularMDP) -> None:
    sets = IntervalMDP.around(lecture, 0.1)
    with pytest.raises(NotConvergedError, match="ask for tolerance=") as raised:
        planners.solve(sets, discount=0.9, tolerance=1e-300)
    assert isinstance(raised.value.plan, IntervalPlan)
    true = planners.solve(lecture, discount=0.9).values
    for plan in (raised.value.plan, planners.solve(sets, discount=0.9, max_iterations=1, throw=False)):
        assert plan.status is not Status.CONVERGED
        assert ((plan.lower <= true) & (true <= plan.upper)).all()
    moments = []
    assert planners.solve(sets, discount=0.9, progress=moments.append).iterations == len(moments)

    def stop(moment: Any) -> None:
        raise KeyboardInterrupt

    for discount in (0.9, 1.0):
        plan = planners.solve(sets, discount=discount, progress=stop)
        assert plan.status is Status.INTERRUPTED
        assert (plan.lower <= planners.solve(lecture, discount=discount).values + 1e-12).all()


def test_what_is_refused(lecture: TabularMDP) -> None:
    wide = TabularMDP.from_arrays(np.full((7, 1, 7), 1 / 7), np.zeros((7, 1)))
    with pytest.raises(InvalidOptionError, match="state 0, action 0 has 7"):
        planners.solve(IntervalMDP.around(wide, 0.1), discount=1.0)
    with pytest.raises(InvalidModelError, match="expected an IntervalMDP"):
        planners.evaluate_bounds(lecture, np.zeros(11, dtype=int), 0.9)  # pyright: ignore
    sets = dataclasses.replace(IntervalMDP.around(lecture, 0.1), feasible=np.eye(4, dtype=bool)[np.zeros(11, int)])
    with pytest.raises(InvalidPolicyError, match="only"):
        planners.evaluate_bounds(sets, np.ones(11, dtype=int), 0.9)
    with pytest.raises(InvalidPolicyError, match="at discount 1"):
        planners.evaluate_bounds(IntervalMDP.around(lecture, 0.1), np.full((11, 4), 0.25), 1.0)
    with pytest.raises(InvalidModelError, match="stands for many models"):
        planners.value_iteration(IntervalMDP.around(lecture, 0.1), discount=0.9)  # pyright: ignore
    with pytest.raises(InvalidOptionError, match="one process"):
        planners.solve(IntervalMDP.around(lecture, 0.1), discount=0.9, distributed=True)


def test_reward_for_ever_in_every_model_is_refused_and_in_some_bounded_by_infinity() -> None:
    stay = TabularMDP.from_arrays(np.ones((1, 1, 1)), np.ones((1, 1)))
    with pytest.raises(planners.UnboundedValueError):
        planners.solve(IntervalMDP.around(stay, 0.0, reward_radius=0.5), discount=1.0)
    plan = planners.solve(IntervalMDP.around(stay, 0.0, reward_radius=2.0), discount=1.0)
    assert (plan.lower[0], plan.upper[0]) == (-np.inf, np.inf)


@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_an_action_that_does_not_exist_is_as_good_as_one_more_of_another(
    rng: np.random.Generator, discount: float
) -> None:
    for number in range(15):
        P, R = rng.dirichlet(np.ones(4), size=(4, 3)), rng.normal(size=(4, 3))
        P[P < 0.15] = 0.0
        P /= P.sum(axis=-1, keepdims=True)
        low, high = np.maximum(P - 0.2, 0.0), np.where(P > 0, np.minimum(P + 0.2, 1.0), 0.0)
        exists = rng.random((4, 3)) < 0.6
        exists[:, 0] = True
        tables = [low, high, R, R + 0.1]
        twice = [np.where(exists.reshape(4, 3, *[1] * (table.ndim - 2)), table, table[:, :1]) for table in tables]
        ends = {"terminal": np.arange(4) == 3}
        one, other = (
            planners.solve(sets, discount=discount, throw=False)
            for sets in (
                IntervalMDP.from_arrays(*tables, **ends, feasible=exists),
                IntervalMDP.from_arrays(*twice, **ends),
            )
        )
        assert one.converged, number
        assert other.converged, number
        assert exists[np.arange(4), one.policy.actions].all()
        np.testing.assert_allclose(one.lower, other.lower, atol=3e-6)
        np.testing.assert_allclose(one.upper, other.upper, atol=3e-6)


@pytest.mark.parametrize("discount", [0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("minimise", [False, True])
def test_a_relative_tolerance_is_measured_by_the_values_of_each_side(discount: float, minimise: bool) -> None:
    """Not by those of the centres, which may be 0, or infinite where the bounds are finite."""
    ends = TabularMDP.from_gym_dict(
        {0: {0: [(0.5, 1, 0.0, False), (0.5, 0, 0.0, True)]}, 1: {0: [(0.75, 0, 0.0, False), (0.25, 1, 0.0, True)]}}
    )
    plan = planners.solve(IntervalMDP.around(ends, 0.125, reward_radius=1.0), discount=discount, minimise=minimise)
    assert plan.converged
    np.testing.assert_allclose(plan.lower, -plan.upper, rtol=3e-6)
    assert (plan.upper >= 1.0).all()


def test_centres_that_gain_for_ever_do_not_set_the_tolerance_of_bounds_that_do_not() -> None:
    """In the worst model the loop loses, and V* is that of the way out."""
    P = np.array([[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [[0.0, 0.0, 1.0]] * 2])
    low, high = np.maximum(P - 0.25, 0.0), P
    low[:, 1], high[:, 1] = P[:, 1], P[:, 1]
    low[0, 0], high[0, 0] = [0.0, 0.75, 0.0], [0.0, 1.0, 0.25]
    R = np.array([[0.5, 1 / 3], [0.25, 0.1], [0.0, 0.0]])
    sets = IntervalMDP.from_arrays(low, high, R - [[1.0, 0.0]], R + 1.0, terminal=[False, False, True], axes="SAS")
    centre = planners.solve(sets.middle(), discount=1.0, throw=False)
    assert np.isfinite(centre.values[:2]).all()
    plan = planners.solve(sets, discount=1.0, throw=False)
    assert plan.pessimistic.converged
