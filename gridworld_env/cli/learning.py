"""The command `gridworld learn`: record a learner step by step, and describe its result in words."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from gridworld_env.agents import find_agent, make_agent
from gridworld_env.cli.map_text import map_text
from gridworld_env.cli.plan_options import MapOptions
from gridworld_env.replays.learning_replay import LearningReplay


def recorded(options: MapOptions, arguments: dict[str, Any], *, agent: str, steps: int, seed: int) -> LearningReplay:
    """Record the replay of a learner on a map; after Ctrl-C, the replay of the steps until then.

    Raises:
        MapError: There is no such agent, or the map is too large.
    """
    title = find_agent(agent).title
    env: Any = gym.make("GridWorld-v0", **arguments)
    learner = make_agent(agent, env.unwrapped.mdp)
    replay = LearningReplay(
        env, learner, discount=options.discount, seed=seed, title=f"{Path(options.map).name}, {title}"
    )
    try:
        replay.learn(steps)
    except KeyboardInterrupt:
        if not replay.run.steps:
            raise
    return replay


def learned_text(arguments: dict[str, Any], replay: LearningReplay) -> str:
    """The map with max Q and every greedy action, followed by the exact figures."""
    run, alive = replay.run, ~replay.env.grid.terminal
    values = np.where(alive, run.action_values.max(axis=1), 0.0)
    wrong = int(((run.greedy & ~run.plan.optimal_actions).any(axis=1) & alive).sum())
    return "\n".join(
        [
            map_text(arguments, values, run.greedy, instead="--html FILE writes a page that shows them"),
            "",
            "Above: the learned max Q, and every greedy action.",
            f"{replay.title}: {run.steps:,} steps, {run.episodes:,} episodes ended, discount {replay.discount:.15g}",
            f"regret, exact            {run.regret:.6g}",
            f"greedy policy, exact     {run.policy_value:.6g} at the start; the best is {run.optimal_value:.6g}",
            f"not optimal              in {wrong} of {int(alive.sum())} squares",
        ]
    )
