"""Textbook models that are no grids, by name: each is a function that returns a `TabularMDP`, with its source."""

import inspect
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from gridworld_env.errors import MapError
from gridworld_env.models.blackjack import blackjack
from gridworld_env.models.blackjack import blackjack_state as blackjack_state
from gridworld_env.models.exploration import deep_sea, river_swim, six_arms
from gridworld_env.models.sutton_barto import access_control, gambler, jacks_cars, random_walk, short_corridor
from planners.models.tabular import TabularMDP

_MADE = access_control, blackjack, deep_sea, gambler, jacks_cars, random_walk, river_swim, short_corridor, six_arms
MODELS: Final[Mapping[str, Callable[..., TabularMDP]]] = MappingProxyType({make.__name__: make for make in _MADE})


def find_model(name: str, options: Mapping[str, Any]) -> TabularMDP:
    """The model of that name, however it is spelt, made with its options.

    Raises:
        MapError: There is none, with the nearest names, or it does not take an option.

    >>> find_model("RiverSwim", {"num_states": 4})
    TabularMDP(4 states, 2 actions, 14 transitions, 0.0 MB)
    """
    plain = {known.replace("_", ""): known for known in MODELS}
    spelt = re.sub("[^a-z0-9]", "", name.lower()) if isinstance(name, str) else ""
    if spelt not in plain:
        near = [repr(plain[one]) for one in get_close_matches(spelt, plain, n=3, cutoff=0.5)]
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise MapError(f"unknown world {name!r}; {hint}The models are {', '.join(MODELS)}")
    make = MODELS[plain[spelt]]
    taken = inspect.signature(make).parameters
    for option in options:
        if option not in taken:
            raise MapError(f"{plain[spelt]} has no option {option!r}; it takes {', '.join(taken) or 'none'}")
    return make(**options)
