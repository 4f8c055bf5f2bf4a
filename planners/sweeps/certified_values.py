"""A front that proves the bounds of its own values; the part that both forms of a model share."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.problem import UNIT_ROUNDOFF
from planners.sweeps.ordered_sweeps import OrderedSweeps

CHUNK: Final = 1 << 20


class CertifiedValues(OrderedSweeps):
    """A front of one model, with its certificate.

    Attributes:
        best_end: The largest reward that the end of an episode may give.
    """

    best_end: float = 0.0

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

    def prove(self, tolerance: float = 0.0) -> Bounds:
        """Bounds, in the old order, with the weights h = 1; if they miss the tolerance, h = top - V as well.

        The second prove more where every step costs: there top - V is no more than the cost so far, and
        each step takes a fixed part of it. See `planners.equations.certificates`. The better ones are returned.
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

    def _numbers(self, bent: float, top: float) -> tuple[float, float]:
        """The numbers l and k of the certificate: V + l h is a lower bound, V + k h an upper one."""
        parts = self._ratios(bent, top)
        low, high, limit = float(parts[:, 0].min()), float(parts[:, 1].max()), float(parts[:, 2].min())
        if limit < np.inf:
            high = max(high, 0.0) if max(high, 0.0) <= limit else np.inf
        return low, high

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
