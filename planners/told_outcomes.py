"""What the outcomes of a pair of state and action are, one by one, where `TabularMDP.paid` has no single number.

At discount 1 it decides whether a loop is fair (`planners.equations.rational_systems`), so it is asked for seldom. The
spread of returns needs it, too (`planners.models.outcomes`).
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Outcome(NamedTuple):
    """One entry of a row as it was read: a step after which the episode goes on, unless its model says it ends."""

    probability: float | Fraction
    next_state: int
    reward: float


@dataclass(frozen=True, eq=False)
class RowOutcomes:
    """The entries of some rows.

    Attributes:
        rows: (n,) s*A + a of each entry, sorted.
        probabilities: (n,) as they were read.
        next_states: (n,) where the step leads.
        rewards: (n,) reward of each.
        ends: (n,) bool, those marked as ending the episode; None: none is. Others end it in a terminal state.
    """

    rows: NDArray[np.integer]
    probabilities: NDArray[np.float64]
    next_states: NDArray[np.integer]
    rewards: NDArray[np.float64]
    ends: NDArray[np.bool_] | None = None

    def kept(self, which: NDArray[np.bool_]) -> "RowOutcomes":
        """The entries of `which`, (n,) bool."""
        ends = None if self.ends is None else self.ends[which]
        return RowOutcomes(
            self.rows[which], self.probabilities[which], self.next_states[which], self.rewards[which], ends
        )

    def of(self, pair: int) -> list[Outcome]:
        """Those of one pair."""
        here = slice(*np.searchsorted(self.rows, [pair, pair + 1]))
        columns = (self.probabilities[here], self.next_states[here], self.rewards[here])
        return [Outcome(*entry) for entry in zip(*(column.tolist() for column in columns), strict=True)]


@dataclass(frozen=True, eq=False)
class MoveOutcomes:
    """Those of a `MoveMDP`, whose arrays these are; `given` is its mixture as it was given, for one of the levels."""

    successor: NDArray[np.int32]
    outcome: NDArray[np.unsignedinteger]
    outcome_reward: NDArray[np.float64]
    outcome_ends: NDArray[np.bool_]
    given: NDArray[np.float64]
    kind: NDArray[np.unsignedinteger] | None
    shares: tuple[Fraction, ...] | None = None

    def every(self, pair: int) -> list[tuple[Outcome, bool]]:
        """Those of one pair, each with whether it ends the episode."""
        state, action = divmod(pair, self.given.shape[1])
        weights = self.given[0 if self.kind is None else self.kind[state], action].tolist()
        if self.shares is not None:
            weights = [share * Fraction(weight) for share in self.shares for weight in weights]
        codes = self.outcome[state]
        columns = (self.successor[state], self.outcome_reward[codes], self.outcome_ends[codes])
        rows = zip(weights, *(column.tolist() for column in columns), strict=True)
        return [(Outcome(weight, after, reward), end) for weight, after, reward, end in rows if weight]

    def of(self, pair: int) -> list[Outcome]:
        """Those of one pair with which the episode goes on."""
        return [outcome for outcome, ends in self.every(pair) if not ends]
