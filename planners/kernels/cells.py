"""Compiled questions to a grid of cells: the least and the largest value over the cells that a box touches.

A grid has n axes; `shape` (n,) cells along each, which begin at `origin` and are 1 / `scale` wide; `wraps` says which
axes are circles. Cells are numbered as NumPy's C order. A border belongs to the cells on both of its sides.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.compiling import compiled

SLACK: Final = 1e-9  # of a cell: more than rounding moves a border


class Grid(NamedTuple):
    """Where the cells are; see above."""

    shape: NDArray[np.int64]
    origin: NDArray[np.float64]
    scale: NDArray[np.float64]
    wraps: NDArray[np.bool_]


@compiled
def touched(grid, low, high, n, first, last):
    """Fill `first` and `last` (n,) with the cells along each axis that box `n` touches; whether it leaves the grid."""
    leaves = False
    for axis in range(len(grid.shape)):
        count = grid.shape[axis]
        one = np.floor((low[axis, n] - grid.origin[axis]) * grid.scale[axis] - SLACK)
        two = np.floor((high[axis, n] - grid.origin[axis]) * grid.scale[axis] + SLACK)
        if not (one <= two):  # NaN: anywhere
            one, two, leaves = 0.0, count - 1.0, True
        if grid.wraps[axis]:
            if two - one >= count:
                one, two = 0.0, count - 1.0
            turn = np.floor(one / count) * count
            one, two = one - turn, two - turn
        else:
            # A box on the outer border touches the cell beyond it only by the slack.
            inside = (low[axis, n] - grid.origin[axis]) * grid.scale[axis] >= -SLACK
            inside &= (high[axis, n] - grid.origin[axis]) * grid.scale[axis] <= count + SLACK
            leaves |= not inside
            one, two = min(max(one, 0.0), count - 1.0), min(max(two, 0.0), count - 1.0)
        first[axis], last[axis] = int(one), int(two)
    return leaves


@compiled
def largest_over(grid, values, low, high, beyond, sign, found):
    """Fill `found` (N,) with the largest of sign * values over the cells that each box touches, (n, N) corners.

    `beyond` counts where a box leaves the grid. The answer is multiplied by `sign` again.
    """
    axes = len(grid.shape)
    first, last, at = np.empty(axes, np.int64), np.empty(axes, np.int64), np.empty(axes, np.int64)
    for n in range(len(found)):
        leaves = touched(grid, low, high, n, first, last)
        best = sign * beyond if leaves else -np.inf
        at[:] = first
        while True:
            place = 0
            for axis in range(axes - 1):
                place = (place + at[axis] % grid.shape[axis]) * grid.shape[axis + 1]
            for k in range(first[axes - 1], last[axes - 1] + 1):
                best = max(best, sign * values[place + k % grid.shape[axes - 1]])
            axis = axes - 2
            while axis >= 0 and at[axis] == last[axis]:
                at[axis] = first[axis]
                axis -= 1
            if axis < 0:
                break
            at[axis] += 1
        found[n] = sign * best


class Images(NamedTuple):
    """Where programs of actions lead from each cell: K of them, N cells.

    Attributes:
        first: (K, n, N) the first cells that the image touches along each axis; first > last: none.
        last: (K, n, N) the last ones.
        leaves: (K, N) whether it leaves the grid, so that `beyond` counts too.
        gain: (K, N) the rewards on the way.
        ended: (K, N) the total of those that may have ended on the way; infinite, and no better than any: none.
        scale: (K,) what the values of the cells are discounted by.
        beyond: V outside the grid.
    """

    first: NDArray[Any]
    last: NDArray[Any]
    leaves: NDArray[np.bool_]
    gain: NDArray[np.float32]
    ended: NDArray[np.float32]
    scale: NDArray[np.float64]
    beyond: float


@compiled
def note(grid, low, high, first, last, leaves):
    """Fill (n, N) `first` and `last` with the cells that boxes touch, and `leaves` (N,) where they leave the grid."""
    axes = len(grid.shape)
    one, two = np.empty(axes, np.int64), np.empty(axes, np.int64)
    for n in range(low.shape[1]):
        leaves[n] = touched(grid, low, high, n, one, two)
        for axis in range(axes):
            first[axis, n], last[axis, n] = one[axis], two[axis]


@compiled
def sweep(grid, values, images, best, order):
    """Improve `values` (N,) in place: the largest over the programs, of `best` * the largest of best * value there.

    With `best` -1 the value of a program is its least one, and `values` rise: what an agent is sure of. With 1 it is
    the largest, and `values` fall: what is possible at most. `order` is 1 or -1: which cells come first. Returns the
    largest change.
    """
    axes, count = len(grid.shape), len(values)
    at = np.empty(axes, np.int64)
    largest = 0.0
    for step in range(count):
        n = step if order > 0 else count - 1 - step
        found = -np.inf
        for k in range(len(images.scale)):
            extreme = best * images.beyond if images.leaves[k, n] else -np.inf
            if images.first[k, 0, n] <= images.last[k, 0, n]:
                for axis in range(axes):
                    at[axis] = images.first[k, axis, n]
                while True:
                    place = 0
                    for axis in range(axes - 1):
                        place = (place + at[axis] % grid.shape[axis]) * grid.shape[axis + 1]
                    for j in range(images.first[k, axes - 1, n], images.last[k, axes - 1, n] + 1):
                        extreme = max(extreme, best * values[place + j % grid.shape[axes - 1]])
                    axis = axes - 2
                    while axis >= 0 and at[axis] == images.last[k, axis, n]:
                        at[axis] = images.first[k, axis, n]
                        axis -= 1
                    if axis < 0:
                        break
                    at[axis] += 1
            gain, later = np.float64(images.gain[k, n]), images.scale[k] * best * extreme
            value = gain + later
            rounded = images.scale[k] != 1.0 or value - gain != later or value - later != gain
            slack = 4.5e-16 * (abs(gain) + abs(later)) if rounded and abs(value) < np.inf else 0.0
            found = max(found, best * max(best * value + slack, best * images.ended[k, n]))
        if best * found < best * values[n]:
            largest = max(largest, abs(values[n] - found))
            values[n] = found
    return largest
