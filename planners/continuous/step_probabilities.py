"""Where a noisy move leads from a cell: bounds of probabilities that hold from every point of it.

Along one axis, a move from p by d with noise of distribution function F arrives at or beyond a border b with the
probability 1 - F(b - p - d), which grows with p: its extremes over a cell are at the cell's ends. So each probability
of a cell, a difference of two such, has its extremes at the ends too, or where p + d is its middle.

SciPy's normal distribution function is within 1e-14 of the exact one (tested against mpmath), and what float64 rounds
of a position is less than 1e-13; both are added.
"""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from planners.continuous.cells import Cells
from planners.continuous.interval import ends
from planners.continuous.systems.point_robot import PointRobot
from planners.errors import InvalidOptionError

if TYPE_CHECKING:
    from planners.kernels.expectations import Moves, Walls

WIDTH: Final = 5.0  # standard deviations that are looked at; what is beyond counts as the worst
ERROR: Final = 2e-13  # of the distribution function; see above


def beyond(distance: Any, kind: str, size: float) -> Any:
    """The probability that noise is at least `distance`."""
    return ndtr(-distance / size) if kind == "gaussian" else np.clip(0.5 - 0.5 * distance / size, 0.0, 1.0)


def reaching(borders: NDArray[np.float64], low: float, high: float, kind: str, size: float) -> NDArray[np.float64]:
    """(2, K) least and largest probability of arriving at or beyond each border, from a middle between two numbers."""
    error = ERROR * (1.0 + 1.0 / size)
    least = np.clip(beyond(borders - low, kind, size) - error, 0.0, 1.0)
    return np.stack([least, np.clip(beyond(borders - high, kind, size) + error, 0.0, 1.0)])


def moves_of(robot: PointRobot, cells: Cells, actions: list[Any]) -> "Moves":
    """Where moves lead; an action may be an `Interval` of angles, and then each of them is possible."""
    from planners.kernels.expectations import Moves

    assert robot.noise is not None
    found = [_along(robot, cells, action, axis) for action in actions for axis in (0, 1)]
    most = max(part[1].shape[1] for part in found)
    bounds = np.zeros((2, len(actions), 2, most))
    first, count = np.empty((2, len(actions), 2), dtype=np.int64)
    for n, (begin, part) in enumerate(found):
        a, axis = divmod(n, 2)
        first[a, axis], count[a, axis] = begin, part.shape[1] - 1
        bounds[:, a, axis, : part.shape[1]] = part
    return Moves(first, count, bounds[1], bounds[0])


def _along(robot: PointRobot, cells: Cells, action: Any, axis: int) -> tuple[int, NDArray[np.float64]]:
    """The first cell that is looked at along an axis, and bounds for the borders from there on."""
    assert robot.noise is not None
    side, kind, size = float(cells.side[axis]), robot.noise.kind, robot.noise.sizes[axis]
    low, high = map(float, ends(robot.displacement(action)[axis]))
    reach = size * (WIDTH if kind == "gaussian" else 1.0)
    begin, end = (int(np.floor(x / side)) for x in (low - reach - 1e-9, side + high + reach + 1e-9))
    borders = np.arange(begin, end + 2).astype(np.float64) * side
    return begin, reaching(borders, low, side + high, kind, size)


def blocked_cells(robot: PointRobot, cells: Cells) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(W, H) cells that hold a place where the disc would be in a wall, and those that hold no other place.

    Raises:
        InvalidOptionError: The cells do not divide the squares.
    """
    squares = robot.squares.shape
    if any(count % n for count, n in zip(cells.shape, squares, strict=True)):
        raise InvalidOptionError(
            f"cells is {cells.shape}; expected multiples of the map's {squares[0]} columns and {squares[1]} rows, such "
            f"as {(4 * squares[0], 4 * squares[1])}: no cell may be in two squares"
        )
    walls = on_cells(robot.squares.walls, cells)
    near = [robot.radius * count / n for count, n in zip(cells.shape, squares, strict=True)]
    partly, wholly = (
        largest_around(walls, [2 * reach + 1 for reach in reaches], beyond=1)
        for reaches in ([int(np.ceil(x - 1e-9)) for x in near], [int(np.floor(x + 1e-9)) for x in near])
    )
    return partly, wholly


def largest_around(numbers: NDArray[Any], window: Any, beyond: int = 0) -> NDArray[Any]:
    """The largest number in a window (an odd number of cells along each axis) around each cell; `beyond` the edges."""
    from scipy.ndimage import maximum_filter  # takes as long to import as all the rest

    return maximum_filter(numbers, tuple(window), mode="constant", cval=beyond)


def on_cells(numbers: NDArray[Any], cells: Cells) -> NDArray[Any]:
    """An array of the squares of a map, on the cells."""
    for axis, count in enumerate(cells.shape):
        numbers = np.repeat(numbers, count // numbers.shape[axis], axis=axis)
    return numbers


def walls_of(partly: NDArray[np.bool_], wholly: NDArray[np.bool_], moves: "Moves") -> "Walls":
    """What moves must not pass, for the kernel."""
    from planners.kernels.expectations import Walls

    low = np.minimum(moves.first.min(axis=0), 0)
    high = np.maximum((moves.first + moves.number).max(axis=0) - 1, 0)
    reach = np.maximum(-low, high)
    passed = largest_around(partly, 2 * reach + 1, beyond=1)
    return Walls(_sums(partly), _sums(wholly), ~passed)


def _sums(there: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.pad(there.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
