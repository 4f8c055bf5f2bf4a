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
    from planners.continuous.bounds import Bounds

LEVELS: Final = 4.0 ** np.arange(6, -1, -1)  # large falls come first: the sweeps are then fewer
CHUNK: Final = 8192  # cells that are followed at once: their arrays stay in the processor's cache


def chunks(numbers: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The numbers in parts."""
    for begin in range(0, len(numbers), CHUNK):
        yield numbers[begin : begin + CHUNK]


def image_bytes(cells: Cells, programs: int) -> float:
    """Bytes that `Notes` take of all the cells."""
    return float(programs) * cells.count * (2 * len(cells.shape) * _index_type(cells)().itemsize + 13)


def _index_type(cells: Cells) -> Any:
    return np.int16 if max(cells.shape) < 2**14 else np.int32


class Notes:
    """The images of some programs, for some cells; what was not noted of a program proves nothing.

    Attributes:
        bounds: What they are to improve.
    """

    def __init__(self, bounds: "Bounds", numbers: NDArray[np.int64], lengths: list[int], discount: float) -> None:
        from planners.kernels.cells import Images

        self.bounds, cells, sign = bounds, bounds.cells, bounds.sign
        shape = (len(lengths), len(cells.shape), len(numbers))
        flat = (shape[0], shape[2])
        first, last = np.zeros((2, *shape), dtype=_index_type(cells))
        gain, ended = np.full((2, *flat), sign * np.inf, dtype=np.float32)
        ended *= -1.0
        scale = np.array([discount**k for k in lengths])
        beyond = float(cells.system.beyond[0 if sign < 0 else 1])
        self.images: Images = Images(numbers, first, last, np.zeros(flat, dtype=bool), gain, ended, scale, beyond)
        self.shaped = np.full(flat if bounds.potential is not None else (0, 0), sign * np.inf, dtype=np.float32)

    def walk(self, part: NDArray[np.int64], discount: float) -> Walk:
        """A walk from the cells at some places of `numbers`."""
        bounds = self.bounds
        return Walk.of(
            bounds.cells, bounds.cells.boxes(self.images.numbers[part]), discount, bounds.sign, bounds.potential
        )

    def take(self, program: int, part: NDArray[np.int64], walk: Walk) -> None:
        """Note where the cells at some places of `numbers` are under a program."""
        from planners.kernels.cells import note

        low, high = np.stack([x.low for x in walk.box]), np.stack([x.high for x in walk.box])
        first, last = np.empty((2, *low.shape), dtype=self.images.first.dtype)
        leaves = np.empty(len(part), dtype=bool)
        note(self.bounds.cells.grid, low, high, first, last, leaves)
        first[:, walk.over] = np.iinfo(first.dtype).max
        images, sign = self.images, self.bounds.sign
        images.first[program][:, part], images.last[program][:, part] = first, last
        images.leaves[program, part] = leaves & ~walk.over
        images.gain[program, part] = _outward(walk.gain, sign)
        images.ended[program, part] = _outward(walk.ended, sign)
        if walk.shaped is not None:
            self.shaped[program, part] = np.where(leaves, sign * np.inf, _outward(walk.shaped_total(), sign))

    def settle(self, enough: float, tell: Callable[[], object] = lambda: None) -> None:
        """Sweep over the bounds, in two orders in turn, until none changes by more than `enough`."""
        chosen, order = np.zeros((2, len(self.images.numbers)), dtype=np.int64), 1
        for level in enough * LEVELS if self.bounds.sign > 0 else [enough]:
            change = last = np.inf
            while change > level or last > level:
                order, last = -order, change
                change = self._sweep(chosen, level, order)
                tell()

    def _sweep(self, chosen: NDArray[np.int64], enough: float, order: int) -> float:
        from planners.kernels.cells import sweep
        from planners.kernels.potential import sweep_both

        bounds, images = self.bounds, self.images
        grid, given = bounds.cells.grid, (bounds.sign, enough, order)
        if bounds.potential is None:
            return sweep(grid, bounds.values, images, chosen[0], *given)
        both = bounds.values, bounds.excess, bounds.near, bounds.far
        return sweep_both(grid, *both, images, self.shaped, chosen, *given)


def _outward(x: NDArray[np.float64], sign: float) -> NDArray[np.float32]:
    """In single precision, rounded up, or down where the sign is negative."""
    near = x.astype(np.float32)
    return np.where(sign * near < sign * x, np.nextafter(near, np.float32(sign * np.inf)), near)
