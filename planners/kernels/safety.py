"""The compiled sweep for safety: cells are struck out from which no program stays in the cells that are left."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.compiling import compiled


class Moves(NamedTuple):
    """Where K programs lead from M cells, and, where the first axis only adds, from the same cells further along it.

    Attributes:
        first: (K, n, M) the first cells along each axis that the image touches.
        last: (K, n, M) the last ones.
        path: (K, 2, M) the first and the last cells along the first axis that are touched on the way.
        fails: (K, M) whether it proves nothing.
        place: Where the M cells are along the first axis; 0 if they are all there are.
    """

    first: NDArray[Any]
    last: NDArray[Any]
    path: NDArray[Any]
    fails: NDArray[np.bool_]
    place: int


@compiled
def stays(grid, alive, moves, k, cell, at):
    """Whether program `k` leads from a cell only to cells that are alive, and stays in the grid."""
    axes, count = len(grid.shape), moves.fails.shape[1]
    n, shift = cell % count, cell // count - moves.place
    if moves.fails[k, n] or moves.path[k, 0, n] + shift < 0 or moves.path[k, 1, n] + shift >= grid.shape[0]:
        return False
    for axis in range(axes):
        at[axis] = moves.first[k, axis, n]
    while True:
        place = (at[0] + shift) % grid.shape[0]
        for axis in range(1, axes):
            place = place * grid.shape[axis] + at[axis] % grid.shape[axis]
        if not alive[place]:
            return False
        axis = axes - 1
        while axis >= 0 and at[axis] == moves.last[k, axis, n]:
            at[axis] = moves.first[k, axis, n]
            axis -= 1
        if axis < 0:
            return True
        at[axis] += 1


@compiled
def strike(grid, alive, moves, chosen):
    """Strike cells out of `alive` (N,) in place, and note in `chosen` (N,) which program keeps the others; how many."""
    at = np.empty(len(grid.shape), np.int64)
    struck = 0
    for cell in range(len(alive)):
        if not alive[cell] or stays(grid, alive, moves, chosen[cell], cell, at):
            continue
        kept = False
        for k in range(len(moves.fails)):
            if stays(grid, alive, moves, k, cell, at):
                chosen[cell], kept = k, True
                break
        alive[cell] = kept
        struck += not kept
    return struck
