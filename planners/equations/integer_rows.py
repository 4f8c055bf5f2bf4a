"""Bellman's equations in whole numbers: what an exact plan is proven with.

A float is a whole number times a power of 2, and a row of floats divided by its sum is a row of fractions. So each
equation  Q(s, a) = r(s, a) + discount * sum over s' of P(s'|s,a) V(s')  is, times a whole number,

    scale * Q(s, a)  =  reward + sum over s' of weight(s') V(s')

The floats are those that were read, where the model still has the outcomes of a row one by one; else those of its
tables, whose expected rewards were rounded once, and whose rows were scaled to sum to 1.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.integer_tables import IntegerRow, IntegerRows, stored_rows
from planners.models.tabular import TabularMDP
from planners.told_outcomes import MoveOutcomes, RowOutcomes

CLOSE = Fraction(1, 2**45)  # what was read and what is stored differ by rounding


class _Entry(NamedTuple):
    probability: float | Fraction
    next_state: int
    reward: float
    ends: bool


def integer_rows(model: TabularMDP, discount: Fraction | NDArray[np.float64]) -> IntegerRows:
    """The equation of each feasible pair s*A + a, in their order.

    Args:
        model: A model of S states and A actions.
        discount: One number, or (S, A) of them.

    >>> model = TabularMDP.from_gym_dict({0: {0: [(0.25, 0, 2.0, False), (0.75, 0, 1.0, True)]}})
    >>> integer_rows(model, Fraction(1, 2)).row(0)      # 8 Q = 10 + V
    IntegerRow(state=0, scale=8, reward=10, nexts=((0, 1),), ends=True)
    """
    pairs = np.flatnonzero(model.feasible.ravel())
    stored = stored_rows(model, pairs, discount)
    if model.paid is None and model.told is None:
        return stored
    return IntegerRows.of([row for row, _ in _as_read(model, pairs, stored, discount)])


def exact_rows(model: TabularMDP, discount: Fraction | NDArray[np.float64]) -> dict[int, tuple[IntegerRow, bool]]:
    """The equation of each feasible pair, and whether it is that of outcomes as they were read."""
    pairs = np.flatnonzero(model.feasible.ravel())
    found = _as_read(model, pairs, stored_rows(model, pairs, discount), discount)
    return dict(zip(pairs.tolist(), found, strict=True))


def _as_read(
    model: TabularMDP, pairs: NDArray[np.int64], stored: IntegerRows, discount: Fraction | NDArray[np.float64]
) -> list[tuple[IntegerRow, bool]]:
    A, told = model.num_actions, _Told(model)
    ends, rewards = model.termination.ravel().tolist(), model.rewards.ravel().tolist()
    rows = []
    for place, pair in enumerate(pairs.tolist()):
        g = discount if isinstance(discount, Fraction) else Fraction(float(discount.flat[pair]))
        entries = told.outcomes(pair)
        row = None if entries is None else _of_outcomes(pair // A, entries, g)
        read = row is not None and _fits(row, g, rewards[pair], ends[pair], entries or [])
        rows.append((row, True) if row is not None and read else (stored.row(place), False))
    return rows


def _of_outcomes(state: int, entries: list[_Entry], discount: Fraction) -> IntegerRow:
    weights, _ = _whole([entry.probability for entry in entries])
    amounts, unit = _whole([entry.reward for entry in entries])
    nexts: dict[int, int] = {}
    for weight, entry in zip(weights, entries, strict=True):
        if not entry.ends:
            nexts[entry.next_state] = nexts.get(entry.next_state, 0) + weight
    earned = sum(weight * amount for weight, amount in zip(weights, amounts, strict=True))
    return _row(state, sum(weights), earned, unit, nexts, discount)


def _row(state: int, total: int, earned: int, unit: int, nexts: dict[int, int], discount: Fraction) -> IntegerRow:
    """The equation of weights that sum to `total`, and of a reward of `earned / (unit * total)`."""
    onward = discount.numerator * unit
    scale, reward = total * unit * discount.denominator, earned * discount.denominator
    weights = {target: onward * weight for target, weight in nexts.items() if weight}
    common = math.gcd(scale, reward, *weights.values())
    return IntegerRow(
        state,
        scale // common,
        reward // common,
        tuple((target, weight // common) for target, weight in weights.items() if weight),
        sum(nexts.values()) < total,
    )


def _whole(numbers: Sequence[float | Fraction]) -> tuple[list[int], int]:
    """Whole numbers and what they are to be divided by; of floats, a power of 2."""
    ratios = [number.as_integer_ratio() for number in numbers]
    unit = math.lcm(*(below for _, below in ratios))
    return [above * (unit // below) for above, below in ratios], unit


def _fits(row: IntegerRow, discount: Fraction, reward: float, end: float, entries: list[_Entry]) -> bool:
    """Whether what was read is what the tables have, up to rounding: a model may have been given other tables."""
    size = max(abs(Fraction(entry.reward)) for entry in entries)
    if abs(Fraction(row.reward, row.scale) - Fraction(reward)) > CLOSE * size:
        return False
    going_on = Fraction(sum(weight for _, weight in row.nexts), row.scale)
    return abs(going_on - discount * (1 - Fraction(end))) <= CLOSE


class _Told:
    """The outcomes of pairs as they were read, where the model has all of them."""

    def __init__(self, model: TabularMDP) -> None:
        self.model, self.moves, self.read = model, None, None
        if isinstance(model.told, MoveOutcomes):
            self.moves = model.told
        elif isinstance(model.told, RowOutcomes):
            self.read = model.told

    def outcomes(self, pair: int) -> list[_Entry] | None:
        """Those of one pair; None where they are not known."""
        if self.moves is not None:
            return [_Entry(*outcome, ends) for outcome, ends in self.moves.every(pair)]
        if self.read is not None and (found := self._of_read(self.read, pair)):
            return found
        return self._of_paid(pair)

    def _of_read(self, told: RowOutcomes, pair: int) -> list[_Entry]:
        """Entries that are not marked end the episode where they lead to a state in which it only ends."""
        entries = told.of(pair)
        if not entries:
            return []
        here = slice(*np.searchsorted(told.rows, [pair, pair + 1]))
        marked = [False] * len(entries) if told.ends is None else told.ends[here].tolist()
        ending = set(self._ending(pair)) - set(self._onward(pair))
        return [
            _Entry(p, state, reward, end or state in ending)
            for (p, state, reward), end in zip(entries, marked, strict=True)
        ]

    def _of_paid(self, pair: int) -> list[_Entry] | None:
        """A row of the tables, each outcome with what it pays."""
        paid = self.model.paid
        if paid is None:
            return None
        here = slice(paid.indptr[pair], paid.indptr[pair + 1])
        amounts = dict(zip(paid.indices[here].tolist(), paid.data[here].tolist(), strict=True))
        entries = [
            _Entry(p, state, amounts.get(state, math.nan), ends)
            for ends, part in ((False, self._onward(pair)), (True, self._ending(pair)))
            for state, p in part.items()
        ]
        return entries if entries and all(math.isfinite(entry.reward) for entry in entries) else None

    def _onward(self, pair: int) -> dict[int, float]:
        return _entries(self.model.transitions, pair)

    def _ending(self, pair: int) -> dict[int, float]:
        return {} if self.model.endings is None else _entries(self.model.endings, pair)


def _entries(matrix: sparse.csr_array, row: int) -> dict[int, float]:
    part = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return dict(zip(matrix.indices[part].tolist(), matrix.data[part].tolist(), strict=True))
