"""A model in the order in which values reach its states, for `planners.gauss_seidel`.

The states come in three parts: those in breadth-first order from where episodes end (or, where none
does, in their own order); then those whose value is known beforehand: all their actions end the episode,
or they can never end it and earn the same for ever. Known values are exact to a few roundings.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.certificates import Bounds
from planners.problem import UNIT_ROUNDOFF

LARGEST_BLOCK: Final = 2048
NEVER: Final = 2**31 - 1
LAST: Final = 2**30
CHUNK: Final = 1 << 20
LAYERS_IN_WINDOW: Final = 100  # measured: with fewer, what has settled is disturbed; with more, all is swept too often


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


class Front(ABC):
    """Values, and where the front stands; the part that both forms of a model share.

    Attributes:
        values: (S,) in the new order; NaN where no sweep has been.
        sweeps: Sweeps so far, in multiples of all states.
    """

    model: Any
    discount: float

    def __init__(self, order: Order, values: NDArray[np.float64], longest_row: int) -> None:
        """Choose blocks and window."""
        self.order, self.values = order, values
        self.block = int(np.clip(LAYERS_IN_WINDOW * order.computed // (40 * order.layers), 64, LARGEST_BLOCK))
        self.blocks = -(-order.computed // self.block)
        window = -(-LAYERS_IN_WINDOW * order.computed // (order.layers * self.block))
        self.cursor = np.array([0, np.clip(window, 4, max(self.blocks, 4)), -1, 0], dtype=np.int64)
        self.pending = np.zeros(self.blocks)
        self.roundings = longest_row + 12
        self.sweeps = 0.0
        self.rows = np.zeros(len(values), dtype=np.int64)

    def begin_at(self, values: NDArray[np.float64]) -> None:
        """Take first values, (S,) in the old order, for the states that are not known beforehand.

        They are lowered to the lower bound that they prove: what is too low is put right by a few sweeps, and
        what is too high may take 1 / (1 - discount) of them.
        """
        computed = self.values[: self.order.computed]
        computed[:] = values[self.order.order[: self.order.computed]]
        self.pending[:] = np.inf
        self.cursor[0] = self.blocks  # no block is left to be touched for the first time
        if len(computed):
            lowered = [(low * (top - bent * computed.min()), low, bent, top) for low, _, bent, top in self._attempts()]
            most, low, bent, top = max(lowered)
            if -np.inf < most < 0.0:
                computed += low * (top - bent * computed)

    @property
    def num_states(self) -> int:
        """Number of states S."""
        return len(self.values)

    @property
    def unsettled(self) -> float:
        """Largest change that some block may still have to make."""
        return float(self.pending.max(initial=0.0))

    def count_work(self, blocks: int) -> None:
        """Add swept blocks to the number of sweeps."""
        self.sweeps += blocks / max(self.blocks, 1)

    def fill(self) -> None:
        """Give states that no sweep has reached the lowest value so far, so that bounds can be computed."""
        untouched = np.isnan(self.values)
        if untouched.any():
            self.values[untouched] = np.nanmin(self.values) if not untouched.all() else 0.0

    def prove(self, tolerance: float = 0.0) -> Bounds:
        """Bounds, in the old order, with the weights h = 1; if they miss the tolerance, h = top - V as well.

        The second prove more where every step costs: there top - V is no more than the cost so far, and
        each step takes a fixed part of it. See `planners.certificates`. The better ones are returned.
        """
        self.fill()
        lowest = float(self.values[: self.order.computed].min(initial=np.inf))
        if lowest == np.inf:  # all values are known, though not yet who takes what
            self._numbers(0.0, 1.0)
            return self._bounds(0.0, 0.0, 0.0, 0.0)
        found: list[tuple[float, float, float, float, float]] = []
        for low, high, bent, top in self._attempts():
            found.append((max(high, -low) * (top - bent * lowest), low, high, bent, top))
            if found[-1][0] <= 0.9 * tolerance:
                break
        return self._bounds(*min(found)[1:])

    def _attempts(self) -> Iterator[tuple[float, float, float, float]]:
        """The numbers l and k of the certificate, and the `bent` and `top` of the weights h = top - bent * V."""
        computed = self.values[: self.order.computed]
        lowest, highest = float(computed.min()), float(computed.max())
        if self.discount < 1.0:
            yield *self._numbers(0.0, 1.0), 0.0, 1.0
        top = max(highest, self.best_end) + 0.02 * (highest - lowest) + 1e-3 * (1.0 + abs(highest))
        yield *self._numbers(1.0, top), 1.0, top

    best_end: float = 0.0

    def _numbers(self, bent: float, top: float) -> tuple[float, float]:
        """The numbers l and k of the certificate: V + l h is a lower bound, V + k h an upper one."""
        parts = self._ratios(bent, top)
        low, high, limit = float(parts[:, 0].min()), float(parts[:, 1].max()), float(parts[:, 2].min())
        if limit < np.inf:
            high = max(high, 0.0) if max(high, 0.0) <= limit else np.inf
        return low, high

    @abstractmethod
    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(S,) actions in the model's own numbering."""

    @abstractmethod
    def _ratios(self, bent: float, top: float) -> NDArray[np.float64]:
        """The numbers of `_proof.prove_moves`; sets `rows` to the greedy policy."""

    def _bounds(self, low: float, high: float, bent: float, top: float) -> Bounds:
        lower, upper, values = (np.empty_like(self.values) for _ in range(3))
        error, known = 0.0, self.order.computed
        for first in range(0, len(lower), CHUNK):  # in parts, for the sake of memory
            part = slice(first, first + CHUNK)
            V = self.values[part]
            h = np.where(np.arange(first, first + len(V)) < known, top - bent * V, 0.0)
            least, most, middle, far = bracket(V, h, low, high)
            error = max(error, far)
            old = self.order.order[part]
            lower[old], upper[old], values[old] = least, most, middle
        with np.errstate(over="ignore"):  # the number after the largest is infinite, and says so
            error = float(np.nextafter(error, np.inf))
        return Bounds(lower, upper, values, error, self.rows)

    def expand(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S,) for the model's states, from bounds, which are in the old order already."""
        return values


def bracket(
    values: NDArray[np.float64], h: NDArray[np.float64], low: float, high: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Bounds V + l h and V + k h, rounded outwards, what lies between the two, and the largest distance to them.

    Args:
        values: (n,) V.
        h: (n,) the weights of the certificate; 0 where V is known.
        low: The number l of the certificate.
        high: Its number k.
    """
    widen = 4.0 * UNIT_ROUNDOFF
    below, above = (np.where(h > 0, k * np.where(h > 0, h, 1.0), 0.0) for k in (low, high))
    slack = widen * (np.abs(values) + h)
    least = np.nextafter(values + below - widen * np.abs(below) - slack, -np.inf)
    most = np.nextafter(values + above + widen * np.abs(above) + slack, np.inf)
    middle = values + 0.5 * (below + above) if np.isfinite(low) and np.isfinite(high) else values
    middle = np.clip(middle, least, most)
    error = np.nan_to_num(np.maximum(most - middle, middle - least), nan=np.inf).max(initial=0.0)
    return least, most, middle, float(error)


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
