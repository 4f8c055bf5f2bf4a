"""Sweeps of one model that prove the bounds of their own values; the part that all forms of a model share."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.problem import UNIT_ROUNDOFF
from planners.sweeps.ordered_sweeps import OrderedSweeps

CHUNK: Final = 1 << 16  # states: what is computed of them stays in the cache


class CertifiedValues(OrderedSweeps):
    """Sweeps of one model, with their certificate.

    Attributes:
        best_end: The largest reward that the end of an episode may give.
        row_type: Type of the numbers of rows, or of actions.
        known_rows: What the states of known value take, in the order of the sweeps.
    """

    best_end: float = 0.0
    row_type: type[np.integer[Any]] = np.int64
    known_rows: NDArray[np.integer[Any]]
    _proven = 0.0, 0.0, 0.0, 0.0  # l, k, slope and offset of the last proof

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
            lowest = computed.min()
            lowered = ((l * (offset - slope * lowest), l, slope, offset) for l, _, slope, offset in self._attempts())
            most, l, slope, offset = max(lowered)
            if -np.inf < most < 0.0:
                computed += l * (offset - slope * computed)

    def prove(self, tolerance: float = 0.0) -> Bounds:
        """Bounds, in the old order, with the weights h = 1; if they miss the tolerance, h = offset - V as well.

        The second prove more where every step costs: there offset - V is no more than the cost so far, and
        each step takes a fixed part of it. See `planners.equations.certificates`. The better ones are returned.
        """
        self.fill()
        lowest = float(self.values[: self.order.computed].min(initial=np.inf))
        if lowest == np.inf:  # all values are known, though not yet who takes what
            self._numbers(0.0, 1.0)
            return self._bounds(0.0, 0.0, 0.0, 0.0)
        found: list[tuple[float, float, float, float, float]] = []
        for l, k, slope, offset in self._attempts():
            found.append((max(k, -l) * (offset - slope * lowest), l, k, slope, offset))
            if found[-1][0] <= 0.9 * tolerance:
                break
        self._proven = min(found)[1:]
        return self._bounds(*self._proven)

    def unproven(self) -> Bounds:
        """The values, in the old order, with infinite bounds and any policy."""
        self.fill()
        values, infinite = self.values[self.order.rank], np.full(len(self.values), np.inf)
        return Bounds(-infinite, infinite, values, np.inf, self._first_rows())

    def after_proof(self, bounds: Bounds) -> None:
        """Raise V to the lower bound that was just proven, where that is worth sweeping everything once more.

        Values that only a discount moves, all alike, would otherwise take 1 / (1 - discount) sweeps.
        """
        l, k, slope, offset = self._proven
        if bounds.error < np.inf and l > 0.01 * (k - l):
            computed = self.values[: self.order.computed]
            computed += l * (offset - slope * computed)
            self.pending[:] = np.inf

    def _attempts(self) -> Iterator[tuple[float, float, float, float]]:
        """The numbers l and k of the certificate, and the slope and offset of the weights h = offset - slope * V."""
        computed = self.values[: self.order.computed]
        lowest, highest = float(computed.min()), float(computed.max())
        if self.discount < 1.0:
            yield *self._numbers(0.0, 1.0), 0.0, 1.0
        offset = weight_offset(lowest, highest, self.best_end)
        yield *self._numbers(1.0, offset), 1.0, offset

    def _numbers(self, slope: float, offset: float) -> tuple[float, float]:
        """The numbers l and k of the certificate: V + l h is a lower bound, V + k h an upper one."""
        parts = self._ratios(slope, offset)
        l, k, limit = float(parts[:, 0].min()), float(parts[:, 1].max()), float(parts[:, 2].min())
        if limit != np.inf:  # NaN too
            k = max(k, 0.0) if max(k, 0.0) <= limit else np.inf
        return l, k

    @property
    @abstractmethod
    def tables(self) -> Any:
        """The tables in the order of the sweeps, as the kernels take them."""

    @property
    def swept_tables(self) -> Any:
        """The same, but for forms that sweeps take otherwise."""
        return self.tables

    def _ratios(self, slope: float, offset: float) -> NDArray[np.float64]:
        """The numbers of `planners.kernels.proofs.prove`; sets `rows` to the greedy policy."""
        from planners.kernels.proofs import PARTS, prove

        self.rows: NDArray[np.integer] = self._first_rows()
        parts = np.empty((PARTS, 3))
        prove(self.tables, self.values, slope, offset, self.order.computed, self.roundings, self.rows, parts)
        self.rows[self.order.computed :] = self.known_rows
        return parts

    def _first_rows(self) -> NDArray[np.integer[Any]]:
        """(S,) the row, or the action, of each state that is taken where no value is a number."""
        return np.zeros(len(self.values), dtype=self.row_type)

    def _bounds(self, l: float, k: float, slope: float, offset: float) -> Bounds:
        lower, upper, values = (np.empty_like(self.values) for _ in range(3))
        error, known = 0.0, self.order.computed
        for first in range(0, len(lower), CHUNK):
            part = slice(first, first + CHUNK)
            V = self.values[part]
            h = np.where(np.arange(first, first + len(V)) < known, offset - slope * V, 0.0)
            least, most, middle, far = bracket(V, h, l, k)
            error = max(error, far)
            old = self.order.order[part]
            lower[old], upper[old], values[old] = least, most, middle
        with np.errstate(over="ignore"):  # the number after the largest is infinite, and says so
            error = float(np.nextafter(error, np.inf))
        return Bounds(lower, upper, values, error, self.rows)


def weight_offset(lowest: float, highest: float, best_end: float = 0.0) -> float:
    """An offset for the weights h = offset - V of values from `lowest` to `highest`, in their own unit.

    Args:
        lowest: The smallest V.
        highest: The largest V.
        best_end: The largest reward that the end of an episode may give.
    """
    unit = min(max(abs(lowest), abs(highest), abs(best_end)), 1.0) or 1.0
    return max(highest, best_end) + 0.02 * (highest - lowest) + 1e-3 * (unit + abs(highest))


def bracket(
    values: NDArray[np.float64], h: NDArray[np.float64], l: float, k: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Bounds V + l h and V + k h, rounded outwards, what lies between the two, and the largest distance to them.

    Args:
        values: (n,) V.
        h: (n,) the weights of the certificate; 0 where V is known.
        l: The number l of the certificate.
        k: Its number k.
    """
    widen = 8.0 * UNIT_ROUNDOFF  # a known value is a reward over 1 - discount, of states whose rewards differ by 4
    tiny = 1e-290  # counts as a size, as of `planners.kernels.proofs`
    below, above = (np.where(h > 0, number * np.where(h > 0, h, 1.0), 0.0) for number in (l, k))
    slack = widen * np.maximum(np.abs(values), tiny)
    with np.errstate(over="ignore", invalid="ignore"):  # nothing is proven of what overflows
        least = np.nextafter(values + below - widen * np.abs(below) - slack, -np.inf)
        most = np.nextafter(values + above + widen * np.abs(above) + slack, np.inf)
        least, most = np.where(np.isnan(least), -np.inf, least), np.where(np.isnan(most), np.inf, most)
    middle = values + 0.5 * (below + above) if np.isfinite(l) and np.isfinite(k) else values
    middle = np.clip(middle, least, most)
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.nan_to_num(np.maximum(most - middle, middle - least), nan=np.inf, posinf=np.inf).max(initial=0.0)
    return least, most, middle, float(error)
