"""`learn` with environments, agents of other people, many options, and Ctrl-C."""

import os
import pickle
import signal
import threading
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env
import planners
from planners.learning.playing import TableEnvironment
from planners.learning.task import task_of
from tests.oracles.learners import drawn_model


class Guess:
    """What somebody else wrote: `learn` without `truncated`, and no values."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def act(self, observation: Any) -> int:
        return 1

    def learn(self, observation: Any, action: int, reward: float, next_observation: Any, terminated: bool) -> None:
        self.seen.append((observation, action, reward, next_observation, terminated))


def test_the_readme_example() -> None:
    env = gym.make("GridWorld-v0", map_name="lecture", slip=0.2)
    run = planners.learn(env, planners.QLearning(rate=0.1, exploration=0.1), steps=20_000, discount=0.9, seed=7)
    assert run.regret.shape == run.policy_values.shape == (20_000,)
    assert run.action_values.shape == (11, 4)
    assert 0 <= run.agent.act(env.reset()[0]) < 4
    regret = planners.regret(env, run.policy, discount=0.9)
    assert run.optimal_value - run.policy_values[-1] == pytest.approx(regret.value, abs=1e-9)


def test_an_environment_gives_what_its_tables_give() -> None:
    """The same uniform numbers, drawn by an environment that Gymnasium made, give the same run."""
    rows = {s: {a: [(0.5, (s + a) % 5, 1.0, False), (0.5, s, 0.0, True)] for a in range(3)} for s in range(5)}
    model = planners.TabularMDP.from_gym_dict(rows, initial=np.full(5, 0.2))

    class Env(gym.Env[Any, Any]):
        observation_space, action_space = gym.spaces.Discrete(5), gym.spaces.Discrete(3)

        def __init__(self) -> None:
            self.inside: Any = None

        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            return self.inside.reset()

        def step(self, action: int) -> Any:
            return self.inside.step(action)

    env = Env()
    learner = planners.QLearning().begin((5, 3), discount=0.9, seed=4)
    env.inside = TableEnvironment(task_of(model, 0.9), learner.random)
    observation, _ = env.reset()
    for _ in range(300):
        action = learner.act(observation)
        seen, reward, terminated, truncated, _ = env.step(action)
        learner.learn(observation, action, reward, seen, terminated, truncated)
        observation = env.reset()[0] if terminated or truncated else seen
    run = planners.learn(model, planners.QLearning(), steps=300, discount=0.9, seed=4)
    np.testing.assert_array_equal(learner.action_values, run.action_values)


def test_a_toy_text_table_pays_each_entry_its_own_reward() -> None:
    """FrozenLake's last square: a step ends in the hole for 0 or at the goal for 1, and never pays the mean of both."""
    env = gym.make("FrozenLake-v1", desc=["SH", "FG"], is_slippery=True)
    run = planners.learn(env, planners.QLearning(exploration=1.0), steps=2000, discount=0.9, seed=1)
    assert set(run.rewards.tolist()) == {0.0, 1.0}
    record = run._played[0].record
    for s in range(4):
        for a in range(4):
            told = {(s2, r, end) for p, s2, r, end in env.unwrapped.P[s][a] if p > 0}  # pyright: ignore
            at = (record.states == s) & (record.actions == a)
            columns = (record.next_states[at].tolist(), record.rewards[at].tolist(), record.terminated[at].tolist())
            assert set(zip(*columns, strict=True)) <= told


def test_an_environment_is_stepped_where_something_watches() -> None:
    env = gym.wrappers.RecordEpisodeStatistics(gym.make("FrozenLake-v1"))
    run = planners.learn(env, planners.QLearning(), episodes=20, discount=0.95, seed=1)
    assert env.episode_count == 20
    again = planners.learn(env, planners.QLearning(), episodes=20, discount=0.95, seed=1)
    np.testing.assert_array_equal(run.regret, again.regret)
    assert run.plan.discount == 0.95


def test_time_limits_cut_and_do_not_end() -> None:
    lake = gym.make("FrozenLake-v1", is_slippery=False)  # 100 steps at most
    for compiled in (True, False):
        run = planners.learn(
            lake, planners.Sarsa(exploration=0.0, initial=1.0), steps=300, discount=0.95, compiled=compiled
        )
        record = run._played[0].record
        assert not (record.terminated & record.truncated).any()
    model = planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}}, initial=[1.0])
    run = planners.learn(model, planners.QLearning(rate=0.5), steps=1000, discount=0.5, max_episode_steps=10)
    assert run.action_values[0, 0] == pytest.approx(2.0)  # 1 + 1/2 + 1/4 + ...
    assert len(run.returns) == 100
    assert run.returns[0] == pytest.approx(2.0 - 0.5**9)
    assert run.total_rewards[0] == 10.0


def test_an_environment_without_tables() -> None:
    env = gym.make("Blackjack-v1")
    run = planners.learn(env, planners.QLearning(rate=0.05, exploration=0.2), steps=3000, discount=1.0, seed=3)
    assert run.action_values.shape == (32 * 11 * 2, 2)
    assert run.agent.act((20, 10, 0)) in (0, 1)
    assert "704 states" not in run.report()
    with pytest.raises(planners.MissingModelError, match="no tables"):
        _ = run.regret


class Stairs(gym.Env[Any, Any]):
    """No tables: up or down a stair of 4, seen as a pair; the top is worth 1."""

    observation_space = gym.spaces.Tuple((gym.spaces.Discrete(2, start=5), gym.spaces.Discrete(2)))
    action_space = gym.spaces.Discrete(2)

    def __init__(self) -> None:
        self.height, self.resets = 0, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.height, self.resets = 0, self.resets + 1
        return (5, 0), {}

    def step(self, action: int) -> Any:
        self.height += 1 if action else -min(self.height, 1)
        top = self.height == 4
        seen = min(self.height, 3)
        return (5 + seen // 2, seen % 2), float(top), top, False, {}


def test_a_plan_says_what_is_optimal_where_there_are_no_tables() -> None:
    env = Stairs()
    model, keys = planners.enumerate_env(env)
    plan = planners.solve(model, discount=0.9)
    resets = env.resets
    run = planners.learn(env, planners.QLearning(rate=0.5), steps=5000, discount=0.9, seed=1, plan=plan)
    assert env.resets > resets + 100  # it was played
    assert run.policy_values[-1] == pytest.approx(0.9**3)
    assert run.agent.act((6, 1)) in (0, 1)
    without = planners.learn(env, planners.QLearning(rate=0.5), steps=5000, discount=0.9, seed=1)
    np.testing.assert_array_equal(run.action_values[[keys.index((5, 0))]], without.action_values[[0]])
    for each in (run, without):  # both number what they see when they come back from a file
        again = pickle.loads(pickle.dumps(each.agent))
        assert [again.act((6, 1)) for _ in range(20)] == [each.agent.act((6, 1)) for _ in range(20)]
    for compiled in (True, False):  # on the tables that were found, the agent acts on what the environment shows
        found = planners.learn(model, planners.QLearning(rate=0.5), steps=5000, discount=0.9, seed=1, compiled=compiled)
        assert found.policy_values[-1] == pytest.approx(0.9**3)
        assert planners.rollout(env, found.policy.on_states(model.states), episodes=1)[0].total_reward == 1.0
        assert found.agent.act((6, 1)) in (0, 1)
    with pytest.raises(planners.InvalidOptionError, match=r"at discount 0\.9"):
        planners.learn(env, planners.QLearning(), steps=10, discount=0.8, plan=plan)


def test_any_object_that_acts_and_learns() -> None:
    env = gym.make("FrozenLake-v1", is_slippery=False)
    guess = Guess()
    run = planners.learn(env, guess, steps=50, discount=0.95, seed=1)
    assert run.agent is guess
    assert len(guess.seen) == 50
    assert run.regret.shape == (50,)
    with pytest.raises(planners.MissingModelError, match="greedy policy"):
        _ = run.policy_values
    many = planners.learn(env, Guess(), steps=50, discount=0.95, seeds=[1, 2])
    assert many.agents[0] is not many.agents[1]


def test_what_has_action_values_has_policy_values() -> None:
    class Table(Guess):
        action_values = np.tile([0.0, 1.0, 0.0, 0.0], (16, 1))

    env = gym.make("FrozenLake-v1", is_slippery=False)
    run = planners.learn(env, Table(), steps=20, discount=0.95, seed=1)
    expected = planners.evaluate(env, [1] * 16, discount=0.95)[0]
    np.testing.assert_allclose(run.policy_values, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": None}, "exactly one"),
        ({"episodes": 3}, "exactly one"),
        ({"steps": 0}, "steps is 0"),
        ({"steps": 2.5}, "steps is 2.5"),
        ({"discount": 1.5}, "discount is 1.5"),
        ({"seed": -1}, "a seed is -1"),
        ({"seed": 1, "seeds": [1]}, "seed and seeds"),
        ({"seeds": []}, "seeds is empty"),
        ({"progress": "yes"}, "progress is 'yes'"),
        ({"compiled": 3}, "compiled is 3"),
        ({"max_episode_steps": 0}, "max_episode_steps is 0"),
    ],
)
def test_options_are_refused(options: dict[str, Any], words: str) -> None:
    model = drawn_model(np.random.default_rng(1), 3, 2)
    with pytest.raises(planners.InvalidOptionError, match=words):
        planners.learn(model, planners.QLearning(), **{"steps": 10, "discount": 0.9, **options})


def test_what_cannot_learn_is_refused() -> None:
    model = drawn_model(np.random.default_rng(1), 3, 2)
    for agent, words in ((planners.QLearning, "the class QLearning"), (object(), "a object"), ([0, 1], "a list")):
        with pytest.raises(planners.InvalidOptionError, match=words):
            planners.learn(model, agent, steps=10, discount=0.9)
    with pytest.raises(planners.InvalidModelError, match="where episodes begin"):
        planners.learn(planners.TabularMDP.from_arrays([[[1.0]]], [[0.0]]), planners.QLearning(), steps=1, discount=0.9)
    with pytest.raises(planners.InvalidModelError, match="Discrete"):
        planners.learn(gym.make("CartPole-v1"), planners.QLearning(), steps=10, discount=0.9)
    with pytest.raises(planners.InvalidOptionError, match="many environments"):
        planners.learn(gym.make_vec("GridWorld-v0", num_envs=2), planners.QLearning(), steps=10, discount=0.9)
    with pytest.raises(planners.InvalidOptionError, match="has not begun"):
        planners.QLearning().act(0)
    with pytest.raises(planners.InvalidOptionError, match=r"rate is 1\.5"):
        planners.QLearning(rate=1.5)
    with pytest.raises(planners.InvalidOptionError, match="exploration is 'greedy'"):
        planners.QLearning(exploration="greedy")  # pyright: ignore[reportArgumentType]
    with pytest.raises(planners.InvalidOptionError, match="temperature is 0"):
        planners.Boltzmann(0.0)


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def listening() -> Iterator[None]:
    """A shell's background jobs begin with Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("compiled", [True, False])
def test_ctrl_c_keeps_what_there_is(compiled: bool) -> None:
    model = drawn_model(np.random.default_rng(1), 6, 3)
    agent = planners.QLearning()
    planners.learn(model, agent, steps=100, discount=0.9, compiled=compiled)  # compiled before the clock runs
    timer = threading.Timer(0.2, press)
    timer.start()
    run = planners.learn(model, agent, steps=10**8 if compiled else 10**6, discount=0.9, seed=3, compiled=compiled)
    timer.join()
    assert not run.complete
    assert 0 < run.steps < (10**8 if compiled else 10**6)
    assert "was stopped there" in run.report()
    steps = min(run.steps, 3000)
    whole = planners.learn(model, agent, steps=steps, discount=0.9, seed=3)
    np.testing.assert_array_equal(run.regret[:steps], whole.regret)


def test_progress_is_told() -> None:
    seen: list[int] = []
    model = drawn_model(np.random.default_rng(1), 3, 2)
    planners.learn(model, planners.QLearning(), steps=200_000, discount=0.9, progress=seen.append)
    assert seen[-1] == 200_000
    assert seen == sorted(seen)


def test_infeasible_actions_are_never_taken() -> None:
    model = planners.TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 0, 1.0, True)]}}, initial=[1.0, 0.0]
    )
    for compiled in (True, False):
        run = planners.learn(model, planners.Sarsa(exploration=1.0), steps=500, discount=0.9, compiled=compiled)
        assert run.visits[0, 1] == 0
        assert run.action_values[0, 1] == -np.inf


def test_ground_truth_beside_the_environment_says_the_same() -> None:
    env = gridworld_env.GroundTruth(gym.make("GridWorld-v0", map_name="lecture", slip=0.2), discount=0.9)
    told: list[float] = []

    class Listening(planners.QLearning):
        pass

    step = env.step
    env.step = lambda action: (told.append((found := step(action))[4]["regret"]), found)[1]  # type: ignore[method-assign]
    run = planners.learn(env, Listening(), steps=200, discount=0.9, seed=1)
    np.testing.assert_allclose(run.regret, told, atol=1e-12)
