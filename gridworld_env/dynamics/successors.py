"""Where each move leads: walls, edges, corners, one-way squares, wind and teleports, by arrays only.

The order of things in one step: the move is stopped by a wall, the edge, a corner or a one-way square, or it is
made; then the wind blows, square by square, until a wall, the edge or a one-way square is in the way (see `blown`);
then whoever stands on a square that teleports on entry is taken away. On a terminal square every move stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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

    arrows = _arrows(grid)
    for number, move in enumerate(moves):
        rows, columns = DIRECTIONS[move].tolist()
        target = shifted(rows, columns)
        refused = _against_an_arrow(arrows, here, target, DIRECTIONS[move])
        if style == "octile" and rows and columns:
            refused |= (target < 0) | (shifted(rows, 0) < 0) | (shifted(0, columns) < 0)
        blocked = refused | (target < 0)
        made = np.where(blocked | grid.terminal, here, target)
        for gust in range(len(gusts)):
            stopped[:, gust * len(moves) + number] = blocked & ~grid.terminal
            successor[:, gust * len(moves) + number] = made
        for index, cell in enumerate(grid.kinds):
            if any(cell.wind) and not cell.wall and not cell.terminal:
                states = np.flatnonzero(grid.state_kind == index)
                walk = Walk(framed, arrows, grid.cell_of_state[states].astype(np.int64) + 1)
                for gust, more in enumerate(gusts):
                    column = gust * len(moves) + number
                    successor[states, column], stopped[states, column] = blown(
                        walk, move, refused[states], blocked[states], cell, more
                    )
    return successor, stopped


@dataclass(frozen=True)
class Walk:
    """Agents that go about a map square by square.

    Attributes:
        framed: (H + 2, W + 2) state of each square, -1 on walls and on the frame around the map.
        arrows: (S, 2) direction of each one-way square, zeros elsewhere; None: there is no one-way square.
        at: (n, 2) row and column of each agent, in the framed map.
    """

    framed: NDArray[np.int32]
    arrows: NDArray[np.int64] | None
    at: NDArray[np.int64]

    def step(self, direction: NDArray[np.int64], who: NDArray[np.bool_] | bool = True) -> "Walk":
        """Those of `who`, (n,), that nothing is in the way of have gone one square."""
        here, ahead = self.states, self.framed[tuple((self.at + direction).T)]
        goes = (ahead >= 0) & ~_against_an_arrow(self.arrows, here, ahead, direction) & who
        return replace(self, at=self.at + np.where(goes[:, None], direction, 0))

    @property
    def states(self) -> NDArray[np.int32]:
        """(n,) state that each agent is in."""
        return self.framed[tuple(self.at.T)]


def blown(
    walk: Walk, move: Action, refused: NDArray[np.bool_], blocked: NDArray[np.bool_], cell: Cell, gust: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """(n,) states where a move in the wind of a kind of square ends, and whether something stopped the move.

    A move that is not blocked is made, and then the wind blows. Of a move that a one-way square or a corner refuses
    nothing is made. Of a move into a wall or the edge each part is made that can be, and a part against the wind
    takes one square off the wind: on a map without inner walls that is the sum of move and wind, kept inside
    the edges (Sutton and Barto, 2nd ed., Example 6.5). It was stopped if no part of it was made.

    Args:
        walk: The n agents.
        move: Their move.
        refused: (n,) True where a one-way square or a corner stops the move.
        blocked: (n,) the same, and where a wall or the edge is in the way.
        cell: The kind of square.
        gust: How many squares more the wind blows.
    """
    axis = 0 if cell.wind[0] else 1
    strength = int(cell.wind[axis])
    towards = (strength > 0) - (strength < 0)
    blows = abs(strength) + gust
    across, along = DIRECTIONS[move].copy(), DIRECTIONS[move].copy()
    across[axis], along[1 - axis] = 0, 0
    hits = blocked & ~refused
    after = walk.step(DIRECTIONS[move], ~blocked)
    for part in (across, along):
        after = after.step(part, hits) if part.any() else after
    against = hits & (along[axis] == -towards) & (blows > 0) & (after.at[:, axis] == walk.at[:, axis])
    stopped = blocked & (after.at == walk.at).all(axis=1) & ~against
    wind = np.zeros(2, dtype=np.int64)
    wind[axis] = towards
    for square in range(min(blows, max(walk.framed.shape))):  # a storm blows no further than the map is wide
        after = after.step(wind, ~against | (square > 0))
    return after.states, stopped


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


def _arrows(grid: Grid) -> NDArray[np.int64] | None:
    """(S, 2) direction of each one-way square, zeros elsewhere; None if there is no such square."""
    kinds = np.array([(0, 0) if cell.one_way is None else DIRECTIONS[Action[cell.one_way]] for cell in grid.kinds])
    return kinds[grid.state_kind] if kinds.any() else None


def _against_an_arrow(
    arrows: NDArray[np.int64] | None, here: NDArray[np.int32], ahead: NDArray[np.int32], direction: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(n,) whether a one-way square stops who goes that way: it is left some other way, or entered against its arrow.

    `here` and `ahead` are (n,) states; -1 is a wall.
    """
    if arrows is None or not direction.any():
        return np.zeros(here.shape, dtype=bool)
    mine, theirs = arrows[here], arrows[np.maximum(ahead, 0)]
    leaves = mine.any(axis=1) & (mine != direction).any(axis=1)
    return leaves | ((ahead >= 0) & (theirs == -direction).all(axis=1))
