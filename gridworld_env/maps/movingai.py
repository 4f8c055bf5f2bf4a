"""Maps and scenarios of the MovingAI benchmark set, the usual test of path finders.

A `.map` file has four lines of header (`type octile`, `height H`, `width W`, `map`) and then H rows of W
glyphs; a `.scen` file has ways whose shortest lengths are published. With `moves="octile"` and a reward of
minus the length of each move, V*(start) at discount 1 is minus that length.

Source: Sturtevant (2012), "Benchmarks for Grid-Based Pathfinding"; movingai.com/benchmarks/formats.html.
"""

import math
import operator
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from gridworld_env.errors import MapError
from gridworld_env.grid.actions import Moves

MOST_DIGITS: Final = 9  # of a height or a width
MOST_SQUARES: Final = 100_000_000  # that a map is scaled to
FREE: Final = ".GS"
BLOCKED: Final = "@OTW"  # out of bounds, trees, and water, which is left by water only


class Scenario(NamedTuple):
    """A scenario: one line of a `.scen` file. Places are (row, column).

    Attributes:
        bucket: Number that scenarios of similar length share.
        map: Name of the map as written in the file.
        start: Where the path begins.
        goal: Where the path ends.
        length: Published length of a shortest path, in squares; diagonals are sqrt 2 long.
        size: (rows, columns) of the map for which the places are meant.
    """

    bucket: int
    map: str
    start: tuple[int, int]
    goal: tuple[int, int]
    length: float
    size: tuple[int, int]


def load_movingai(
    path: str | PathLike[str],
    start: Sequence[int] | None = None,
    goal: Sequence[int] | Sequence[Sequence[int]] | None = None,
    moves: Moves = "octile",
    size: tuple[int, int] | None = None,
) -> dict[str, Any]:
    r"""Read a `.map` file as keyword arguments for `gym.make("GridWorld-v0", **arguments)`.

    `.`, `G` and swamp are free; trees, water and what is out of bounds are walls. Each move pays minus its length, and
    the episode ends at the goal. Paths on large maps can be longer than the 1000 steps after which `GridWorld-v0`
    truncates an episode: `gym.make(..., max_episode_steps=-1)`.

    Args:
        path: The file.
        start: (row, column) where episodes begin; None: any free square.
        goal: (row, column) where episodes end, or several of these; None: nowhere.
        moves: "octile" (what the published lengths are for), "king" or "cardinal".
        size: (rows, columns) to which the map is scaled, as in a scenario; None: the map is not scaled.

    Raises:
        MapError: The file is not such a map, or a place is outside it or on a wall; the message has line and column.
        OSError: The file cannot be read.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "tiny.map")
    ...     _ = file.write_text("type octile\nheight 2\nwidth 3\nmap\n..@\n.T.\n")
    ...     load_movingai(file, start=(0, 0), goal=(1, 2))["desc"]
    ('S.#', '.#*')
    """
    rows = _read_rows(Path(path))
    squares = np.array([row.encode("ascii") for row in rows]).view("S1").reshape(len(rows), -1).copy()
    if size is not None and size != squares.shape:
        squares = _scaled(squares, size)
    if goal is not None:
        several = isinstance(goal, Sequence | np.ndarray) and len(goal) > 0 and np.ndim(goal[0]) == 1
        for place in goal if several else [goal]:
            squares[_free_place(place, "goal", squares, path)] = b"*"
    if start is not None:
        begin = _free_place(start, "start", squares, path)
        if squares[begin] == b"*":
            raise MapError(f"start and goal of {Path(path).name} are both (row, column) {begin}; expected two places")
        squares[begin] = b"S"
    return {
        "desc": tuple(row.tobytes().decode("ascii") for row in squares),
        "legend": {"*": {"terminal": True}},
        "moves": moves,
        "step_reward": -1.0,
    }


def _scaled(squares: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The map in another size: each square is the one at its place in the old map, as HOG, the benchmark's code, does.

    Source: Sturtevant's HOG2, `Map::Scale`.
    """
    height, width = size
    if not (height >= 1 and width >= 1 and height * width <= MOST_SQUARES):
        raise MapError(f"the map is to be scaled to (rows, columns) {size}; expected 1 to {MOST_SQUARES:,} squares")
    rows, columns = (np.arange(new) * old // new for new, old in zip(size, squares.shape, strict=True))
    return squares[np.ix_(rows, columns)]


def read_scenarios(path: str | PathLike[str]) -> list[Scenario]:
    """Read the scenarios of a `.scen` file.

    Raises:
        MapError: A line is not a scenario; the message has its number and what was expected.
        OSError: The file cannot be read.
    """
    name, lines = Path(path).name, _lines(Path(path))
    if not lines or not lines[0].lower().startswith("version"):
        raise MapError(f"{name} line 1: {lines[0][:60] if lines else ''!r}; expected 'version 1'")
    return [_scenario(name, number, line) for number, line in enumerate(lines[1:], start=2) if line.strip()]


def _scenario(name: str, number: int, line: str) -> Scenario:
    fields = line.split("\t") if "\t" in line else line.split()
    try:
        bucket, place, width, height, *numbers = fields
        start_column, start_row, goal_column, goal_row = map(int, numbers[:4])
        (length,) = map(float, numbers[4:])
        if not 0 <= length < math.inf:
            raise ValueError("a length is a number of at least 0")
        start, goal = (start_row, start_column), (goal_row, goal_column)
        return Scenario(int(bucket), place, start, goal, length, (int(height), int(width)))
    except ValueError:
        raise MapError(
            f"{name} line {number}: {line[:120]!r}; expected bucket, map, width, height, start x, start y, goal x, "
            "goal y and length, with tabs between them"
        ) from None


def _read_rows(path: Path) -> list[str]:
    """The H rows of a `.map` file, `.` free and `#` blocked."""
    lines = _lines(path)
    number, height, width = read_header(path.name, lines)
    rows = lines[number : number + height]
    if len(rows) < height:
        raise MapError(f"{path.name}: the header says height {height}, and there are {len(rows)} rows")
    return [read_row(path.name, number + 1 + index, row, width) for index, row in enumerate(rows)]


def read_header(name: str, lines: Sequence[str]) -> tuple[int, int, int]:
    """Number of lines of the header of a `.map` file, height and width."""
    header: dict[str, int] = {}
    for number, line in enumerate(lines[:8], start=1):
        words = line.split()
        if words == ["map"]:
            break
        if len(words) == 2 and words[0] in ("height", "width") and _is_size(words[1]) and words[0] not in header:
            header[words[0]] = int(words[1])
        elif not words or words[0] != "type":
            raise MapError(
                f"{name} line {number}: {line[:60]!r}; expected 'type octile', 'height H', 'width W', 'map', each once"
            )
    else:
        raise MapError(f"{name}: no line 'map' after the header; is it a MovingAI map?")
    if header.keys() != {"height", "width"}:
        raise MapError(f"{name}: the header has {sorted(header) or 'no sizes'}; expected height and width")
    if not all(header.values()):
        raise MapError(f"{name}: the header says {header}; expected a map of at least one square")
    return number, header["height"], header["width"]


def _is_size(word: str) -> bool:
    """Whether a word is a number that a map can have of rows or columns."""
    return word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS


_MEANING: Final = str.maketrans(dict.fromkeys(FREE, ".") | dict.fromkeys(BLOCKED, "#"))


def read_row(name: str, number: int, row: str, width: int) -> str:
    """A row of a `.map` file, `.` free and `#` blocked."""
    if len(row) != width:
        raise MapError(f"{name} line {number}: {len(row)} squares; the header says width {width}")
    wrong = next((column for column, glyph in enumerate(row) if glyph not in FREE + BLOCKED), None)
    if wrong is not None:
        raise MapError(
            f"{name} line {number}, column {wrong}: unknown glyph {row[wrong]!r}; the free ones are "
            f"{' '.join(FREE)}, the blocked ones {' '.join(BLOCKED)}"
        )
    return row.translate(_MEANING)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except UnicodeDecodeError as error:
        raise MapError(f"{path.name}: byte {error.start} is not ASCII; is it a MovingAI file?") from None


def _free_place(place: Any, what: str, squares: np.ndarray, path: str | PathLike[str]) -> tuple[int, int]:
    height, width = squares.shape
    try:
        row, column = (operator.index(part) for part in place)
    except (TypeError, ValueError):
        raise MapError(f"{what} is {place!r}; expected (row, column), two integers") from None
    if not (0 <= row < height and 0 <= column < width):
        raise MapError(f"{what} (row {row}, column {column}) is outside {Path(path).name}, {height} x {width} squares")
    if squares[row, column] == b"#":
        raise MapError(f"{what} (row {row}, column {column}) is blocked in {Path(path).name}; expected a free square")
    return row, column
