"""Rows of whole numbers of any length, as arrays of Python's integers: NumPy goes through them, nothing is rounded."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arrays import take_rows
from planners.models.tabular import TabularMDP

Integers = NDArray[Any]  # of int64, or of Python's integers as objects
WORD: Final = 62  # bits that int64 holds for sure


class IntegerRow(NamedTuple):
    """The equation of one pair: scale * Q = reward + sum of weight * V(next); `ends`: whether the episode may end."""

    state: int
    scale: int
    reward: int
    nexts: tuple[tuple[int, int], ...]  # (next state, weight)
    ends: bool


class IntegerRows(NamedTuple):
    """The equations of L pairs.

    Attributes:
        state: (L,) the state of each.
        scale: (L,) Python's integers, as `reward`.
        reward: (L,).
        first: (L + 1,) where the next states of each begin.
        nexts: The next states, of one row after the other.
        weights: Of each of them.
        ends: (L,) bool, whether the episode may end.
    """

    state: NDArray[np.int64]
    scale: Integers
    reward: Integers
    first: NDArray[np.int64]
    nexts: NDArray[np.int64]
    weights: Integers
    ends: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Sequence[IntegerRow]) -> "IntegerRows":
        """The rows, one by one.

        >>> rows = IntegerRows.of([IntegerRow(0, 8, 10, ((0, 1),), True)])
        >>> rows.row(0), rows.onward(np.array([10**30]))
        (IntegerRow(state=0, scale=8, reward=10, nexts=((0, 1),), ends=True), array([1000...000], dtype=object))
        """
        nexts = [entry for row in rows for entry in row.nexts]
        return cls(
            np.array([row.state for row in rows], dtype=np.int64),
            objects([row.scale for row in rows]),
            objects([row.reward for row in rows]),
            np.concatenate(([0], np.cumsum([len(row.nexts) for row in rows], dtype=np.int64))),
            np.array([state for state, _ in nexts], dtype=np.int64),
            objects([weight for _, weight in nexts]),
            np.array([row.ends for row in rows], dtype=bool),
        )

    def row(self, place: int) -> IntegerRow:
        """One of them."""
        part = slice(self.first[place], self.first[place + 1])
        nexts = tuple(zip(self.nexts[part].tolist(), self.weights[part].tolist(), strict=True))
        return IntegerRow(int(self.state[place]), self.scale[place], self.reward[place], nexts, bool(self.ends[place]))

    def take(self, places: NDArray[np.integer]) -> "IntegerRows":
        """Some of them, in the given order."""
        start, length = self.first[places], self.first[places + 1] - self.first[places]
        first = np.concatenate(([0], np.cumsum(length)))
        entries = np.arange(first[-1]) + np.repeat(start - first[:-1], length)
        return IntegerRows(
            self.state[places],
            self.scale[places],
            self.reward[places],
            first,
            self.nexts[entries],
            self.weights[entries],
            self.ends[places],
        )

    def only(self, kept: NDArray[np.bool_]) -> "IntegerRows":
        """The rows without the entries that are not kept."""
        first = np.concatenate(([0], np.cumsum(kept)))[self.first]
        return self._replace(first=first, nexts=self.nexts[kept], weights=self.weights[kept])

    def onward(self, numerators: Integers) -> Integers:
        """(L,) the sum of weight times numerator of the next states."""
        return sums(self.weights * numerators[self.nexts], self.first)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(L,) how many next states."""
        return np.diff(self.first)


def objects(numbers: Sequence[int]) -> Integers:
    """Python's integers in an array."""
    found = np.empty(len(numbers), dtype=object)
    found[:] = numbers
    return found


def sums(numbers: Integers, first: NDArray[np.int64], add: Any = np.add) -> Integers:
    """(L,) the sum of the numbers of each row, or what else `add` does; 0 where there are none."""
    found, filled = np.zeros(len(first) - 1, dtype=numbers.dtype), np.flatnonzero(np.diff(first))
    if len(filled):
        found[filled] = add.reduceat(numbers, first[filled])
    return found


def stored_rows(model: TabularMDP, pairs: NDArray[np.int64], discount: Fraction | NDArray[np.float64]) -> IntegerRows:
    """The equations of pairs s*A + a by the tables as they are stored, each divided by the sum of its probabilities.

    Args:
        model: A model of S states and A actions.
        pairs: (L,) feasible ones.
        discount: One number, or (S, A) of them.
    """
    chosen = take_rows(model.transitions, pairs)
    lengths = np.diff(chosen.indptr)
    first = np.concatenate(([0], np.cumsum(lengths + 1)))  # the last number of each row is that of its end
    is_end = np.zeros(first[-1], dtype=bool)
    is_end[first[1:] - 1] = True
    numbers = np.empty(len(is_end))
    numbers[~is_end], numbers[is_end] = chosen.data, model.termination.ravel()[pairs]
    odd, power = _parts(numbers)
    unit = -np.minimum.reduceat(np.minimum(power, 0), first[:-1])
    paid, paid_power = _parts(model.rewards.ravel()[pairs])
    above, below = _ratios(discount, pairs)
    shift, paid_shift, paid_unit = power + np.repeat(unit, lengths + 1), np.maximum(paid_power, 0), -paid_power
    paid_unit = np.maximum(paid_unit, 0)
    longest = int(unit.max()) + int(lengths.max()).bit_length() + max(above.max(), below.max()).bit_length()
    longest += max(int(paid_unit.max()), int(np.abs(paid).max()).bit_length() + int(paid_shift.max()))
    kind: Any = np.int64 if longest <= WORD else object
    all_weights = odd.astype(kind) << shift.astype(kind)
    total, above, below = np.add.reduceat(all_weights, first[:-1]), above.astype(kind), below.astype(kind)
    unit_paid = np.ones(len(pairs), dtype=kind) << paid_unit.astype(kind)
    weights = all_weights[~is_end] * np.repeat(above * unit_paid, lengths)
    scale, reward = total * unit_paid * below, total * (paid.astype(kind) << paid_shift.astype(kind)) * below
    begins = np.concatenate(([0], np.cumsum(lengths)))
    common = np.gcd(np.gcd(scale, reward), sums(weights, begins, np.gcd))
    found = IntegerRows(
        pairs // model.num_actions,
        (scale // common).astype(object),
        (reward // common).astype(object),
        begins,
        chosen.indices.astype(np.int64),
        (weights // np.repeat(common, lengths)).astype(object),
        all_weights[is_end] > 0,
    )
    return found if weights.all() else found.only(weights != 0)


def _parts(numbers: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whole numbers, odd or 0, and the powers of 2 by which they are to be multiplied."""
    mantissa, exponent = np.frexp(numbers)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    zeros = np.frexp((whole & -whole).astype(np.float64))[1] - 1  # at its end, in binary
    zeros = np.where(whole == 0, 0, zeros)
    return whole >> zeros, np.where(whole == 0, 0, exponent.astype(np.int64) - 53 + zeros)


def _ratios(discount: Fraction | NDArray[np.float64], pairs: NDArray[np.int64]) -> tuple[Integers, Integers]:
    """(L,) numerators and (L,) denominators of discounts."""
    if isinstance(discount, Fraction):
        return np.full(len(pairs), discount.numerator, object), np.full(len(pairs), discount.denominator, object)
    ratios = [float(number).as_integer_ratio() for number in discount.ravel()[pairs]]
    return objects([above for above, _ in ratios]), objects([below for _, below in ratios])
