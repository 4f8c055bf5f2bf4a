"""Sums and expectations of floats that are rounded once, however much cancels in them.

What is planned on are rows of floats scaled to sum to 1 (see `planners.equations.certificates`). Their expected rewards
are kept as floats, and a certificate allows for one rounding of each. A plain sum of products may be off by far more:
.3 * 7e6 - .7 * 3e6, of the floats nearest to .3 and .7, is 5.6e-11, and 0 as float64 computes it. So sums are kept in
two floats, which together know some 100 bits; where that is not enough, rationals take over.

Sources: Ogita, Rump and Oishi (2005), "Accurate Sum and Dot Product"; Dekker (1971) for the exact product.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SPLITTER: Final = 2.0**27 + 1.0
LARGEST, SMALLEST = 1e280, 1e-250  # between these no product of two parts overflows, nor loses bits at the lower end
SMALLEST_SUBNORMAL: Final = float(np.finfo(np.float64).smallest_subnormal)
CANCELLED: Final = 2.0**-40  # a result below this part of its terms is computed in rationals


class Groups(NamedTuple):
    """L entries, sorted by the row that they belong to: row `rows[i]` has `length[i]` of them, from `start[i]` on."""

    order: NDArray[np.intp] | None
    rows: NDArray[Any]
    start: NDArray[np.intp]
    length: NDArray[np.intp]

    @classmethod
    def of(cls, rows: NDArray[Any]) -> "Groups":
        """The entries of (L,) rows, in any order."""
        order = None if (rows[1:] >= rows[:-1]).all() else np.argsort(rows, kind="stable")
        ordered = rows if order is None else rows[order]
        start = np.flatnonzero(np.concatenate(([len(rows) > 0], ordered[1:] != ordered[:-1])))
        return cls(order, ordered[start], start, np.diff(np.append(start, len(rows))))

    def sorted(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """(L,) numbers of the entries, in the order of the rows."""
        return numbers if self.order is None else numbers[self.order]


def exact_sums(numbers: Floats, rows: NDArray[Any], count: int) -> Floats:
    """(count,) sums of the non-negative numbers of each row, rounded once; 0 where there is none.

    >>> exact_sums(np.array([1.0, 2.0**-53, 2.0**-53]), np.array([1, 1, 1]), 2) - 1.0
    array([-1.00000000e+00,  2.22044605e-16])
    """
    sums = np.zeros(count)
    groups = Groups.of(rows)
    if len(groups.rows):
        sums[groups.rows], _ = _sums(groups.sorted(numbers), groups.start, groups.length)
    return sums


def expectations(weights: Floats, amounts: Floats, rows: NDArray[Any], count: int) -> Floats:
    """(count,) weighted means of the amounts of each row: sum of weight * amount over the sum of weights, rounded once.

    Amounts of weight 0 are not looked at. A row without weight has 0; one with an infinite amount has that, or NaN.

    Args:
        weights: (L,) non-negative; they need not sum to 1.
        amounts: (L,) what is averaged.
        rows: (L,) the row of each, from 0 to `count` - 1.
        count: Number of rows.

    >>> expectations(np.array([0.3, 0.7]), np.array([7e6, -3e6]), np.array([0, 0]), 1)
    array([5.55111512e-11])
    """
    used = weights != 0
    if not used.all():
        weights, amounts, rows = weights[used], amounts[used], rows[used]
    means = np.zeros(count)
    groups = Groups.of(rows)
    if not len(groups.rows):
        return means
    w, x = groups.sorted(weights), groups.sorted(amounts)
    least, most = np.minimum.reduceat(x, groups.start), np.maximum.reduceat(x, groups.start)
    means[groups.rows] = least  # where all amounts are the same, that is the mean
    mixed = np.flatnonzero(~(least == most))
    for first in range(0, len(mixed), 1 << 15):  # in parts, for the sake of memory
        part = mixed[first : first + (1 << 15)]
        means[groups.rows[part]] = _means(w, x, groups.start[part], groups.length[part])
    return means


def _means(w: Floats, x: Floats, start: NDArray[np.intp], length: NDArray[np.intp]) -> Floats:
    """Weighted means of the chosen groups of sorted entries."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        high, low, size, plain = _weighted_sums(w, x, start, length)
        whole, rest = _sums(w, start, length)
        mean = high / whole
        product, error = exact_product(mean, whole)
        mean = mean + (((high - product) - error) + low - mean * rest) / whole
        doubtful = ~((np.abs(high) > CANCELLED * size) & plain)
    for group in np.flatnonzero(doubtful):
        entries = slice(start[group], start[group] + length[group])
        mean[group] = _rational_mean(w[entries], x[entries])
    return mean


def _rational_mean(w: Floats, x: Floats) -> float:
    if not (np.isfinite(w).all() and np.isfinite(x).all()):
        with np.errstate(invalid="ignore"):
            return float((w * x).sum())
    weights = [Fraction(number) for number in w.tolist()]
    total = sum(weight * Fraction(amount) for weight, amount in zip(weights, x.tolist(), strict=True))
    mean = float(total / sum(weights))
    return mean if mean or not total else math.copysign(SMALLEST_SUBNORMAL, total)  # only 0 is 0


def sums_in_rows(weights: Floats, amounts: Floats, ends: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    """(count,) sums of weight * amount in each row, in two floats, and the sums of what these are in size.

    Args:
        weights: (L,).
        amounts: (L,).
        ends: (count + 1,) where the entries of each row begin.

    >>> sums_in_rows(np.array([1.0, 2.0**-60, -1.0]), np.ones(3), np.array([0, 3]))[:2] == (2.0**-60, 0.0)
    True
    """
    high, low, size, _ = _weighted_sums(weights, amounts, ends[:-1], np.diff(ends))
    return high, low, size


def _steps(start: NDArray[np.intp], length: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The groups that have a first entry, and where it is; those that have a second one; and so on."""
    groups = np.argsort(-length, kind="stable")
    longest = -length[groups]
    for step in range(int(length.max(initial=0))):
        groups = groups[: np.searchsorted(longest[: len(groups)], -step)]
        yield groups, start[groups] + step


def _sums(numbers: Floats, start: NDArray[np.intp], length: NDArray[np.intp]) -> tuple[Floats, Floats]:
    high, low = np.zeros(len(start)), np.zeros(len(start))
    for groups, entries in _steps(start, length):
        high[groups], error = exact_sum(high[groups], numbers[entries])
        low[groups] += error
    total = high + low
    return total, low - (total - high)


def _weighted_sums(
    w: Floats, x: Floats, start: NDArray[np.intp], length: NDArray[np.intp]
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Sums of w * x in two parts; sums of |w * x|; and whether no term is too large or too small for that."""
    high, low, size = np.zeros(len(start)), np.zeros(len(start)), np.zeros(len(start))
    plain = np.ones(len(start), dtype=bool)
    for groups, entries in _steps(start, length):
        product, error = exact_product(w[entries], x[entries])
        high[groups], left = exact_sum(high[groups], product)
        low[groups] += left + error
        size[groups] += np.abs(product)
        plain[groups] &= (np.abs(x[entries]) < LARGEST) & ((np.abs(product) > SMALLEST) | (x[entries] == 0))
    total = high + low
    return total, low - (total - high), size, plain


def exact_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """A + b as a float, and what that is off by."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def exact_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """A * b as a float, and what that is off by."""
    product = a * b
    a_high, b_high = _first_half(a), _first_half(b)
    a_low, b_low = a - a_high, b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _first_half(a: Floats) -> Floats:
    shifted = SPLITTER * a
    return shifted - (shifted - a)
