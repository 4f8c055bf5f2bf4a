"""The lower bounds: what an agent earns at least, from every state of a cell.

A guess of V at nodes says which action is good where. From each cell the whole set of its states is followed for many
steps, the actions chosen for its middle; after any of the steps its value can be taken from the cells that it touches.
Holding one action is tried too. Nothing of this trusts the guess: it only proposes.
"""

from copy import copy
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.continuous.bounds import Bounds
from planners.continuous.cells import Cells
from planners.continuous.nodes import action_numbers, nodes
from planners.continuous.potential import Potential
from planners.continuous.programs import Notes, chunks
from planners.continuous.sets import Sets
from planners.continuous.walks import Walk
from planners.plans.plan import Status
from planners.solve import solve as solve_table

GUIDE_NODES: Final = 40_000  # of the guess
GUIDED: Final = 12  # steps of the noted programs that follow the guide
HELD: Final = 8  # steps of those that hold one action
FOLLOWED: Final = 160  # steps for which a cell is followed at most
SMALL_WEIGHT: Final = 1e-3  # of what comes after the steps, where there is a discount
WIDEST: Final = 12.0  # sides of a cell; a set that is wider is no longer followed


@dataclass(frozen=True)
class Guide:
    """Which action is good in each cell, as a guess.

    Attributes:
        cells: The cells.
        tried: (A,) the actions that are tried.
        best: (N,) the number of the best action in each cell.
        guess: V between nodes.
    """

    cells: Cells
    tried: NDArray[Any]
    best: NDArray[np.intp]
    guess: Potential

    @classmethod
    def of(cls, cells: Cells, between: Cells, discount: float, actions: int) -> "Guide":
        """The greedy actions at the middles of the cells, of V at nodes, which are the corners of `between`."""
        system, tried = cells.system, action_numbers(cells.system, actions)
        corners = tuple(max(2, count + (not wraps)) for count, wraps in zip(between.shape, system.wraps, strict=True))
        quiet = copy(system)
        quiet.noise = None  # a guide need not be right
        table = nodes(quiet, corners, actions=actions)
        ends = discount < 1.0 or bool(table.termination.any())
        plan = solve_table(table, discount=discount if ends else 0.99, tolerance=1e-3, throw=False)
        if plan.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        known = np.isfinite(plan.values)
        guess = Potential.of(between, np.where(known, plan.values, np.min(plan.values[known], initial=0.0) - 1.0))
        best = np.empty(cells.count, dtype=np.intp)
        for part in chunks(np.arange(cells.count)):
            middle = tuple(x.middle for x in cells.boxes(part))
            values = []
            for action in tried:
                after = system.step(middle, action)
                later = np.where(system.ended(after), 0.0, guess.at(np.stack(after)))
                values.append(system.reward(middle, action, after) + discount * later)
            best[part] = np.argmax(values, axis=0)
        return cls(cells, tried, best, guess)

    @property
    def held(self) -> int:
        """For how many steps one action is tried: for few, where nothing is to be reached and most actions are fine."""
        return HELD if self.cells.system.ends else 1

    def actions(self, sets: Sets) -> NDArray[Any]:
        """(N,) the action for the middle of each set."""
        return self.tried[self.best[self.cells.number(sets.centre)]]


def steps_followed(discount: float) -> int:
    """For how many steps a cell is followed: until what comes after counts little."""
    if discount in (0.0, 1.0):
        return FOLLOWED if discount else 1
    return min(FOLLOWED, 1 + int(np.log(SMALL_WEIGHT) / np.log(discount)))


def note_programs(notes: Notes, guide: Guide, part: NDArray[np.int64], discount: float, steps: int, held: int) -> None:
    """Note the programs of some cells: 1 to `steps` steps of the guide, then 1 to `held` steps of each action."""
    choices: list[tuple[Any, int]] = [(None, steps), *((action, held) for action in guide.tried)]
    row = 0
    for action, length in choices:
        at, walk = part, notes.walk(part, discount)
        for k in range(length):
            walk = walk.step(guide.actions(walk.sets) if action is None else action)
            notes.take(row + k, at, walk)
            keep = worth_following(walk, guide)
            at, walk = at[keep], walk[keep]
            if not len(at):
                break
        row += length


def worth_following(walk: Walk, guide: Guide) -> NDArray[np.bool_]:
    """Whether a set is still on its way, and not wider than is worth following."""
    sides = zip(walk.box, guide.cells.side, strict=True)
    return ~(walk.over | np.any([x.high - x.low > WIDEST * side for x, side in sides], axis=0))


def follow(bounds: Bounds, guide: Guide, part: NDArray[np.int64], discount: float, steps: int) -> None:
    """Raise the lower bounds of some cells, by following each for up to `steps` steps."""
    at, walk = part, Walk.of(bounds.cells, bounds.cells.boxes(part), discount, -1.0, bounds.potential)
    for _ in range(steps):
        walk = walk.step(guide.actions(walk.sets))
        bounds.learn(at, walk)
        keep = worth_following(walk, guide)
        at, walk = at[keep], walk[keep]
        if not len(at):
            return
