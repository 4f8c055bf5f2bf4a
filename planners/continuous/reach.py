"""The exact optimum of one start: a drive that shows it, and the proof that one step less is impossible.

Both are the same search, forwards from the start, step by step: with points, of which each has its drive; and with
sets, which hold every state that any actions lead to. A point or a set is left out where the bounds of a plan say that
it cannot arrive in time. Points that are near each other are one; sets are cut into bins, and what is in a bin becomes
one box. If no set is left before any can have arrived, no way of so few steps exists.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.continuous.cells import Cells, number_of
from planners.continuous.nodes import action_numbers
from planners.continuous.optimistic import branches, joined
from planners.continuous.sets import Sets
from planners.continuous.system import System, box
from planners.continuous.walks import Walk

FINENESS: Final = (1, 2, 4, 8)  # parts of a cell's side within which things are one
SLACK: Final = 1e-9  # of a bin's side: more than rounding moves a border
MOST: Final = 400_000  # sets or points at once; more is given up


@dataclass(frozen=True)
class Search:
    """What both searches know.

    Attributes:
        cells: Of the bounds.
        upper: (N,) bounds of V, from above.
        actions: Where there is a range of actions, how many are tried.
    """

    cells: Cells
    upper: NDArray[np.float64]
    actions: int

    def bins(self, points: NDArray[np.float64], fineness: int) -> NDArray[np.int64]:
        """(N,) the bin of each of (n, N) points; a cell has `fineness` bins along each axis."""
        return number_of(points, self.cells.system, tuple(count * fineness for count in self.cells.shape))


def drive_within(search: Search, start: NDArray[np.float64], most: int, fineness: int) -> list[Any] | None:
    """The actions of a drive of at most `most` steps, the shortest that is found; None: none is found."""
    system = search.cells.system
    tried = action_numbers(system, search.actions)
    points, trail = start[:, None], []
    for k in range(1, most + 1):
        count = points.shape[1]
        ahead = [np.stack(np.broadcast_arrays(*system.step(tuple(points), action))) for action in tried]
        points = np.concatenate(ahead, axis=1)
        arrived = np.flatnonzero(system.ended(tuple(points)))
        for one in arrived[:8]:
            drive = _drive(trail, int(one), count, tried)
            if _arrives(system, start, drive):
                return drive
        promise = search.upper[search.cells.number(points)]
        keep = np.flatnonzero(k - promise <= most)
        if not len(keep):
            return None
        order = keep[np.argsort(-promise[keep], kind="stable")]
        _, first = np.unique(search.bins(points[:, order], fineness), return_index=True)
        keep = order[first]
        if len(keep) > MOST:
            return None
        trail.append((keep, count))
        points = points[:, keep]
    return None


def _drive(trail: list[tuple[NDArray[np.intp], int]], last: int, count: int, tried: NDArray[Any]) -> list[Any]:
    """Back along the parents: place `last` is action last // count from the point last % count of the step before."""
    actions = [tried[last // count]]
    at = last % count
    for keep, before in reversed(trail):
        place = int(keep[at])
        actions.append(tried[place // before])
        at = place % before
    return [action.item() for action in reversed(actions)]


def _arrives(system: System, start: NDArray[np.float64], drive: list[Any]) -> bool:
    """Whether the drive ends at its last step, one float after the other, as an environment computes."""
    now = tuple(map(float, start))
    for k, action in enumerate(drive):
        now = tuple(map(float, system.step(now, action)))
        if bool(system.ended(now)):
            return k == len(drive) - 1
    return False


def impossible(search: Search, start: NDArray[np.float64], steps: int, fineness: int) -> tuple[bool, int]:
    """Whether it is proven that no way of at most `steps` steps exists, and how many sets that took."""
    cells = search.cells
    tried = branches(cells.system, search.actions - 1)
    walk, sets = Walk.of(cells, box(start[:, None], start[:, None]), 1.0, 1.0), 0
    for _ in range(steps):
        walk = joined([walk.step(action) for action in tried])
        sets += len(walk.gain)
        if (walk.ended > -np.inf).any():
            return False, sets
        walk = walk[walk.value(search.upper) >= -steps]
        if not len(walk.gain):
            return True, sets
        walk = _in_bins(walk, np.array(cells.shape) * fineness)
        if len(walk.gain) > MOST:
            return False, sets
    return True, sets


def _in_bins(walk: Walk, counts: NDArray[np.int64]) -> Walk:
    """The sets, cut along the borders of bins, and one box for all the pieces in a bin: none outgrows its bin.

    A set that is alone in its bin stays what it is; so does one that leaves the bounds of the system.
    """
    low, high = np.stack([x.low for x in walk.box]), np.stack([x.high for x in walk.box])
    origin = np.array(walk.cells.system.low)[:, None]
    side = (np.array(walk.cells.system.high)[:, None] - origin) / counts[:, None]
    first = np.floor((low - origin) / side - SLACK).astype(np.int64)
    spans = np.floor((high - origin) / side + SLACK).astype(np.int64) - first + 1
    outside = ((first < -1) | (first + spans > counts[:, None] + 1)).any(axis=0)
    spans[:, outside] = 1
    pieces = spans.prod(axis=0)
    if pieces.sum() > 8 * MOST:
        return walk
    owner = np.repeat(np.arange(len(pieces)), pieces)
    left = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    place = np.empty((len(low), len(owner)), dtype=np.int64)
    for axis in reversed(range(len(low))):
        place[axis] = first[axis, owner] + left % spans[axis, owner]
        left //= spans[axis, owner]
    cut = np.logical_not(outside)[owner]
    low = np.where(cut, np.maximum(low[:, owner], origin + side * (place - SLACK)), low[:, owner])
    high = np.where(cut, np.minimum(high[:, owner], origin + side * (place + 1 + SLACK)), high[:, owner])
    bins = np.where(cut, np.ravel_multi_index(tuple(place + 2), tuple(counts + 4), mode="clip"), -1 - owner)
    order = np.argsort(bins, kind="stable")
    begin = np.flatnonzero(np.diff(bins[order], prepend=bins.min() - 1))
    around = box(np.minimum.reduceat(low[:, order], begin, axis=1), np.maximum.reduceat(high[:, order], begin, axis=1))
    kept, boxes = walk[owner[order[begin]]], Sets.of(around)
    alone = (np.diff(np.append(begin, len(order))) == 1) & (pieces[owner[order[begin]]] == 1)
    sets = Sets(*(np.where(alone, getattr(kept.sets, n), getattr(boxes, n)) for n in ("centre", "spread", "rest")))
    return Walk(walk.cells, 1.0, 1.0, sets, around, kept.gain, kept.ended, kept.over, walk.k)
