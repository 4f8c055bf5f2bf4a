"""`enumerate_env`: the tables of environments that have none, MiniGrid's rooms among them."""

from typing import Any

import gymnasium as gym
import minigrid  # noqa: F401
import numpy as np
import pygame
import pytest

import gridworld_env  # noqa: F401
import planners
from tests.oracles.chance import ALARM, hoeffding


def pose(room: Any, _: Any) -> tuple[int, int, int]:
    """All that matters in an empty room."""
    return int(room.agent_pos[0]), int(room.agent_pos[1]), int(room.agent_dir)


def reached(_: Any, reward: float) -> float:
    """1 for the goal; MiniGrid's own reward depends on the number of steps, which is no part of the pose."""
    return float(reward > 0)


def turns_and_steps(room: Any) -> int:
    """Fewest actions from the upper left, facing right, to the goal at the lower right: there, one turn, down."""
    return 2 * (room.width - 3) + 1


@pytest.mark.parametrize("size", [5, 6, 8])
def test_an_empty_minigrid_room(size: int) -> None:
    env = gym.make(f"MiniGrid-Empty-{size}x{size}-v0")
    model, keys = planners.enumerate_env(env, key=pose, reward=reached)
    squares = (size - 2) ** 2
    assert model.num_states == 4 * (squares - 1)  # four directions; the goal is left out, the episode is over there
    assert keys[0] == (1, 1, 0)
    plan = planners.solve(model, discount=0.9)
    assert plan.values[0] == pytest.approx(0.9 ** (turns_and_steps(env.unwrapped) - 1), abs=1e-9)


def test_minigrids_own_reward_is_not_a_table(rng: np.random.Generator) -> None:
    with pytest.raises(planners.InvalidModelError, match="the key does not tell all that matters"):
        planners.enumerate_env(gym.make("MiniGrid-Empty-5x5-v0"), key=pose)


def test_the_plan_plays_in_minigrid() -> None:
    env = gym.make("MiniGrid-Empty-6x6-v0")
    model, keys = planners.enumerate_env(env, key=pose, reward=reached)
    policy, number = planners.solve(model, discount=0.9).policy, {key: index for index, key in enumerate(keys)}
    env.reset(seed=0)
    for step in range(1, 100):
        _, reward, terminated, _, _ = env.step(int(policy.act(number[pose(env.unwrapped, None)])))
        if terminated:
            assert float(reward) > 0
            assert step == turns_and_steps(env.unwrapped)
            return
    pytest.fail("the plan does not reach the goal")


@pytest.mark.filterwarnings("ignore:The system font:UserWarning")  # MiniGrid's
def test_minigrid_and_gridworld_draw_beside_each_other() -> None:
    """Both are on pygame-ce: one process draws both, and ours goes on when MiniGrid ends all of pygame."""
    room, world = (gym.make(name, render_mode="human") for name in ("MiniGrid-Empty-5x5-v0", "GridWorld-v0"))
    room.reset(seed=0)
    world.reset(seed=0)
    assert pygame.display.get_surface() is not None  # MiniGrid's window
    room.close()
    assert not pygame.display.get_init()
    for action in (0, 0, 1, 1):
        world.step(action)
    picture = gym.make("GridWorld-v0", render_mode="rgb_array")
    picture.reset(seed=0)
    assert np.asarray(picture.render()).std() > 0
    world.close()


def test_samples_estimate_a_slippery_lake(rng: np.random.Generator) -> None:
    lake: Any = gym.make("FrozenLake-v1")
    samples = 150
    model, keys = planners.enumerate_env(lake, samples=samples, seed=int(rng.integers(2**31)))
    exact = planners.TabularMDP.from_env(lake)
    states = np.array(keys)
    assert len(states) == 11  # of 16; the four holes and the goal end the episode
    expected = np.asarray(exact.rewards)[states]
    spread = hoeffding(samples, alarm=ALARM / (11 * 4 * 12))  # for each of 44 rows: 11 frequencies and a mean reward
    assert np.abs(np.asarray(model.rewards) - expected).max() < spread
    dense = model.transitions.toarray().reshape(len(states), 4, len(states))
    truth = exact.transitions.toarray().reshape(exact.num_states, 4, exact.num_states)[
        np.ix_(states, np.arange(4), states)
    ]
    assert np.abs(dense - truth).max() < spread
    assert not np.array_equal(dense, truth)
    assert np.allclose(dense.sum(axis=2) + model.termination, 1.0)


def test_samples_that_cannot_be_used() -> None:
    with pytest.raises(planners.InvalidOptionError, match="samples is 0; expected a whole number"):
        planners.enumerate_env(gym.make("FrozenLake-v1"), samples=0)
