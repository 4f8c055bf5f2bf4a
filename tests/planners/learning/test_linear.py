"""Linear features: the fixed points of theory, and learners that go there."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from gridworld_env.models import MODELS
from planners import LSTD, LinearSarsa, LinearTD, StateAggregation, TileCoding


def test_limits_of_figures_9_1_and_9_2() -> None:
    """A walk of 200 states in 10 groups; the book's of 1000 is examples/sutton_barto/chapter_09.py."""
    walk, features = MODELS["random_walk"](200, reach=20), StateAggregation(200, 10)
    found = [
        planners.linear_values(walk, [0] * 200, features.matrix(range(200)), discount=1.0, trace_decay=decay)
        for decay in (0.0, 0.5, 1.0)
    ]
    errors = [each.value_error for each in found]
    assert errors == sorted(errors, reverse=True)
    best = found[-1]
    for group in range(10):  # Monte Carlo comes to the mean of each group
        inside = slice(20 * group, 20 * group + 20)
        mean = np.average(best.true_values[inside], weights=best.visits[inside])
        assert best.weights[group] == pytest.approx(mean, abs=1e-9)


def test_a_table_has_no_error() -> None:
    walk = MODELS["random_walk"](5)
    for decay in (0.0, 0.7):
        found = planners.linear_values(walk, [0] * 5, np.eye(5), discount=0.9, trace_decay=decay)
        assert found.value_error < 1e-20
    double = np.hstack([np.eye(5), np.eye(5)])  # features that say the same twice
    assert planners.linear_values(walk, [0] * 5, double, discount=0.9).weights == pytest.approx(
        np.tile(planners.evaluate(walk, [0] * 5, discount=0.9) / 2, 2)
    )


def play(agent: Any, walk: Any, steps: int, seed: int) -> None:
    planners.learn(walk, agent, steps=steps, discount=1.0, seed=seed)


@pytest.mark.parametrize("decay", [0.0, 0.8])
def test_lstd_and_td_come_to_the_fixed_point(decay: float) -> None:
    """LSTD solves the same equations of what was seen: with the model that the steps suggest, it is the fixed point."""
    walk, features = MODELS["random_walk"](10, reach=2), StateAggregation(10, 3)
    exact = planners.linear_values(walk, [0] * 10, features.matrix(range(10)), discount=1.0, trace_decay=decay)
    lstd, td = (
        LSTD(features, trace_decay=decay, discount=1.0),
        LinearTD(features, rate=0.01, trace_decay=decay, discount=1.0),
    )
    play(lstd, walk, 4_000, 1)  # a claim about one run of a fixed seed
    play(td, walk, 4_000, 1)
    assert lstd.weights == pytest.approx(exact.weights, abs=0.08)
    assert td.weights == pytest.approx(exact.weights, abs=0.15)
    assert td.act(3) == lstd.act(3) == 0
    assert lstd.value(0) == pytest.approx(lstd.weights[0])


@pytest.mark.parametrize("replacing", [True, False])
def test_sarsa_with_a_table_is_sarsa_lambda(replacing: bool) -> None:
    """The same errors of the same steps: aggregation into groups of one state is a table."""
    steps = [
        (0, 1, 1.0, 1, False),
        (1, 0, 0.5, 1, False),
        (1, 0, -1.0, 2, False),
        (2, 0, 3.0, 2, True),
        (0, 0, 1.0, 2, True),
    ]
    table = planners.SarsaLambda(rate=0.3, exploration=0.0, trace_decay=0.6, replacing=replacing).begin(
        (3, 2), discount=0.9, seed=1
    )
    linear = LinearSarsa(
        StateAggregation(3, 3), 2, rate=0.3, trace_decay=0.6, exploration=0.0, discount=0.9, replacing=replacing, seed=1
    )
    table.Q = [[0.2, 0.1], [0.5, 0.0], [0.7, 0.3]]  # no ties
    linear.weights = np.array(table.Q).T.copy()
    for s, a, r, s2, ends in steps:
        table.learn(s, a, r, s2, ends)
        linear.learn(s, a, r, s2, ends)
        assert pytest.approx(table.action_values, abs=1e-12) == linear.weights.T


def test_tiles() -> None:
    coding = TileCoding(low=[-1.0, 0.0], high=[1.0, 3.0], tiles=[4, 3], tilings=4)
    rng = np.random.default_rng(5)
    for point in rng.uniform([-1.0, 0.0], [1.0, 3.0], size=(200, 2)):
        active = coding(point)
        assert len(set(active.tolist())) == 4
        assert (active >= 0).all()
        assert (active < coding.size).all()
    assert coding([1.0, 3.0]).tolist() == coding([7.0, 9.0]).tolist()  # outside counts as the nearest
    near, far = coding([0.0, 1.5]), coding([0.9, 0.1])
    assert len(np.intersect1d(near, coding([0.01, 1.51]))) >= 3
    assert len(np.intersect1d(near, far)) == 0
    assert coding.matrix([[0.0, 1.0], [1.0, 3.0]]).sum(axis=1).tolist() == [4.0, 4.0]


def test_mountain_car_is_learned() -> None:
    """Sarsa(lambda) with tiles: far fewer steps than in the first episodes. A claim about one run of a fixed seed."""
    env = gym.make("MountainCar-v0", max_episode_steps=5000)
    box: Any = env.observation_space
    agent = LinearSarsa(TileCoding(box.low, box.high), 3, rate=0.5 / 8, discount=1.0, seed=1)
    lengths = []
    for episode in range(15):
        state, _ = env.reset(seed=episode)
        over, length = False, 0
        while not over:
            action = agent.act(state)
            seen, reward, terminated, truncated, _ = env.step(action)
            agent.learn(state, action, float(reward), seen, terminated, truncated)
            state, over, length = seen, terminated or truncated, length + 1
        lengths.append(length)
    assert np.mean(lengths[-5:]) < 300 < lengths[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: StateAggregation(3, 4),
        lambda: StateAggregation(4, 2)(4),
        lambda: TileCoding([0.0], [0.0]),
        lambda: TileCoding([-np.inf], [0.0]),
        lambda: TileCoding([0.0, 0.0], [1.0, 1.0], tiles=[3]),
        lambda: TileCoding([0.0], [1.0], tilings=0),
        lambda: LinearTD(StateAggregation(4, 2), rate=2.0, discount=1.0),
        lambda: LinearSarsa(StateAggregation(4, 2), 0, discount=1.0),
        lambda: LinearSarsa(StateAggregation(4, 2), 2, exploration=-0.1, discount=1.0),
        lambda: LSTD(StateAggregation(4, 2), discount=1.0, regularisation=0.0),
        lambda: planners.linear_values(MODELS["random_walk"](5), [0] * 5, np.eye(4), discount=1.0),
        lambda: planners.linear_values(MODELS["random_walk"](5), [0] * 5, np.eye(5), discount=1.0, trace_decay=2.0),
    ],
)
def test_bad_input_is_refused(make: Any) -> None:
    with pytest.raises(planners.InvalidOptionError, match="expected"):
        make()
