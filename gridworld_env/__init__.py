"""A gridworld for Gymnasium whose tables are open; importing it registers `GridWorld-v0`.

Read in this order: `grid` (a map), `dynamics` (from a map to tables), `env` (the environment).
"""

import gymnasium as gym

from gridworld_env.actions import Action
from gridworld_env.env import GridWorldEnv
from gridworld_env.errors import MapError
from gridworld_env.grid import Grid, parse_grid
from gridworld_env.legend import Cell
from gridworld_env.maps import WORLDS, World
from gridworld_env.movingai import Scenario, load_movingai, read_scenarios

__all__ = [
    "WORLDS",
    "Action",
    "Cell",
    "Grid",
    "GridWorldEnv",
    "MapError",
    "Scenario",
    "World",
    "load_movingai",
    "parse_grid",
    "read_scenarios",
]

_ENTRY_POINT = "gridworld_env.env:GridWorldEnv"
_VECTOR_ENTRY_POINT = "gridworld_env.vector_env:GridWorldVectorEnv"
for _id in ("GridWorld-v0", "gridworld_env/GridWorld-v0"):
    # Once is enough when this is imported again; over another's GridWorld-v0, Gymnasium warns of the override.
    if _id not in gym.registry or gym.registry[_id].entry_point != _ENTRY_POINT:
        gym.register(_id, _ENTRY_POINT, max_episode_steps=1000, vector_entry_point=_VECTOR_ENTRY_POINT)
