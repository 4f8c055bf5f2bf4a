"""The order of the sweeps: backwards from where episodes end, layer by layer."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.equations.problem import UNIT_ROUNDOFF

NEVER: Final = 2**31 - 1


LAST: Final = 2**30


class Order(NamedTuple):
    """How the states are arranged: `order` (S,), the old number of each; the first `computed` are not known yet."""

    order: NDArray[np.int32]
    rank: NDArray[np.int32]
    computed: int
    layers: int


def arrange(order: NDArray[np.int32], known: NDArray[np.bool_], layers: int) -> Order:
    """Breadth-first order, with the states of known value moved to the end."""
    last = known[order]
    order = np.concatenate((order[~last], order[last]))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order), dtype=order.dtype)
    return Order(order, rank, int(len(order) - last.sum()), max(layers, 1))


def closed_value(best: NDArray[np.float64], discount: float) -> float | None:
    """Value of states that earn the same for ever, where they all do; None if they do not."""
    if not len(best) or discount == 1.0:
        return 0.0 if not len(best) else None
    return float(best[0]) / (1.0 - discount) if np.ptp(best) <= 4 * UNIT_ROUNDOFF * abs(best[0]) else None


def delays(value: NDArray[np.float64], ends: NDArray[np.bool_], step: float, discount: float) -> NDArray[np.int32]:
    """For each end, after how many steps of reward `step` the best end is worth no more than this one.

    An end that is worth less than going on for ever joins last, in layer `LAST`.
    """
    if not ends.any():
        return np.full(len(value), NEVER, dtype=np.int32)
    best = float(value[ends].max())
    with np.errstate(divide="ignore", invalid="ignore"):
        if discount < 1.0:
            for_ever = step / (1.0 - discount)
            left = (value - for_ever) / max(best - for_ever, UNIT_ROUNDOFF)
            steps = np.log(np.clip(left, 0.0, 1.0)) / np.log(discount) if discount > 0 else np.where(left < 1, LAST, 0)
        else:
            steps = (best - value) / max(-step, UNIT_ROUNDOFF)
    return np.clip(np.nan_to_num(steps, nan=0.0, posinf=LAST), 0, LAST).astype(np.int32)


def sorted_seeds(joins: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """States that join the search of themselves, and their layers, sorted by these."""
    seeds = np.flatnonzero(joins < NEVER).astype(np.int32)
    seeds = seeds[np.argsort(joins[seeds], kind="stable")]
    return seeds, joins[seeds]
