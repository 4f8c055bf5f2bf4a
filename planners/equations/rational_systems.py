"""Expected rewards until a state is reached, in fractions: for what floats cannot decide."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

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
    work, eliminated = 0, []
    reward = {state: row.reward for state, row in rows.items()}
    nexts = {state: dict(row.nexts) for state, row in rows.items()}
    before: dict[int, set[int]] = {state: set() for state in (target, *rows)}
    for state, row in nexts.items():
        for other in row:
            before[other].add(state)
    waiting = _Queue({state: len(before[state]) * len(nexts[state]) for state in nexts})
    while (state := waiting.pop()) is not None:
        own = nexts[state]
        stays = own.pop(state, None)
        before[state].discard(state)
        if stays is not None:
            scale = 1 / (1 - stays)
            reward[state] *= scale
            nexts[state] = own = {other: p * scale for other, p in own.items()}
        for other in own:
            before[other].discard(state)
        for source in before[state]:
            row = nexts[source]
            share = row.pop(state)
            reward[source] += share * reward[state]
            for other, p in own.items():
                row[other] = row.get(other, 0) + share * p
                before[other].add(source)
                work += row[other].denominator.bit_length() + 64
            waiting.put(source, len(before[source]) * len(row))
        for other in own:
            if other in nexts:
                waiting.put(other, len(before[other]) * len(nexts[other]))
        if work > MOST_WORK:
            raise TooLargeError
        eliminated.append(state)
    h = {target: Fraction()}
    for state in reversed(eliminated):
        h[state] = reward[state] + sum((p * h[other] for other, p in nexts[state].items()), Fraction())
        work += h[state].denominator.bit_length()
        if work > MOST_WORK:
            raise TooLargeError
    return h


class _Queue:
    """States by their current rank, the lowest first."""

    def __init__(self, ranks: dict[int, int]) -> None:
        from heapq import heapify

        self.rank = ranks
        self.heap = [(rank, state) for state, rank in ranks.items()]
        heapify(self.heap)

    def put(self, state: int, rank: int) -> None:
        """Change a rank."""
        from heapq import heappush

        if self.rank.get(state, rank) != rank:
            self.rank[state] = rank
            heappush(self.heap, (rank, state))

    def pop(self) -> int | None:
        """Take a state of the lowest rank out; None when there is none."""
        from heapq import heappop

        while self.heap:
            rank, state = heappop(self.heap)
            if self.rank.get(state) == rank:
                del self.rank[state]
                return state
        return None
