"""The agent interface, drawing actions, and playing episodes."""

import itertools
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import Agent, Episode, InvalidOptionError, InvalidPolicyError, Learner, TabularPolicy, Transition
from tests.oracles.chance import ALARM, check_counts, hoeffding


class Constant:
    """The smallest agent."""

    def act(self, observation: Any) -> int:
        return 1


class Learning(Constant):
    def learn(self, *args: Any, **kwargs: Any) -> None: ...


class WithPolicyAttribute(Constant):
    """Many learners have a `policy` beside `act`; what plays is `act`."""

    policy = "epsilon-greedy"


def test_protocols() -> None:
    uniform = TabularPolicy.uniform(3, 2)
    assert isinstance(uniform, Agent)
    assert isinstance(Constant(), Agent)
    assert isinstance(Learning(), Learner)
    assert not isinstance(uniform, Learner)
    assert not isinstance(object(), Agent)


@pytest.mark.parametrize("row", [[0.2, 0.3, 0.5], [0.0, 0.9, 0.1], [0.5, 0.5, 0.0], [1e-3, 0.499, 0.5]])
def test_actions_are_drawn_from_their_probabilities(row: list[float], rng: np.random.Generator) -> None:
    draws = 5_000
    policy = TabularPolicy([row, row[::-1]], seed=int(rng.integers(2**32)))
    for state, wanted in ((0, row), (1, row[::-1])):
        counts = np.bincount([policy.act(state) for _ in range(draws)], minlength=3)
        possible = np.array(wanted) > 0
        assert counts[~possible].sum() == 0
        expected = np.array(wanted)[possible]
        check_counts(counts[possible].tolist(), draws, (expected / expected.sum()).tolist(), ALARM / 2)


def test_a_given_generator_draws_the_action(rng: np.random.Generator) -> None:
    policy = TabularPolicy.uniform(1, 4)
    seed = int(rng.integers(2**32))
    first, second = ([policy.act(0, r) for _ in range(50)] for r in map(np.random.default_rng, (seed, seed)))
    assert first == second


def test_reseed_repeats_the_draws(rng: np.random.Generator) -> None:
    seed = int(rng.integers(2**32))
    policy = TabularPolicy.uniform(1, 4, seed=seed)
    first = [policy.act(0) for _ in range(50)]
    policy.reseed(seed)
    assert [policy.act(0) for _ in range(50)] == first


def test_deterministic_policy_in_both_forms() -> None:
    by_actions = TabularPolicy.from_actions([2, 0], num_actions=3)
    by_table = TabularPolicy([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    for policy in (by_actions, by_table):
        assert policy.is_deterministic
        assert [policy.act(0), policy.act(1)] == [2, 0]
        assert isinstance(policy.act(np.int64(1)), int)
    np.testing.assert_array_equal(by_actions.probabilities, by_table.probabilities)
    with pytest.raises(InvalidPolicyError, match="state 2 is not in the policy; expected 0 to 1"):
        by_actions.act(2)
    with pytest.raises(InvalidPolicyError, match="state -1"):
        by_actions.act(-1)


ENVIRONMENTS = [
    ("GridWorld-v0", {"slip": 0.2, "step_reward": -0.04}),
    ("GridWorld-v0", {}),
    ("FrozenLake-v1", {}),
]
every_environment = pytest.mark.parametrize(("name", "options"), ENVIRONMENTS, ids=str)


@every_environment
def test_same_seed_same_episodes(name: str, options: dict[str, Any], rng: np.random.Generator) -> None:
    env = gym.make(name, **options)
    space = env.action_space
    assert isinstance(space, gym.spaces.Discrete)
    policy = TabularPolicy.uniform(planners.as_model(env).num_states, int(space.n))
    seed = int(rng.integers(2**31))
    first, second = (planners.rollout(env, policy, episodes=5, seed=seed, max_steps=60) for _ in range(2))
    for left, right in zip(first, second, strict=True):
        assert left.observations == right.observations
        assert left.actions == right.actions
        assert left.rewards == right.rewards
    # Five episodes of two actions or more, of which each is drawn from four: the same ones once in 4^10 = 10^6 runs.
    other = planners.rollout(env, policy, episodes=5, seed=seed + 1, max_steps=60)
    assert [e.actions for e in other] != [e.actions for e in first]


@pytest.mark.parametrize(
    ("name", "options", "discount", "width"),
    [(*ENVIRONMENTS[0], 0.9, 2.4), (*ENVIRONMENTS[1], 1.0, 0.0), (*ENVIRONMENTS[2], 1.0, 1.0)],
)
def test_mean_return_is_the_value(
    name: str, options: dict[str, Any], discount: float, width: float, rng: np.random.Generator
) -> None:
    """The return of following the plan is V of the first state on average; false alarms by Hoeffding's inequality.

    Returns lie in an interval of the width: from -1 - 0.04 / (1 - 0.9) to 1 where moves slip, 0 or 1 on the lake.
    """
    env = gym.make(name, **options).unwrapped  # without a time limit, which is not in the tables
    plan = planners.solve(env, discount=discount)
    episodes = planners.rollout(env, plan, episodes=1000, seed=int(rng.integers(2**31)), max_steps=100_000)
    assert all(episode.terminated and not episode.truncated for episode in episodes)
    first = plan.values[[episode.observations[0] for episode in episodes]]
    surplus = np.array([episode.discounted_return(discount) for episode in episodes]) - first
    assert abs(surplus.mean()) <= hoeffding(len(surplus), width) + plan.error_bound + 1e-9


@every_environment
def test_steps_are_outcomes_of_the_tables(name: str, options: dict[str, Any], rng: np.random.Generator) -> None:
    env = gym.make(name, **options)
    P = env.unwrapped.P  # type: ignore[attr-defined]
    policy = TabularPolicy.uniform(planners.as_model(env).num_states, 4)
    for step in planners.play_episode(env, policy, seed=int(rng.integers(2**31)), max_steps=200):
        outcomes = [tuple(entry[1:]) for entry in P[step.observation][step.action] if entry[0] > 0]
        assert (step.next_observation, step.reward, step.terminated) in outcomes


def test_steps_are_counted_and_cut() -> None:
    never = gym.make("CliffWalking-v1")
    up = TabularPolicy.from_actions(np.zeros(48, dtype=int), num_actions=4)  # against the upper edge for ever
    (episode,) = planners.rollout(never, up, max_steps=17, seed=1)
    assert len(episode) == 17
    assert episode.truncated
    assert not episode.terminated
    assert episode.total_reward == -17
    assert [step.truncated for step in episode.transitions] == [False] * 16 + [True]
    assert repr(episode) == "Episode(17 steps, total reward -17, truncated)"


def test_time_limit_of_the_environment_ends_an_episode() -> None:
    env = gym.make("CliffWalking-v1", max_episode_steps=9)
    (episode,) = planners.rollout(env, TabularPolicy.from_actions(np.zeros(48, dtype=int), 4), seed=1)
    assert len(episode) == 9
    assert episode.truncated


def test_play_episode_yields_step_by_step(rng: np.random.Generator) -> None:
    env = gym.make("FrozenLake-v1")
    steps = planners.play_episode(env, TabularPolicy.uniform(16, 4), seed=int(rng.integers(2**31)))
    first = next(steps)
    assert env.get_wrapper_attr("_elapsed_steps") == 1  # the others are not yet made
    assert isinstance(first, Transition)
    assert first.observation == 0
    rest = list(steps)
    chain = [first, *rest]
    assert all(a.next_observation == b.observation for a, b in itertools.pairwise(chain))
    assert sum(step.terminated or step.truncated for step in chain) == 1
    assert Episode(tuple(chain)).discounted_return(1.0) == sum(step.reward for step in chain)


def test_discounted_return() -> None:
    parts = [Transition(0, 0, reward, 0, False, False, {}) for reward in (1.0, 1.0, 1.0)]
    assert Episode(tuple(parts)).discounted_return(0.8) == pytest.approx(1 + 0.8 + 0.64)  # the lecture's series


@pytest.mark.parametrize("agent", [Constant(), Learning(), WithPolicyAttribute()], ids=lambda a: type(a).__name__)
def test_any_agent_plays(agent: Any) -> None:
    (episode,) = planners.rollout(gym.make("FrozenLake-v1"), agent, seed=3)
    assert set(episode.actions) == {1}


def test_what_cannot_play_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"a list has no act\(observation\)"):
        planners.rollout(gym.make("FrozenLake-v1"), [0, 1])
    for name in ("episodes", "max_steps"):
        for number in (0, -1, 1.5, float("nan")):
            with pytest.raises(InvalidOptionError, match=f"{name} is .*at least 1"):
                planners.rollout(gym.make("FrozenLake-v1"), Constant(), **{name: number})  # type: ignore[arg-type]
