"""The compiled step of sets of states: their spread is multiplied by the Jacobian, what is uncertain goes to the rest.

`planners.continuous.sets` has the equation. Sets without a Jacobian become the boxes that they are known to be in.
"""

from typing import Final

import numpy as np

from planners.kernels.compiling import compiled

EPS: Final = 2.0**-52


@compiled
def extent(spread, rest, axis, s):
    """How far set `s` goes from its centre along an axis."""
    reach = rest[axis, s]
    for k in range(spread.shape[1]):
        reach += abs(spread[axis, k, s])
    return reach


@compiled
def turn(entries, points, rounding, pushes, images, centre, spread, rest, boxes, smooth):
    """Replace N sets by those one step later; fill `boxes`, around them, and `smooth`: which had a Jacobian.

    Args:
        entries: (2, n, n, N) least and largest derivatives over each set.
        points: (2, n, N) a box around the next state of each centre.
        rounding: (n, N) by how much the next state of one point may be rounded.
        pushes: (2, n, N) what u_n, the action within its range, moves, and by how much that may be more.
        images: (2, n, N) a box around all next states.
        centre: (n, N), replaced.
        spread: (n, n + 1, N), replaced.
        rest: (n, N), replaced.
        boxes: (2, n, N) where the boxes go.
        smooth: (N,) where it goes which sets did not become boxes.
    """
    n = len(centre)
    more = 1.0 + 16 * n * EPS
    new_spread, new_rest, radius = np.empty((n, n + 1)), np.empty(n), np.empty(n)
    for s in range(centre.shape[1]):
        smooth[s] = True
        for j in range(n):
            radius[j] = extent(spread, rest, j, s)
        for i in range(n):
            middle = 0.5 * (points[0, i, s] + points[1, i, s])
            # Three times, since a simulation in float64 is off by as much again.
            new_rest[i] = 0.5 * (points[1, i, s] - points[0, i, s]) + 1.5 * rounding[i, s] + EPS * abs(middle)
            new_rest[i] += pushes[1, i, s]
            new_spread[i, :] = 0.0
            for j in range(n):
                low, high = entries[0, i, j, s], entries[1, i, j, s]
                derivative = 0.5 * (low + high)
                varies = max(high - derivative, derivative - low)
                size = abs(derivative)
                new_rest[i] += size * rest[j, s] + (varies + 16 * n * EPS * size) * radius[j] * more
                for k in range(n + 1):
                    new_spread[i, k] += derivative * spread[j, k, s]
            new_rest[i] += abs(new_spread[i, n])
            new_spread[i, n] = pushes[0, i, s]
            smooth[s] &= new_rest[i] < np.inf
        for i in range(n):
            low, high = images[0, i, s], images[1, i, s]
            middle = 0.5 * (points[0, i, s] + points[1, i, s]) if smooth[s] else 0.5 * (low + high)
            if not smooth[s]:
                new_rest[i] = 0.0
                new_spread[i, :] = 0.0
                new_spread[i, i] = max(high - middle, middle - low) * more + EPS * abs(middle)
            centre[i, s], rest[i, s] = middle, new_rest[i] * more
            spread[i, :, s] = new_spread[i]
            reach = extent(spread, rest, i, s) * more + EPS * abs(middle)
            boxes[0, i, s] = max(low, middle - reach)
            boxes[1, i, s] = min(high, middle + reach)
