"""The compiled learners against the readable ones: the same numbers, bit for bit, for the same random bits."""

import numpy as np
import pytest
from numpy.typing import NDArray

import planners
from planners.learning.outcome_tables import tables_of
from planners.learning.task import task_of
from planners.models.outcomes import outcomes_of
from tests.oracles.learners import drawn_model

AGENTS = [planners.QLearning, planners.Sarsa, planners.ExpectedSarsa, planners.DoubleQLearning]
SETTINGS = [
    {"rate": 0.1, "exploration": 0.1},
    {"rate": planners.Decay(1.0, power=0.7), "exploration": 1.0, "initial": 2.0},
    {"rate": planners.Decay(0.5, 0.01, over=300, by="steps"), "exploration": planners.Decay(1.0, 0.05, over=200)},
    {"rate": 1.0, "exploration": 0.0},
]


def assert_same(run: planners.LearningRun, other: planners.LearningRun) -> None:
    for name in ("rewards", "regret", "visits", "action_values", "policy_values", "returns"):
        np.testing.assert_array_equal(getattr(run, name), getattr(other, name), err_msg=name)
    assert run.agent.random.count == other.agent.random.count


@pytest.mark.parametrize("settings", SETTINGS, ids=range(len(SETTINGS)))
@pytest.mark.parametrize("agent", AGENTS)
def test_compiled_is_as_in_python(agent: type, settings: dict[str, object], rng: np.random.Generator) -> None:
    for states, actions, limit in ((1, 1, None), (4, 2, 7), (7, 3, None), (5, 11, 30)):
        model, learner = drawn_model(rng, states, actions), agent(**settings)
        options = {"steps": 700, "discount": 0.9, "seed": int(rng.integers(2**31)), "max_episode_steps": limit}
        run = planners.learn(model, learner, **options)
        twin = planners.learn(model, learner, compiled=False, **options)
        assert_same(run, twin)
        for step in range(50):  # and both go on alike
            s = step % states
            a = twin.agent.act(s)
            assert run.agent.act(s) == a
            for each in (run.agent, twin.agent):
                each.learn(s, a, 1.0, (s + 1) % states, step % 7 == 0, step % 5 == 0)
        np.testing.assert_array_equal(run.action_values, twin.action_values)


@pytest.mark.parametrize("agent", AGENTS)
def test_many_seeds_are_as_one_by_one(agent: type, rng: np.random.Generator) -> None:
    model, learner = drawn_model(rng, 6, 3), agent()
    many = planners.learn(model, learner, steps=400, discount=0.9, seeds=range(11), max_episode_steps=20)
    assert many.regret.shape == many.policy_values.shape == (11, 400)
    for seed in (0, 7, 10):
        one = planners.learn(model, learner, steps=400, discount=0.9, seed=seed, max_episode_steps=20)
        np.testing.assert_array_equal(many.regret[seed], one.regret)
        np.testing.assert_array_equal(many.policy_values[seed], one.policy_values)
        np.testing.assert_array_equal(many.action_values[seed], one.action_values)
    assert len({row.tobytes() for row in many.regret}) > 5  # and the seeds differ


@pytest.mark.parametrize("agent", AGENTS)
def test_episodes_are_counted_alike(agent: type, rng: np.random.Generator) -> None:
    model, learner = drawn_model(rng, 6, 3), agent()
    options = {"episodes": 30, "discount": 0.9, "seeds": range(3), "max_episode_steps": 20}
    run = planners.learn(model, learner, **options)
    twin = planners.learn(model, learner, compiled=False, **options)
    for mine, other in zip(run.rewards, twin.rewards, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert [len(returns) for returns in run.returns] == [30, 30, 30]


def test_chunks_do_not_show(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    model, learner = drawn_model(rng, 6, 3), planners.Sarsa(rate=planners.Decay(1.0), exploration=planners.Decay(1.0))
    whole = planners.learn(model, learner, steps=1000, discount=0.9, seed=3)
    monkeypatch.setattr("planners.learning.compiled_runs.CHUNK", 64)
    assert_same(planners.learn(model, learner, steps=1000, discount=0.9, seed=3), whole)


@pytest.mark.parametrize("length", [{"steps": 300}, {"episodes": 20}])
def test_threads_do_not_show(length: dict[str, int], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planners.learning.compiled_runs.CHUNK", 64)
    model, learner = drawn_model(rng, 6, 3), planners.QLearning(rate=planners.Decay(1.0))
    runs = []
    for threads in (1, 3):
        monkeypatch.setattr("planners.kernels.threads.available", lambda threads=threads: threads)
        monkeypatch.setattr("planners.learning.compiled_runs.WORTH_A_THREAD", 10)
        options = {**length, "discount": 0.9, "seeds": range(17), "max_episode_steps": 20}
        runs.append(planners.learn(model, learner, **options))
    for name in ("rewards", "action_values", "policy_values", "returns"):
        for one, three in zip(*(getattr(run, name) for run in runs), strict=True):
            np.testing.assert_array_equal(one, three, err_msg=name)


def frequencies(model: planners.TabularMDP | planners.MoveMDP) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(S*A, S) probability of each continuing next state, (S*A,) mean reward, of the tables that are drawn from."""
    tables = tables_of(task_of(model, 0.9))
    pairs, states = model.num_states * model.num_actions, model.num_states
    cells = np.stack([tables.cut / 2.0**32, 1.0 - tables.cut / 2.0**32], axis=1).ravel() / (1 << tables.shift)
    rows = np.repeat(np.arange(pairs), 2 << tables.shift)
    goes_on = tables.ends == 0
    onward = np.zeros((pairs, states))
    np.add.at(onward, (rows[goes_on], tables.next_state[goes_on]), cells[goes_on])
    return onward, np.asarray(np.bincount(rows, cells * tables.reward, minlength=pairs), dtype=np.float64)


def test_what_is_drawn_is_what_the_tables_say(rng: np.random.Generator) -> None:
    for _ in range(20):
        model = drawn_model(rng, int(rng.integers(1, 9)), int(rng.integers(1, 6)))
        onward, rewards = frequencies(model)
        exists = model.feasible.ravel()
        scale = 40 * 2.0**-32  # 32 bits a threshold, a few cells a row, rewards up to 2
        assert np.abs(onward - model.transitions.toarray())[exists].max() < scale
        assert np.abs(rewards - model.rewards.ravel())[exists].max() < scale


def test_a_gridworld_pays_each_transition_its_own_reward() -> None:
    gym = pytest.importorskip("gymnasium")
    import gridworld_env  # noqa: F401 - registers GridWorld-v0

    env = gym.make("GridWorld-v0", map_name="lecture", slip=0.2)
    found = outcomes_of(env.unwrapped.mdp)
    assert set(found.reward.tolist()) <= {-0.04, 0.0, 1.0, -1.0, 0.96, -1.04}
    onward, rewards = frequencies(env.unwrapped.mdp)
    assert np.abs(onward - env.unwrapped.mdp.tabular.transitions.toarray()).max() < 1e-8
    assert np.abs(rewards - env.unwrapped.R.ravel()).max() < 1e-8
