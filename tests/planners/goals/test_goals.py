"""Goals: probabilities of reaching them and costs until then, against brute force over all policies in fractions."""

from collections.abc import Iterator
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
from planners.equations import reaching
from planners.goals import topological
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


@pytest.fixture(params=["one by one", "compiled"], scope="module")
def searches(request: pytest.FixtureRequest) -> Iterator[None]:
    """Small models are searched and solved as large ones are, too: by compiled loops, component by component."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "compiled":
            patch.setattr(reaching, "COMPILED_FROM", 1)
        yield


brute_force = pytest.mark.usefixtures("searches")


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


@brute_force
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


@brute_force
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


@brute_force
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


@brute_force
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


@exact
@given(P=costly, data=st.data(), minimise=st.booleans())
def test_the_proof_holds_for_values_that_have_not_settled(P: Tables, data: st.DataObject, minimise: bool) -> None:
    goal = goals(data, P)
    best = costs_until(P, goal, "infinite" if not minimise else "forbidden", least=minimise)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reaching, "COMPILED_FROM", 1)
        patch.setattr(topological, "CLOSE", (0.0, 0.5))
        patch.setattr(topological, "MOST_AGAINST", 1.0)
        plan = planners.stochastic_shortest_path(
            model_of(P), goal, minimise=minimise, missing="infinite", tolerance=1e9, throw=False
        )
    check_contained(plan, best)
    for state, value in enumerate(costs_of_policy(P, goal, plan)):
        if np.isfinite(float(best[state])):
            assert value <= exact_value(plan.upper[state]) if minimise else value >= exact_value(plan.lower[state])


def costs_of_policy(P: Tables, goal: set[int], plan: Plan) -> list[Number]:
    found = values_where_defined(until(P, goal, Fraction(0), pays=True), policy_of(plan), ONE)
    return [Fraction(0) if value is None else value for value in found]


@pytest.mark.parametrize("minimise", [False, True])
def test_the_proof_of_a_ring_that_has_not_settled(minimise: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the values lack the same part of the truth everywhere, and half of the bounds would not hold."""
    for name, value in {"CLOSE": (0.0, 0.2), "MOST_AGAINST": 1.0}.items():
        monkeypatch.setattr(topological, name, value)
    monkeypatch.setattr(reaching, "COMPILED_FROM", 1)
    ring = {state: {0: [(1.0, state + 1, 1.0, False)]} for state in range(1, 40)}
    ends = {0: {0: [(1.0, 0, 0.0, True)]}, 40: {0: [(0.75, 1, 1.0, False), (0.25, 0, 1.0, False)]}}
    plan = planners.stochastic_shortest_path(
        TabularMDP.from_gym_dict(ring | ends), 0, minimise=minimise, missing="infinite", tolerance=1e9
    )
    assert "topological" in plan.method
    assert plan.error_bound > 1.0
    check_contained(plan, [Fraction(0), *(Fraction(41 - state) + Fraction(3, 4) * 160 for state in range(1, 41))])


def test_a_component_that_takes_several_calls() -> None:
    """60,000 states in a ring, which one of them leaves every fourth time; a call sweeps 2^20 states."""
    count = 60_000
    tails, heads = np.append(np.arange(count), count - 1), np.append(np.arange(1, count + 1), 0)
    chances = np.append(np.ones(count - 1), [0.25, 0.75])
    model = TabularMDP(
        transitions=sparse.csr_array((chances, (tails, heads)), shape=(count + 1, count + 1)),
        termination=np.append(np.zeros(count), 1.0)[:, None],
        rewards=np.append(np.ones(count), 0.0)[:, None],
        feasible=np.ones((count + 1, 1), dtype=bool),
        endings=sparse.csr_array(([1.0], ([count], [count])), shape=(count + 1, count + 1)),
    )
    plan = planners.stochastic_shortest_path(model, count, minimise=True)
    assert "topological" in plan.method
    truth = np.append(count - np.arange(count) + 3.0 * count, 0.0)
    assert (plan.lower <= truth).all()
    assert (plan.upper >= truth).all()


def chain(stays: float, states: int = 600) -> TabularMDP:
    """Each state leads to the one before it, or stays with a probability; a step costs 1, and state 0 is the goal."""
    P = np.zeros((states, 1, states))
    P[0, 0, 0] = 1.0
    for state in range(1, states):
        P[state, 0, state], P[state, 0, state - 1] = stays, 1.0 - stays
    return TabularMDP.from_arrays(P, np.ones((states, 1)))


@pytest.mark.parametrize("missing", ["forbidden", "infinite", "as paid"])
def test_many_states_are_solved_component_by_component(missing: Any) -> None:
    told: list[planners.Iteration] = []
    plan = planners.stochastic_shortest_path(chain(0.75), 0, minimise=True, missing=missing, progress=told.append)
    assert "topological value iteration of 599 components" in plan.method
    check_contained(plan, [Fraction(4 * state) for state in range(600)])
    assert [step.error_bound for step in told] == [plan.error_bound]


def test_a_state_that_hardly_ever_leaves_is_left_to_another_method() -> None:
    plan = planners.stochastic_shortest_path(chain(1.0 - 2.0**-50), 0, minimise=True, throw=False)
    check_contained(plan, [Fraction(2**50 * state) for state in range(600)])


def test_many_ways_back_are_left_to_another_method() -> None:
    steps = [[(0.5, state - 1, 1.0, False), (0.5, min(state + 1, 599), 1.0, False)] for state in range(1, 600)]
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 0.0, True)]}} | {s: {0: row} for s, row in enumerate(steps, 1)})
    plan = planners.stochastic_shortest_path(model, 0, minimise=True)
    assert "topological" not in plan.method
    check_contained(plan, [Fraction(state * (2 * 599 + 1 - state)) for state in range(600)])


def test_a_component_that_settles_slowly_is_left_to_another_method() -> None:
    def row(state: int) -> list[tuple[float, int, float, bool]]:
        if state % 60:
            return [(1.0, state - 1, 1.0, False)]
        return [(0.5, state - 1, 1.0, False), (0.5, 599, 1.0, False)]  # half of the time, all the way back

    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 0.0, True)]}} | {s: {0: row(s)} for s in range(1, 600)})
    plan = planners.stochastic_shortest_path(model, 0, minimise=True)
    assert "topological" not in plan.method
    steps = [(Fraction(0), Fraction(0))]  # of each state: a + b times those of the last one
    for state in range(1, 600):
        (a, b), half = steps[-1], Fraction(1, 2)
        steps.append((a + 1, b) if state % 60 else (half * a + 1, half * b + half))
    last = steps[-1][0] / (1 - steps[-1][1])
    check_contained(plan, [a + b * last for a, b in steps])
