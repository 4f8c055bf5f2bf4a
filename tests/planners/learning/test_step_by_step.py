"""A learner watched step by step: the numbers are those of `learn`, and the truth beside them is that of the run."""

from typing import Any

import numpy as np
import pytest

import planners
from planners.learning.step_by_step import StepByStep
from tests.oracles.learners import drawn_model

AGENTS = [
    planners.QLearning(exploration=0.3),
    planners.DoubleQLearning(rate=planners.Decay(1.0)),
    planners.Sarsa(),
    planners.MonteCarlo(exploration=0.2),
    planners.DynaQ(planning_steps=3),
]


def corridor(slip: float) -> planners.TabularMDP:
    """Five squares, each step pays -1; RIGHT slips to the left, STAY goes round for ever."""
    P = {
        s: {
            0: [(1.0 - slip, s + 1, -1.0, s == 3), (slip, max(s - 1, 0), -1.0, False)],
            1: [(1.0, s, -1.0, False)],
        }
        for s in range(4)
    }
    P[4] = {0: [(1.0, 4, 0.0, True)]}
    return planners.TabularMDP.from_gym_dict(P, initial=np.eye(5)[0])


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: type(agent).__name__)
@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_the_numbers_are_those_of_learn(agent: Any, discount: float, rng: np.random.Generator) -> None:
    model = drawn_model(rng, 5, 3) if discount < 1.0 else corridor(float(rng.uniform(0.1, 0.9)))
    seed, steps = int(rng.integers(2**31)), 400
    run = planners.learn(model, agent, steps=steps, discount=discount, seed=seed, max_episode_steps=17)
    watched = StepByStep(model, agent, discount=discount, seed=seed, max_episode_steps=17)
    regret, values = [], []
    for _ in range(steps):
        watched.step()
        regret.append(watched.regret)
        values.append(watched.policy_value)
    np.testing.assert_array_equal(watched.visits, run.visits)
    np.testing.assert_array_equal(watched.action_values, run.action_values)
    np.testing.assert_array_equal(watched.greedy, run.policy.probabilities > 0)
    np.testing.assert_allclose(regret, np.cumsum(run.regret), atol=1e-9)
    np.testing.assert_allclose(values, run.policy_values, rtol=1e-9, atol=1e-9)
    assert watched.episodes == len(run.returns)
    assert watched.optimal_value == run.optimal_value


def test_it_goes_on_in_a_world_that_has_changed() -> None:
    """LEFT pays 1 at first, RIGHT pays 2 afterwards; what was learned stays, and the truth is the new one."""

    def world(left: float, right: float) -> planners.TabularMDP:
        P = {0: {0: [(1.0, 0, left, False)], 1: [(1.0, 0, right, False)]}}
        return planners.TabularMDP.from_gym_dict(P, initial=[1.0])

    watched = StepByStep(world(1.0, 0.0), planners.QLearning(rate=0.5), discount=0.5, seed=3)
    for _ in range(100):
        watched.step()
    assert watched.policy_value == pytest.approx(2.0)
    known, regret = watched.action_values, watched.regret
    watched.move_to(world(0.0, 2.0))
    np.testing.assert_array_equal(watched.action_values, known)
    assert (watched.policy_value, watched.regret) == (pytest.approx(0.0), regret)
    assert watched.optimal_value == pytest.approx(4.0)
    watched.step()
    assert watched.regret >= regret
    for _ in range(300):
        watched.step()
    assert watched.policy_value == pytest.approx(4.0)


def test_what_cannot_be_watched_is_said() -> None:
    model = planners.TabularMDP.from_arrays(np.ones((1, 1, 1)), np.zeros((1, 1)), initial=[1.0])
    watched = StepByStep(model, planners.QLearning(), discount=0.5)
    with pytest.raises(planners.InvalidModelError, match="2 states"):
        watched.move_to(planners.TabularMDP.from_arrays(np.full((2, 1, 2), 0.5), np.zeros((2, 1)), initial=[1.0, 0.0]))

    class Silent:
        def act(self, seen: int) -> int:
            return 0

        def learn(self, *step: Any) -> None: ...

    with pytest.raises(planners.InvalidModelError, match="greedy policy"):
        StepByStep(model, Silent(), discount=0.5)


@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_large_systems_are_solved_as_sparse_ones(discount: float) -> None:
    """A corridor of 300 squares, of which the last one ends: below `DENSE` it is solved densely, above it sparsely."""
    P = {s: {0: [(1.0, min(s + 1, 299), -1.0, s == 299)], 1: [(1.0, s, -1.0, False)]} for s in range(300)}
    model = planners.TabularMDP.from_gym_dict(P, initial=np.eye(300)[0])
    watched = StepByStep(model, planners.QLearning(initial=-5.0), discount=discount, seed=1)
    expected = -300.0 if discount == 1.0 else -(1 - 0.9**300) / 0.1
    assert watched._values.of(np.ones(300, dtype=np.int64)) == pytest.approx(expected, rel=1e-12)
    round_for_ever = watched._values.of(np.full(300, 2, dtype=np.int64))
    assert round_for_ever == (-np.inf if discount == 1.0 else pytest.approx(-10.0))
