"""`pareto` against the hull of every deterministic policy, with exact rationals of the totals."""

from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import TabularMDP
from tests.oracles.examples import times
from tests.oracles.tradeoffs import Case, draw_case


def check(case: Case, rng: np.random.Generator) -> int:
    """Hold a front against brute force; its number of corners."""
    model = TabularMDP.from_gym_dict(case.P)
    rewards: list[Any] = list(case.tables)
    rewards[-1] = np.flatnonzero(case.inside).tolist()
    minimise = rng.permutation(len(rewards))[: rng.integers(len(rewards) + 1)].tolist()
    front = planners.pareto(model, rewards, discount=float(case.discount), start=case.start, minimise=minimise)
    signs = np.where(np.isin(np.arange(len(rewards)), minimise), -1.0, 1.0)
    totals = case.totals() * signs / front.ranges
    assert front.gap <= 1e-6
    for policy, lower, upper in zip(front.policies, front.lower, front.upper, strict=True):
        for total, least, most in zip(case.exact(policy.probabilities), lower, upper, strict=True):
            assert Fraction(least) <= total <= Fraction(most)
            assert most - least <= 1e-9 * (1.0 + abs(most))
    weights = np.vstack((rng.dirichlet(np.ones(len(rewards)), size=200), np.eye(len(rewards)))) * (1 - 3e-6) + 1e-6
    weights /= weights.sum(axis=1, keepdims=True)
    best = (totals @ weights.T).max(axis=0)
    found = ((front.values * signs / front.ranges) @ weights.T).max(axis=0)
    assert (best - found <= front.gap + 1e-11 * np.abs(totals).max()).all()
    for number, each in enumerate(front.weights):  # each is the best where it says so
        scaled = each * front.ranges / (each * front.ranges).sum()
        assert (totals @ scaled).max() - (front.values[number] * signs / front.ranges) @ scaled <= 2e-6
    return len(front)


@pytest.mark.parametrize("kinds", [2, 3])
def test_holds_against_every_policy(rng: np.random.Generator, kinds: int) -> None:
    for _ in range(times(40)):
        check(draw_case(rng, kinds), rng)


def test_the_lecture_s_front_and_its_picture(tmp_path: Any) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    env: Any = gym.make("GridWorld-v0", slip=0.2)
    front = planners.pareto(env, {"reward": env.unwrapped.R, "pit": "pit"}, minimise=["pit"], discount=0.9)
    assert len(front) == 3
    assert front.values[:, 1].round(6).tolist() == [0.0, 0.006825, 0.016015]
    assert front.best([0.1, 0.9]) == 0
    assert front.best([1, 0]) == 2
    for bound in (0.003, 0.012):  # between two corners lies the best policy within a bound
        plan = planners.solve(env, discount=0.9, at_most={"pit": bound})
        assert abs(np.interp(bound, front.values[:, 1], front.values[:, 0]) - plan.value) < 1e-7
    axes = front.plot()
    assert axes.get_ylabel() == "pit (less is better)"
    third = planners.pareto(
        env, {"goal": "goal", "pit": "pit", "steps": np.ones(11)}, minimise=["pit", "steps"], discount=1.0
    )
    third.plot()
    pyplot.close("all")
    assert "weight of steps" in repr(third)


@pytest.mark.parametrize(
    ("rewards", "options", "words"),
    [
        ([np.ones(11)], {}, "1 rewards are given; expected two or three"),
        ("pit", {}, "expected two or three of them, in a list or by name"),
        ([np.ones(11), "pti"], {}, "rewards\\[1\\]: goal is the label 'pti'"),
        ([np.ones(11), "pit"], {"minimise": [2]}, "minimise names 2"),
        ([-np.ones(11), "pit"], {"discount": 1.0, "minimise": [0]}, "infinite total|for ever"),
        ([np.ones(11), "pit"], {"max_iterations": 3, "minimise": True}, "iteration limit"),
    ],
)
def test_what_is_refused(rewards: Any, options: dict[str, Any], words: str) -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    with pytest.raises(planners.PlannerError, match=words):
        planners.pareto(env, rewards, **{"discount": 0.9, **options})


def test_a_range_that_is_only_rounding_is_not_a_unit() -> None:
    """One policy has the least of all three costs, one of them 0 up to rounding: all ranges of the corners are 0."""
    table = {
        0: {0: [(0.375, 1, 0.25, False), (0.625, 0, 0.25, True)], 1: [(0.875, 0, 0.5, False), (0.125, 0, 0.5, True)]},
        1: {
            0: [(0.875, 1, 0.0, False), (0.125, 1, 0.0, True)],
            1: [(0.625, 1, -0.25, False), (0.25, 0, -0.25, False), (0.125, 1, -0.25, True)],
        },
    }
    costs: list[Any] = [[[0.25, 0.5], [0.0, -0.25]], [[1.5, 1.25], [0.75, 0.5]], [0, 1]]
    front = planners.pareto(TabularMDP.from_gym_dict(table), costs, minimise=True, discount=1.0, start=0)
    assert len(front) == 1
    assert np.abs(front.values - [[0.0, 8.0 / 3.0, 0.0]]).max() < 1e-12
    assert front.ranges.min() > 0.1
