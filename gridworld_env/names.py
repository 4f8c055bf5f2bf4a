"""The public names of `gridworld_env`, which its `__init__` takes from here on the first use of one."""

from gridworld_env.continuous_env import ContinuousGridWorldEnv
from gridworld_env.continuous_truth import ContinuousTruth
from gridworld_env.dynamics.outcome_mdp import OutcomeMDP
from gridworld_env.env import GridWorldEnv
from gridworld_env.errors import MapError
from gridworld_env.grid.actions import Action
from gridworld_env.grid.grid import Grid, parse_grid
from gridworld_env.grid.legend import Cell
from gridworld_env.ground_truth import GroundTruth, VectorGroundTruth
from gridworld_env.maps.files import read_map_file
from gridworld_env.maps.images import load_image
from gridworld_env.maps.movingai import Scenario, load_movingai, read_scenarios
from gridworld_env.maps.plane import point_robot
from gridworld_env.maps.random_maps import random_map
from gridworld_env.maps.slices import open_map
from gridworld_env.maps.textbook_worlds import WORLDS, World
from gridworld_env.models import MODELS
from gridworld_env.observations import CoordinateObservation, LocalViewObservation
from gridworld_env.random_env import RandomMapEnv
from gridworld_env.record_experience import RecordExperience
from gridworld_env.rendering.plots import plot_values
from gridworld_env.replays.learning_replay import LearningReplay
from gridworld_env.replays.replay import Replay
from gridworld_env.tabular_env import TabularEnv

__all__ = [
    "MODELS",
    "WORLDS",
    "Action",
    "Cell",
    "ContinuousGridWorldEnv",
    "ContinuousTruth",
    "CoordinateObservation",
    "Grid",
    "GridWorldEnv",
    "GroundTruth",
    "LearningReplay",
    "LocalViewObservation",
    "MapError",
    "OutcomeMDP",
    "RandomMapEnv",
    "RecordExperience",
    "Replay",
    "Scenario",
    "TabularEnv",
    "VectorGroundTruth",
    "World",
    "load_image",
    "load_movingai",
    "open_map",
    "parse_grid",
    "plot_values",
    "point_robot",
    "random_map",
    "read_map_file",
    "read_scenarios",
]
