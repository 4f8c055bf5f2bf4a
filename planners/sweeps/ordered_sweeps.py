"""A model in the order in which values reach its states, for `planners.gauss_seidel`.

The states come in three parts: those in breadth-first order from where episodes end (or, where none
does, in their own order); then those whose value is known beforehand: all their actions end the episode,
or they can never end it and earn the same for ever. Known values are exact to a few roundings.
"""

from abc import ABC, abstractmethod
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.ends import NEVER
from planners.equations.problem import UNIT_ROUNDOFF
from planners.iteration.sweep_forecast import Outlook
from planners.options import Target, Tolerance

LARGEST_BLOCK: Final = 2048
MOST_READ: Final = 1 << 25  # entries of tables between two reports: some hundredths of a second
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


def closed_value(best: NDArray[np.float64], discount: float) -> float | None:
    """Value of states that earn the same for ever, where they all do; None if they do not."""
    if not len(best) or discount == 1.0:
        return 0.0 if not len(best) else None
    first, spread = float(best[0]), 0.5 * best.max() - 0.5 * best.min()  # halved: two may add up to infinity
    if spread > 2 * UNIT_ROUNDOFF * abs(first) or 0.0 < abs(first) < 1e-290:
        return None
    with np.errstate(over="ignore"):
        return float(np.float64(first) / (1.0 - discount))


def sorted_seeds(joins: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """States that join the search of themselves, and their layers, sorted by these."""
    seeds = np.flatnonzero(joins < NEVER).astype(np.int32)
    seeds = seeds[np.argsort(joins[seeds], kind="stable")]
    return seeds, joins[seeds]


class OrderedSweeps(ABC):
    """Values, and where the sweeps have got to; the part that one model and many share.

    Attributes:
        values: (S,) in the new order; NaN where no sweep has been.
        sweeps: Sweeps so far, in multiples of all states.
        residual: Largest change that some block may still have to make, after `advance`.
        settled: Whether no block may still change by more than the threshold, after `advance`.
        swept_tables: The tables, in the form in which a sweep takes them.
        per_step: The costliest step of the model, or of each.
        span: (blocks, 3) which blocks each one reads, and which read it.
        limited: Whether rounding ended the last sweeps before they had settled; only where they are in float32.
    """

    order: Order
    values: NDArray[np.float64]
    sweeps: float
    model: Any
    discount: float
    swept_tables: Any
    per_step: Any
    span: NDArray[np.int32]
    budget = 4_000  # blocks between two reports, at most
    limited = False

    def __init__(self, order: Order, values: NDArray[np.float64], longest_row: int, entries: int) -> None:
        """Choose blocks and window; a sweep of everything reads so many entries."""
        self.order, self.values = order, values
        self.block: int = int(np.clip(LAYERS_IN_WINDOW * order.computed // (40 * order.layers), 64, LARGEST_BLOCK))
        self.blocks: int = -(-order.computed // self.block)
        window = -(-LAYERS_IN_WINDOW * order.computed // (order.layers * self.block))
        self.entries: int = max(entries, 1)
        self.budget: int = max(min(type(self).budget, MOST_READ * self.blocks // self.entries), 1)
        self.cursor: NDArray[np.int64] = np.array([0, np.clip(window, 4, max(self.blocks, 4)), -1, 0], dtype=np.int64)
        self.pending: NDArray[np.float64] = np.zeros(self.blocks)
        self.roundings: int = longest_row + 18  # those of a backup, of its tables and of the values known beforehand
        self.sweeps, self.residual, self.settled = 0.0, np.inf, False
        self.rows: NDArray[np.integer[Any]] = np.zeros(len(values), dtype=np.int64)

    @property
    def num_states(self) -> int:
        """Number of states S."""
        return len(self.values)

    def advance(self, threshold: float, budget: int = 0) -> bool:
        """Sweep about `budget` blocks; True when none may still change by more than `threshold`."""
        work, done = self._sweep_window(threshold, budget or self.budget)
        self.sweeps += work / max(self.blocks, 1)
        self.residual: float = threshold if done else float(self.pending.max(initial=0.0))
        self.settled: bool = done and not self.limited
        return done

    def _sweep_window(self, threshold: float, budget: int) -> tuple[int, bool]:
        """Sweep as `advance` says; how many blocks, and whether there is nothing left to sweep."""
        from planners.kernels.windows import sweep_window

        return sweep_window(
            self.swept_tables, self.values, self.per_step, self.span, self.pending, self.cursor, self.block,
            self.order.computed, threshold, budget,
        )  # fmt: skip

    def outlook(self) -> Outlook:
        """How far the sweeps have come: the window leaves behind it what has settled."""
        waiting = np.count_nonzero(np.isnan(self.values[: self.order.computed]))
        return Outlook(0.0, 1.0 - waiting / max(self.order.computed, 1), in_order=True)

    def magnitude(self) -> float:
        """Largest |V| of the states whose value is not known beforehand."""
        return float(np.abs(self.values[: self.order.computed]).max(initial=0.0))

    @abstractmethod
    def reward_size(self) -> float:
        """Largest |r|."""

    def target(self, tolerance: Tolerance, bounds: Bounds) -> Target:
        """What error of bounds ends the sweeps, and what is allowed."""
        return tolerance.target(bounds.values)

    def fill(self) -> None:
        """Give states that no sweep has reached the lowest value so far, so that bounds can be computed."""
        untouched = np.isnan(self.values)
        if untouched.any():
            self.values[untouched] = np.nanmin(self.values) if not untouched.all() else 0.0

    @abstractmethod
    def prove(self, tolerance: float = 0.0) -> Bounds:
        """Bounds, in the old order, that meet the tolerance where the values allow it."""

    def after_proof(self, bounds: Bounds) -> None:  # noqa: B027 - sweeps in float64 go on as they are
        """Make use of what was just proven, before the sweeps go on."""

    @abstractmethod
    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(S,) actions in the model's own numbering."""

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(S,) for the model's states, from bounds, which are in the old order already."""
        return values
