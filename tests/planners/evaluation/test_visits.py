"""`visits` and `stationary` against fractions: the visits to a state are V of a policy that is paid 1 for each."""

import math
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import TabularMDP
from tests.oracles.exact import Distribution, Number, Tables, as_floats, values_of
from tests.oracles.models import DISCOUNTS, policies, tables


def exact_visits(
    P: Tables, policy: list[Distribution], discount: Fraction, start: int
) -> dict[tuple[int, int], Number]:
    """The number of times each action is taken in each state: V where that pays 1 and all else nothing."""
    found: dict[tuple[int, int], Number] = {}
    for state, actions in P.items():
        paid = {
            s: {a: [(p, t, Fraction(s == state), ends) for p, t, _, ends in row] for a, row in here.items()}
            for s, here in P.items()
        }
        value = values_of(paid, policy, discount)[start]
        for action in actions:
            weight = policy[state].get(action, Fraction(0))
            found[state, action] = weight * value if weight else Fraction(0)
    return found


def as_table(policy: list[Distribution], actions: int) -> Any:
    """(S, A) probabilities, all dyadic."""
    table = np.zeros((len(policy), actions))
    for state, weights in enumerate(policy):
        for action, weight in weights.items():
            table[state, action] = float(weight)
    return table


@given(data=st.data())
def test_bounds_hold_against_fractions(data: st.DataObject) -> None:
    P = data.draw(tables())
    policy, discount = data.draw(policies(P)), data.draw(st.sampled_from([*DISCOUNTS, Fraction(1)]))
    start = data.draw(st.integers(0, len(P) - 1))
    model = TabularMDP.from_gym_dict(as_floats(P))
    found = planners.visits(model, as_table(policy, model.num_actions), discount=float(discount), start=start)
    for (s, a), number in exact_visits(P, policy, discount, start).items():
        lower, value, upper = (float(table[s, a]) for table in (found.lower, found.values, found.upper))
        if isinstance(number, float):
            assert lower == value == upper == math.inf
        else:
            assert Fraction(lower) <= number <= Fraction(upper)
            assert abs(Fraction(value) - number) <= Fraction(found.error_bound) <= 1e-9 * max(1, number + 100)
    shares = planners.stationary(model, as_table(policy, model.num_actions), start=start)
    late = Fraction(2**40 - 1, 2**40)  # (1 - discount) times the visits goes to the shares as the discount goes to 1
    exact = exact_visits(P, policy, late, start)
    for s in P:
        assert abs(float(sum(exact[s, a] * (1 - late) for a in P[s])) - shares.values[s]) < 1e-7


def test_visits_are_those_of_simulated_episodes(rng: np.random.Generator) -> None:
    """Each mean of 20,000 episodes lies within 7 standard errors: false alarms below 1e-9 for 36 pairs."""
    env = gym.make("GridWorld-v0", map_name="lecture", slip=0.2, step_reward=-0.04)
    plan = planners.solve(env, discount=0.95)
    found = planners.visits(env, plan, discount=1.0)
    simulated = planners.simulate(env, plan, episodes=20_000, discount=1.0, seed=int(rng.integers(2**31)))
    spread = np.sqrt(found.states.max() * 20 / 20_000)
    assert np.abs(simulated.visits - found.values).max() < 7 * spread
    mdp: Any = env.unwrapped
    assert (found.values * mdp.mdp.rewards).sum() == pytest.approx(simulated.value, abs=1e-9)


def test_how_often_does_it_fall_into_the_pit() -> None:
    env: Any = gym.make("GridWorld-v0", map_name="lecture", slip=0.2, step_reward=-0.04)
    plan, model = planners.solve(env, discount=0.9), env.unwrapped.mdp.tabular
    found = planners.visits(env, plan, discount=1.0)
    ends = np.flatnonzero(np.asarray(model.endings.sum(axis=0)).ravel())
    chances = [found.entries(int(state)) for state in ends]
    assert sum(chances) == pytest.approx(1.0, abs=1e-12)
    for state, chance in zip(ends, chances, strict=True):
        only = {s: [int(plan.policy.actions[s])] for s in range(model.num_states)}
        fixed = TabularMDP(
            transitions=model.transitions, termination=model.termination, rewards=model.rewards,
            feasible=np.array([[a in only[s] for a in range(model.num_actions)] for s in only]),
            initial=model.initial, endings=model.endings,
        )  # fmt: skip
        reached = planners.reachability(fixed, int(state))
        assert chance == pytest.approx(float(reached.values @ model.initial), abs=1e-6)


def test_a_ring_has_shares_although_it_goes_round() -> None:
    ring = TabularMDP.from_gym_dict({s: {0: [(1.0, (s + 1) % 4, 0.0, False)]} for s in range(4)})
    assert np.abs(planners.stationary(ring, [0] * 4, start=2).values - 0.25).max() <= 1e-15
    forever = planners.visits(ring, [0] * 4, discount=1.0, start=2)
    assert np.isinf(forever.lower).all()


def test_two_classes_have_the_probability_of_coming_there() -> None:
    fork = TabularMDP.from_gym_dict(
        {0: {0: [(0.25, 1, 0.0, False), (0.5, 2, 0.0, False), (0.25, 0, 1.0, True)]},
         1: {0: [(1.0, 1, 0.0, False)]}, 2: {0: [(1.0, 2, 0.0, False)]}}
    )  # fmt: skip
    assert planners.stationary(fork, [0, 0, 0], start=0).values.tolist() == pytest.approx([0, 0.25, 0.5], abs=1e-14)
    assert planners.visits(fork, [0, 0, 0], discount=1, start=0).states.tolist() == [1.0, math.inf, math.inf]


def test_what_can_hardly_be_proven_is_refused() -> None:
    slow = TabularMDP.from_gym_dict({0: {0: [(1e-15, 0, 1.0, True), (1 - 1e-15, 0, 0.0, False)]}})
    with pytest.raises(planners.UnprovenValueError, match="visits of this policy cannot be proven"):
        planners.visits(slow, [0], discount=1.0)


def test_names_and_a_table() -> None:
    shop = TabularMDP.from_functions(
        "full", lambda s: ["sell"] if s == "full" else ["order"],
        lambda s, a: [(0.5, "empty", 1.0), (0.5, "full", 0.0)] if s == "full" else [(1.0, "full", -1.0)],
    )  # fmt: skip
    found = planners.visits(shop, planners.solve(shop, discount=0.9), discount=0.5, start="full")
    assert [row[:2] for row in found.table()] == [("full", "sell"), ("empty", "order")]
    assert "most in state 'full'" in repr(found)
    assert found.entries("empty") == pytest.approx(0.5 * found.states[0], abs=1e-14)
    with pytest.raises(planners.InvalidPolicyError, match="'closed'"):
        planners.visits(shop, [0, 1], discount=0.5, start="closed")
