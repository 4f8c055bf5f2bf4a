"""A gridworld for Gymnasium with open tables. Importing it registers `GridWorld-v0` and its siblings.

The public names are in `names`, which is imported when a name is first used; `gridworld --help` does not need it.

It has a grid, its dynamics, its maps and pictures, the environment, the explorer, replays and the command line.

Read in this order: `grid.grid` (a map), `dynamics.rules_to_tables` (from a map to tables), `env` (the environment).
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import gymnasium as gym

if TYPE_CHECKING:
    from gridworld_env.names import *  # noqa: F403

_GRID = ("gridworld_env.env:GridWorldEnv", "gridworld_env.vector_env:GridWorldVectorEnv")
_OTHERS = {  # by a word of the id
    "Tabular": ("gridworld_env.tabular_env:TabularEnv", "gridworld_env.tabular_env:TabularVectorEnv"),
    "RandomMap": ("gridworld_env.random_env:RandomMapEnv", None),
    "Continuous": ("gridworld_env.continuous_env:ContinuousGridWorldEnv", None),
}
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
    "GridWorld/RandomMap-v0": {},
    "ContinuousGridWorld-v0": {},
    "Tabular-v0": {},
    "gridworld_env/Tabular-v0": {},
}
for _id, _kwargs in _IDS.items():
    _entry, _vector = next((entries for word, entries in _OTHERS.items() if word in _id), _GRID)
    # Once is enough when this is imported again; over another's GridWorld-v0, Gymnasium warns of the override.
    if _id not in gym.registry or gym.registry[_id].entry_point != _entry:
        gym.register(_id, _entry, max_episode_steps=1000, vector_entry_point=_vector, kwargs=dict(_kwargs))


def __getattr__(name: str) -> Any:
    """A module of this package, or a public name (PEP 562)."""
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    names = import_module(f"{__name__}.names")
    if not hasattr(names, name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(names, name)  # asked for once
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module(f"{__name__}.names").__all__})
