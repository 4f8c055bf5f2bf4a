"""Named maps, and maps of one's own."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from gridworld_env.errors import MapError
from gridworld_env.grid.grid import Grid, parse_grid
from gridworld_env.maps.textbook_worlds import WORLDS, World


def find_world(name: str) -> World:
    """The world of that name; `MapError` with the nearest names for any other."""
    if isinstance(name, str) and name in WORLDS:
        return WORLDS[name]
    near = get_close_matches(str(name), WORLDS, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"the maps are {', '.join(WORLDS)}."
    raise MapError(f"unknown map {name!r}; {hint} For a map of your own: desc=['...+', 'S..-']")


def read_map(
    map_name: str | None, desc: Sequence[str] | None, legend: Mapping[str, Any] | None
) -> tuple[Grid, Mapping[str, Any]]:
    """The grid and the default rules of a named map, or of a map of one's own.

    Raises:
        MapError: Both are given, or the map cannot be used.
    """
    if desc is None:
        world = find_world("lecture" if map_name is None else map_name)
        return parse_grid(world.desc, {**world.legend, **(legend or {})}), world.rules
    if map_name is not None:
        raise MapError(f"map_name={map_name!r} and desc are both given; expected one of the two")
    return parse_grid(desc, legend), {}
