"""The textbook models by name, for `Tabular-v0`."""

import inspect
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from gridworld_env.errors import MapError
from gridworld_env.models import exploration, sutton_barto
from planners.models.tabular import TabularMDP

MODELS: Final[Mapping[str, Callable[..., TabularMDP]]] = MappingProxyType(
    {
        made.__name__: made
        for made in (
            sutton_barto.access_control,
            sutton_barto.blackjack,
            exploration.deep_sea,
            sutton_barto.gambler,
            sutton_barto.jacks_cars,
            sutton_barto.random_walk_5,
            sutton_barto.random_walk_19,
            sutton_barto.random_walk_1000,
            exploration.river_swim,
            sutton_barto.short_corridor,
            exploration.six_arms,
        )
    }
)


def find_model(name: str, options: Mapping[str, Any]) -> TabularMDP:
    """The model of that name, however it is spelt, made with its options.

    Raises:
        MapError: There is none, with the nearest names, or it does not take an option.

    >>> find_model("RiverSwim", {"num_states": 4})
    TabularMDP(4 states, 2 actions, 14 transitions, 0.0 MB)
    """
    plain = {re.sub("[^a-z0-9]", "", known): known for known in MODELS}
    spelt = re.sub("[^a-z0-9]", "", name.lower()) if isinstance(name, str) else ""
    if spelt not in plain:
        near = get_close_matches(spelt, plain, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(repr(plain[one]) for one in near)}?" if near else "expected one."
        raise MapError(f"unknown world {name!r}; {hint} The models are {', '.join(MODELS)}")
    make = MODELS[plain[spelt]]
    taken = inspect.signature(make).parameters
    for option in options:
        if option not in taken:
            raise MapError(f"{plain[spelt]} has no option {option!r}; it takes {', '.join(taken) or 'none'}")
    return make(**options)
