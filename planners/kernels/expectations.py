"""Compiled: how much a noisy move over a grid of cells is worth at least, or at most, from anywhere in each cell.

A move from a point leads along each axis to place m + noise, where m lies in an interval, and the axes are independent.
With V_k the worth of the cells along an axis in their order, and S_k(m) the probability of passing border k,

    E[V] = V_0 + sum_k (V_k - V_{k-1}) S_k(m)

and S_k grows with m. So the most is not above the same sum in which each rise of V takes its largest S_k, and each fall
its least: first over y, for each x, and then over x. What is beyond the cells that are looked at has the best worth
there is. For the least it is the other way round.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.compiling import compiled


class Moves(NamedTuple):
    """Where A moves lead from a cell: (A, 2) numbers along x and y.

    Attributes:
        first: (A, 2) the first cell that is looked at, counted from the cell where the move begins.
        number: (A, 2) how many are.
        large: (A, 2, K) the largest S_k of each border, from the first cell's lower one to the last cell's upper one.
        small: (A, 2, K) the least.
    """

    first: NDArray[np.int64]
    number: NDArray[np.int64]
    large: NDArray[np.float64]
    small: NDArray[np.float64]


class Walls(NamedTuple):
    """Which cells a move must not pass; it does not take place then. Outside the grid are walls.

    Attributes:
        partly: (W + 1, H + 1) how many cells below and to the left of each corner are blocked in part or whole.
        wholly: (W + 1, H + 1) how many of them in whole.
        open: (W, H) whether no cell that any move passes is blocked.
    """

    partly: NDArray[np.int64]
    wholly: NDArray[np.int64]
    open: NDArray[np.bool_]


@compiled
def total(sums, x, y, i, j):
    """How many cells of the rectangle between two cells are counted."""
    left, right, bottom, top = min(x, i), max(x, i) + 1, min(y, j), max(y, j) + 1
    return sums[right, top] - sums[left, top] - sums[right, bottom] + sums[left, bottom]


@compiled
def surroundings(worth, walls, sign, x, y, left, bottom, found):
    """Fill `found`, first y, then x, with the worth of where moves from cell (x, y) end, meant for cells near."""
    stays = worth[x, y]
    for k in range(found.shape[1]):
        for n in range(found.shape[0]):
            i, j = x + left + k, y + bottom + n
            if walls.open[x, y]:
                found[n, k] = worth[i, j]
            elif i < 0 or j < 0 or i >= worth.shape[0] or j >= worth.shape[1]:
                found[n, k] = stays
            elif total(walls.partly, x, y, i, j) == 0:
                found[n, k] = worth[i, j]
            elif total(walls.wholly, x, y, i, j) > 0:
                found[n, k] = stays
            else:
                found[n, k] = sign * max(sign * stays, sign * worth[i, j])


@compiled
def expectation(around, rest, first, count, rising, falling, sums):
    """The most that a move is worth, or the least; see above. `sums` is room for those over y, of each x."""
    left, bottom, width, height = first[0], first[1], count[0], count[1]
    for k in range(width):
        rise, fall = around[bottom, left + k] - rest, rest - around[bottom + height - 1, left + k]
        sums[k] = rest + rise * (rising[1, 0] if rise > 0.0 else falling[1, 0])
        sums[k] += fall * (rising[1, height] if fall > 0.0 else falling[1, height])
    for n in range(1, height):
        up, down = rising[1, n], falling[1, n]
        for k in range(width):  # without a branch, so that it is done for several k at once
            rise = around[bottom + n, left + k] - around[bottom + n - 1, left + k]
            sums[k] += rise * (up if rise > 0.0 else down)
    value, before = rest, rest
    for k in range(width + 1):
        after = sums[k] if k < width else rest
        rise = after - before
        value += rise * (rising[0, k] if rise > 0.0 else falling[0, k])
        before = after
    return value


@compiled
def back_up(worth, rest, moves, walls, due, sign, values, actions):
    """Fill `values` and `actions`, (W, H), where `due`: the best move and its worth, the most (sign 1) or least (-1).

    `worth` (W, H) is what arriving in a cell is worth, `rest` that of everywhere else.
    """
    left, bottom = moves.first[:, 0].min(), moves.first[:, 1].min()
    right, top = (moves.first + moves.number)[:, 0].max(), (moves.first + moves.number)[:, 1].max()
    around, sums = np.empty((top - bottom, right - left)), np.empty(right - left)
    first = moves.first - np.array([left, bottom])
    rising, falling = (moves.large, moves.small) if sign > 0.0 else (moves.small, moves.large)
    for x in range(worth.shape[0]):
        for y in range(worth.shape[1]):
            if not due[x, y]:
                continue
            surroundings(worth, walls, sign, x, y, left, bottom, around)
            best, which = -np.inf, 0
            for a in range(len(first)):
                value = expectation(around, rest, first[a], moves.number[a], rising[a], falling[a], sums)
                if value > best:
                    best, which = value, a
            values[x, y], actions[x, y] = best, which
