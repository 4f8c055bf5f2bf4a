"""`gridworld explore --html`: a map and its rules as a document, and the page around it."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from gridworld_env.errors import MapError
from gridworld_env.explorer.map_document import MapDocument, make_document
from gridworld_env.grid.actions import Action
from gridworld_env.grid.legend import DEFAULT_LEGEND
from gridworld_env.maps.textbook_worlds import WORLDS
from gridworld_env.rendering import theme
from gridworld_env.ui.pages.page import write_page
from gridworld_env.ui.pages.panel_page import assembled

SCRIPTS: Final = ("model", "planning", "solving", "learning", "sharing", "picture", "runs", "app", "controls")
MOST_SQUARES: Final = 1000
LONGEST_SIDE: Final = 40
LARGEST_REWARD: Final = 1_000_000
THEME: Final[dict[str, Any]] = {
    "heat": {"positions": theme.HEAT_POSITIONS, "colors": theme.HEAT_COLORS},
    "not_finite": theme.NOT_FINITE,
    "wall": theme.WALL,
    "line": theme.LINE,
    "ink": theme.INK,
    "paper": theme.PAPER,
    "agent": theme.AGENT,
    "positive": theme.TERMINAL_POSITIVE,
    "negative": theme.TERMINAL_NEGATIVE,
    "neutral": theme.TERMINAL_NEUTRAL,
    "green": (0, 117, 90),
    "red": (196, 32, 24),
}


def write_explorer(
    path: str | Path, document: MapDocument, name: str, *, seed: int = 1, steps: int | None = None
) -> int:
    """Write the page of a map, whole or not at all, and return its size in bytes.

    Args:
        path: A file that ends in .html.
        document: The map, its rules and the discount that the page begins with.
        name: What the map is called.
        seed: Of the learner's random numbers.
        steps: The page begins with Q-learning after so many steps; None: with V*.

    Raises:
        MapError: The map has more than 1000 squares or 40 a side, or a reward of more than a million.
        ValueError: The name does not end in .html.
        OSError: It cannot be written; a file that was there before is then as it was.
    """
    worlds = [{"name": name, **world_of(document)}]
    for known in WORLDS:
        other = make_document({"map_name": known})
        if known != name and not any(_reasons_against(other)):
            worlds.append({"name": known, **world_of(other)})
    page = {
        "title": f"Gridworld: {name}",
        "worlds": worlds,
        "discount": document.discount,
        "mode": "solved" if steps is None else "learn",
        "steps": steps or 0,
        "learner": {"rate": 0.1, "exploration": 0.1, "seed": seed},
        "theme": THEME,
    }
    return write_page(path, page, template())


def world_of(document: MapDocument) -> dict[str, Any]:
    """A map and its rules as the page reads them.

    Raises:
        MapError: The page cannot show it, with the reason.

    >>> world_of(make_document({"desc": ["S.X"], "legend": {"X": {"terminal": True, "reward": 5}}, "slip": 0.1}))
    {'map': ['S.X'], 'legend': {'X': {'terminal': True, 'reward': 5}}, 'rules': {'slip': 0.1}}
    """
    for reason in _reasons_against(document):
        raise MapError(f"the page cannot show this map: {reason}. The window can: `gridworld explore` without --html")
    used, free = set("".join(document.rows)), asdict(DEFAULT_LEGEND["."])
    legend = {
        glyph: {
            name: int(Action[value]) if name == "one_way" else value
            for name, value in asdict(cell).items()
            if value != free[name]
        }
        for glyph, cell in document.legend.items()
        if glyph in used and DEFAULT_LEGEND.get(glyph) != cell
    }
    rules = document.rules
    told = {"slip": rules.slip, "step_reward": rules.step_reward, "reward_on": rules.reward_on, "moves": rules.moves}
    told |= {"bump_reward": rules.bump_reward, "exploring_starts": rules.exploring_starts}
    usual = type(rules)()
    changes = {rule: value for rule, value in told.items() if value != getattr(usual, rule)}
    if rules.actions is not None:
        changes["actions"] = [int(move) for move in rules.action_moves]
    return {"map": list(document.rows), "legend": legend, "rules": changes}


def _reasons_against(document: MapDocument) -> Iterator[str]:
    """Why the page cannot show a map, in words."""
    rows, columns = len(document.rows), len(document.rows[0])
    if rows * columns > MOST_SQUARES or max(rows, columns) > LONGEST_SIDE:
        yield (
            f"it has {rows} rows and {columns} columns, and the page plans on at most {MOST_SQUARES} squares, "
            f"{LONGEST_SIDE} a side"
        )
    used = set("".join(document.rows))
    squares = {f"its squares {glyph!r}": cell for glyph, cell in document.legend.items() if glyph in used}
    for name, of in {"the map": document.rules, **squares}.items():
        for field in ("step_reward", "reward", "bump_reward", "teleport_reward"):
            reward = getattr(of, field, None)
            for amount in [x for _, x in reward] if isinstance(reward, tuple) else [reward or 0.0]:
                if abs(amount) > LARGEST_REWARD:
                    yield f"the {field} of {name} is {amount:g}, and the page takes at most {LARGEST_REWARD:,} in size"


def template() -> str:
    """The page without a document."""
    return assembled("gridworld_env.explorer.page", SCRIPTS)
