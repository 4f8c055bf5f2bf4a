"""A map read once: which squares are states, and what each state is like.

A map is a list of strings of one length, a glyph a square. The states are the squares that are not
walls, numbered row by row from the upper left; walls have no number. What a glyph means is written in
a legend, from glyph to `Cell`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.errors import MapError


@dataclass(frozen=True, slots=True)
class Cell:
    """What the squares of one glyph are like.

    Attributes:
        wall: No state: a move into it stays where it was.
        terminal: The episode ends here.
        start: An episode can begin here.
        reward: Reward of this square in place of `step_reward`; None: it has none of its own.
        slip: Probability of sliding sideways out of this square; None: the `slip` of the environment.
        teleport: (row, column) where every action from this square leads; None: no teleport.
        teleport_reward: Reward of being teleported; None: the reward of an ordinary move.
    """

    wall: bool = False
    terminal: bool = False
    start: bool = False
    reward: float | None = None
    slip: float | None = None
    teleport: tuple[int, int] | None = None
    teleport_reward: float | None = None


DEFAULT_LEGEND: Final[dict[str, Cell]] = {
    "#": Cell(wall=True),
    ".": Cell(),
    "S": Cell(start=True),
    "+": Cell(terminal=True, reward=1.0),
    "-": Cell(terminal=True, reward=-1.0),
}


@dataclass(frozen=True, eq=False)
class Grid:
    """A map as arrays: H rows, W columns, S states.

    Attributes:
        rows: The H strings of W glyphs it was read from.
        kinds: The `Cell` of each glyph that the legend has.
        kind: (H, W) uint8, index into `kinds`.
    """

    rows: tuple[str, ...]
    kinds: tuple[Cell, ...]
    kind: NDArray[np.uint8]

    @property
    def height(self) -> int:
        """Number of rows H."""
        return self.kind.shape[0]

    @property
    def width(self) -> int:
        """Number of columns W."""
        return self.kind.shape[1]

    @property
    def num_states(self) -> int:
        """Number of states S, the squares that are not walls."""
        return len(self.cell_of_state)

    @cached_property
    def wall(self) -> NDArray[np.bool_]:
        """(H, W) True on walls."""
        return np.array([cell.wall for cell in self.kinds])[self.kind]

    @cached_property
    def state_of_cell(self) -> NDArray[np.int32]:
        """(H, W) number of the state of each square, -1 on walls."""
        numbers = np.cumsum(~self.wall, dtype=np.int32).reshape(self.wall.shape) - np.int32(1)
        numbers[self.wall] = -1
        return numbers

    @cached_property
    def cell_of_state(self) -> NDArray[np.int32]:
        """(S, 2) row and column of each state."""
        return np.argwhere(~self.wall).astype(np.int32)

    @cached_property
    def state_kind(self) -> NDArray[np.uint8]:
        """(S,) index into `kinds` of each state."""
        return self.kind[~self.wall]

    @cached_property
    def terminal(self) -> NDArray[np.bool_]:
        """(S,) True where the episode ends."""
        return self.attribute("terminal", bool)

    @cached_property
    def start(self) -> NDArray[np.bool_]:
        """(S,) True where an episode can begin: the marked squares, or else every one that is not terminal."""
        marked = self.attribute("start", bool)
        return marked if marked.any() else ~self.terminal

    @cached_property
    def cell_reward(self) -> NDArray[np.float64]:
        """(S,) reward of the squares that have one of their own, NaN elsewhere."""
        return self.attribute("reward", float)

    def attribute(self, name: str, dtype: type) -> NDArray[Any]:
        """(S,) a field of the `Cell` of each state; None becomes NaN."""
        return np.array([getattr(cell, name) for cell in self.kinds], dtype=dtype)[self.state_kind]

    def cell_to_state(self, cell: Sequence[int]) -> int:
        """Number of the state at (row, column); `MapError` outside the map and on walls."""
        row, column = (int(part) for part in cell)
        if not (0 <= row < self.height and 0 <= column < self.width):
            raise MapError(
                f"cell (row {row}, column {column}) is outside the map of {self.height} rows and {self.width} columns; "
                f"rows and columns count from 0 at the upper left"
            )
        if self.wall[row, column]:
            raise MapError(f"cell (row {row}, column {column}) is a wall, and walls are no states")
        return int(self.state_of_cell[row, column])


def parse_grid(desc: Sequence[str], legend: Mapping[str, Any] | None = None) -> Grid:
    """Read a map.

    Args:
        desc: H strings of W glyphs.
        legend: What further glyphs mean, or the five known ones mean instead: from a glyph to a `Cell`
            or to a mapping with the fields of one, which is what JSON can hold.

    Returns:
        The `Grid`.

    Raises:
        MapError: The map is empty or ragged, a glyph is unknown, nothing is left to start on, or a
            number in the legend is out of range; the message gives row and column.

    >>> parse_grid(["...+", ".#.-", "S..."]).num_states
    11
    """
    rows = _checked_rows(desc)
    cells = {**DEFAULT_LEGEND, **{glyph: _checked_cell(glyph, cell) for glyph, cell in (legend or {}).items()}}
    codes = np.frombuffer("".join(rows).encode("utf-32-le"), dtype=np.uint32).reshape(len(rows), -1)
    kind = np.full(codes.shape, 255, dtype=np.uint8)
    for index, glyph in enumerate(cells):
        kind[codes == ord(glyph)] = index
    if (kind == 255).any():
        row, column = np.argwhere(kind == 255)[0]
        raise MapError(
            f"unknown glyph {rows[row][column]!r} at row {row}, column {column}; the legend has "
            f"{' '.join(cells)}. Say what it means: legend={{{rows[row][column]!r}: {{'reward': ...}}}}"
        )
    grid = Grid(rows, tuple(cells.values()), kind)
    if not grid.start.any() or (grid.start & grid.terminal).all():
        raise MapError(
            f"the map of {grid.height} rows and {grid.width} columns has no square to start on: "
            "every square is a wall or ends the episode. Add a '.' or an 'S'"
        )
    for glyph, cell in cells.items():
        if cell.teleport is not None and glyph in (legend or {}):
            try:
                grid.cell_to_state(cell.teleport)
            except MapError as error:
                raise MapError(f"legend[{glyph!r}]: teleport leads nowhere: {error}") from None
    return grid


def _checked_rows(desc: Sequence[str]) -> tuple[str, ...]:
    if isinstance(desc, str):
        desc = desc.strip("\n").split("\n")
    rows = tuple(desc)
    for index, row in enumerate(rows):
        if not isinstance(row, str):
            raise MapError(f"row {index} of the map is a {type(row).__name__}, expected a string of glyphs")
    if not rows or not rows[0]:
        raise MapError("the map is empty; expected a list of strings such as ['...+', '.#.-', 'S...']")
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise MapError(
                f"the map is ragged: row {index} has {len(row)} squares, row 0 has {len(rows[0])}; "
                "every row needs the same number"
            )
    return rows


def _checked_cell(glyph: object, cell: Any) -> Cell:
    if not isinstance(glyph, str) or len(glyph) != 1:
        raise MapError(f"legend key {glyph!r} is not one character")
    if isinstance(cell, Mapping):
        known = [field.name for field in fields(Cell)]
        for name in cell:
            if name not in known:
                raise MapError(f"legend[{glyph!r}] has no field {name!r}; the fields are {', '.join(known)}")
        cell = Cell(**cell)
    if not isinstance(cell, Cell):
        raise MapError(f"legend[{glyph!r}] is {cell!r}; expected a Cell or a mapping such as {{'reward': 1.0}}")
    for name in ("reward", "teleport_reward"):
        value = getattr(cell, name)
        if value is not None and not (isinstance(value, int | float) and math.isfinite(value)):
            raise MapError(f"legend[{glyph!r}]: {name} is {value!r}; expected a finite number")
    if cell.slip is not None and not (isinstance(cell.slip, int | float) and 0 <= cell.slip <= 1):
        raise MapError(f"legend[{glyph!r}]: slip is {cell.slip!r}; expected a probability from 0 to 1")
    if cell.teleport is not None and (cell.terminal or len(cell.teleport) != 2):
        raise MapError(
            f"legend[{glyph!r}]: teleport is {cell.teleport!r}; expected (row, column), and not on a terminal square"
        )
    return cell
