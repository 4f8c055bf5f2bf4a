"""Tree search: it finds what planning finds, and its choices lose less the longer it searches."""

from typing import Any

import numpy as np
import pytest

import planners
from tests.oracles.learners import drawn_model
from tests.planners.learning.test_agents import corridor


def test_the_root_comes_to_the_value_of_so_many_steps(rng: np.random.Generator) -> None:
    """Kocsis and Szepesvari (2006), Theorem 6: the average at the root goes to V* of `depth` steps."""
    model = drawn_model(rng, 4, 2)
    plan = planners.backward_induction(model, horizon=4, discount=0.9)
    agent = planners.UCT(simulations=4000, depth=4, confidence=4.0).begin(model, discount=0.9, seed=1)
    for s in range(4):
        tree = agent.search(s)
        root = tree[s, 0]
        assert root.count == sum(root.tried) == 4000
        assert max(root.Q) == pytest.approx(plan.values[0, s], abs=0.6)  # of returns between -8 and 8
        assert all(depth < 4 for _, depth in tree)


def test_longer_searches_lose_less() -> None:
    """A trap: RIGHT pays a little at once, LEFT much after two steps; random actions miss it half of the time."""
    way = {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 0, 0.3, True)]}
    P: Any = {0: way, 1: {0: [(1.0, 2, 0.0, False)], 1: [(1.0, 1, -0.5, True)]}, 2: {0: [(1.0, 2, 1.0, True)]}}
    model = planners.TabularMDP.from_gym_dict(P, initial=np.eye(3)[0])
    lost = {}
    for simulations in (3, 300):
        run = planners.learn(model, planners.UCT(simulations=simulations), steps=120, discount=0.9, seed=2)
        lost[simulations] = run.regret.mean()
    assert lost[300] < 1e-9 < lost[3]


def test_it_walks_to_the_end_and_is_the_same_with_the_same_seed() -> None:
    runs = [
        planners.learn(corridor(), planners.UCT(simulations=60, depth=12), steps=40, discount=0.9, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert runs[0].total_rewards.min() == 1.0
    np.testing.assert_array_equal(runs[0].rewards, runs[1].rewards)
    with pytest.raises(planners.MissingModelError, match="has no action_values"):
        _ = runs[0].action_values
    with pytest.raises(planners.MissingModelError, match="greedy policy"):
        _ = runs[0].policy_values
    assert "UCT made 40 steps" in runs[0].report()


def test_nothing_follows_the_end() -> None:
    P: Any = {0: {0: [(1.0, 1, 1.0, True)], 1: [(1.0, 0, 0.5, True)]}, 1: {0: [(1.0, 1, -100.0, False)]}}
    model = planners.TabularMDP.from_gym_dict(P, initial=[1.0, 0.0])
    agent = planners.UCT(simulations=20).begin(model, discount=0.9, seed=1)
    assert agent.act(0) == 0
    assert agent.search(0)[0, 0].Q == [1.0, 0.5]
    assert set(agent.search(0)) == {(0, 0)}


def test_what_is_refused() -> None:
    with pytest.raises(planners.InvalidOptionError, match="simulations is 0"):
        planners.UCT(simulations=0)
    with pytest.raises(planners.InvalidOptionError, match="confidence is -1"):
        planners.UCT(confidence=-1.0)
    with pytest.raises(planners.MissingModelError, match="searches in a model"):
        planners.UCT().begin((2, 2), discount=0.9)
