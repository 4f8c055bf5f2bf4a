"""A map file read in slices: a process that solves some rows of a map reads those rows, and one more on each side.

A state's number is the number of free squares before it, which the processes count together. Text maps and
MovingAI's are read so: in them no square does anything to a square further away than the next row.
"""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.rules_to_tables import Rules, make_tables, shares_of
from gridworld_env.errors import MapError
from gridworld_env.grid.grid import Grid, parse_rows
from gridworld_env.grid.legend import DEFAULT_LEGEND
from gridworld_env.maps.files import IMAGES, RULES, find_scenario
from gridworld_env.maps.movingai import read_header, read_row
from gridworld_env.maps.options import OPTIONS, given_rules, map_arguments, options_of_files
from planners.distributed.processes import Processes
from planners.distributed.sources import ModelSource, Source, dealt, evenly, in_turn
from planners.models.moves import at_levels
from planners.models.slices import MoveTables

HEADER_BYTES: Final = 4096
WHOLE: Final = IMAGES | {".json", ".scen"}


def open_map(name: str, **options: Any) -> Source:
    r"""Open a map for `planners.distributed.solve_in_parts`, by name or from a file.

    Args:
        name: Name of a map, or a file: text and MovingAI's `.map` are read in slices, other files whole.
        **options: Options of the command `gridworld plan`: `slip=0.2`, `goal=(3, 4)`, `moves="octile"`.

    Raises:
        MapError: It is not a map, or it does not take an option.

    >>> from tempfile import TemporaryDirectory
    >>> from planners.distributed import solve_in_parts
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "tiny.txt")
    ...     _ = file.write_text("..+\n")
    ...     solve_in_parts(open_map(str(file)), discount=0.5).values.round(3)
    array([0.46, 1.  , 0.  ])
    """
    wrong = next((option for option in options if option not in OPTIONS), None)
    if wrong is not None:
        raise MapError(f"a map has no option {wrong!r}; those of the command gridworld plan are {', '.join(OPTIONS)}")
    if Path(name).is_file() and Path(name).suffix.lower() not in WHOLE:
        return MapSlices(name, rules=given_rules(options), **options_of_files(options))
    import gymnasium as gym

    return ModelSource(gym.make("GridWorld-v0", **map_arguments(name, options)))


class MapSlices(Source):
    """A text map or a MovingAI map, read in slices of rows.

    Attributes:
        height: Rows H.
        width: Columns W.
        rules: The rules of the map, those given included.
    """

    def __init__(
        self,
        path: str,
        *,
        rules: dict[str, Any] | None = None,
        start: tuple[int, int] | None = None,
        goal: tuple[int, int] | None = None,
        scenario: int | None = None,
        walls_below: int | None = None,
    ) -> None:
        """Read the header and the positions of the rows."""
        self.path: Path = Path(path)
        self.movingai: bool = self.path.suffix.lower() == ".map"
        self._lay_out()
        if walls_below is not None or (not self.movingai and (start or goal or scenario is not None)):
            raise MapError(f"{self.path.name}: start, goal and scenario are for MovingAI maps, walls_below for images")
        if self.movingai and scenario is not None:
            chosen = find_scenario(self.path, scenario)[1]
            if chosen.size != (self.height, self.width):
                raise MapError(
                    f"{self.path.name}: scenario {scenario} is for (rows, columns) {chosen.size}, and a map "
                    f"that is read in slices is not scaled; this one has {(self.height, self.width)}"
                )
            start, goal = None if chosen.start == chosen.goal else chosen.start, chosen.goal
        if self.movingai and goal is None:
            raise MapError(f"{self.path.name}: a MovingAI map marks no goal; expected goal=ROW,COLUMN or scenario=N")
        self.marks: list[tuple[tuple[int, int], bytes]] = [
            (place, glyph) for place, glyph in ((start, b"S"), (goal, b"*")) if place is not None
        ]
        for (row, column), _ in self.marks:
            if not (0 <= row < self.height and 0 <= column < self.width):
                raise MapError(f"(row {row}, column {column}) is outside {path}, {self.height} x {self.width} squares")
        own: dict[str, Any] = {"moves": "octile", "step_reward": -1.0} if self.movingai else {}
        named = {name: value for name, value in (rules or {}).items() if name in RULES}
        self.rules: Rules = Rules(**{**own, **named})
        self.num_actions: int = len(self.rules.action_moves)

    @cached_property
    def _legend(self) -> dict[str, Any]:
        return {"*": {"terminal": True}} if self.movingai else {}

    def identity(self) -> str:
        """Its size, the SHA-256 of the file, the squares that were named and the rules."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{self.height} x {self.width} squares, SHA-256 {digest}, {self.marks}, {self.rules}"

    def _lay_out(self) -> None:
        """Find where the first row begins, how long rows are and how many there are."""
        with self.path.open("rb") as file:
            head = file.read(HEADER_BYTES)
            size = file.seek(0, 2)
            file.seek(max(size - HEADER_BYTES, 0))
            tail = file.read()
        begin = 3 if head.startswith(b"\xef\xbb\xbf") else 0
        if self.movingai:
            lines = head.splitlines(keepends=True)
            self._header, self.height, self.width = read_header(
                self.path.name, [line.decode("ascii", "replace").rstrip("\r\n") for line in lines]
            )
            begin = len(b"".join(lines[: self._header]))
            newline = 2 if head[begin - 2 : begin] == b"\r\n" else 1
            rows_end = size
        else:
            while head[begin : begin + 1] in (b"\n", b"\r"):
                begin += 1
            self._header = head[:begin].count(b"\n")
            end = self._end_of_line(begin)
            with self.path.open("rb") as file:
                file.seek(end)
                newline = 2 if file.read(2) == b"\r\n" else 1
            self.width: int = end - begin
            rows_end = size - (len(tail) - len(tail.rstrip(b"\r\n"))) + newline
            self.height: int = -(-(rows_end - begin) // max(self.width + newline, 1))
        self._begin, self._stride, self._newline = begin, self.width + newline, newline
        if not self.width or self.height * self._stride > rows_end - begin + newline:
            self._refuse_ragged()

    def _end_of_line(self, begin: int) -> int:
        with self.path.open("rb") as file:
            file.seek(begin)
            return begin + len(file.readline().rstrip(b"\r\n"))

    def _refuse_ragged(self) -> None:
        """Raise, with the first row that is not as wide as the others."""
        with self.path.open("rb") as file:
            file.seek(self._begin)
            for row in range(self.height):
                found = len(file.readline().rstrip(b"\r\n"))
                if found != self.width or not found:
                    raise MapError(
                        f"{self.path.name} line {self._header + row + 1}: {found} squares; expected {self.width or 1}, "
                        f"as in the first of {self.height} rows"
                    )
        raise MapError(f"{self.path.name}: expected {self.height} rows of {self.width} squares and an end of line")

    def squares(self, first: int, last: int) -> NDArray[np.bytes_]:
        """(last - first, W) glyphs of some rows, in the glyphs of text maps."""
        with self.path.open("rb") as file:
            file.seek(self._begin + first * self._stride)
            content = file.read((last - first) * self._stride)
        whole = np.frombuffer(content.ljust((last - first) * self._stride, b"\n"), dtype="S1")
        rows = whole.reshape(last - first, self._stride)
        if not (
            np.isin(rows[:, -1], (b"\n", b"\r")).all() and not np.isin(rows[:, : self.width], (b"\n", b"\r")).any()
        ):
            self._refuse_ragged()
        squares = rows[:, : self.width].copy()
        if self.movingai:
            for index, row in enumerate(squares):
                text = row.tobytes().decode("ascii", "replace")
                plain = read_row(self.path.name, self._header + first + index + 1, text, self.width)
                squares[index] = np.frombuffer(plain.encode("ascii"), dtype="S1")
        for (row, column), glyph in self.marks:
            if first <= row < last:
                if squares[row - first, column] == b"#":
                    raise MapError(
                        f"(row {row}, column {column}) is blocked in {self.path.name}; expected a free square"
                    )
                squares[row - first, column] = glyph
        return squares

    def _grid(self, first: int, last: int) -> Grid:
        squares = self.squares(first, last)
        known = {glyph.encode() for glyph in (*DEFAULT_LEGEND, *self._legend)}
        unknown = np.argwhere(~np.isin(squares, list(known)))
        if len(unknown):
            row, column = (int(i) for i in unknown[0])
            glyph = squares[row, column].decode("ascii", "replace")
            raise MapError(
                f"{self.path.name} line {self._header + first + row + 1}: unknown glyph {glyph!r} in "
                f"column {column}; expected # wall, . free, S start, + or - terminal"
            )
        return parse_rows(cast(Any, squares), self._legend)

    def cut(self, parts: int, processes: Processes) -> NDArray[np.int64]:
        """Parts of the same number of rows; each process counts the states of its own."""
        self._rows = evenly(self.height, parts)
        mine = dealt(len(self._rows) - 1, processes.size, processes.rank)
        counted = processes.together(
            lambda: [int((self.squares(*self._span(part)) != b"#").sum()) for part in mine], "counting its squares"
        )
        counts = in_turn(processes.gather(counted))
        self._borders = np.concatenate(([0], np.cumsum(counts, dtype=np.int64))).astype(np.int64)
        if not self._borders[-1]:
            raise MapError(f"{self.path.name}: every square is a wall; expected at least one that is not")
        return self._borders

    def _span(self, part: int) -> tuple[int, int]:
        return int(self._rows[part]), int(self._rows[part + 1])

    def tables(self, part: int) -> MoveTables:
        """The moves of the part's rows; the rows beside them are read for where these moves lead."""
        first, last = self._span(part)
        above = max(first - 1, 0)
        grid = self._grid(above, min(last + 1, self.height))
        successor, outcome, rewards, ends, mixture, kind = make_tables(grid, self.rules)
        before = int(np.count_nonzero(~grid.wall[: first - above]))
        own = slice(before, before + int(self._borders[part + 1] - self._borders[part]))
        return MoveTables(
            successor=successor[own].astype(np.int64) + (self._borders[part] - before),
            outcome=outcome[own],
            outcome_reward=rewards,
            outcome_ends=ends,
            mixture=at_levels(mixture, shares_of(grid)),
            kind=None if kind is None else kind[own],
        )

    def bytes_a_state(self) -> float:
        """Five for each move: where it leads, and with what outcome."""
        return 5.0 * len(self.rules.all_moves) + 1.0
