"""Regret against an independent formula: the expected number of times each action is taken, in exact rationals.

regret = sum over (s, a) of occupancy(s, a) * (V*(s) - Q*(s, a))
         + at discount 1, sum over the states in which the policy stays for ever of P(it ends up there) * V*(s)
"""

import math
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import gridworld_env
import planners
from planners import InvalidOptionError, TabularMDP, UnboundedValueError
from planners.evaluation.policy_value import value_from
from tests.oracles.exact import (
    PLUS,
    Distribution,
    Number,
    Tables,
    Undefined,
    action_value,
    as_floats,
    chain_of,
    optimal_values,
    recurrent_classes,
    solve_linear,
    swings,
    values_of,
)
from tests.oracles.models import DISCOUNTS, policies, tables

exact = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def occupancy(chain: list[list[Fraction]], first: list[Fraction], discount: Fraction) -> list[Fraction]:
    """(S,) expected discounted number of visits; at discount 1 of the states that are not visited for ever."""
    count = len(first)
    passing = range(count)
    if discount == 1:
        for_ever = {s for states in recurrent_classes(chain, [Fraction()] * count) for s in states}
        passing = [state for state in range(count) if state not in for_ever]
    matrix = [[Fraction(i == j) - discount * chain[j][i] for j in passing] for i in passing]
    visits = dict(zip(passing, solve_linear(matrix, [first[i] for i in passing]), strict=True))
    return [visits.get(state, Fraction()) for state in range(count)]


def exact_regret(P: Tables, policy: list[Distribution], first: list[Fraction], discount: Fraction) -> Number:
    best, (chain, _) = optimal_values(P, discount), chain_of(P, policy)
    visits = occupancy(chain, first, discount)
    lost: Number = Fraction()
    for state, row in enumerate(policy):
        for action, weight in row.items():
            if visits[state] and weight and not math.isinf(best[state]):
                lost += visits[state] * weight * (best[state] - action_value(P, state, action, best, discount))
    if discount == 1:
        for states in recurrent_classes(chain, [Fraction()] * len(P)):
            for state in states:
                arrives = first[state] + sum((visits[t] * chain[t][state] for t in range(len(P))), Fraction())
                if arrives and not math.isinf(best[state]):
                    lost += arrives * (best[state] - values_of(P, policy, discount)[state])
    return lost


@st.composite
def starts(draw: st.DrawFn, count: int) -> list[Fraction]:
    weights = draw(st.lists(st.sampled_from([0, 0, 1, 3]), min_size=count, max_size=count).filter(any))
    return [Fraction(weight, sum(weights)) for weight in weights]


@exact
@given(P=tables(), discount=st.sampled_from([*DISCOUNTS, Fraction(1), Fraction(1)]), data=st.data())
def test_the_regret_of_a_policy_is_what_its_visits_give_away(
    P: Tables, discount: Fraction, data: st.DataObject
) -> None:
    policy, first = data.draw(policies(P)), data.draw(starts(len(P)))
    best = optimal_values(P, discount)
    assume(PLUS not in best and not (discount == 1 and swings(P)))
    try:
        values = values_of(P, policy, discount)
    except Undefined:
        assume(False)
        raise
    model = TabularMDP.from_gym_dict(as_floats(P), [float(p) for p in first])
    table = [[float(row.get(action, 0)) for action in range(model.num_actions)] for row in policy]
    try:
        found = planners.regret(model, np.array(table), discount=float(discount))
    except UnboundedValueError:  # a best mean of 0 that cannot be told
        assume(False)
        raise
    begins = [s for s, p in enumerate(first) if p]
    if any(math.isinf(best[s]) for s in begins):
        assert not math.isnan(found.value)
        assert found.optimal == -math.inf
        return
    assert found.optimal == pytest.approx(float(sum(first[s] * best[s] for s in begins)), rel=1e-5, abs=1e-5)
    if any(math.isinf(values[s]) for s in begins):
        assert found.value == math.inf
        return
    assert found.value == pytest.approx(float(exact_regret(P, policy, first, discount)), rel=1e-5, abs=1e-5)
    assert found.value >= 0.0
    assert repr(found).startswith("Regret(")


def world(**options: Any) -> gym.Env[Any, Any]:
    return gym.make("GridWorld-v0", **options)


def test_starts_that_never_happen_do_not_count() -> None:
    """V* is [.96 1 0 -inf -inf -inf] and [.94 .96 .98 1]; all episodes begin on S."""
    island = world(desc=["S.+", "###", "..."])
    found = planners.regret(island, planners.solve(island, discount=1), discount=1)
    assert (found.value, found.optimal) == (0.0, pytest.approx(0.96))
    assert planners.regret(world(desc=["..S+"]), [3, 3, 1, 0], discount=1).value == 0.0
    assert planners.regret(world(desc=["S..+"]), [3, 3, 3, 3], discount=1).value == math.inf


def test_where_the_policy_never_comes_it_needs_no_value() -> None:
    """From 1 the policy may win for ever, and may pay for ever: it has no total reward; it never comes there."""
    P: Any = {0: {0: [(1.0, 0, 3.0, True)]}, 1: {0: [(0.5, 2, 0.0, False), (0.5, 3, 0.0, False)]}}
    P |= {2: {0: [(1.0, 2, 1.0, False)]}, 3: {0: [(1.0, 3, -1.0, False)]}}
    model = TabularMDP.from_gym_dict(P, [1.0, 0.0, 0.0, 0.0])
    policy, begins = [0, 0, 0, 0], np.array([True, False, False, False])
    assert value_from(model, policy, begins, discount=1).values[0] == 3.0
    with pytest.raises(planners.ImproperPolicyError):
        planners.evaluate(model, policy, discount=1)


class Always:
    def __init__(self, action: int) -> None:
        self.action = action

    def act(self, observation: Any) -> int:
        return self.action


@pytest.mark.parametrize("discount", [0.0, 0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("action", range(4))
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("FrozenLake-v1", {"is_slippery": False}),
        ("GridWorld-v0", {"desc": ["S..+"], "step_reward": 0.0}),
        ("GridWorld-v0", {"desc": ["S..+", "..-."], "max_episode_steps": 7}),
    ],
    ids=str,
)
def test_what_is_cut_off_is_between_its_bounds(
    name: str, options: dict[str, Any], action: int, discount: float
) -> None:
    """Nothing is drawn in these worlds, so that the episodes are all alike."""
    env = gym.make(name, **options)
    truth = planners.regret(env, [action] * planners.as_model(env).num_states, discount=discount).value
    found = planners.regret(env, Always(action), discount=discount, episodes=3)
    assert found.value <= truth + 1e-9
    assert truth <= found.upper + 1e-9
    assert abs(truth - found.value) <= found.error + 1e-9 or math.isinf(truth)
    text = repr(found)
    assert (" to " in text and "cut off" in text) == (found.left_open > 0)


def test_the_interval_of_a_frozen_lake() -> None:
    lake = gym.make("FrozenLake-v1", is_slippery=False)
    found = planners.regret(lake, Always(0), discount=0.99, episodes=5)
    assert found.value == pytest.approx(0.6029, abs=1e-4)
    assert found.upper == pytest.approx(0.99**5)  # V* at the start, and all of it is lost
    found = planners.regret(lake, Always(0), discount=1, episodes=5)
    assert (found.value, found.left_open) == (0.0, pytest.approx(1.0))


def test_a_finite_plan_is_played() -> None:
    env = world()
    plan = planners.backward_induction(env, horizon=12)
    assert planners.regret(env, plan, discount=1, episodes=2).value == pytest.approx(0.0, abs=1e-12)
    short = planners.regret(env, planners.backward_induction(env, horizon=2), discount=0.9, episodes=2)
    assert short.left_open > 0.1


def test_a_plan_of_another_model_is_refused() -> None:
    calm, icy = planners.solve(world(), discount=0.9), world(slip=0.5)
    for call in (planners.regret, lambda env, _, **options: gridworld_env.GroundTruth(env, **options)):
        with pytest.raises(InvalidOptionError, match="plan is of another model"):
            call(icy, [0] * 11, discount=0.9, plan=calm)
        call(world(), [0] * 11, discount=0.9, plan=calm)  # made anew, and the same
        call(world(), [0] * 11, discount=0.9, plan=planners.solve(world().unwrapped.mdp.tabular, discount=0.9))  # type: ignore[attr-defined]


@pytest.mark.parametrize("length", [4, 8, 12])
@pytest.mark.parametrize("minimise", [False, True])
def test_the_error_holds_the_rounding_of_the_policys_value(length: int, minimise: bool) -> None:
    """A walk that falls back nine times in ten: V^pi is -10^length, V* is -length, and float64 is off by far more than
    the bounds of V* tell.
    """
    sign = 1.0 if minimise else -1.0
    P: Any = {
        s: {
            0: [(0.1, s + 1, sign, s + 1 == length), (0.9, max(s - 1, 0), sign, False)],
            1: [(1.0, s + 1, sign, s + 1 == length)],
        }
        for s in range(length)
    }
    P[length] = {0: [(1.0, length, 0.0, True)]}
    model = TabularMDP.from_gym_dict(P, [1.0] + [0.0] * length)
    up, down = Fraction(0.1), Fraction(0.9)  # scaled to sum to 1
    steps: list[Fraction] = []  # from each square to the next
    for s in range(length):
        steps.append((1 + down / (up + down) * (steps[-1] if s else 0)) / (up / (up + down)) if s else (up + down) / up)
    found = planners.regret(model, [0] * (length + 1), discount=1, minimise=minimise)
    assert abs(Fraction(found.value) - (sum(steps) - length)) <= Fraction(found.error)
    assert found.error < 1e-6 * found.value


def test_the_error_holds_for_random_policies(rng: np.random.Generator) -> None:
    """Stochastic ones: averages over actions are rounded too. Against exact rationals."""
    for _ in range(20):
        P: Any = {
            s: {
                a: [
                    (0.25, int(rng.integers(3)), float(rng.integers(-9, 9)) * 1e3, True),
                    (0.75, int(rng.integers(3)), float(rng.integers(-9, 9)) * 1e3, False),
                ]
                for a in range(3)
            }
            for s in range(3)
        }
        weights = rng.integers(1, 9, size=(3, 3)).astype(float)
        policy = weights / weights.sum(axis=1, keepdims=True)
        tables = {
            s: {a: [(Fraction(p), s2, Fraction(r), end) for p, s2, r, end in row] for a, row in actions.items()}
            for s, actions in P.items()
        }
        given = [[Fraction(p) for p in row.tolist()] for row in policy]
        chances = [{a: p / sum(row) for a, p in enumerate(row)} for row in given]
        for discount in (0.9, 1.0):
            found = planners.regret(TabularMDP.from_gym_dict(P, [1.0, 0.0, 0.0]), policy, discount=discount)
            best = optimal_values(tables, Fraction(discount))[0]
            truth = best - values_of(tables, chances, Fraction(discount))[0]
            assert abs(Fraction(found.value) - truth) <= Fraction(found.error)
