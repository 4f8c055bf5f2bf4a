"""Regret, the truth beside a learner, and tables found by trying everything."""

import copy
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env
import planners
from planners import InvalidOptionError
from planners.evaluation import regret as regret_module


@pytest.fixture
def env() -> gym.Env[Any, Any]:
    return gym.make("GridWorld-v0", map_name="lecture", slip=0.3)


def random_policy(rng: np.random.Generator) -> np.ndarray:
    weights = rng.random((11, 4))
    return weights / weights.sum(axis=1, keepdims=True)


def test_regret_of_a_policy_is_the_difference_of_values(env: gym.Env[Any, Any], rng: np.random.Generator) -> None:
    policy = random_policy(rng)
    found = planners.regret(env, policy, discount=0.9)
    best = planners.policy_iteration(env, discount=0.9).values[7]
    assert found.value == pytest.approx(best - planners.evaluate(env, policy, discount=0.9)[7], abs=1e-9)
    assert found.optimal == pytest.approx(best)
    assert planners.regret(env, planners.solve(env, discount=0.9), discount=0.9).value == pytest.approx(0, abs=1e-9)


def test_the_rounding_of_the_differences_is_in_the_error(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values that are known without error: what is left is the rounding of their weighted differences."""
    for _ in range(20):
        optimal, achieved = rng.normal(size=(2, 50)) * 1e8
        weights = rng.random(50)
        weights /= weights.sum()
        monkeypatch.setattr(regret_module, "value_from", lambda *_, achieved=achieved, **__: (achieved, np.zeros(50)))
        monkeypatch.setattr(regret_module, "_first_states", lambda _, weights=weights: weights)
        best: Any = SimpleNamespace(values=optimal, error_bound=0.0)
        found = regret_module._of_policy(best, best, None, 0.9)
        exact = sum(
            Fraction(w) * (Fraction(v) - Fraction(a)) for w, v, a in zip(weights, optimal, achieved, strict=True)
        )
        assert abs(Fraction(found.value) - max(exact, Fraction(0))) <= Fraction(found.error) < 1e-4


def test_what_is_cut_off_where_all_is_lost_leaves_nothing_open() -> None:
    """State 0 pays for ever, whatever is done: its V* is -inf at discount 1, and no policy could have had more."""
    model = planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 0, -2.0, False)]}})
    step = planners.Transition(0, 0, -1.0, 0, False, True, {})
    found = planners.regret(model, [planners.Episode((step,))] * 2, discount=1.0)
    assert found.left_open == 0.0


def test_regret_of_episodes_agrees_with_the_exact_one(env: gym.Env[Any, Any], rng: np.random.Generator) -> None:
    policy = planners.TabularPolicy(random_policy(rng))
    exact = planners.regret(env, policy, discount=0.9)
    episodes = planners.rollout(env, policy, episodes=2000, seed=int(rng.integers(2**31)))
    judged = planners.regret(env, episodes, discount=0.9)
    assert judged.episodes == 2000
    # Six standard errors: 2e-9 for normal sums; the mean of 2000 that are bounded and not rare is nearly normal.
    assert abs(judged.value - exact.value) < 3 * judged.error


def test_an_agent_is_played(env: gym.Env[Any, Any]) -> None:
    class Up:
        def act(self, observation: Any) -> int:
            return 0

    found = planners.regret(env, Up(), discount=0.5, episodes=5, seed=1)
    assert found.episodes == 5
    assert found.value > 0
    with pytest.raises(InvalidOptionError, match="no episodes"):
        planners.regret(env, [], discount=0.5)
    with pytest.raises(InvalidOptionError, match="cannot be played"):
        planners.regret(env.unwrapped.mdp, Up(), discount=0.5)  # pyright: ignore[reportAttributeAccessIssue]


def test_ground_truth_adds_up_to_the_regret(env: gym.Env[Any, Any]) -> None:
    truth = gridworld_env.GroundTruth(env, discount=0.9)
    state, info = truth.reset(seed=3)
    total, weight, actions = 0.0, 1.0, []
    for _ in range(40):
        assert info["optimal_value"] == truth.plan.values[state]
        np.testing.assert_array_equal(info["optimal_actions"], truth.plan.optimal_actions[state])
        action = int(truth.action_space.sample())
        good = info["optimal_actions"][action] == 1
        state, _, terminated, truncated, info = truth.step(action)
        assert (info["regret"] < 1e-9) == good
        total, weight = total + weight * info["regret"], 0.9 * weight
        actions.append(action)
        if terminated or truncated:
            break

    class Again:
        def act(self, observation: Any) -> int:
            return actions.pop(0)

    episodes = planners.rollout(env, Again(), episodes=1, seed=3, max_steps=len(actions))
    assert planners.regret(env, episodes, discount=0.9).value == pytest.approx(total)


def test_a_plan_of_something_else_is_refused(env: gym.Env[Any, Any]) -> None:
    """It would be a silent, wrong regret."""
    other = planners.solve(gym.make("FrozenLake-v1"), discount=0.9)
    for plan in (other, planners.solve(env, discount=0.5)):
        for call in (
            lambda plan=plan: planners.regret(env, [0] * 11, discount=0.9, plan=plan),
            lambda plan=plan: gridworld_env.GroundTruth(env, discount=0.9, plan=plan),
        ):
            with pytest.raises(InvalidOptionError, match=r"plan is of .*; expected one of 11 states at discount 0\.9"):
                call()


@pytest.mark.parametrize("policy", ["up", lambda observation: 0, {"a": 1}, [[0], [0, 1]]])
def test_what_is_no_policy_is_refused(env: gym.Env[Any, Any], policy: Any) -> None:
    for call in (planners.regret, planners.evaluate):
        with pytest.raises(planners.InvalidPolicyError, match=r"the policy is .*; expected a policy, a plan"):
            call(env, policy, discount=0.9)


def test_where_all_is_lost_no_more_is_lost() -> None:
    """At discount 1 an island from which no policy ends the episode is worth -inf, whatever is done there."""
    island = gym.make("GridWorld-v0", desc=["S.#.", "#+#."])
    truth = gridworld_env.GroundTruth(island, discount=1.0)
    _, info = truth.reset(seed=0, options={"cell": (0, 3)})
    assert info["optimal_value"] == -np.inf
    assert truth.step(2)[4]["regret"] == 0.0
    truth.reset(seed=0)
    assert truth.step(3)[4]["regret"] == pytest.approx(0.04)


def test_enumeration_finds_the_tables(rng: np.random.Generator) -> None:
    env = gym.make("GridWorld-v0", map_name="sutton-barto-6.6")
    model, keys = planners.enumerate_env(env)
    found, known = planners.solve(model, discount=0.9), planners.solve(env, discount=0.9)
    np.testing.assert_allclose(found.values, known.values[np.array(keys, dtype=np.int64)], atol=1e-9)


def test_enumeration_refuses_what_it_cannot_tell(env: gym.Env[Any, Any]) -> None:
    with pytest.raises(InvalidOptionError, match="more than max_states=5 states"):
        planners.enumerate_env(gym.make("CliffWalking-v1"), max_states=5)
    with pytest.raises(InvalidOptionError, match="max_states is 0; expected a whole number"):
        planners.enumerate_env(gym.make("CliffWalking-v1"), max_states=0)
    with pytest.raises(InvalidOptionError, match=r"key returned \[36\]; expected what can be hashed"):
        planners.enumerate_env(gym.make("CliffWalking-v1"), key=lambda _, state: [state])  # pyright: ignore
    with pytest.raises(InvalidOptionError, match="expected Discrete"):
        planners.enumerate_env(gym.make("Pendulum-v1"))


def test_enumeration_of_a_copy_leaves_the_original_alone() -> None:
    env = gym.make("FrozenLake-v1", is_slippery=False).unwrapped
    env.reset(seed=0)
    before = copy.deepcopy(env.s)  # pyright: ignore[reportAttributeAccessIssue]
    planners.enumerate_env(env)
    assert env.s == before  # pyright: ignore[reportAttributeAccessIssue]


def test_is_optimal_refuses_a_tolerance_that_v_star_is_not_known_to() -> None:
    """At 1e-17 of values around 1 nothing can be told apart in float64: neither verdict would be proven."""
    model = planners.TabularMDP.from_gym_dict(
        {0: {0: [(0.3, 0, 0.1, False), (0.7, 0, 0.2, True)], 1: [(0.6, 0, 0.1, False), (0.4, 0, 0.3, True)]}}
    )
    for policy in ([0], [1]):
        with pytest.raises(planners.NotConvergedError, match="proven error bound") as caught:
            planners.is_optimal(model, policy, discount=0.9, tolerance=1e-17)
        assert caught.value.plan.error_bound > 0.5e-17
        assert caught.value.plan.tolerance == 0.5e-17


def test_the_residual_of_a_certificate_is_the_largest_change() -> None:
    """V = (3, 2): a backup at discount 1/2 gives max(1 + 1.5, 3) = 3 in state 0 and 5 + 1.5 = 6.5 in state 1."""
    model = planners.TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}, 1: {0: [(1.0, 0, 5.0, False)]}}
    )
    assert planners.certify(model, [3.0, 2.0], discount=0.5).residual == 4.5
