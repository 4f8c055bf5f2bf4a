"""Backward induction: against exact rationals, plain NumPy, and episodes of a limited number of steps."""

from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import Agent, FinitePlan, InvalidOptionError, InvalidPolicyError, NotEnoughMemoryError, TabularMDP
from planners.methods import backward_induction
from planners.models import stages
from tests.oracles.chance import check_counts
from tests.oracles.exact import Tables, action_value, as_floats
from tests.oracles.models import DISCOUNTS, tables
from tests.oracles.sweeps import padded


def stay_or_stop() -> TabularMDP:
    """State 0 stays for 1 or stops for 3."""
    return TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    P=tables(),
    horizon=st.integers(1, 9),
    discount=st.sampled_from([*DISCOUNTS, Fraction(1)]),
    final=st.lists(st.integers(-8, 8), min_size=5, max_size=5),
)
def test_exactly_the_bellman_equations(P: Tables, horizon: int, discount: Fraction, final: list[int]) -> None:
    """Values and the value of the policy, by exact sweeps from the end, are within the bound."""
    plan = planners.backward_induction(
        TabularMDP.from_gym_dict(as_floats(P)), horizon=horizon, discount=float(discount), final_values=final[: len(P)]
    )
    best = achieved = [Fraction(number) for number in final[: len(P)]]
    assert plan.values[horizon].tolist() == final[: len(P)]
    for step in range(horizon - 1, -1, -1):
        best = [max(Fraction(action_value(P, s, a, best, discount)) for a in P[s]) for s in P]
        actions = plan.policy_at(step).actions
        assert all(action in P[s] for s, action in enumerate(actions))
        achieved = [Fraction(action_value(P, s, int(actions[s]), achieved, discount)) for s in P]
        for state in P:
            value = Fraction(plan.values[step, state])
            assert abs(value - best[state]) <= Fraction(plan.error_bound)
            assert abs(value - achieved[state]) <= Fraction(plan.error_bound)
    assert plan.error_bound < 1e-10


def plain_numpy(P: Any, horizon: int) -> np.ndarray:
    """V_0 of Gymnasium's dictionary, one step of the end at a time."""
    probabilities, next_states, rewards, ends = padded(P)
    values = np.zeros(len(P))
    for _ in range(horizon):
        values = (probabilities * (rewards + np.where(ends, 0.0, values[next_states]))).sum(axis=2).max(axis=1)
    return values


def test_frozen_lake_in_100_steps() -> None:
    """Gymnasium's reward_threshold of .7 is under the optimum of about .74; the older one of .78 was above it."""
    env = gym.make("FrozenLake-v1")
    plan = planners.backward_induction(env, horizon=100)
    by_hand = plain_numpy(env.unwrapped.P, 100)  # type: ignore[attr-defined]
    np.testing.assert_allclose(plan.values[0], by_hand, atol=1e-12)
    assert 0.73 < plan.values[0, 0] < 0.75
    for_ever = planners.solve(env, discount=1.0).values[0]
    assert plan.values[0, 0] < for_ever


@pytest.mark.parametrize("limit", [15, 100])
def test_episodes_under_a_time_limit_earn_the_value(limit: int, rng: np.random.Generator) -> None:
    env = gym.make("FrozenLake-v1", max_episode_steps=limit)
    plan = planners.backward_induction(env, horizon=limit)
    earned = [e.total_reward for e in planners.rollout(env, plan, episodes=1500, seed=int(rng.integers(2**31)))]
    assert set(earned) <= {0.0, 1.0}
    check_counts([int(sum(earned))], len(earned), [float(plan.values[0, 0])])


def test_the_plan_depends_on_the_steps_that_are_left() -> None:
    """A near -1 exit and a far +1: with too few steps left for the far one, no step is worth its cost."""
    env = gym.make("GridWorld-v0", step_reward=-0.04)
    plan = planners.backward_induction(env, horizon=10)
    start = env.unwrapped.cell_to_state((2, 0))  # type: ignore[attr-defined]
    far = env.unwrapped.cell_to_state((0, 2))  # type: ignore[attr-defined]
    assert plan.values[0, start] == pytest.approx(1 - 4 * 0.04)
    assert plan.values[10 - 4, start] == pytest.approx(-4 * 0.04)  # five moves are needed
    assert plan.values[10 - 1, far] == pytest.approx(1.0)
    assert plan.policy_at(9).act(far) == 1


def test_agent_starts_again_with_each_episode() -> None:
    plan = planners.backward_induction(stay_or_stop(), horizon=3)
    agent = plan.agent()
    assert isinstance(agent, Agent)
    for _ in range(2):
        agent.reset()
        assert [agent.act(0) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(InvalidOptionError, match=r"for 3 steps, and they are over.*max_steps=3"):
        agent.act(0)
    assert plan.agent().act(np.int64(0)) == 0  # a new agent counts for itself


class Endless:
    """State 0 for ever; the action is the reward."""

    def reset(self, seed: int | None = None) -> tuple[int, dict[str, Any]]:
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        return 0, float(action), False, False, {}


def test_rollout_resets_the_agent() -> None:
    plan = planners.backward_induction(stay_or_stop(), horizon=3)
    for agent in (plan, plan.agent()):
        episodes = planners.rollout(Endless(), agent, episodes=3, max_steps=3)
        assert [episode.actions for episode in episodes] == [[0, 0, 1]] * 3
    with pytest.raises(InvalidOptionError, match="they are over"):
        planners.rollout(Endless(), plan, max_steps=4)


def test_final_values_are_earned_only_where_the_episode_goes_on() -> None:
    plan = planners.backward_induction(stay_or_stop(), horizon=1, discount=0.5, final_values=[10.0])
    assert plan.values.tolist() == [[1 + 0.5 * 10], [10.0]]
    assert planners.backward_induction(stay_or_stop(), horizon=1, final_values=[1.0]).policy_at(0).act(0) == 1


@pytest.mark.parametrize("horizon", [0, -3, 2.5, None])
def test_horizon(horizon: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"horizon is .*whole number of steps, at least 1"):
        planners.backward_induction(stay_or_stop(), horizon=horizon)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discount": 1.5}, "discount is 1.5; expected a number from 0 to 1"),
        ({"final_values": [0.0, 0.0]}, r"final_values have shape \(2,\); expected \(1,\)"),
        ({"final_values": [np.nan]}, "final_values are nan in state 0; expected finite"),
        ({"final_values": [np.inf]}, "final_values are inf in state 0; expected finite numbers, or -inf where"),
        ({"final_values": [-np.inf], "minimise": True}, "final_values are -inf in state 0; .* or inf where"),
        ({"final_values": {3: 1.0}}, "final_values name the state 3"),
        ({"final_values": "much"}, "final_values are 'much'; expected"),
        ({"final_values": lambda state: "much"}, r"final_values are \['much'\]; expected"),
    ],
)
def test_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        planners.backward_induction(stay_or_stop(), horizon=2, **options)


def test_a_horizon_that_does_not_fit_in_memory() -> None:
    with pytest.raises(
        NotEnoughMemoryError, match=r"a plan of 10{17} steps for 1 states needs about .*shorter horizon"
    ):
        planners.backward_induction(stay_or_stop(), horizon=10**17)


def test_the_plan_itself() -> None:
    plan = planners.backward_induction(stay_or_stop(), horizon=3, discount=0.5)
    assert isinstance(plan, FinitePlan)
    assert repr(plan).startswith("FinitePlan(3 steps, 1 states, discount 0.5, error bound ")
    for array in (plan.values, plan.actions):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for step in (-1, 3):
        with pytest.raises(InvalidOptionError, match=f"step is {step}; expected 0 to 2"):
            plan.policy_at(step)
    for state in (-1, 1):
        with pytest.raises(InvalidPolicyError, match=f"state {state} is not in the policy; expected 0 to 0"):
            plan.agent().act(state)


def test_errors_of_many_steps_add_up() -> None:
    """At horizon 2000 the rounding of one step is far below that of all: the claim must hold against fractions."""
    rows = {
        0: {0: [(0.4194446153740582, 0, 0.73, False), (0.5805553846259418, 1, 0.32, False)]},
        1: {0: [(0.16617993439849305, 0, 0.97, False), (0.8338200656015069, 1, 0.59, False)]},
    }
    model = TabularMDP.from_gym_dict(rows)
    plan = planners.backward_induction(model, horizon=2000)
    exact = [Fraction(0), Fraction(0)]
    for _ in range(2000):
        earned = [[(Fraction(p), Fraction(r) + exact[to]) for p, to, r, _ in actions[0]] for actions in rows.values()]
        exact = [sum(p * value for p, value in row) / sum(p for p, _ in row) for row in earned]
        exact = [Fraction(round(value * 2**200), 2**200) for value in exact]  # else they grow without end
    furthest = float(max(abs(Fraction(float(plan.values[0, s])) - exact[s]) for s in (0, 1)))
    one_step = planners.backward_induction(model, horizon=1, final_values=plan.values[1])
    assert 10 * one_step.error_bound < furthest <= plan.error_bound < 1e-7  # so what a step adds is not all


@pytest.mark.parametrize("discount", [0.9, 0.999, 1.0])
def test_the_errors_of_all_steps_are_added_up_rounded_upwards(discount: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum of discount^k e is itself computed with rounding, which must not make the claim smaller than the sum."""
    monkeypatch.setattr(backward_induction, "_backup_error", lambda *_: 0.1)
    for horizon in (1, 2, 50, 333):
        claimed = Fraction(planners.backward_induction(stay_or_stop(), horizon=horizon, discount=discount).error_bound)
        exact = Fraction(0.1) * sum(Fraction(discount) ** k for k in range(horizon))
        assert exact < claimed < exact * (1 + Fraction(1, 10**5))


def test_the_memory_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """(H + 1) values of 8 bytes and actions of one for each of the S states, and a reference to the model."""
    asked = []
    monkeypatch.setattr(stages, "check_memory", lambda number, *_: asked.append(number))
    three = TabularMDP.from_gym_dict({s: {0: [(1.0, s, 1.0, False)]} for s in range(3)})
    planners.backward_induction(three, horizon=7)
    assert asked == [(7 + 1) * (3 * (8 + 1) + 8)]


def test_what_leads_to_an_impossible_end_is_impossible() -> None:
    """The steps must not end in state 0: who stays there earns 5 a step, and the last step has to leave."""
    P = {0: {0: [(1.0, 0, 5.0, False)], 1: [(0.5, 1, 1.0, False), (0.5, 1, 1.0, True)]}, 1: {0: [(1.0, 1, 0.0, False)]}}
    model = TabularMDP.from_gym_dict(P)
    for discount in (1.0, 0.5):
        plan = planners.backward_induction(model, horizon=3, discount=discount, final_values=[-np.inf, 0.0])
        assert plan.values[:, 0].tolist() == [5.0 + 5.0 * discount + discount**2, 5.0 + discount, 1.0, -np.inf]
    unseen = planners.backward_induction(model, horizon=1, discount=0.0, final_values=[-np.inf, 0.0])
    assert unseen.values[0, 0] == 5.0  # what comes after counts for nothing
