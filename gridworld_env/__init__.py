"""A gridworld for Gymnasium whose tables are open; importing it registers `GridWorld-v0`.

A grid; its dynamics; its maps and its pictures; the environment; explorer and replays; the command line.

Read in this order: `grid.grid` (a map), `dynamics.rules_to_tables` (from a map to tables), `env` (the environment).
"""

import gymnasium as gym

from gridworld_env.env import GridWorldEnv
from gridworld_env.errors import MapError
from gridworld_env.grid.actions import Action
from gridworld_env.grid.grid import Grid, parse_grid
from gridworld_env.grid.legend import Cell
from gridworld_env.ground_truth import GroundTruth, VectorGroundTruth
from gridworld_env.maps.files import read_map_file
from gridworld_env.maps.images import load_image
from gridworld_env.maps.movingai import Scenario, load_movingai, read_scenarios
from gridworld_env.maps.random_maps import random_map
from gridworld_env.maps.slices import open_map
from gridworld_env.maps.textbook_worlds import WORLDS, World
from gridworld_env.rendering.display import png_of_grid
from gridworld_env.replays.replay import Replay

__all__ = [
    "WORLDS",
    "Action",
    "Cell",
    "Grid",
    "GridWorldEnv",
    "GroundTruth",
    "MapError",
    "Replay",
    "Scenario",
    "VectorGroundTruth",
    "World",
    "load_image",
    "load_movingai",
    "open_map",
    "parse_grid",
    "random_map",
    "read_map_file",
    "read_scenarios",
]

Grid.picture = png_of_grid  # what a notebook shows of a map

_ENTRY_POINT = "gridworld_env.env:GridWorldEnv"
_VECTOR_ENTRY_POINT = "gridworld_env.vector_env:GridWorldVectorEnv"
_IDS = {
    "GridWorld-v0": {},
    "gridworld_env/GridWorld-v0": {},
    "GridWorld/CliffWalking-v0": {"map_name": "sutton-barto-6.6"},
    "GridWorld/DynaMaze-v0": {"map_name": "sutton-barto-8.1"},
    "GridWorld/FourRooms-v0": {"map_name": "four-rooms"},
    "GridWorld/FrozenLake-v0": {"map_name": "frozenlake-4x4"},
    "GridWorld/FrozenLake8x8-v0": {"map_name": "frozenlake-8x8"},
    "GridWorld/KingsWindy-v0": {"map_name": "sutton-barto-6.9"},
    "GridWorld/StochasticWindy-v0": {"map_name": "sutton-barto-6.10"},
    "GridWorld/Windy-v0": {"map_name": "sutton-barto-6.5"},
}
for _id, _kwargs in _IDS.items():
    # Once is enough when this is imported again; over another's GridWorld-v0, Gymnasium warns of the override.
    if _id not in gym.registry or gym.registry[_id].entry_point != _ENTRY_POINT:
        gym.register(
            _id, _ENTRY_POINT, max_episode_steps=1000, vector_entry_point=_VECTOR_ENTRY_POINT, kwargs=dict(_kwargs)
        )
