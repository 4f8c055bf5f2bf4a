"""Every learner: its update by hand, ties, ends of episodes, and what it comes to on a problem with a known answer."""

from typing import Any

import numpy as np
import pytest

import planners

ONE_STEP = [planners.QLearning, planners.Sarsa, planners.ExpectedSarsa, planners.DoubleQLearning]


def corridor(length: int = 4) -> planners.TabularMDP:
    """LEFT and RIGHT; the right end is worth 1, and the walls bump."""
    P = {
        s: {
            0: [(1.0, max(s - 1, 0), 0.0, False)],
            1: [(1.0, min(s + 1, length - 1), float(s == length - 1), s == length - 1)],
        }
        for s in range(length)
    }
    return planners.TabularMDP.from_gym_dict(P, initial=np.eye(length)[0])


@pytest.mark.parametrize("agent", ONE_STEP)
def test_nothing_is_earned_after_the_end(agent: Any) -> None:
    learner = agent(rate=1.0, exploration=0.0, initial=7.0).begin((2, 1), discount=0.9, seed=0)
    learner.learn(0, 0, 1.0, 1, terminated=True)
    assert learner.preferences(0)[0] in (1.0, 1.0 + 7.0)  # of Double Q-learning the sum of both tables


@pytest.mark.parametrize("agent", ONE_STEP)
def test_a_cut_off_episode_keeps_the_value_of_its_last_state(agent: Any) -> None:
    learner = agent(rate=1.0, exploration=0.0, initial=7.0).begin((2, 1), discount=0.5, seed=0)
    learner.learn(0, 0, 1.0, 1, terminated=False, truncated=True)
    assert learner.preferences(0)[0] in (4.5, 4.5 + 7.0)


def test_sarsa_chooses_again_after_a_cut() -> None:
    learner = planners.Sarsa(rate=0.5, exploration=1.0).begin((2, 40), discount=0.9, seed=3)
    learner.learn(0, 0, 1.0, 1, terminated=False)
    chosen = learner.chosen
    assert chosen is not None
    assert learner.act(1) == chosen[1]  # A' is taken
    learner.learn(0, 0, 1.0, 1, terminated=False, truncated=True)
    assert learner.chosen is None
    learner.learn(0, 0, 1.0, 1, terminated=False)
    learner.act(0)  # the loop began elsewhere: A' of state 1 is forgotten
    assert learner.chosen is None


@pytest.mark.parametrize("agent", ONE_STEP)
def test_ties_are_broken_at_random(agent: Any) -> None:
    """Three of four actions tied: each is taken 1/3 of the time. A deviation of 5.5 sigma has a chance below 1e-7."""
    learner = agent(exploration=0.25).begin((1, 4), discount=0.9, seed=11)
    for table in getattr(learner, "tables", [learner.Q]):
        table[0] = [1.0, 0.0, 1.0, 1.0]
    counts = np.bincount([learner.act(0) for _ in range(20_000)], minlength=4)
    expected = np.array([0.25, 0.0, 0.25, 0.25]) + 0.0625
    assert (np.abs(counts - 20_000 * expected) < 5.5 * np.sqrt(20_000 * expected * (1 - expected))).all()


def test_boltzmann_takes_actions_by_their_values() -> None:
    learner = planners.QLearning(exploration=planners.Boltzmann(0.5)).begin((1, 2), discount=0.9, seed=11)
    learner.Q[0] = [1.0, 0.5]
    count = sum(learner.act(0) for _ in range(20_000))
    chance = 1 / (1 + np.exp(1.0))
    assert abs(count - 20_000 * chance) < 5.5 * np.sqrt(20_000 * chance * (1 - chance))


@pytest.mark.parametrize("agent", ONE_STEP)
def test_it_finds_the_way(agent: Any) -> None:
    run = planners.learn(corridor(), agent(rate=0.5, exploration=0.3), steps=20_000, discount=0.9, seed=1)
    assert run.policy.actions.tolist() == [1, 1, 1, 1]
    assert run.policy_values[-1] == pytest.approx(0.9**3, abs=1e-12)
    if agent in (planners.QLearning, planners.DoubleQLearning):  # the others learn what exploring earns
        np.testing.assert_allclose(run.action_values[:, 1], 0.9 ** np.arange(3, -1, -1), atol=1e-6)


def test_the_published_figures_of_the_cliff() -> None:
    """Sutton and Barto (2018), Example 6.6: Sarsa earns about -25 an episode, Q-learning about -50, epsilon 0.1."""
    gym = pytest.importorskip("gymnasium")
    env = gym.make("CliffWalking-v1")
    means = {}
    for agent in (planners.Sarsa, planners.QLearning):
        run = planners.learn(env, agent(rate=0.5, exploration=0.1), episodes=500, discount=1.0, seeds=range(20))
        means[agent] = np.mean([returns[-100:].mean() for returns in run.returns])
    assert -32 < means[planners.Sarsa] < -20  # 2,000 episodes; their mean is spread by about 0.5
    assert -58 < means[planners.QLearning] < -40


def test_double_q_learning_is_less_biased() -> None:
    """Sutton and Barto (2018), Figure 6.5: from A, left leads to rewards of mean -0.1 that look good by chance."""
    noisy = {a: [(0.5, 2, 0.9, False), (0.5, 3, -1.1, False)] for a in range(10)}
    end = {0: [(1.0, 0, 0.0, True)]}
    P = {0: {0: [(1.0, 1, 0.0, False)], 1: end[0]}, 1: noisy, 2: end, 3: end}
    model = planners.TabularMDP.from_gym_dict(P, initial=np.eye(4)[0])
    left = {}
    for agent in (planners.QLearning, planners.DoubleQLearning):
        run = planners.learn(model, agent(), episodes=300, discount=1.0, seeds=range(100))
        left[agent] = np.mean([visits[0, 0] / visits[0].sum() for visits in run.visits])
    assert left[planners.DoubleQLearning] < left[planners.QLearning] - 0.1
