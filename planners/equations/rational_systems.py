"""Expected rewards until a state is reached, in fractions: for what floats cannot decide."""

import math
from collections.abc import Sequence
from fractions import Fraction
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from planners.models.tabular import TabularMDP

MOST_WORK: Final = 30_000_000  # bits of the fractions that are computed; some ten seconds


class TooLargeError(Exception):
    """Fractions would take too long."""


class Row(NamedTuple):
    """What one step earns, and where it leads: the probabilities of the next states sum to 1."""

    reward: Fraction
    nexts: dict[int, Fraction]


def exact_row(states: Sequence[int], probabilities: Sequence[float], reward: float | Fraction) -> Row:
    """A row of floats as it is stored, divided by its sum."""
    total = sum(map(Fraction, probabilities), Fraction())
    return Row(
        Fraction(reward), {state: Fraction(p) / total for state, p in zip(states, probabilities, strict=True) if p}
    )


def pair_row(model: TabularMDP, pair: int) -> Row:
    """The row of a pair that never ends: by its outcomes as they were read, where the model tells, else as stored."""
    told = told_row(model, pair)
    if told is not None:
        return told
    P, part = model.transitions, slice(model.transitions.indptr[pair], model.transitions.indptr[pair + 1])
    return exact_row(P.indices[part].tolist(), P.data[part].tolist(), float(model.rewards.ravel()[pair]))


def told_row(model: TabularMDP, pair: int) -> Row | None:
    """The row of a pair that never ends, by the reward of each outcome; None where the model does not tell it.

    What is stored was rounded once. A reward that differs from it by more is another one, and is not taken. Rewards and
    chances come from the same numbers: of two that were rounded apart, a potential would not cancel.
    """
    if model.termination.ravel()[pair] or (model.paid is None and model.told is None):
        return None
    outcomes = _outcomes(model, pair)
    if outcomes is None:
        return None
    total = sum((p for p, _, _ in outcomes), Fraction())
    nexts: dict[int, Fraction] = {}
    for p, state, _ in outcomes:
        nexts[state] = nexts.get(state, Fraction()) + p / total
    found = sum((p * amount for p, _, amount in outcomes), Fraction()) / total
    size = sum((p * abs(amount) for p, _, amount in outcomes), Fraction()) / total
    stored = Fraction(float(model.rewards.ravel()[pair]))
    return Row(found, nexts) if abs(found - stored) <= size * Fraction(1, 2**50) else None


def _outcomes(model: TabularMDP, pair: int) -> list[tuple[Fraction, int, Fraction]] | None:
    """Probability, next state and reward of each outcome; None where the model does not tell all of them."""
    told = model.told.of(pair) if model.told is not None else []
    if told:
        return [(Fraction(p), state, Fraction(amount)) for p, state, amount in told]
    if model.paid is None:
        return None
    P, part = model.transitions, slice(model.transitions.indptr[pair], model.transitions.indptr[pair + 1])
    here = slice(model.paid.indptr[pair], model.paid.indptr[pair + 1])
    paid = dict(zip(model.paid.indices[here].tolist(), model.paid.data[here].tolist(), strict=True))
    row = [(p, t, paid.get(t, math.nan)) for t, p in zip(P.indices[part].tolist(), P.data[part].tolist(), strict=True)]
    if not row or not all(math.isfinite(amount) for _, _, amount in row):
        return None
    return [(Fraction(p), state, Fraction(amount)) for p, state, amount in row]


def expected_until(target: int, rows: dict[int, Row]) -> dict[int, Fraction]:
    """Expected total reward from each state until the target is reached, which has 0.

    States are eliminated one after the other, those with the fewest ways through them first: each is replaced by
    what it leads to. That is Gaussian elimination; where each row has one next state it takes one pass.

    Args:
        target: A state without a row.
        rows: The row of each other state. The target must be reached from all of them with probability 1.

    Raises:
        TooLargeError: The fractions become too many or too long.

    >>> half = Fraction(1, 2)
    >>> expected_until(0, {1: Row(Fraction(1), {0: half, 1: half})})[1]
    Fraction(2, 1)
    """
    system = _System(rows)
    waiting = _Queue({state: system.fill(state) for state in rows})
    eliminated = []
    while (state := waiting.pop()) is not None:
        for touched in system.eliminate(state):
            waiting.put(touched, system.fill(touched))
        eliminated.append(state)
    h = {target: Fraction()}
    for state in reversed(eliminated):
        h[state] = system.reward[state] + sum((p * h[t] for t, p in system.nexts[state].items()), Fraction())
        system.count(h[state])
    return h


class _System:
    """The rows while states are eliminated, and from which states each one is reached."""

    def __init__(self, rows: dict[int, Row]) -> None:
        self.reward = {state: row.reward for state, row in rows.items()}
        self.nexts = {state: dict(row.nexts) for state, row in rows.items()}
        self.before: dict[int, set[int]] = {state: set() for state in rows}
        self.work = 0
        for state, row in self.nexts.items():
            for other in row.keys() & rows.keys():
                self.before[other].add(state)

    def fill(self, state: int) -> int:
        """Most new entries when the state is eliminated."""
        return len(self.before[state]) * len(self.nexts[state])

    def count(self, number: Fraction) -> None:
        """Count the work of a fraction."""
        self.work += number.denominator.bit_length() + 64
        if self.work > MOST_WORK:
            raise TooLargeError

    def eliminate(self, state: int) -> set[int]:
        """Replace the state by what it leads to; the states whose rows or ways changed."""
        before, row = self.before.pop(state), self.nexts[state]
        before.discard(state)
        scale = 1 / (1 - row.pop(state, Fraction()))
        self.reward[state] *= scale
        own = self.nexts[state] = {other: p * scale for other, p in row.items()}
        for other in own.keys() & self.before.keys():
            self.before[other].discard(state)
            self.before[other] |= before
        for source in before:
            entries = self.nexts[source]
            share = entries.pop(state)
            self.reward[source] += share * self.reward[state]
            for other, p in own.items():
                entries[other] = entries.get(other, Fraction()) + share * p
                self.count(entries[other])
        return before | (own.keys() & self.before.keys())


class _Queue:
    """States by their current rank, the lowest first."""

    def __init__(self, ranks: dict[int, int]) -> None:
        self.rank = ranks
        self.heap = [(rank, state) for state, rank in ranks.items()]
        heapify(self.heap)

    def put(self, state: int, rank: int) -> None:
        """Change a rank."""
        if self.rank.get(state, rank) != rank:
            self.rank[state] = rank
            heappush(self.heap, (rank, state))

    def pop(self) -> int | None:
        """Take a state of the lowest rank out; None when there is none."""
        while self.heap:
            rank, state = heappop(self.heap)
            if self.rank.get(state) == rank:
                del self.rank[state]
                return state
        return None
