"""The worlds that come with the package: textbook maps, their rules and where they are from.

The values that the books print for them are in `tests/gridworld_env/maps`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from gridworld_env.errors import MapError
from gridworld_env.grid.grid import Grid, parse_grid


@dataclass(frozen=True, slots=True)
class World:
    """A named map.

    Attributes:
        desc: Rows of glyphs.
        source: Book, section and convention.
        legend: Meaning of its own glyphs, as for `GridWorld-v0`.
        rules: Defaults of the other arguments of `GridWorld-v0` on this map.
    """

    desc: tuple[str, ...]
    source: str
    legend: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)

    def _repr_png_(self) -> bytes | None:
        """The map as a picture, in a notebook."""
        return parse_grid(self.desc, self.legend)._repr_png_()


_FOUR_BY_THREE = ("...+", ".#.-", "S...")
_WINDY = ("...aaabba.",) * 3 + ("S..aaabGa.",) + ("...aaabba.",) * 3
_WINDS: Final[dict[str, Any]] = {"a": {"wind": (-1, 0)}, "b": {"wind": (-2, 0)}, "G": {"terminal": True}}
_GUSTS: Final[dict[str, Any]] = {
    "a": {"wind": (-1, 0), "gust": 1 / 3},
    "b": {"wind": (-2, 0), "gust": 1 / 3},
    "G": {"terminal": True},
}
_CLIFF = ("............",) * 3 + ("SCCCCCCCCCCG",)
_TOY_TEXT: Final[dict[str, Any]] = {
    "slip": 2 / 3,
    "step_reward": 0.0,
    "actions": ("LEFT", "DOWN", "RIGHT", "UP"),
}
_LAKE: Final[dict[str, Any]] = {"H": {"terminal": True, "reward": 0.0}, "G": {"terminal": True, "reward": 1.0}}
_CS188: Final[dict[str, Any]] = {"slip": 0.2, "step_reward": 0.0, "reward_on": "exit"}


def _exits(**rewards: float) -> dict[str, Any]:
    return {glyph: {"terminal": True, "reward": reward} for glyph, reward in rewards.items()}


def _sutton_barto() -> dict[str, World]:
    book, worlds = "Sutton and Barto, 2nd ed., ", {}
    worlds["sutton-barto-3.5"] = World(
        (".A.B.", ".....", "...b.", ".....", ".a..."),
        book + "Examples 3.5 and 3.8: A leads to a, B to b; discount 0.9",
        legend={
            "A": {"teleport": (4, 1), "teleport_reward": 10.0},
            "B": {"teleport": (2, 3), "teleport_reward": 5.0},
            "a": {},
            "b": {},
        },
        rules={"slip": 0.0, "step_reward": 0.0, "bump_reward": -1.0},
    )
    worlds["sutton-barto-4.1"] = World(
        ("T...", "....", "....", "...T"),
        book + "Example 4.1: -1 for every move, undiscounted",
        legend={"T": {"terminal": True}},
        rules={"slip": 0.0, "step_reward": -1.0},
    )
    worlds["sutton-barto-8.1"] = World(
        (".......#+", "..#....#.", "S.#....#.", "..#......", ".....#...", "........."),
        book + "Example 8.1, Dyna maze: +1 at the goal, 14 moves; discount 0.95",
        rules={"slip": 0.0, "step_reward": 0.0},
    )
    return worlds


def _wind_and_cliff() -> dict[str, World]:
    book, worlds = "Sutton and Barto, 2nd ed., ", {}
    costs = {"slip": 0.0, "step_reward": -1.0}
    worlds["sutton-barto-6.5"] = World(_WINDY, book + "Example 6.5, windy gridworld: 15 moves", _WINDS, costs)
    worlds["sutton-barto-6.9"] = World(
        _WINDY, book + "Exercise 6.9, windy gridworld with king's moves: 7 moves", _WINDS, {**costs, "moves": "king"}
    )
    worlds["sutton-barto-6.10"] = World(
        _WINDY, book + "Exercise 6.10: the wind varies by 1, a third each", _GUSTS, {**costs, "moves": "king"}
    )
    fall = {"teleport": (3, 0), "teleport_on_entry": True, "teleport_reward": -100.0}
    worlds["sutton-barto-6.6"] = World(
        _CLIFF,
        book + "Example 6.6, the cliff: -100 and back to the start, 13 moves along the edge",
        {"C": fall, "G": {"terminal": True}},
        costs,
    )
    worlds["sutton-barto-6.6-terminate"] = World(
        _CLIFF,
        book + "Example 6.6, except that the fall ends the episode",
        {"C": {"terminal": True, "reward": -100.0}, "G": {"terminal": True}},
        costs,
    )
    return worlds


def _cs188() -> dict[str, World]:
    """Berkeley's grids, whose numbers are paid on leaving."""
    grids: dict[str, tuple[tuple[str, ...], dict[str, float]]] = {
        "bookgrid": (_FOUR_BY_THREE, {}),
        "bridgegrid": (("#xxxxx#", "+S....X", "#xxxxx#"), {"x": -100.0, "X": 10.0}),
        "cliffgrid": ((".....", "S...X", "xxxxx"), {"x": -100.0, "X": 10.0}),
        "cliffgrid2": ((".....", "8S..X", "xxxxx"), {"8": 8.0, "x": -100.0, "X": 10.0}),
        "discountgrid": ((".....", ".#...", ".#+#X", "S....", "xxxxx"), {"x": -10.0, "X": 10.0}),
        "mazegrid": (("...+", "##.#", ".#..", ".##.", "S..."), {}),
    }
    source = "Berkeley CS188: rewards on leaving, discount 0.9"
    return {name: World(desc, source, _exits(**exits), _CS188) for name, (desc, exits) in grids.items()}


def _toy_text() -> dict[str, World]:
    source = "Gymnasium's FrozenLake-v1: the same tables, actions LEFT DOWN RIGHT UP"
    small = ("S...", ".H.H", "...H", "H..G")
    large = ("S.......", "........", "...H....", ".....H..", "...H....", ".HH...H.", ".H..H.H.", "...H...G")
    return {
        "frozenlake-4x4": World(small, source, _LAKE, _TOY_TEXT),
        "frozenlake-8x8": World(large, source, _LAKE, _TOY_TEXT),
    }


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
        "aima-4x3-3e": World(
            _FOUR_BY_THREE,
            "Russell and Norvig, AIMA, 3rd ed., Section 17.1: rewards on leaving",
            rules={"slip": 0.2, "step_reward": -0.04, "reward_on": "exit"},
        ),
        **_cs188(),
        **_sutton_barto(),
        **_wind_and_cliff(),
        **_toy_text(),
        "four-rooms": World(
            (
                *("#############", "#.....#.....#", "#.....#.....#", "#...........#", "#.....#.....#", "#.....#.....#"),
                *("##.####.....#", "#.....###+###", "#.....#.....#", "#.....#.....#", "#...........#", "#.....#.....#"),
                "#############",
            ),
            "Sutton, Precup and Singh (1999), Figure 2: the goal is a hallway; moves here are deterministic",
            rules={"slip": 0.0, "step_reward": 0.0},
        ),
    }
)


# Names that people know, as `_plain` has them, and the world of each.
ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("cliffwalking", "cliff", "cliffworld"), "sutton-barto-6.6"),
        **dict.fromkeys(("windy", "windygridworld", "windyworld"), "sutton-barto-6.5"),
        **dict.fromkeys(("kingswindy", "windykings", "windygridworldkings"), "sutton-barto-6.9"),
        **dict.fromkeys(("stochasticwindy", "stochasticwindygridworld"), "sutton-barto-6.10"),
        **dict.fromkeys(("dynamaze", "dyna"), "sutton-barto-8.1"),
        **dict.fromkeys(("frozenlake", "frozenlake4x4"), "frozenlake-4x4"),
        **dict.fromkeys(("aima", "russellnorvig"), "aima-4x3"),
        "frozenlake8x8": "frozenlake-8x8",
        "fourrooms": "four-rooms",
    }
)


def _plain(name: str) -> str:
    """A name without what people write in different ways: case, hyphens, a version, what is before a slash."""
    return re.sub(r"[^a-z0-9.]", "", re.sub(r"-v[0-9]+$", "", name.lower().rpartition("/")[2]))


def find_world(name: str) -> World:
    """The world of that name, or of a name that people know, such as "cliff-walking".

    Raises:
        MapError: There is none, with the nearest names.

    >>> find_world("CliffWalking-v1") is find_world("cliff") is WORLDS["sutton-barto-6.6"]
    True
    """
    if isinstance(name, str) and name in WORLDS:
        return WORLDS[name]
    if isinstance(name, str) and (plain := _plain(name)):
        spelled = name.lower().replace("_", "-")
        known = ALIASES.get(plain) or (spelled if spelled in WORLDS else None)
        if known is not None:
            return WORLDS[known]
    near = get_close_matches(str(name), [*WORLDS, *ALIASES], n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"the maps are {', '.join(WORLDS)}."
    if isinstance(name, str) and name.lower().endswith((".txt", ".json", ".map", ".png")):
        raise MapError(
            f'unknown map {name!r}; for a file: gym.make("GridWorld-v0", **gridworld_env.read_map_file({name!r}))'
        )
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
