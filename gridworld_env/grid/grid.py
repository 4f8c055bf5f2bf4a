"""A map read once: which squares are states, and what each state is like.

A map is a list of strings of one length, a glyph a square. The states are the squares that are not
walls, numbered row by row from the upper left; walls have no number. What a glyph means is written in
a legend, from glyph to `Cell`.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gridworld_env.errors import MapError
from gridworld_env.grid.legend import Cell, mean_reward, read_legend
from gridworld_env.grid.reward_laws import Level, luck_levels


@dataclass(frozen=True, eq=False)
class Grid:
    """A map as arrays: H rows, W columns, S states.

    Attributes:
        rows: The H strings of W glyphs of which the map was made.
        kinds: The `Cell` of each glyph that the legend has.
        kind: (H, W) small unsigned integers, indices into `kinds`.
    """

    rows: tuple[str, ...]
    kinds: tuple[Cell, ...]
    kind: NDArray[np.unsignedinteger]
    picture: ClassVar[Callable[["Grid"], bytes | None]] = lambda grid: (
        None
    )  # a map knows no renderer: `rendering.display` sets it

    @property
    def height(self) -> int:
        """Number of rows H."""
        return self.kind.shape[0]

    @property
    def width(self) -> int:
        """Number of columns W."""
        return self.kind.shape[1]

    @cached_property
    def num_states(self) -> int:
        """Number of states S, the squares that are not walls."""
        return self.wall.size - int(np.count_nonzero(self.wall))

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
        cells = np.empty((self.num_states, 2), dtype=np.int32)
        cells[:, 0], cells[:, 1] = np.divmod(np.flatnonzero(~self.wall), self.width)
        return cells

    @cached_property
    def state_kind(self) -> NDArray[np.unsignedinteger]:
        """(S,) index of each state's kind in `kinds`."""
        return self.kind[~self.wall]

    @cached_property
    def terminal(self) -> NDArray[np.bool_]:
        """(S,) True where the episode ends."""
        return self.attribute("terminal", bool)

    @cached_property
    def start(self) -> NDArray[np.bool_]:
        """(S,) True where an episode can begin: marked squares or, without any, all that are not terminal."""
        marked = self.attribute("start", bool)
        return marked if marked.any() else ~self.terminal

    @cached_property
    def cell_reward(self) -> NDArray[np.float64]:
        """(S,) own reward of each square, as a mean if it is drawn; NaN for squares without a reward of their own."""
        return np.array([mean_reward(cell.reward) for cell in self.kinds], dtype=float)[self.state_kind]

    @cached_property
    def luck_levels(self) -> list[Level]:
        """(probability, luck in its middle) of each level of luck, for squares that draw their reward."""
        drawn = any(isinstance(r, tuple) for c in self.kinds for r in (c.reward, c.teleport_reward, c.bump_reward))
        return luck_levels([self.kinds[index] for index in np.unique(self.kind)] if drawn else [])

    @property
    def labels(self) -> dict[str, NDArray[np.bool_]]:
        """(S,) bool of the squares of each glyph; "goal" and "pit" end the episode with a reward above or below 0."""
        places = {int(index): int(np.argmax(self.kind == index)) for index in np.unique(self.state_kind)}
        glyphs = {self.rows[place // self.width][place % self.width]: index for index, place in places.items()}
        found = {glyph: self.state_kind == index for glyph, index in glyphs.items()}
        for name, sign in (("goal", 1.0), ("pit", -1.0)):
            found[name] = self.terminal & (sign * np.nan_to_num(self.cell_reward) > 0)
        return {name: mask for name, mask in found.items() if mask.any()}

    def attribute(self, name: str, dtype: type) -> NDArray[Any]:
        """(S,) a field of the `Cell` of each state; None becomes NaN."""
        return np.array([getattr(cell, name) for cell in self.kinds], dtype=dtype)[self.state_kind]

    def cell_to_state(self, cell: Sequence[int]) -> int:
        """The number of the state at (row, column); `MapError` outside the map and on walls."""
        try:
            row, column = (operator.index(part) for part in cell)
            if any(isinstance(part, bool) for part in cell):
                raise TypeError
        except (TypeError, ValueError):
            raise MapError(f"cell is {cell!r}; expected (row, column), two integers") from None
        if not (0 <= row < self.height and 0 <= column < self.width):
            raise MapError(
                f"cell (row {row}, column {column}) is outside the map of {self.height} rows and {self.width} columns; "
                f"rows and columns count from 0 at the upper left"
            )
        if self.wall[row, column]:
            raise MapError(f"cell (row {row}, column {column}) is a wall, and walls are not states")
        return int(self.state_of_cell[row, column])

    def checked_state(self, state: int, what: str = "state") -> int:
        """The state as an int; `MapError`, which calls it `what`, if it is not a state."""
        try:
            number = -1 if isinstance(state, bool) else operator.index(state)
        except TypeError:
            number = -1
        if not 0 <= number < self.num_states:
            raise MapError(f"{what} is {state!r}; expected a state from 0 to {self.num_states - 1}")
        return number

    def _repr_png_(self) -> bytes | None:
        """The map as a picture, in a notebook."""
        return type(self).picture(self)


def parse_grid(desc: Sequence[str], legend: Mapping[str, Any] | None = None) -> Grid:
    """Read a map.

    Args:
        desc: H strings of W glyphs; or an (H, W) array of glyphs, or of bool, True on walls.
        legend: Meaning of further glyphs, or new meaning of the five known ones: from a glyph to a `Cell` or to a
            mapping with the fields of a `Cell`, as JSON can hold.

    Returns:
        The `Grid`.

    Raises:
        MapError: The map is empty or ragged, a glyph is unknown, there is no square to start on, or a number in the
            legend is out of range; the message gives row and column.

    >>> parse_grid(["...+", ".#.-", "S..."]).num_states
    11
    """
    grid = parse_rows(desc, legend)
    if not grid.start.any():
        raise MapError(
            f"the map of {grid.height} rows and {grid.width} columns has no square to start on: "
            "every square is a wall or ends the episode. Add a '.' or an 'S'"
        )
    for glyph, cell in read_legend(legend).items():
        if cell.teleport is not None and glyph in (legend or {}):
            try:
                grid.cell_to_state(cell.teleport)
            except MapError as error:
                raise MapError(f"legend[{glyph!r}]: teleport leads nowhere: {error}") from None
    return grid


def parse_rows(desc: Sequence[str], legend: Mapping[str, Any] | None = None) -> Grid:
    """The same for some rows of a map, which need have no square to start on; teleports are not looked at."""
    rows = _checked_rows(desc)
    cells = read_legend(legend)
    codes = np.frombuffer("".join(rows).encode("utf-32-le"), dtype=np.uint32).reshape(len(rows), -1)
    unknown = len(cells)
    kind = np.full(codes.shape, unknown, dtype=np.min_scalar_type(unknown))
    for index, glyph in enumerate(cells):
        kind[codes == ord(glyph)] = index
    if (kind == unknown).any():
        row, column = np.argwhere(kind == unknown)[0]
        raise MapError(
            f"unknown glyph {rows[row][column]!r} at row {row}, column {column}; the legend has "
            f"{' '.join(cells)}. Say what it means: legend={{{rows[row][column]!r}: {{'reward': ...}}}}"
        )
    return Grid(rows, tuple(cells.values()), kind)


def _rows_of_array(squares: NDArray[Any]) -> list[str]:
    """The rows of an (H, W) array of glyphs, or of walls."""
    if squares.dtype == np.bool_:
        squares = np.where(squares, "#", ".")
    if squares.dtype.kind == "S":
        squares = squares.astype(str)
    if squares.dtype.kind != "U" or squares.dtype.itemsize != 4:
        raise MapError(
            f"the map is an array of {squares.dtype}; expected single glyphs ('U1' or 'S1'), or bool, True on walls"
        )
    if not squares.size:
        return []
    if (squares == "").any():
        row, column = np.argwhere(squares == "")[0]
        raise MapError(f"the map has no glyph at row {row}, column {column}; expected one in every square")
    return [str(row) for row in np.ascontiguousarray(squares).view(f"U{squares.shape[1]}").ravel()]


def _checked_rows(desc: Any) -> tuple[str, ...]:
    if isinstance(desc, str):
        desc = desc.strip("\n").split("\n")
    if isinstance(desc, np.ndarray) and desc.ndim == 2:
        desc = _rows_of_array(desc)
    if not isinstance(desc, Iterable):
        raise MapError(f"the map is {desc!r}; expected a list of strings such as ['...+', '.#.-', 'S...']")
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
