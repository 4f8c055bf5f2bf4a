"""The options of vector environments, refused before work starts where they cannot be used."""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from gridworld_env.errors import MapError


def at_least_one(name: str, value: Any) -> int:
    """The value as an int; `MapError` under its name for what is no whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise MapError(f"{name} is {value!r}; expected a whole number of at least 1")
    return int(value)


def checked_seeds(seeds: Any, count: int) -> list[int]:
    """The seeds that are not None; `MapError` for anything but `count` seeds."""
    if len(seeds) != count:
        raise MapError(f"seed has {len(seeds)} numbers; expected one, or {count}, one an environment")
    for place, seed in enumerate(seeds):
        if seed is not None and not (isinstance(seed, int | np.integer) and seed >= 0):
            raise MapError(f"seed[{place}] is {seed!r}; expected a whole number of at least 0, or None")
    return [int(seed) for seed in seeds if seed is not None]


def checked_mode(mode: Any) -> AutoresetMode:
    """The mode of that name; `MapError` with the names for any other."""
    try:
        return AutoresetMode(mode)
    except ValueError:
        names = ", ".join(repr(known.value) for known in AutoresetMode)
        raise MapError(f"autoreset_mode is {mode!r}; expected an AutoresetMode or one of {names}") from None
