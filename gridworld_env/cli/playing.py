"""Play a policy visibly: in pictures for a file, or in a window if there is a display."""

import time
from typing import Any, Final, cast

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gridworld_env.env import GridWorldEnv
from planners.evaluation.rollout import Episode, rollout
from planners.plans.plan import Plan

LAST_PICTURE: Final = 1.0  # seconds for which the end of an episode stays in the window


def play(
    options: dict[str, Any], plan: Plan, *, render_mode: str, episodes: int = 1, seed: int | None = None
) -> tuple[list[Episode], list[NDArray[np.uint8]]]:
    """Roll a plan's policy out in the renderer, with values and policy drawn under the agent.

    Args:
        options: Arguments of `gym.make("GridWorld-v0", ...)`.
        plan: The plan.
        render_mode: "human" for a window, "rgb_array" to collect the pictures.
        episodes: Number of episodes.
        seed: The same seed plays the same episodes.

    Returns:
        The episodes, and the pictures ("rgb_array" only), each (H, W, 3) uint8.
    """
    mode = "rgb_array_list" if render_mode == "rgb_array" else render_mode  # Gymnasium collects the pictures
    env = gym.make("GridWorld-v0", render_mode=mode, **options)
    world = env.unwrapped
    assert isinstance(world, GridWorldEnv)
    world.set_overlay(values=plan.values, policy=plan.optimal_actions)
    frames: list[NDArray[np.uint8]] = []
    played: list[Episode] = []
    try:
        for number in range(episodes):
            played += rollout(env, plan.policy, seed=seed if number == 0 else None)
            if render_mode == "rgb_array":
                frames += cast("list[NDArray[np.uint8]]", env.render())
            else:
                time.sleep(LAST_PICTURE)
    finally:
        env.close()
    return played, frames


def plan_picture(options: dict[str, Any], plan: Plan) -> NDArray[np.uint8]:
    """(H, W, 3) picture of a plan: values as a heat map, and every optimal action as an arrow."""
    env = gym.make("GridWorld-v0", render_mode="rgb_array", **options).unwrapped
    assert isinstance(env, GridWorldEnv)
    env.set_overlay(values=plan.values, policy=plan.optimal_actions)
    picture = env.render()
    env.close()
    return np.asarray(picture)
