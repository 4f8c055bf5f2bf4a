"""The distribution of a policy's return, followed forward from where episodes begin.

The computation follows atoms: a state, an interval that holds the return so far, and the probability of both. A step
makes one atom of each outcome. Atoms of one state with one return are merged. If there are too many, atoms of one state
whose returns lie near each other are merged too, and their interval then holds all of these returns. Sums are rounded
outward. So

    atoms whose interval ends at x or below  <=  P(return <= x)  <=  those that begin there or below, and the rest

where the probabilities of atoms are summed, and the rest are the episodes that were not followed to their end.

Source: Bellemare, Dabney and Rowland (2023), "Distributional Reinforcement Learning", Chapters 2 and 5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import as_float, check_numbers, is_table, shown
from planners.equations.problem import UNIT_ROUNDOFF
from planners.errors import InvalidOptionError
from planners.evaluation.policy_law import PolicyLaw
from planners.plans.table import Table

SAME: Final = 1e-12  # returns that differ by no more, as a part of the largest, are one
NEGLIGIBLE: Final = 1e-12  # probability of the episodes that are not followed any further
LEAST: Final = 1e-18  # probability of an atom that is dropped
FINE: Final = 1e-7  # standard deviations that what is still to be earned may be worth in the end

Floats = NDArray[np.float64]


class Atoms(NamedTuple):
    """n atoms: (n,) state, least and largest return so far, probability."""

    state: NDArray[np.int64]
    low: Floats
    high: Floats
    mass: Floats

    def merged(self, most: int) -> "Atoms":
        """No more than about `most` of them."""
        if not len(self.state):
            return self
        middle = self.low + 0.5 * (self.high - self.low)
        size = max(float(np.abs(middle).max()), 1e-300)
        found = self._joined(np.rint(middle / (SAME * size)))
        if len(found.state) <= most:
            return found
        cells = max(most // (int(found.state.max()) + 1), 1)
        middle = found.low + 0.5 * (found.high - found.low)
        least, width = float(middle.min()), float(np.ptp(middle))
        place = (middle - least) * (cells / width) if width > 0 else 0.0 * middle
        return found._joined(np.minimum(place, cells - 1.0).astype(np.int64))

    def _joined(self, key: NDArray[Any]) -> "Atoms":
        """One atom of those in one state that have one key."""
        order = np.lexsort((key, self.state))
        state, sorted_key = self.state[order], key[order]
        new = (state[1:] != state[:-1]) | (sorted_key[1:] != sorted_key[:-1])
        first = np.concatenate(([0], np.flatnonzero(new) + 1))
        return Atoms(
            state[first],
            np.minimum.reduceat(self.low[order], first),
            np.maximum.reduceat(self.high[order], first),
            np.add.reduceat(self.mass[order], first),
        )


@dataclass(frozen=True, eq=False, repr=False)
class ReturnDistribution:
    """The distribution of a return: intervals that hold it, with their probabilities.

    Attributes:
        low: (n,) where each interval begins, rising.
        high: (n,) where it ends.
        mass: (n,) its probability.
        cut_off: Probability of the episodes that were not followed to their end, and what rounding adds: proven.
        steps: How many steps were followed.
    """

    low: Floats
    high: Floats
    mass: Floats
    cut_off: float
    steps: int

    def at_most(self, returns: ArrayLike) -> tuple[Any, Any]:
        """Proven bounds of P(return <= x), of one x or an array of them."""
        x = check_numbers("returns", returns)
        return self._sum(self.high, x, "right", -1.0), self._sum(self.low, x, "right", 1.0)

    def below(self, returns: ArrayLike) -> tuple[Any, Any]:
        """Proven bounds of P(return < x), of one x or an array of them."""
        x = check_numbers("returns", returns)
        return self._sum(self.high, x, "left", -1.0), self._sum(self.low, x, "left", 1.0)

    def _sum(self, ends: Floats, x: Floats, side: Any, sign: float) -> Any:
        order = np.argsort(ends, kind="stable")
        sums = np.concatenate(([0.0], np.cumsum(self.mass[order])))
        found = np.clip(sums[np.searchsorted(ends[order], x, side=side)] + sign * self.cut_off, 0.0, 1.0)
        return float(found) if found.ndim == 0 else found

    def quantile(self, probability: float) -> tuple[float, float]:
        """Proven bounds of the least return x with P(return <= x) >= a probability above 0.

        Raises:
            InvalidOptionError: The probability is no number above 0 and up to 1.
        """
        if not 0.0 < as_float(probability) <= 1.0:
            raise InvalidOptionError(f"probability is {shown(probability)}; expected a number above 0, and at most 1")
        bounds = []
        for ends, sign, beyond in ((self.low, 1.0, -np.inf), (self.high, -1.0, np.inf)):
            order = np.argsort(ends, kind="stable")
            sums = np.cumsum(self.mass[order]) + sign * self.cut_off
            place = int(np.searchsorted(sums, probability))
            certain = sign < 0 or self.cut_off < probability  # episodes that were cut off may lie anywhere
            bounds.append(float(ends[order][place]) if place < len(ends) and certain else beyond)
        return bounds[0], bounds[1]

    def histogram(self, bins: int | ArrayLike = 20) -> Table:
        """The probability of each bin, between proven bounds; `print` it, `to_csv(path)`, `to_pandas()`.

        A bin holds its lower edge and not its upper one; the last holds both.

        Args:
            bins: How many, of one width, from the least return to the largest; or their edges, rising.

        Raises:
            InvalidOptionError: There is no bin, or edges do not rise.
        """
        edges = self._edges(bins)
        first, after = edges[None, :-1], np.append(edges[1:-1], np.nextafter(edges[-1], np.inf))[None]
        inside = (self.low[:, None] >= first) & (self.high[:, None] < after)
        touching = (self.high[:, None] >= first) & (self.low[:, None] < after)
        least = np.maximum(self.mass @ inside - self.cut_off, 0.0)
        most = np.minimum(self.mass @ touching + self.cut_off, 1.0)
        row: Callable[[int], tuple[float, ...]] = lambda k: (  # noqa: E731
            float(edges[k]), float(edges[k + 1]), float(least[k]), float(most[k]),
        )  # fmt: skip
        return Table(("from", "to", "lower", "upper"), len(least), row)

    def _edges(self, bins: Any) -> Floats:
        if isinstance(bins, int | np.integer) and not isinstance(bins, bool) and bins >= 1:
            least, most = float(self.low.min()), float(self.high.max())
            return np.linspace(least, most if most > least else least + 1.0, int(bins) + 1)
        edges = check_numbers("bins", bins) if is_table(bins) and np.ndim(bins) == 1 else np.zeros(0)
        if len(edges) < 2 or not (np.diff(edges) > 0).all():
            raise InvalidOptionError(f"bins is {shown(bins)}; expected a number of at least 1, or edges that rise")
        return edges

    def __repr__(self) -> str:
        """How many atoms there are, and how sharp they are."""
        return (
            f"ReturnDistribution({len(self.mass)} values from {self.low.min():.6g} to {self.high.max():.6g}, known to "
            f"{float((self.high - self.low).max()):.1g}; {self.steps} steps, probability {self.cut_off:.1g} cut off)"
        )


def distribution_of(
    law: PolicyLaw, begin: Floats, discount: float, spread: float, *, atoms: int, steps: int
) -> ReturnDistribution:
    """The distribution of a return; see `planners.evaluation.returns.Returns.distribution`.

    Args:
        law: What happens in each of n states.
        begin: (n,) probability that an episode begins there; with what is missing to 1 the return is 0.
        discount: 0 to 1.
        spread: Standard deviation of the return, to say what is negligible.
        atoms: How many are kept apart.
        steps: After how many an episode is cut off.
    """
    for name, number in (("atoms", atoms), ("steps", steps)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise InvalidOptionError(f"{name} is {number!r:.80}; expected a whole number of at least 1")
    walk = _Walk(law, begin, discount, atoms)
    while walk.steps < steps and not walk.is_over(spread):
        walk.step()
    return walk.result()


class _Walk:
    """The atoms of episodes that go on, and of those that have ended."""

    def __init__(self, law: PolicyLaw, begin: Floats, discount: float, most: int) -> None:
        """At the start."""
        first = np.flatnonzero(begin > 0)
        self.law, self.discount, self.most = law, discount, most
        self.first = np.searchsorted(law.state, np.arange(len(begin) + 1))
        self.alive = Atoms(first, np.zeros(len(first)), np.zeros(len(first)), begin[first])
        resting = max(1.0 - float(begin.sum()), 0.0)
        none = np.zeros(int(resting > len(begin) * UNIT_ROUNDOFF))
        self.ended = Atoms(none.astype(np.int64), none, none, none + resting)
        self.factor, self.steps, self.lost = 1.0, 0, 0.0
        least, largest = float(law.reward.min(initial=0.0)), float(law.reward.max(initial=0.0))
        left = (1.0 - discount) * (1.0 - 1e-9)
        self.still = (least / left, largest / left) if discount < 1.0 else (-np.inf, np.inf)

    def is_over(self, spread: float) -> bool:
        """Whether so few episodes go on, or so little can still be earned, that it is negligible."""
        if float(self.alive.mass.sum()) <= NEGLIGIBLE or self.factor == 0.0:
            return True
        if self.discount == 1.0:
            return False
        least, largest = self.still
        return self.factor * (largest - least) <= max(FINE * spread, SAME * (largest - least))

    def step(self) -> None:
        """Take one step in every atom."""
        law, alive = self.law, self.alive
        length = self.first[alive.state + 1] - self.first[alive.state]
        place = np.repeat(self.first[alive.state] - np.cumsum(length) + length, length) + np.arange(length.sum())
        low, high, mass = (np.repeat(part, length) for part in alive[1:])
        earned = self.factor * law.reward[place]
        doubt = 0.0 if self.discount == 1.0 else (self.steps + 4) * 2.0 * UNIT_ROUNDOFF * np.abs(earned)
        low, high = _sum_outward(low, earned - doubt, -np.inf), _sum_outward(high, earned + doubt, np.inf)
        mass, following = mass * law.weight[place], law.following[place]
        self.lost += float(mass[mass < LEAST].sum()) + 2.0 * UNIT_ROUNDOFF * (int(length.max()) + 16 + len(mass))
        goes_on, ends = (following >= 0) & (mass >= LEAST), (following < 0) & (mass >= LEAST)
        self.alive = Atoms(following[goes_on], low[goes_on], high[goes_on], mass[goes_on]).merged(self.most)
        self._end(Atoms(np.zeros(int(ends.sum()), dtype=np.int64), low[ends], high[ends], mass[ends]))
        self.factor *= self.discount
        self.steps += 1

    def _end(self, atoms: Atoms) -> None:
        both: list[Any] = [np.concatenate(pair) for pair in zip(self.ended, atoms, strict=True)]
        self.ended = Atoms(*both).merged(self.most)

    def result(self) -> ReturnDistribution:
        """What is known now; at a discount of 1, episodes that go on may still earn anything."""
        alive = self.alive
        if self.discount < 1.0 and float(alive.mass.sum()) > NEGLIGIBLE:
            low = np.nextafter(alive.low + self.factor * self.still[0] * (1.0 + 1e-9), -np.inf)
            high = np.nextafter(alive.high + self.factor * self.still[1] * (1.0 + 1e-9), np.inf)
            self._end(Atoms(0 * alive.state, low, high, alive.mass))
        else:
            self.lost += float(alive.mass.sum())
        order = np.argsort(self.ended.low, kind="stable")
        low, high, mass = (part[order] for part in self.ended[1:])
        rounding = 4.0 * (len(mass) + 8) * UNIT_ROUNDOFF
        return ReturnDistribution(low, high, mass, self.lost * (1.0 + 1e-9) + rounding, self.steps)


def _sum_outward(a: Floats, b: Floats, towards: float) -> Floats:
    """A + b, moved to the next float in one direction where it was rounded; exact where it was not."""
    total = a + b
    part = total - a
    wrong = (a - (total - part)) + (b - part)  # what rounding took, exactly: Knuth (1969)
    return np.where(wrong == 0.0, total, np.nextafter(total, towards))
