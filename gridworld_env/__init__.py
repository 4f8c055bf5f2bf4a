"""A gridworld for Gymnasium whose tables are open; importing it registers `GridWorld-v0`.

Read in this order: `grid` (a map), `dynamics` (from a map to tables), `env` (the environment).
"""

import gymnasium as gym

from gridworld_env.actions import Action
from gridworld_env.env import GridWorldEnv
from gridworld_env.errors import MapError
from gridworld_env.grid import Cell, Grid, parse_grid
from gridworld_env.maps import WORLDS, World

__all__ = ["WORLDS", "Action", "Cell", "Grid", "GridWorldEnv", "MapError", "World", "parse_grid"]

for _id in ("GridWorld-v0", "gridworld_env/GridWorld-v0"):
    if _id not in gym.registry:
        gym.register(_id, entry_point="gridworld_env.env:GridWorldEnv", max_episode_steps=1000)
