"""An environment and an agent of one's own: observations that are arrays, a key of them, and what a run says."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from planners.names import hashable


class Lift(gym.Env[Any, Any]):
    """A floor and a door, as an array: 0 up, 1 open, which pays 1 on floor 2, and costs 1 elsewhere."""

    observation_space = gym.spaces.MultiDiscrete([3, 2])
    action_space = gym.spaces.Discrete(2)
    floor = 0

    def _seen(self) -> Any:
        return np.array([self.floor, 0], dtype=np.int32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.floor = 0
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        if action == 1:
            return self._seen(), 1.0 if self.floor == 2 else -1.0, True, False, {}
        self.floor = min(self.floor + 1, 2)
        return self._seen(), 0.0, False, False, {}


class Table:
    """Q-learning on whatever the environment shows, in a dictionary."""

    def __init__(self) -> None:
        self.rng, self.Q, self.asked = np.random.default_rng(1), dict[Any, Any](), set[Any]()

    def of(self, seen: Any) -> Any:
        return self.Q.setdefault(tuple(int(part) for part in seen), np.zeros(2))

    def act(self, seen: Any) -> int:
        return int(self.rng.integers(2))

    def learn(self, seen: Any, action: int, reward: float, after: Any, terminated: bool) -> None:
        target = reward + (0.0 if terminated else 0.9 * self.of(after).max())
        self.of(seen)[action] += 0.5 * (target - self.of(seen)[action])


class Greedy(Table):
    """It says what it would do."""

    def greedy(self, seen: Any) -> list[int]:
        self.asked.add(seen)
        return [int(self.of(seen).argmax())]


def test_a_small_array_is_a_readable_name() -> None:
    """Before, it was a shape, a dtype and bytes, so that nobody could ask for the value of a state."""
    model, keys = planners.enumerate_env(Lift())
    assert keys == [(0, 0), (1, 0), (2, 0)]
    plan = planners.solve(model, discount=0.5)
    for seen in ((1, 0), [1, 0], np.array([1, 0]), np.array([1, 0], dtype=np.uint8), np.array([1.0, 0.0])):
        assert plan.value(seen) == pytest.approx(0.5)
    picture = np.zeros((8, 8), dtype=np.uint8)
    assert hashable(picture) == ((8, 8), "|u1", bytes(64))
    holes = np.array([1.0, np.nan])
    assert hashable(holes) == hashable(holes.copy())  # NaN is not equal to NaN


def test_the_regret_of_an_agent_where_a_key_identifies_the_state() -> None:
    """The key looks into the environment, so it must be asked while an episode is played, not afterwards."""
    env = Lift()
    model, keys = planners.enumerate_env(env, key=lambda inner, _: f"floor {inner.floor}")
    assert keys == ["floor 0", "floor 1", "floor 2"]
    plan = planners.solve(model, discount=0.5)

    class Up:
        def act(self, seen: Any) -> int:
            return int(seen[0] >= 2)

    class Impatient:
        def act(self, seen: Any) -> int:
            return int(seen[0] >= 1)

    assert planners.regret(env, Up(), discount=0.5, plan=plan, episodes=3).value == pytest.approx(0.0)
    found = planners.regret(env, Impatient(), discount=0.5, plan=plan, episodes=3)
    exact = planners.regret(model, [0, 1, 1], discount=0.5)
    assert found.value == pytest.approx(exact.value)
    assert exact.value == pytest.approx(0.75)
    assert found.optimal == pytest.approx(0.25)


@pytest.mark.parametrize("on_tables", [True, False])
def test_greedy_is_asked_for_the_name_of_a_state(on_tables: bool) -> None:
    """Before, an agent from elsewhere was asked by number, and acted by name: a wrong policy was evaluated in silence.

    In 400 random steps the learner misses a pair of floor 2 with a probability below 1e-9.
    """
    env, agent = Lift(), Greedy()
    model, _ = planners.enumerate_env(env)
    plan = planners.solve(model, discount=0.9)
    source = model if on_tables else env
    run = planners.learn(source, agent, steps=400, discount=0.9, seed=1, plan=None if on_tables else plan)
    assert agent.asked == {(0, 0), (1, 0), (2, 0)}
    assert run.policy_values[-1] == pytest.approx(0.81)
    assert "which is optimal" in run.report()


def test_an_agent_that_does_not_say_what_it_would_do_has_a_regret() -> None:
    model, _ = planners.enumerate_env(Lift())
    run = planners.learn(model, Table(), steps=200, discount=0.9, seed=1)
    said = run.report()
    assert f"The regret of its steps is {run.regret.sum():.6g} in total." in said
    assert run.regret.sum() > 1.0
    assert "neither `action_values` nor greedy(state)" in said
    blind = planners.learn(Lift(), Table(), steps=20, discount=0.9, seed=1)
    assert "What it loses is not known: the environment has no tables" in blind.report()
    many = planners.learn(model, Table(), steps=200, discount=0.9, seeds=range(2))
    assert f"is {many.regret.sum(axis=1).mean():.6g} in total on average." in many.report()


def test_the_plot_of_such_a_run_shows_its_regret() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    model, _ = planners.enumerate_env(Lift())
    axes = planners.learn(model, Table(), steps=50, discount=0.9, seed=1).plot()
    assert len(axes[0].lines) == 1
    assert not axes[1].lines
    assert "neither" in axes[1].texts[0].get_text()
    pyplot.close("all")


def test_a_report_names_states() -> None:
    model, _ = planners.enumerate_env(Lift())
    run = planners.learn(model, planners.QLearning(rate=0.5, exploration=0.0), steps=1, discount=0.9, seed=1)
    assert "in state (0, 0)" in run.report() or "in state (1, 0)" in run.report()


def test_an_environment_without_tables_is_named() -> None:
    with pytest.raises(planners.InvalidModelError, match="a Lift has no tables"):
        planners.solve(gym.wrappers.TimeLimit(Lift(), 9), discount=0.9)
