"""Every learner: its update by hand, ties, ends of episodes, and what it comes to on a problem with a known answer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import planners
from tests.oracles.learners import drawn_model

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


@pytest.mark.long
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


EVERY = [
    planners.QLearning(rate=0.5, exploration=0.3),
    planners.Sarsa(rate=0.5, exploration=0.3),
    planners.ExpectedSarsa(rate=0.5, exploration=planners.Boltzmann(0.1)),
    planners.DoubleQLearning(rate=0.5, exploration=0.3),
    planners.MonteCarlo(exploration=0.3),
    planners.MonteCarlo(exploration=0.3, first_visit=False),
    planners.MonteCarlo(exploration=0.3, exploring_starts=True),
    planners.OffPolicyMonteCarlo(exploration=0.3),
    planners.NStepSarsa(rate=0.3, exploration=0.3, n=3),
    planners.NStepTreeBackup(rate=0.3, exploration=0.3, n=3),
    planners.TrueOnlineSarsa(rate=0.3, exploration=0.3),
    planners.SarsaLambda(rate=0.3, exploration=0.3),
    planners.SarsaLambda(rate=0.3, exploration=0.3, replacing=True),
    planners.QLambda(rate=0.3, exploration=0.3),
    planners.DynaQ(rate=0.5, exploration=0.3),
    planners.DynaQ(rate=0.5, exploration=0.1, kappa=1e-4),
    planners.PrioritizedSweeping(rate=1.0, exploration=0.3),
    planners.RMax(known_after=2),
    planners.PosteriorSampling(noise=0.05),
    planners.Reinforce(rate=0.2),
    planners.Reinforce(rate=0.2, baseline=False),
    planners.ActorCritic(rate=0.2, critic_rate=0.2),
]
OF_VALUES = [agent for agent in EVERY if not isinstance(agent, planners.ActorCritic)]


@pytest.mark.parametrize("agent", EVERY, ids=[f"{number}-{type(a).__name__}" for number, a in enumerate(EVERY)])
def test_every_agent_finds_the_way(agent: Any) -> None:
    run = planners.learn(corridor(), agent, steps=4000, discount=0.9, seed=1)
    assert run.policy.actions.tolist() == [1, 1, 1, 1]
    assert run.policy_values[-1] == pytest.approx(0.9**3, abs=1e-12)
    alone = planners.learn(corridor(), agent, steps=400, discount=0.9, seed=1)
    among = planners.learn(corridor(), agent, steps=400, discount=0.9, seeds=[0, 1])
    np.testing.assert_array_equal(among.regret[1], alone.regret)  # the same seed, the same run


@pytest.mark.parametrize("agent", OF_VALUES, ids=[f"{n}-{type(a).__name__}" for n, a in enumerate(OF_VALUES)])
def test_no_agent_takes_the_end_for_a_state_or_a_cut_for_an_end(agent: Any) -> None:
    """State 1 would be worth 100; whoever ends there earns none of it, whoever is cut off there is not told 0."""
    learner = agent.begin((2, 1), discount=0.5, seed=0)
    for _ in range(30):
        learner.learn(1, 0, 100.0, 1, terminated=True)
    for _ in range(30):
        learner.learn(0, 0, 1.0, 1, terminated=True)
    assert learner.greedy(0) == [0]
    assert learner.action_values[0, 0] < 5.0
    cut = agent.begin((2, 1), discount=0.5, seed=0)
    for _ in range(30):
        cut.learn(1, 0, 100.0, 1, terminated=True)
    for _ in range(30):
        cut.learn(0, 0, 1.0, 1, terminated=False, truncated=True)
    if isinstance(agent, planners.MonteCarlo):
        assert cut.action_values[0, 0] == 0.0  # the return is not known
    else:
        assert cut.action_values[0, 0] > 15.0


@pytest.mark.parametrize(
    ("special", "plain"),
    [
        (planners.NStepSarsa(n=1), planners.Sarsa()),
        (planners.SarsaLambda(trace_decay=0.0), planners.Sarsa()),
        (planners.NStepTreeBackup(n=1), planners.QLearning()),
        (planners.DynaQ(planning_steps=0), planners.QLearning()),
    ],
)
def test_special_cases(special: Any, plain: Any, rng: np.random.Generator) -> None:
    model = drawn_model(rng, 6, 3)
    options: dict[str, Any] = {"steps": 500, "discount": 0.9, "seed": 5, "max_episode_steps": 9}
    run, other = planners.learn(model, special, **options), planners.learn(model, plain, **options)
    np.testing.assert_array_equal(run.action_values, other.action_values)
    np.testing.assert_array_equal(run.policy_values, other.policy_values)


def test_traces_of_lambda_1_are_the_returns_of_monte_carlo() -> None:
    """Sutton and Barto (2018), Section 12.2: with lambda 1 all errors of an episode add up to G - Q."""
    steps = [(0, 0, 1.0, 1), (1, 0, 2.0, 2), (2, 0, 4.0, 3)]
    learner = planners.SarsaLambda(rate=1.0, exploration=0.0, trace_decay=1.0).begin((4, 1), discount=0.5, seed=0)
    for number, (s, a, r, s2) in enumerate(steps):
        learner.learn(s, a, r, s2, terminated=number == 2)
    assert learner.action_values[:, 0].tolist() == [3.0, 4.0, 4.0, 0.0]


def test_true_online_sarsa_is_sarsa_without_traces(rng: np.random.Generator) -> None:
    model = drawn_model(rng, 6, 3)
    options: dict[str, Any] = {"steps": 500, "discount": 0.9, "seed": 5, "max_episode_steps": 9}
    one = planners.learn(model, planners.TrueOnlineSarsa(trace_decay=0.0), **options)
    np.testing.assert_allclose(one.action_values, planners.learn(model, planners.Sarsa(), **options).action_values)


def test_true_online_sarsa_is_true_online_td_of_the_pairs() -> None:
    """Of one action a state, Q is V."""
    generator = np.random.default_rng(5)
    sarsa = planners.TrueOnlineSarsa(rate=0.3, trace_decay=0.7).begin((3, 1), discount=0.9, seed=1)
    td = planners.TrueOnlineTD(rate=0.3, trace_decay=0.7).begin((3, 1), discount=0.9, seed=1)
    s = 0
    for step in range(200):
        s2, r, over = int(generator.integers(3)), float(generator.normal()), step % 7 == 6
        for agent in (sarsa, td):
            agent.learn(s, 0, r, s2, terminated=over and step % 2 == 0, truncated=over and step % 2 == 1)
        s = s2
    np.testing.assert_allclose(sarsa.action_values[:, 0], td.state_values, rtol=1e-12)


def test_tree_backup_by_hand() -> None:
    """Sutton and Barto (2018), (7.16): the greedy action differs from what was done at S1, so its return ends there."""
    agent = planners.NStepTreeBackup(rate=1.0, exploration=1.0, n=3).begin((4, 2), discount=0.5, seed=1)
    agent.Q = [[0.0, 0.0], [2.0, 8.0], [6.0, 1.0], [0.0, 0.0]]
    agent.learn(0, 0, 1.0, 1, terminated=False)
    agent.learn(1, 0, 10.0, 2, terminated=False)  # 8 is greedy in state 1
    agent.learn(2, 0, 4.0, 3, terminated=True)
    assert agent.Q[:3] == [[5.0, 0.0], [12.0, 8.0], [4.0, 1.0]]  # 1 + .5 * 8; 10 + .5 * 4; 4


def test_off_policy_control_by_hand() -> None:
    """The box of Section 5.7: weights of 1 / b while actions are greedy, and no earlier steps after one that is not."""
    agent = planners.OffPolicyMonteCarlo(exploration=0.5).begin((3, 2), discount=1.0, seed=1)
    agent.learn(0, 0, 0.0, 1, terminated=False)
    agent.learn(1, 0, 0.0, 2, terminated=False)
    agent.learn(2, 0, 4.0, 2, terminated=True)
    assert agent.Q == [[4.0, 0.0], [4.0, 0.0], [4.0, 0.0]]
    assert agent.C == [[4.0, 0.0], [2.0, 0.0], [1.0, 0.0]]  # b was 1/2 of each tied action
    agent.learn(0, 0, 0.0, 1, terminated=False)
    agent.learn(1, 1, 0.0, 2, terminated=False)
    agent.learn(2, 0, 0.0, 2, terminated=True)
    assert agent.Q == [[4.0, 0.0], [4.0, 0.0], [2.0, 0.0]]  # action 1 of state 1 is not greedy: its step is the last


@pytest.mark.long
def test_exploring_starts_need_no_exploration() -> None:
    everywhere = replace(corridor(), initial=np.full(4, 0.25))
    run = planners.learn(
        everywhere, planners.MonteCarlo(exploration=0.0, exploring_starts=True), steps=4000, discount=0.9, seed=1,
        max_episode_steps=20,
    )  # fmt: skip
    assert run.policy.actions.tolist() == [1, 1, 1, 1]
    learner = planners.MonteCarlo(exploration=0.0, exploring_starts=True).begin((1, 2), discount=0.9, seed=1)
    learner.Q[0] = [1.0, 0.0]
    firsts = [learner.act(0) for _ in range(2000)]
    assert abs(sum(firsts) - 1000) < 5.5 * np.sqrt(500)  # a chance below 1e-7
    learner.learn(0, 1, 0.0, 0, terminated=False)
    assert [learner.act(0) for _ in range(20)] == [0] * 20


def river_swim() -> planners.TabularMDP:
    P, R = np.zeros((6, 2, 6)), np.zeros((6, 2))
    for s in range(6):
        P[s, 0, max(s - 1, 0)] = 1.0
        P[s, 1, [max(s - 1, 0), s, min(s + 1, 5)]] = (0.05, 0.6, 0.35)
    P[0, 1], P[5, 1] = [0.4, 0.6, 0, 0, 0, 0], [0, 0, 0, 0, 0.4, 0.6]
    R[0, 0], R[5, 1] = 0.005, 1.0
    return planners.TabularMDP.from_arrays(P, R, initial=np.eye(6)[0])


@pytest.mark.parametrize("agent", [planners.RMax(known_after=30), planners.PosteriorSampling()])
def test_those_that_explore_on_purpose_swim_up_the_river(agent: Any) -> None:
    """RiverSwim, where epsilon-greedy stays at the lower end: always swimming up is best."""
    runs = planners.learn(river_swim(), agent, steps=6000, discount=0.95, seeds=range(4))
    assert (runs.policy_values[:, -1] > 0.98 * runs.optimal_value).all()
    lazy = planners.learn(river_swim(), planners.QLearning(), steps=6000, discount=0.95, seeds=range(4))
    assert np.median(lazy.regret.sum(axis=1)) > 2 * np.median(runs.regret.sum(axis=1))


@pytest.mark.parametrize(
    "agent",
    [
        planners.UpperConfidenceBound(confidence=0.5),
        planners.ThompsonSampling(),
        planners.GradientBandit(rate=0.2),
        planners.QLearning(rate=planners.Decay(1.0), exploration=0.1),
        planners.QLearning(rate=0.1, exploration=0.0, initial=5.0),
    ],
)
def test_bandits_find_the_best_arm(agent: Any) -> None:
    chances = (0.2, 0.8, 0.5)
    rows = {a: [(p, 1, 1.0, False), (1 - p, 2, 0.0, False)] for a, p in enumerate(chances)}
    end = {0: [(1.0, 0, 0.0, True)]}
    model = planners.TabularMDP.from_gym_dict({0: rows, 1: end, 2: end}, initial=[1.0, 0.0, 0.0])
    runs = planners.learn(model, agent, steps=4000, discount=0.0, seeds=range(5))
    assert np.median([values[-1] for values in runs.policy_values]) == pytest.approx(0.8)
    assert (runs.visits[:, 0, 1] > 0.6 * runs.visits[:, 0].sum(axis=1)).sum() >= 4


def test_thompson_sampling_refuses_other_rewards() -> None:
    with pytest.raises(planners.InvalidOptionError, match="from 0 to 1"):
        planners.ThompsonSampling().begin((1, 2), discount=0.0).learn(0, 0, 2.0, 0, True)
    with pytest.raises(planners.InvalidOptionError, match="discount is 1"):
        planners.RMax().begin((1, 2), discount=1.0)
