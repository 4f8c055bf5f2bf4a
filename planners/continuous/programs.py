"""Where short programs of actions lead from every cell, noted once, and the sweeps over what was noted.

A program is the actions of a few steps. What may come after it is known from the values of the cells that its image
touches: the least of them for what an agent can be sure of, the largest for what is possible at most. Then

V(cell) = max over programs of: rewards on the way + discount^k * least (largest) V over the cells of the image

is the value of a game against the grid, in which each program starts from a whole cell again.

Source: Mazo and Tabuada (2010), "Symbolic approximate time-optimal control"; Janssens and others (2025) for programs of
several lengths.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.continuous.cells import Cells
from planners.continuous.walks import Walk

if TYPE_CHECKING:
    pass

CHUNK: Final = 8192  # cells that are followed at once: their arrays stay in the processor's cache


def chunks(numbers: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The numbers in parts."""
    for begin in range(0, len(numbers), CHUNK):
        yield numbers[begin : begin + CHUNK]


def image_bytes(cells: Cells, programs: int) -> float:
    """Bytes that `Notes` take."""
    return float(programs) * cells.count * (2 * len(cells.shape) * _index_type(cells)().itemsize + 9)


def _index_type(cells: Cells) -> Any:
    return np.int16 if max(cells.shape) < 2**14 else np.int32


class Notes:
    """The images of some programs, for every cell; what was not noted of a program proves nothing.

    Attributes:
        sign: -1 for what is certain, 1 for what is possible; the direction of all rounding.
    """

    def __init__(self, cells: Cells, lengths: list[int], discount: float, sign: float) -> None:
        from planners.kernels.cells import Images

        self.cells, self.sign = cells, sign
        shape = (len(lengths), len(cells.shape), cells.count)
        flat = (shape[0], shape[2])
        first, last = np.zeros((2, *shape), dtype=_index_type(cells))
        gain, ended = np.full((2, *flat), sign * np.inf, dtype=np.float32)
        ended *= -1.0
        scale = np.array([discount**k for k in lengths])
        beyond = cells.system.beyond[0 if sign < 0 else 1]
        self.images: Images = Images(first, last, np.zeros(flat, dtype=bool), gain, ended, scale, float(beyond))

    def take(self, program: int, part: NDArray[np.int64], walk: Walk) -> None:
        """Note where a part of the cells are under a program."""
        from planners.kernels.cells import note

        low, high = np.stack([x.low for x in walk.box]), np.stack([x.high for x in walk.box])
        first, last = np.empty((2, *low.shape), dtype=self.images.first.dtype)
        leaves = np.empty(len(part), dtype=bool)
        note(self.cells.grid, low, high, first, last, leaves)
        first[:, walk.over] = np.iinfo(first.dtype).max
        images = self.images
        images.first[program][:, part], images.last[program][:, part] = first, last
        images.leaves[program, part] = leaves & ~walk.over
        images.gain[program, part] = _outward(walk.gain, self.sign)
        images.ended[program, part] = _outward(walk.ended, self.sign)

    def settle(self, values: NDArray[np.float64], enough: float, tell: Callable[[], object] = lambda: None) -> None:
        """Sweep over `values` in place, in two orders in turn, until no value changes by more than `enough`."""
        from planners.kernels.cells import sweep

        order = 1
        while True:
            change = sweep(self.cells.grid, values, self.images, self.sign, order)
            change = max(change, sweep(self.cells.grid, values, self.images, self.sign, -order))
            tell()
            if not change > enough:
                return


def _outward(x: NDArray[np.float64], sign: float) -> NDArray[np.float32]:
    """In single precision, rounded up, or down where the sign is negative."""
    near = x.astype(np.float32)
    return np.where(sign * near < sign * x, np.nextafter(near, np.float32(sign * np.inf)), near)
