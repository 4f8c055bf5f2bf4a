"""Compiled parts of bounds that lean on a potential W: interpolation, and sweeps of V and of V - W at once.

`planners.continuous.potential` has the equations.
"""

import numpy as np

from planners.kernels.cells import best_of
from planners.kernels.compiling import compiled


@compiled
def interpolate(grid, nodes, points, found):
    """Fill `found` (N,): multilinear interpolation at (n, N) points between `nodes`, one more than cells an axis."""
    axes = len(grid.shape)
    base, part = np.empty(axes, np.int64), np.empty(axes)
    for p in range(points.shape[1]):
        for axis in range(axes):
            count = grid.shape[axis]
            place = (points[axis, p] - grid.origin[axis]) * grid.scale[axis]
            if grid.wraps[axis]:
                place -= np.floor(place / count) * count
            place = min(max(place, 0.0), float(count))
            base[axis] = min(int(place), count - 1)
            part[axis] = place - base[axis]
        total = 0.0
        for corner in range(1 << axes):
            weight, at = 1.0, 0
            for axis in range(axes):
                up = (corner >> axis) & 1
                weight *= part[axis] if up else 1.0 - part[axis]
                at = at * (grid.shape[axis] + 1) + base[axis] + up
            total += weight * nodes[at]
        found[p] = total


@compiled
def sweep_both(grid, values, excess, near, far, images, shaped, chosen, best, enough, order):
    """Improve bounds `values` of V and `excess` of V - W in place; see `planners.kernels.cells.sweep`.

    Each is known from the other by how large W is in the cell: V is at most `excess` + `far`, V - W at most `values` -
    `near`, if `best` is 1; if it is -1, they are at least that. `shaped` (K, N) takes the place of the gains for V - W;
    `chosen` is (2, N). Returns the largest change of `excess`.
    """
    at = np.empty(len(grid.shape), np.int64)
    largest = 0.0
    for step in range(len(images.numbers)):
        n = step if order > 0 else len(images.numbers) - 1 - step
        cell = images.numbers[n]
        value, more = values[cell], excess[cell]
        found = best_of(grid, values, images.gain, images, chosen[0], best, enough, n, at)
        value = found if best * found < best * value else value
        found = best_of(grid, excess, shaped, images, chosen[1], best, enough, n, at)
        more = found if best * found < best * more else more
        value, more = agreed(value, more, near[cell], far[cell], best)
        if best * more < best * excess[cell]:
            largest = max(largest, abs(excess[cell] - more))
        values[cell], excess[cell] = value, more
    return largest


@compiled
def agreed(value, more, near, far, best):
    """Both bounds of a cell, each no worse than what the other one says."""
    value = best * min(best * value, best * (more + far) + 4.5e-16 * (abs(more) + abs(far)))
    more = best * min(best * more, best * (value - near) + 4.5e-16 * (abs(value) + abs(near)))
    return value, more
