"""The compiled step of sets of states: their spread is multiplied by the Jacobian, what is uncertain goes to the rest.

`planners.continuous.sets` has the equation. Sets without a Jacobian become the boxes that they are known to be in.
"""

from typing import Final

import numpy as np

from planners.kernels.compiling import compiled

EPS: Final = 2.0**-52


@compiled
def turn(entries, points, images, centre, spread, rest, boxes):
    """Replace N sets by those one step later, and fill `boxes` (2, n, N) with boxes around them.

    Args:
        entries: (2, n, n, N) least and largest derivatives over each set.
        points: (2, n, N) a box around the next state of each centre.
        images: (2, n, N) a box around all next states.
        centre: (n, N), replaced.
        spread: (n, n, N), replaced.
        rest: (n, N), replaced.
        boxes: (2, n, N) where the boxes go.
    """
    n = len(centre)
    more = 1.0 + 16 * n * EPS
    new_spread, new_rest, radius = np.empty((n, n)), np.empty(n), np.empty(n)
    for s in range(centre.shape[1]):
        smooth = True
        for j in range(n):
            radius[j] = rest[j, s]
            for k in range(n):
                radius[j] += abs(spread[j, k, s])
        for i in range(n):
            middle = 0.5 * (points[0, i, s] + points[1, i, s])
            # Twice, since a simulation in float64 is off by as much again.
            new_rest[i] = 2.0 * (points[1, i, s] - points[0, i, s]) + EPS * abs(middle)
            new_spread[i, :] = 0.0
            for j in range(n):
                low, high = entries[0, i, j, s], entries[1, i, j, s]
                derivative = 0.5 * (low + high)
                varies = max(high - derivative, derivative - low)
                size = abs(derivative)
                new_rest[i] += size * rest[j, s] + (varies + 16 * n * EPS * size) * radius[j] * more
                for k in range(n):
                    new_spread[i, k] += derivative * spread[j, k, s]
            smooth &= new_rest[i] < np.inf
        for i in range(n):
            low, high = images[0, i, s], images[1, i, s]
            middle = 0.5 * (points[0, i, s] + points[1, i, s]) if smooth else 0.5 * (low + high)
            if not smooth:
                new_rest[i] = 0.0
                new_spread[i, :] = 0.0
                new_spread[i, i] = max(high - middle, middle - low) * more + EPS * abs(middle)
            centre[i, s], rest[i, s] = middle, new_rest[i] * more
            reach = rest[i, s]
            for k in range(n):
                spread[i, k, s] = new_spread[i, k]
                reach += abs(new_spread[i, k])
            reach = reach * more + EPS * abs(middle)
            boxes[0, i, s] = max(low, middle - reach)
            boxes[1, i, s] = min(high, middle + reach)
