"""The upper bounds: what no agent can exceed, from any state of a cell.

Every sequence of actions is followed, from the whole cell; after the last of them the best is assumed of the cells that
the image touches. The fewer times a set is spread over whole cells, and the smaller they are, the less is lost.
"""

from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.continuous.interval import Interval
from planners.continuous.programs import Notes
from planners.continuous.sets import Sets
from planners.continuous.system import System
from planners.continuous.walks import Walk

Branch = Any  # an action, or an Interval of actions


def branches(system: System, pieces: int) -> list[Branch]:
    """All actions: each of finitely many, or the range in pieces."""
    if not isinstance(system.actions, Interval):
        return list(system.actions)
    borders = np.linspace(system.actions.low, system.actions.high, pieces + 1)
    return [Interval(low, high) for low, high in pairwise(borders)]


def note_sequences(notes: Notes, tried: list[Branch], part: NDArray[np.int64], discount: float, depth: int) -> None:
    """Note the images of some cells after all sequences of `depth` actions."""
    walks = [notes.walk(part, discount)]
    for _ in range(depth - 1):
        walks = [walk.step(action) for walk in walks for action in tried]
    for row, (walk, action) in enumerate(product(walks, tried)):
        notes.take(row, part, walk.step(action))


def joined(walks: list[Walk]) -> Walk:
    """Walks of equally many steps as one."""
    first = walks[0]
    box = tuple(
        Interval(np.concatenate([x.low for x in parts]), np.concatenate([x.high for x in parts]))
        for parts in zip(*(walk.box for walk in walks), strict=True)
    )
    sets = Sets(
        np.concatenate([walk.sets.centre for walk in walks], axis=-1),
        np.concatenate([walk.sets.spread for walk in walks], axis=-1),
        np.concatenate([walk.sets.rest for walk in walks], axis=-1),
    )
    gain, ended, over = (np.concatenate([getattr(w, name) for w in walks]) for name in ("gain", "ended", "over"))
    return Walk(first.cells, first.discount, first.sign, sets, box, gain, ended, over, first.k)
