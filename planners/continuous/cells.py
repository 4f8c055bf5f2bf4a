"""Cells: a grid of boxes over the states, and bounds of V in each of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import MOST, shown
from planners.continuous.interval import Interval, above, below
from planners.continuous.system import State, System, check_system
from planners.errors import InvalidOptionError

if TYPE_CHECKING:
    from planners.kernels.cells import Grid


@dataclass(frozen=True)
class Cells:
    """The cells of a system.

    Attributes:
        system: Whose states they hold.
        shape: (n,) how many along each axis.
    """

    system: System
    shape: tuple[int, ...]

    @classmethod
    def checked(cls, system: System, cells: Any) -> "Cells":
        """The cells, or `InvalidOptionError` where `cells` is not a whole number for each axis."""
        check_system(system)
        listed = isinstance(cells, Sequence | np.ndarray) and getattr(cells, "ndim", 1)
        given = tuple(cells) if listed else (cells,) * system.dimension
        fine = all(
            isinstance(count, int | np.integer) and not isinstance(count, bool) and 1 <= count <= MOST
            for count in given
        )
        if not fine or len(given) != system.dimension:
            raise InvalidOptionError(
                f"cells is {shown(cells)}; expected {system.dimension} whole numbers, how many cells along "
                f"{' and '.join(system.axes)}"
            )
        return cls(system, tuple(map(int, given)))

    @property
    def count(self) -> int:
        """How many cells there are."""
        return math.prod(self.shape)

    @cached_property
    def side(self) -> NDArray[np.float64]:
        """(n,) the sides of a cell."""
        return (np.array(self.system.high) - self.system.low) / self.shape

    @cached_property
    def grid(self) -> "Grid":
        """The same as the kernels take it."""
        from planners.kernels.cells import Grid

        origin = np.array(self.system.low, dtype=np.float64)
        return Grid(np.array(self.shape), origin, 1.0 / self.side, np.array(self.system.wraps))

    def boxes(self, numbers: NDArray[np.int64]) -> State:
        """The boxes of some cells, borders included."""
        places = np.unravel_index(numbers, self.shape)
        low = [at * side + start for at, side, start in zip(places, self.side, self.system.low, strict=True)]
        high = [(at + 1) * side + start for at, side, start in zip(places, self.side, self.system.low, strict=True)]
        slack = [1e-12 * side for side in self.side]
        return tuple(Interval(below(a - s), above(b + s)) for a, b, s in zip(low, high, slack, strict=True))

    def number(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """(N,) the cell of each of (n, N) points; the nearest one, of points outside."""
        return number_of(points, self.system, self.shape)

    def least(self, values: NDArray[np.float64], box: State, beyond: float) -> NDArray[np.float64]:
        """(N,) the least value over the cells that each box touches, and `beyond` where it leaves the bounds."""
        return self._most(values, box, beyond, -1.0)

    def largest(self, values: NDArray[np.float64], box: State, beyond: float) -> NDArray[np.float64]:
        """(N,) the largest one."""
        return self._most(values, box, beyond, 1.0)

    def _most(self, values: NDArray[np.float64], box: State, beyond: float, sign: float) -> NDArray[np.float64]:
        from planners.kernels.cells import largest_over

        low, high = np.stack([x.low for x in box]), np.stack([x.high for x in box])
        found = np.empty(low.shape[1])
        largest_over(self.grid, values, low, high, beyond, sign, found)
        return found


def number_of(points: NDArray[np.float64], system: System, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """(N,) the cell of each of (n, N) points."""
    places = []
    for x, low, high, count, wraps in zip(points, system.low, system.high, shape, system.wraps, strict=True):
        place = np.floor((x - low) * (count / (high - low))).astype(np.int64)
        places.append(place % count if wraps else np.clip(place, 0, count - 1))
    return np.asarray(np.ravel_multi_index(places, shape))
