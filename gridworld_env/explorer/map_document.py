"""A map with its rules, as somebody paints it: values that never change, so that undoing is keeping the old one."""

import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Final

from gridworld_env.dynamics.rules_to_tables import Rules
from gridworld_env.errors import MapError
from gridworld_env.explorer.tools import Painting
from gridworld_env.grid.grid import Grid, parse_grid
from gridworld_env.grid.legend import DEFAULT_LEGEND, Cell, read_legend
from gridworld_env.maps.files import RULES
from gridworld_env.maps.textbook_worlds import find_world, read_map

LARGEST_SIDE: Final = 2000
GLYPHS: Final = string.ascii_lowercase + string.ascii_uppercase + "".join(map(chr, range(0xC0, 0x180)))
DEFAULTS: Final = Rules()


@dataclass(frozen=True, eq=False)
class MapDocument:
    """A map and its rules.

    Attributes:
        rows: The glyphs, H strings of W.
        legend: The `Cell` of every glyph.
        rules: Slip, rewards and moves.
        discount: 0 to 1.
        extra: What its file said besides, to be saved again.
    """

    rows: tuple[str, ...]
    legend: Mapping[str, Cell]
    rules: Rules = DEFAULTS
    discount: float = 0.9
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def grid(self) -> Grid:
        """The map as arrays; `MapError` if it cannot be used."""
        return parse_grid(self.rows, self.legend)

    def forget_grid(self) -> None:
        """Keep the glyphs only; the arrays are made again when somebody asks for them."""
        self.__dict__.pop("grid", None)

    @property
    def parts(self) -> Iterator[Any]:
        """What takes memory, but for the grid: rows that were not painted on are shared with the document before."""
        yield self.rows
        yield from self.rows

    def cell(self, row: int, column: int) -> Cell:
        """What a square is like."""
        return self.legend[self.rows[row][column]]

    def painted(self, squares: Iterable[tuple[int, int]], painting: Painting) -> "MapDocument":
        """The document with some squares painted; itself if that changes nothing.

        Raises:
            MapError: The map could not be used, for example without any square to start on.
        """
        rows, legend = list(self.rows), dict(self.legend)
        changes: dict[int, dict[int, str]] = {}
        for row, column in squares:
            if 0 <= row < len(rows) and 0 <= column < len(rows[0]):
                old = rows[row][column]
                new = glyph_for(painting(legend[old]), legend, rows, old)
                if new != old:
                    changes.setdefault(row, {})[column] = new
        for row, glyphs in changes.items():
            line = list(rows[row])
            for column, glyph in glyphs.items():
                line[column] = glyph
            rows[row] = "".join(line)
        return self._checked(rows, legend) if changes else self

    def resized(self, rows: int, columns: int) -> "MapDocument":
        """The document with rows and columns added (free squares) or taken away, below and on the right."""
        if not (1 <= rows <= LARGEST_SIDE and 1 <= columns <= LARGEST_SIDE):
            raise MapError(f"a map of {rows} rows and {columns} columns; expected 1 to {LARGEST_SIDE} of each")
        free = glyph_for(Cell(), dict(self.legend), self.rows, "")
        lines = [line[:columns].ljust(columns, free) for line in self.rows[:rows]]
        lines += [free * columns] * (rows - len(lines))
        return self._checked(lines, {free: Cell(), **self.legend})

    def with_rules(self, **changes: Any) -> "MapDocument":
        """The document with other rules; `MapError` for what they cannot be."""
        return self._on_this_map(rules=replace(self.rules, **changes))

    def with_discount(self, discount: float) -> "MapDocument":
        """The document at another discount."""
        return self._on_this_map(discount=min(1.0, max(0.0, discount)))

    def _on_this_map(self, **changes: Any) -> "MapDocument":
        """The document with something else changed; its grid is the same object, so everybody sees that the map is.

        Itself if nothing is: a slider at its end is then no change, which would be solved again and undone one by one.
        """
        if all(getattr(self, name) == value for name, value in changes.items()):
            return self
        document = replace(self, **changes)
        document.__dict__["grid"] = self.grid
        return document

    def arguments(self) -> dict[str, Any]:
        """The document as JSON can hold it: arguments of `gym.make("GridWorld-v0", ...)`, without the discount."""
        used = set("".join(self.rows))
        legend = {
            glyph: {name: value for name, value in asdict(cell).items() if value != getattr(Cell(), name)}
            for glyph, cell in self.legend.items()
            if glyph in used and DEFAULT_LEGEND.get(glyph) != cell
        }
        rules = {name: getattr(self.rules, name) for name in RULES if getattr(self.rules, name) is not None}
        return {"desc": list(self.rows)} | ({"legend": legend} if legend else {}) | rules | dict(self.extra)

    def _checked(self, rows: Iterable[str], legend: Mapping[str, Cell]) -> "MapDocument":
        document = replace(self, rows=tuple(rows), legend=legend)
        _ = document.grid  # refuses what cannot be used, before anybody relies on it
        return document


def make_document(arguments: Mapping[str, Any], discount: float = 0.9) -> MapDocument:
    """The document of the arguments of `gym.make("GridWorld-v0", ...)`, such as a map file holds them.

    Raises:
        MapError: They cannot be used.

    >>> make_document({"map_name": "aima-4x3"}).rules.slip
    0.2
    """
    name, desc, legend = (arguments.get(key) for key in ("map_name", "desc", "legend"))
    grid, defaults = read_map(name, desc, legend)
    known = {} if desc is not None else find_world(name or "lecture").legend
    given = {rule.name: arguments[rule.name] for rule in fields(Rules) if arguments.get(rule.name) is not None}
    extra = {key: value for key, value in arguments.items() if key == "max_episode_steps"}
    return MapDocument(
        grid.rows, read_legend({**known, **(legend or {})}), Rules(**{**defaults, **given}), discount, extra
    )


def empty_document(rows: int, columns: int) -> MapDocument:
    """Free squares, and nothing else."""
    return MapDocument((".",), dict(DEFAULT_LEGEND)).resized(rows, columns)


def changed_rules(old: MapDocument, new: MapDocument) -> str:
    """In words, the rules by which two documents differ; empty where none does.

    >>> lecture = make_document({"map_name": "lecture"})
    >>> changed_rules(lecture, lecture.with_rules(step_reward=-0.5))
    'step reward -0.5'
    """
    pairs = [("step reward", old.rules.step_reward, new.rules.step_reward), ("slip", old.rules.slip, new.rules.slip)]
    pairs.append(("discount", old.discount, new.discount))
    return ", ".join(f"{name} {now:.4g}" for name, before, now in pairs if before != now)


def glyph_for(cell: Cell, legend: dict[str, Cell], rows: Iterable[str], preferred: str) -> str:
    """The glyph of a kind of square; where there is none yet, a free one, which is put into `legend`."""
    if legend.get(preferred) == cell:
        return preferred
    for glyph, known in legend.items():
        if known == cell:
            return glyph
    lines = list(rows)
    glyph = next((one for one in GLYPHS if one not in legend or not any(one in line for line in lines)), None)
    if glyph is None:
        raise MapError(f"the map has {len(GLYPHS)} kinds of squares, and there is no glyph left for another")
    legend[glyph] = cell
    return glyph
