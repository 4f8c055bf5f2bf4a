"""Where each move leads: walls, edges, corners, one-way squares, wind and teleports, by arrays only.

The order of things in one step: the move is stopped by a wall, the edge or a one-way square, or it is made;
on a windy square the wind is added to it first (see `blown`); then whoever stands on a square that teleports
on entry is taken away. On a terminal square every move stays.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.actions import DIRECTIONS, Action, Moves
from gridworld_env.grid.grid import Grid
from gridworld_env.grid.legend import Cell

GUSTS = (0, 1, -1)  # squares more that the wind blows: as it is, stronger, weaker


def make_successors(grid: Grid, style: Moves, moves: Sequence[Action]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """(S, D) state that each move leads to, and whether something stopped it.

    With D the number of `moves`; where the map has gusts three times that, in the order of `GUSTS`. Teleports
    are not in it yet.
    """
    gusts = GUSTS if any(cell.gust for cell in grid.kinds) else GUSTS[:1]
    successor = np.empty((grid.num_states, len(gusts) * len(moves)), dtype=np.int32)
    stopped = np.empty(successor.shape, dtype=bool)
    open_cells = ~grid.wall
    here = grid.state_of_cell[open_cells]
    framed = np.full((grid.height + 2, grid.width + 2), -1, dtype=np.int32)  # a frame of walls: no edge is special
    framed[1:-1, 1:-1] = grid.state_of_cell

    def shifted(rows: int, columns: int) -> NDArray[np.int32]:
        return framed[1 + rows : 1 + rows + grid.height, 1 + columns : 1 + columns + grid.width][open_cells]

    for number, move in enumerate(moves):
        rows, columns = DIRECTIONS[move].tolist()
        target = shifted(rows, columns)
        blocked = target < 0
        if style == "octile" and rows and columns:
            blocked |= (shifted(rows, 0) < 0) | (shifted(0, columns) < 0)
        blocked |= _against_the_arrow(grid, move, target)
        np.copyto(target, here, where=blocked | grid.terminal)
        blocked &= ~grid.terminal
        for gust in range(len(gusts)):
            stopped[:, gust * len(moves) + number] = blocked
            successor[:, gust * len(moves) + number] = target
    for index, cell in enumerate(grid.kinds):
        if any(cell.wind) and not cell.wall and not cell.terminal:
            states = np.flatnonzero(grid.state_kind == index)
            for column in range(successor.shape[1]):
                gust, number = divmod(column, len(moves))
                successor[states, column] = blown(framed, grid.cell_of_state[states], moves[number], cell, gusts[gust])
    return successor, stopped


def blown(
    framed: NDArray[np.int32], cells: NDArray[np.int32], move: Action, cell: Cell, gust: int
) -> NDArray[np.int32]:
    """(n,) states where a move from `cells`, (n, 2), ends in the wind of a kind of square.

    The part of the move across the wind comes first; the part along it and the wind are added, and what comes
    out is gone square by square until something is in the way. On a map without inner walls that is the sum of
    move and wind, kept inside the edges (Sutton and Barto, 2nd ed., Example 6.5).
    """
    axis = 0 if cell.wind[0] else 1
    strength = int(cell.wind[axis])
    wind = strength + gust * ((strength > 0) - (strength < 0))
    steps = np.zeros((2, 2), dtype=np.int64)
    direction = DIRECTIONS[move]
    steps[0, 1 - axis] = direction[1 - axis]
    along = int(direction[axis]) + wind
    steps[1, axis] = (along > 0) - (along < 0)
    furthest = max(framed.shape)  # a storm blows no further than the map is wide
    at = cells.astype(np.int64) + 1  # in the framed map
    for step, times in zip(steps, (1, min(abs(along), furthest)), strict=True):
        for _ in range(times):
            ahead = at + step
            at = np.where((framed[ahead[:, 0], ahead[:, 1]] >= 0)[:, None], ahead, at)
    return framed[at[:, 0], at[:, 1]]


def teleported(grid: Grid, successor: NDArray[np.int32]) -> NDArray[np.integer]:
    """Redirect the moves that teleport, in place; (S, D) the kind of square that did it, -1 where none."""
    by = np.full(successor.shape, -1, dtype=np.int16)
    entry = np.array([cell.teleport_on_entry for cell in grid.kinds])
    if entry.any():
        target = np.array([grid.cell_to_state(c.teleport) if c.teleport else 0 for c in grid.kinds], dtype=np.int32)
        arrived = grid.state_kind[successor]
        taken = entry[arrived] & (successor != np.arange(grid.num_states, dtype=np.int32)[:, None])
        by[taken] = arrived[taken]
        successor[taken] = target[arrived[taken]]
    for index, cell in enumerate(grid.kinds):
        if cell.teleport is not None and not cell.teleport_on_entry:
            here = grid.state_kind == index
            successor[here] = grid.cell_to_state(cell.teleport)
            by[here] = index
    return by


def _against_the_arrow(grid: Grid, move: Action, target: NDArray[np.int32]) -> NDArray[np.bool_] | bool:
    """(S,) whether a one-way square stops the move: it is left some other way, or entered against its arrow."""
    arrows = [None if cell.one_way is None else Action[cell.one_way] for cell in grid.kinds]
    if move is Action.STAY or not any(arrow is not None for arrow in arrows):
        return False
    leaves = np.array([arrow is not None and arrow is not move for arrow in arrows])
    enters = np.array([arrow is not None and (DIRECTIONS[arrow] == -DIRECTIONS[move]).all() for arrow in arrows])
    kind = grid.state_kind
    return leaves[kind] | ((target >= 0) & enters[kind[np.maximum(target, 0)]])
