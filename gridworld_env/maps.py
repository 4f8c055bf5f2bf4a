"""The worlds that come with the package, by name: a map, its rules and where they are from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from gridworld_env.errors import MapError
from gridworld_env.grid import Grid, parse_grid


@dataclass(frozen=True, slots=True)
class World:
    """A named map.

    Attributes:
        desc: Its rows of glyphs.
        source: Book, section and convention.
        legend: What its own glyphs mean, as for `GridWorld-v0`.
        rules: Defaults of `slip`, `step_reward`, `reward_on`, `moves` and `bump_reward` on this map.
    """

    desc: tuple[str, ...]
    source: str
    legend: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)


_FOUR_BY_THREE = ("...+", ".#.-", "S...")

WORLDS: Final[Mapping[str, World]] = MappingProxyType(
    {
        "lecture": World(
            _FOUR_BY_THREE,
            "the lecture: states are the empty squares, +1 and -1 on entry, deterministic",
            rules={"slip": 0.0, "step_reward": -0.04},
        ),
        "aima-4x3": World(
            _FOUR_BY_THREE,
            "Russell and Norvig, AIMA, 4th ed., Section 16.1: rewards on entering; the 3rd edition's are on leaving",
            rules={"slip": 0.2, "step_reward": -0.04},
        ),
        "bookgrid": World(
            _FOUR_BY_THREE,
            "Berkeley CS188, BookGrid: rewards on leaving, discount 0.9",
            rules={"slip": 0.2, "step_reward": 0.0, "reward_on": "exit"},
        ),
        "sutton-barto-3.5": World(
            (".A.B.", ".....", "...b.", ".....", ".a..."),
            "Sutton and Barto, 2nd ed., Examples 3.5 and 3.8: A leads to a, B to b; discount 0.9",
            legend={
                "A": {"teleport": (4, 1), "teleport_reward": 10.0},
                "B": {"teleport": (2, 3), "teleport_reward": 5.0},
                "a": {},
                "b": {},
            },
            rules={"slip": 0.0, "step_reward": 0.0, "bump_reward": -1.0},
        ),
        "sutton-barto-4.1": World(
            ("T...", "....", "....", "...T"),
            "Sutton and Barto, 2nd ed., Example 4.1: -1 for every move, undiscounted",
            legend={"T": {"terminal": True}},
            rules={"slip": 0.0, "step_reward": -1.0},
        ),
    }
)


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
