"""Goals: probabilities of reaching them and costs until then, against brute force over all policies in fractions."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import InvalidModelError, InvalidOptionError, MoveMDP, Plan, TabularMDP, UnboundedValueError
from tests.oracles.bounds import check_contained
from tests.oracles.exact import (
    Distribution,
    Number,
    Tables,
    as_floats,
    deterministic_policies,
    exact_value,
    optimal_values,
    values_of,
    values_where_defined,
)
from tests.oracles.models import COSTS, DISCOUNTS, tables

exact = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
costly = tables(going_on=[-cost for cost in COSTS], at_end=[-cost for cost in COSTS])
ONE = Fraction(1)


def model_of(P: Tables) -> TabularMDP:
    return TabularMDP.from_gym_dict(as_floats(P))


def goals(draw: st.DataObject, P: Tables) -> set[int]:
    return draw.draw(st.sets(st.integers(0, len(P) - 1), min_size=1, max_size=2))


def until(P: Tables, goal: set[int], worth: Fraction, pays: bool) -> Tables:
    """The tables that end in the goal, with what that is worth; who would end in it enters it instead."""
    return {
        state: {
            action: [(ONE, state, worth, True)]
            if state in goal
            else [(p, to, reward if pays else Fraction(0), ends and to not in goal) for p, to, reward, ends in row]
            for action, row in actions.items()
        }
        for state, actions in P.items()
    }


def policy_of(plan: Plan) -> list[Distribution]:
    return [{int(action): ONE} for action in plan.policy.actions]


@exact
@given(P=tables(), data=st.data(), minimise=st.booleans(), discount=st.sampled_from([*DISCOUNTS[1:], ONE, ONE, ONE]))
def test_probabilities(P: Tables, data: st.DataObject, minimise: bool, discount: Fraction) -> None:
    goal = goals(data, P)
    sign = -1 if minimise else 1
    best = [sign * value for value in optimal_values(until(P, goal, Fraction(sign), pays=False), discount)]
    plan = planners.reachability(model_of(P), goal, minimise=minimise, discount=float(discount))
    check_contained(plan, best)
    for state, truth in enumerate(best):
        if truth == 0 or (truth == 1 and discount == 1):
            assert plan.lower[state] == plan.upper[state] == plan.values[state] == truth
    achieved = values_of(until(P, goal, ONE, pays=False), policy_of(plan), discount)
    for value, lower, upper in zip(achieved, plan.lower, plan.upper, strict=True):
        assert value <= exact_value(upper) if minimise else value >= exact_value(lower)
    assert plan.converged
    assert plan.lower.min() >= 0
    assert plan.upper.max() <= 1


def reached(P: Tables, goal: set[int], policy: list[Distribution]) -> list[Number]:
    return values_of(until(P, goal, ONE, pays=False), policy, ONE)


def costs_until(P: Tables, goal: set[int], missing: str, least: bool) -> list[Number]:
    """By its definition: the least or the largest cost over all policies that count."""
    worst = float("inf") if least else -float("inf")
    best: list[Number] = [worst] * len(P)
    for policy in deterministic_policies(P):
        sure = [probability == 1 for probability in reached(P, goal, policy)]
        for state, cost in enumerate(values_where_defined(until(P, goal, Fraction(0), pays=True), policy, ONE)):
            assert cost is not None  # costs of one sign
            if missing != "as paid" and not sure[state]:
                if missing == "infinite":
                    cost = float("inf")
                else:
                    continue
            best[state] = min(best[state], cost) if least else max(best[state], cost)
    return best


@exact
@given(P=costly, data=st.data(), missing=st.sampled_from(["forbidden", "infinite", "as paid"]))
def test_the_least_cost(P: Tables, data: st.DataObject, missing: Any) -> None:
    goal = goals(data, P)
    best = costs_until(P, goal, missing, least=True)
    plan = planners.stochastic_shortest_path(model_of(P), goal, minimise=True, missing=missing)
    check_contained(plan, best)
    policy = policy_of(plan)
    achieved = values_where_defined(until(P, goal, Fraction(0), pays=True), policy, ONE)
    for state, (value, sure) in enumerate(zip(achieved, reached(P, goal, policy), strict=True)):
        if best[state] != float("inf"):
            assert value is not None
            assert value <= exact_value(plan.upper[state])
            assert missing == "as paid" or sure == 1
    assert plan.minimise
    assert missing in plan.method


@exact
@given(P=costly, data=st.data())
def test_the_largest_cost_where_missing_costs_infinitely_much(P: Tables, data: st.DataObject) -> None:
    goal = goals(data, P)
    best = costs_until(P, goal, "infinite", least=False)
    plan = planners.stochastic_shortest_path(model_of(P), goal, missing="infinite")
    check_contained(plan, best)
    policy = policy_of(plan)
    for state, sure in enumerate(reached(P, goal, policy)):
        assert (best[state] == float("inf")) == (sure < 1)


@exact
@given(P=costly, data=st.data())
def test_the_best_reward_is_the_negative_of_the_least_cost(P: Tables, data: st.DataObject) -> None:
    goal = goals(data, P)
    opposite = {s: {a: [(p, t, -r, e) for p, t, r, e in row] for a, row in rows.items()} for s, rows in P.items()}
    for missing in ("forbidden", "as paid"):
        least = planners.stochastic_shortest_path(model_of(P), goal, minimise=True, missing=missing)
        most = planners.stochastic_shortest_path(model_of(opposite), goal, missing=missing)
        np.testing.assert_array_equal(least.lower, -most.upper)
        np.testing.assert_array_equal(least.optimal_actions, most.optimal_actions)


def test_every_form_of_a_goal() -> None:
    ice = gym.make("FrozenLake-v1")
    truth = Fraction(14, 17)  # 4 x 4: the edge keeps one from falling, but for one square
    mask = np.arange(16) == 15
    for goal in (15, [15], {15}, np.int64(15), mask, mask.tolist(), lambda state: state == 15, range(15, 16)):
        assert planners.reachability(ice, goal).values[0] == pytest.approx(float(truth))
    table = TabularMDP.from_env(ice)
    named = replace(table, labels={"home": mask, "hole": table.termination.all(axis=1) & ~mask})
    assert planners.reachability(named, "home").values[0] == pytest.approx(float(truth))
    assert planners.reachability(named, "hole", minimise=True).values[0] == 0.0  # one can wait at the edge


def test_a_model_of_moves_and_its_tables() -> None:
    model = gym.make("GridWorld-v0", map_name="lecture", slip=0.2).unwrapped.mdp  # type: ignore[attr-defined]
    assert isinstance(model, MoveMDP)
    plan = planners.reachability(model, 3, discount=0.9)
    assert plan.values[3] == 1.0
    assert plan.values[6] == 0.0  # the other terminal square
    rewarded = planners.solve(
        gym.make(
            "GridWorld-v0",
            map_name="lecture",
            slip=0.2,
            step_reward=0.0,
            legend={"-": {"reward": 0.0, "terminal": True}},
        ),
        discount=0.9,
    )
    open_squares = np.delete(np.arange(11), [3, 6])
    np.testing.assert_allclose(plan.values[open_squares], 0.9 * rewarded.values[open_squares], atol=1e-9)


def test_the_plan_is_one_of_its_own_model(tmp_path: Any) -> None:
    plan = planners.reachability(gym.make("FrozenLake-v1"), 15)
    plan.save(tmp_path / "plan.npz")
    loaded = planners.load_plan(tmp_path / "plan.npz", plan.model)
    np.testing.assert_array_equal(loaded.optimal_actions, plan.optimal_actions)
    assert planners.evaluate(plan.model, plan, discount=1.0)[0] == pytest.approx(14 / 17)
    cost = planners.stochastic_shortest_path(gym.make("FrozenLake-v1", is_slippery=False), 15, minimise=True)
    cost.save(tmp_path / "cost.npz")
    assert planners.load_plan(tmp_path / "cost.npz", cost.model).minimise
    with pytest.raises(planners.InvalidPlanFileError):  # who may rest has another answer
        planners.load_plan(tmp_path / "cost.npz", replace(cost.model, may_rest=True))


def test_a_long_corridor_is_searched_in_time() -> None:
    """Each state but the last leads to the next only: as many layers as states."""
    count = 30_000
    to_next = sparse.csr_array((np.ones(count), (np.arange(count), np.minimum(np.arange(count) + 1, count - 1))))
    corridor = TabularMDP(to_next, np.zeros((count, 1)), np.ones((count, 1)), np.ones((count, 1), dtype=bool))
    assert planners.reachability(corridor, count - 1, minimise=True).values.min() == 1.0
    assert planners.reachability(corridor, 0).values[1:].max() == 0.0


def test_what_is_refused() -> None:
    ice = gym.make("FrozenLake-v1")
    refused: list[tuple[Any, str]] = [
        (16, "state 16; expected states from 0 to 15"),
        ([-1], "state -1; expected states"),
        ([], "no state"),
        (lambda state: False, "no state"),
        (np.zeros(16), "expected a label, states"),
        ([True, False], "mask of shape"),
        (1.5, "expected a label"),
        ("done", "the model's labels are none"),
    ]
    for goal, message in refused:
        for call in (planners.reachability, planners.stochastic_shortest_path):
            with pytest.raises(InvalidOptionError, match=message):
                call(ice, goal)
    with pytest.raises(InvalidOptionError, match="missing is 'never'; expected 'forbidden', 'infinite' or 'as paid'"):
        planners.stochastic_shortest_path(ice, 15, missing="never")  # type: ignore[arg-type]
    table = TabularMDP.from_env(ice)
    untold = TabularMDP(table.transitions, table.termination, table.rewards, table.feasible)
    with pytest.raises(InvalidModelError, match="does not say in which states"):
        planners.reachability(untold, 15)


def test_reward_without_end_is_refused_by_the_states_of_the_model() -> None:
    gains = TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 0, 0.0, True)]}, 1: {0: [(1.0, 1, 2.0, False)], 1: [(1.0, 0, 0.0, False)]}}
    )
    with pytest.raises(UnboundedValueError, match="states") as caught:
        planners.stochastic_shortest_path(gains, 0)
    assert caught.value.states == (1,)
