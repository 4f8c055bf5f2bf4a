"""States from which no action ever leads to an end, set apart from the others: their value is known.

Near discount 1 their value r / (1 - discount) may be a thousand times that of the other states. A proof of all states
together has to allow for the rounding of the largest value, and so it cannot prove a small tolerance. `planners.solve`
sets these states apart before it begins, which takes a search from the ends through the whole model. In parts the
search waits until values have settled and a proof has failed. By then these states have the lowest value of all, so the
search begins next to them, and ends after a few exchanges.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from planners.distributed.part import Part
from planners.sweeps.ordered_sweeps import closed_value

if TYPE_CHECKING:
    from planners.distributed.blocks import Blocks

ROUNDED: Final = 1e-12  # of a value: by how much more rounding of sweeps may change it


def find_closed(blocks: "Blocks", most: float) -> tuple[float, list[NDArray[np.bool_]]] | None:
    """The value of states of V up to `most` that never end; and for each own part which they are, (n + h + 1,) bool.

    None where there are none, where they do not all earn the same, or where other values are as large.
    """
    lowest, highest = blocks.extremes()
    if not -np.inf < lowest < min(highest, 0.0):
        return None
    closed = _closed(blocks, blocks.values <= most + ROUNDED * abs(most))
    earned = [np.zeros(0)]
    for part, mask in zip(blocks.parts, closed, strict=True):
        own = mask[: part.count]
        earned += [part.best()[0][own]] if own.any() else []
    best = np.concatenate(earned)
    told = blocks.processes.largest(np.array([-best.min(initial=np.inf), best.max(initial=-np.inf)]))
    forever = closed_value(np.array([-told[0], told[1]]), blocks.discount) if told[1] > -np.inf else None
    return None if forever is None or not np.isfinite(forever) else (forever, closed)


def _closed(blocks: "Blocks", among: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Which of some states can never leave them, nor end, whatever is done there.

    A state has a 1 where a way out is known, and a 0 before.
    """
    out, moving = np.where(among, 0.0, 1.0), np.ones(len(blocks.parts), dtype=bool)
    while True:
        for number in np.flatnonzero(moving):
            _spread(blocks.parts[number], out[blocks.halo.places[number]])
        moving = blocks.halo.exchange(out) > 0.0
        again, stop = blocks.processes.largest(np.array([float(moving.any()), float(blocks.interrupt.pressed)]))
        if stop:  # the next sweep ends the run
            return [np.zeros(part.length, dtype=bool) for part in blocks.parts]
        if not again:
            return [out[place] == 0.0 for place in blocks.halo.places]


def _spread(part: Part, out: NDArray[np.float64]) -> None:
    """Mark the states of a part from which some action may lead to an end or to a marked state, until none is new."""
    from planners.kernels.forms import sweep

    tables, own = part.ending_tables(), out[: part.count]
    while True:
        before = own.copy()
        for way in ((0, part.count, 1), (part.count - 1, -1, -1)):
            sweep(tables, out, *way)
            np.maximum(np.sign(own), before, out=own)
        if np.array_equal(own, before):
            return
