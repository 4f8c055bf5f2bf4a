"""A part of a model in numbers of its own: its n states first, then the states elsewhere that it reads.

`values` (n + h + 1,) has the values of both, so that a sweep knows no other memory than the part's own. States
elsewhere are those that some action leads to with the episode going on, and no others. The last value is that of all
states that are set apart (`planners.distributed.closed`); before that nothing leads there.
"""

from abc import ABC, abstractmethod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arrays import LARGEST_INT32, action_type
from planners.errors import InvalidModelError
from planners.models.moves import move_means
from planners.models.slices import MoveTables, RowTables, Tables

PASSES: Final = 4  # in a sweep: with 1, three times as many exchanges; with more, on values that are soon replaced
NO_KIND: Final = np.zeros(1, dtype=np.uint8)


class Part(ABC):
    """States first..first+n-1 of a model.

    Attributes:
        first: Number of the first state in the whole model.
        count: Number of states n.
        halo: (h,) numbers of the states elsewhere that are read, sorted.
        digest: SHA-256 of the tables.
        longest_row: Most next states of one pair.
        least_best: The smallest, over the states, of the largest expected reward of an action; +inf if n is 0.
        reward: Rewards, of its rows or of its outcomes.
        nbytes: Bytes that the tables take.
        row_type: Type of the numbers of rows, or of actions.
        leads_to: Numbers of the states that moves or rows lead to.
    """

    first: int
    halo: NDArray[np.int64]
    digest: str
    count: int
    longest_row: int
    least_best: float
    reward: NDArray[np.float64]
    nbytes: int
    row_type: type[np.integer[Any]] = np.int64
    leads_to: NDArray[np.int32]

    def __init__(self, first: int, halo: NDArray[np.int64], digest: str) -> None:
        """Keep what both forms have."""
        self.first, self.halo, self.digest = first, halo, digest

    @abstractmethod
    def tables(self, discount: float) -> Any:
        """The tables, as `planners.kernels` takes them."""

    @abstractmethod
    def ending_tables(self) -> Any:
        """The same for the probability that the episode ends, in the place of V."""

    @abstractmethod
    def best(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """(n,) the largest expected reward of an action in each state, and (n,) that action."""

    @property
    def length(self) -> int:
        """How many values the part has: of its states, of those that it reads, and of those that are set apart."""
        return self.count + len(self.halo) + 1

    def set_apart(self, closed: NDArray[np.bool_]) -> None:
        """Let all ways into some states, (n + h + 1,) bool, lead to the last value."""
        self.leads_to[closed[self.leads_to]] = len(closed) - 1

    def sweep(self, values: NDArray[np.float64], discount: float, threshold: float) -> float:
        """Gauss-Seidel passes, in place, until one changes nothing by more than `threshold`; the last largest change.

        Forwards and backwards in turn, at most `PASSES`.
        """
        from planners.kernels.forms import sweep

        tables, change = self.tables(discount), np.inf
        for number in range(PASSES):
            way = (self.count - 1, -1, -1) if number % 2 else (0, self.count, 1)
            change = sweep(tables, values, *way)
            if change <= threshold:
                break
        return change

    def ratios(
        self, values: NDArray[np.float64], discount: float, slope: float, offset: float, roundings: int
    ) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """The numbers of `planners.kernels.proofs.prove`, and (n,) the actions of the policy that they hold for."""
        from planners.kernels.proofs import PARTS, prove

        rows = self.first_rows()
        parts = np.empty((PARTS, 3))
        prove(self.tables(discount), values, slope, offset, self.length - 1, roundings, rows, parts)
        return parts, self.actions(rows)

    def first_rows(self) -> NDArray[Any]:
        """(n,) the row, or the action, of each state that is taken where no value is a number."""
        return np.zeros(self.count, dtype=self.row_type)

    def actions(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(n,) actions, of the numbers that `prove` has for them."""
        return rows


class MovePart(Part):
    """A part of a `MoveMDP`."""

    count: int
    longest_row: int
    outcome: NDArray[np.unsignedinteger]
    kind: NDArray[np.unsignedinteger]
    mixture: NDArray[np.float64]
    reward: NDArray[np.float64]
    ends: NDArray[np.bool_]

    def __init__(self, tables: MoveTables, first: int) -> None:
        """Renumber the successors."""
        n = tables.num_states
        kind = NO_KIND if tables.kind is None else np.ascontiguousarray(tables.kind)
        kinds = np.zeros(n, dtype=np.uint8) if tables.kind is None else kind
        used = np.any(tables.mixture > 0, axis=1)[kinds] & ~tables.outcome_ends[tables.outcome]
        own = np.arange(first, first + n, dtype=np.int64)[:, None]
        self.leads_to, halo = _renumbered(np.where(used, tables.successor, own), first, n)
        super().__init__(first, halo, tables.digest())
        self.count, self.longest_row = n, tables.mixture.shape[2]
        self.row_type: type[np.integer[Any]] = action_type(tables.mixture.shape[1])
        self.outcome, self.kind, self.mixture = np.ascontiguousarray(tables.outcome), kind, tables.mixture
        self.reward, self.ends = tables.outcome_reward, tables.outcome_ends
        self.least_best: float = float(self.best()[0].min(initial=np.inf))
        self.nbytes: int = self.leads_to.nbytes + self.outcome.nbytes + kind.nbytes

    def tables(self, discount: float) -> Any:
        """The tables, as `planners.kernels` takes them."""
        from planners.kernels.moves import Moves

        onward = np.where(self.ends, 0.0, discount)
        return Moves(self.leads_to, self.outcome, self.reward, onward, self.mixture, self.kind, discount)

    def ending_tables(self) -> Any:
        """An end pays 1, and nothing else does."""
        return self.tables(1.0)._replace(reward=self.ends.astype(np.float64))

    def best(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """By the means over the moves."""
        kinds = self.kind if len(self.kind) == self.count else np.zeros(self.count, dtype=np.uint8)
        earned = move_means(self.reward[self.outcome], self.mixture, kinds)
        return earned.max(axis=1, initial=-np.inf), earned.argmax(axis=1)


class RowPart(Part):
    """A part of a model of rows of probabilities."""

    count: int
    longest_row: int
    indptr: NDArray[np.signedinteger]
    probability: NDArray[np.float64]
    reward: NDArray[np.float64]
    first_row: NDArray[np.int64]
    row_action: NDArray[np.unsignedinteger]

    def __init__(self, tables: RowTables, first: int) -> None:
        """Renumber the columns."""
        n, rows = tables.num_states, tables.transitions
        self.leads_to, halo = _renumbered(rows.indices.astype(np.int64), first, n)
        super().__init__(first, halo, tables.digest())
        self.count, self.longest_row = n, int(np.diff(rows.indptr).max(initial=0))
        wide = np.int32 if rows.nnz <= LARGEST_INT32 else np.int64
        self.indptr, self.probability = np.array(rows.indptr, dtype=wide), np.array(rows.data)
        self.reward, self.first_row, self.row_action = tables.rewards.copy(), tables.first_row, tables.row_action
        self.ends: NDArray[np.bool_] = tables.termination > 0
        self.least_best: float = float(self.best()[0].min(initial=np.inf))
        kept = (self.leads_to, self.indptr, self.probability, self.reward, self.first_row, self.row_action, self.ends)
        self.nbytes: int = sum(array.nbytes for array in kept)

    def tables(self, discount: float) -> Any:
        """The tables, as `planners.kernels` takes them."""
        from planners.kernels.rows import Rows

        return Rows(self.indptr, self.leads_to, self.probability, self.reward, self.first_row, discount)

    def ending_tables(self) -> Any:
        """A row that may end the episode pays 1, and nothing else does."""
        return self.tables(1.0)._replace(reward=self.ends.astype(np.float64))

    def best(self) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """By the rewards of the rows; of several the first."""
        if not self.count:
            return self.reward, self.row_action
        largest = np.maximum.reduceat(self.reward, self.first_row[:-1])
        rows = np.flatnonzero(self.reward == np.repeat(largest, np.diff(self.first_row)))
        return largest, self.row_action[rows[np.searchsorted(rows, self.first_row[:-1])]]

    def first_rows(self) -> NDArray[Any]:
        """(n,) the first row of each state."""
        return self.first_row[:-1].astype(np.int64)

    def actions(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(n,) actions of the rows."""
        return self.row_action[rows]


def make_part(tables: Tables, first: int) -> Part:
    """The part of the form that the tables have."""
    return MovePart(tables, first) if isinstance(tables, MoveTables) else RowPart(tables, first)


def _renumbered(states: NDArray[np.int64], first: int, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Numbers 0..n-1 for the part's own states, from n on for the others; and the numbers of these, sorted."""
    outside = (states < first) | (states >= first + count)
    halo, index = np.unique(states[outside], return_inverse=True)
    if count + len(halo) > LARGEST_INT32:
        raise InvalidModelError(
            f"a part of {count} states reads {len(halo)} others, more than int32 can number; use more parts"
        )
    local = (states - first).astype(np.int32)
    local[outside] = count + index
    return local, halo
