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
    """Where programs of actions lead from some cells: K of them, N cells.

    Attributes:
        numbers: (N,) the cells.
        first: (K, n, N) the first cells that the image touches along each axis; first > last: none.
        last: (K, n, N) the last ones.
        leaves: (K, N) whether it leaves the grid, so that `beyond` counts too.
        gain: (K, N) the rewards on the way.
        ended: (K, N) the total of those that may have ended on the way; infinite, and no better than any: none.
        scale: (K,) what the values of the cells are discounted by.
        beyond: V outside the grid.
    """

    numbers: NDArray[np.int64]
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
def worth(grid, values, gains, images, best, k, n, at):
    """The total of program `k` from cell `n`, if what comes after it is `values`; rounded outward.

    Where the image touches cell `n` itself, v = gain + scale * v is solved at once, which saves many sweeps.
    """
    axes, cell = len(grid.shape), images.numbers[n]
    gain, scale = np.float64(gains[k, n]), images.scale[k]
    extreme = best * images.beyond if images.leaves[k, n] else -np.inf
    itself = False
    more = images.first[k, 0, n] <= images.last[k, 0, n]
    for axis in range(axes):
        at[axis] = images.first[k, axis, n]
    while more:
        place = 0
        for axis in range(axes - 1):
            place = (place + at[axis] % grid.shape[axis]) * grid.shape[axis + 1]
        for j in range(images.first[k, axes - 1, n], images.last[k, axes - 1, n] + 1):
            one = place + j % grid.shape[axes - 1]
            if one == cell:
                itself = True
            else:
                extreme = max(extreme, best * values[one])
        axis = axes - 2
        while axis >= 0 and at[axis] == images.last[k, axis, n]:
            at[axis] = images.first[k, axis, n]
            axis -= 1
        more = axis >= 0
        if more:
            at[axis] += 1
    later = scale * best * extreme
    value = gain + later
    rounded = scale != 1.0 or value - gain != later or value - later != gain
    value = best * value + (4.5e-16 * (abs(gain) + abs(later)) if rounded and abs(value) < np.inf else 0.0)
    if itself and scale < 1.0:
        again = gain / (1.0 - scale)
        value = max(value, best * again + (abs(again) * 4e-16 / (1.0 - scale) if abs(again) < np.inf else 0.0))
    elif itself and (best < 0.0 or gain >= 0.0):
        value = max(value, best * (gain + values[cell]) + 4.5e-16 * abs(gain))
    return best * max(value, best * np.float64(images.ended[k, n]))


@compiled
def best_of(grid, values, gains, images, chosen, best, enough, n, at):
    """The largest over the programs from cell `n`, or with `best` 1 `values` there if it is not lower by `enough`.

    That is often known at once, where program `chosen[n]`, which was the largest one before, is still worth as much.
    """
    k, value = chosen[n], values[images.numbers[n]]
    found = worth(grid, values, gains, images, best, k, n, at)
    if best > 0.0 and found >= value - enough:
        return value
    for k in range(len(images.scale)):
        one = worth(grid, values, gains, images, best, k, n, at)
        if one > found:
            found, chosen[n] = one, k
            if best > 0.0 and found >= value - enough:
                return value
    return found


@compiled
def sweep(grid, values, images, chosen, best, enough, order):
    """Improve `values` in place: the largest over the programs, of `best` * the largest of best * value there.

    With `best` -1 the value of a program is its least one, and `values` rise: what an agent is sure of. With 1 it is
    the largest, and `values` fall: what is possible at most. `chosen` (N,) are programs, first any. Falls of at
    most `enough` may wait. `order` is 1 or -1: which cells come first. Returns the largest change.
    """
    at = np.empty(len(grid.shape), np.int64)
    largest = 0.0
    for step in range(len(images.numbers)):
        n = step if order > 0 else len(images.numbers) - 1 - step
        cell = images.numbers[n]
        found = best_of(grid, values, images.gain, images, chosen, best, enough, n, at)
        if best * found < best * values[cell]:
            largest = max(largest, abs(values[cell] - found))
            values[cell] = found
    return largest
