"""The tables of some consecutive states of a model, which is all of it that one process needs to hold.

Next states keep the numbers they have in the whole model. Two forms, as of whole models: moves mixed by the
actions, and rows of probabilities.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import SUM_TOLERANCE, scaled_mixture, scaled_rows
from planners.errors import InvalidModelError
from planners.models.moves import MoveMDP
from planners.models.tabular import TabularMDP


@dataclass(frozen=True, eq=False)
class MoveTables:
    """Some states of a `MoveMDP`: n of its S rows; see there.

    Attributes:
        successor: (n, D) int64, the state that each move leads to, from 0 to S - 1.
        outcome: (n, D) index into the two tables of outcomes.
        outcome_reward: (K,) reward of each outcome.
        outcome_ends: (K,) bool, whether the episode ends with it.
        mixture: (C, A, D) probability of each move under each action, for each kind of square.
        kind: (n,) index into `mixture`; None where there is one kind.
    """

    successor: NDArray[np.int64]
    outcome: NDArray[np.unsignedinteger]
    outcome_reward: NDArray[np.float64]
    outcome_ends: NDArray[np.bool_]
    mixture: NDArray[np.float64]
    kind: NDArray[np.unsignedinteger] | None = None

    def __post_init__(self) -> None:
        """Scale the mixture, as a `MoveMDP` does."""
        object.__setattr__(self, "mixture", scaled_mixture(self.mixture))

    @property
    def num_states(self) -> int:
        """Number of states n."""
        return len(self.successor)

    def digest(self) -> str:
        """SHA-256 of the numbers, which does not depend on the types they are stored in."""
        kind = np.zeros(self.num_states) if self.kind is None else self.kind
        return _digest(
            "<i8", self.successor, self.outcome, self.outcome_ends, kind, floats=(self.outcome_reward, self.mixture)
        )


@dataclass(frozen=True, eq=False)
class RowTables:
    """Rows of probabilities of n consecutive states, for the pairs that exist only, sorted by state.

    Attributes:
        transitions: (L, S) CSR of continuing probabilities.
        rewards: (L,) expected immediate reward.
        termination: (L,) probability that the episode ends.
        first_row: (n + 1,) first row of each state.
        row_action: (L,) action of each row.
    """

    transitions: sparse.csr_array
    rewards: NDArray[np.float64]
    termination: NDArray[np.float64]
    first_row: NDArray[np.int64]
    row_action: NDArray[np.unsignedinteger]

    @property
    def num_states(self) -> int:
        """Number of states n."""
        return len(self.first_row) - 1

    def digest(self) -> str:
        """SHA-256 of the numbers, which does not depend on the types they are stored in."""
        rows = self.transitions
        return _digest(
            "<i8",
            rows.indptr, rows.indices, self.first_row, self.row_action,
            floats=(rows.data, self.rewards, self.termination),
        )  # fmt: skip


Tables = MoveTables | RowTables


def _digest(whole: str, *numbers: NDArray[Any], floats: tuple[NDArray[np.float64], ...]) -> str:
    digest = hashlib.sha256()
    for array in numbers:
        digest.update(np.ascontiguousarray(array.astype(whole)).data)
    for array in floats:
        digest.update(np.ascontiguousarray(array.astype("<f8") + 0.0).data)  # + 0.0: no minus zero
    return digest.hexdigest()


def tables_of_model(model: TabularMDP | MoveMDP, first: int, last: int) -> Tables:
    """States first..last-1 of a model in memory."""
    part = slice(first, last)
    if isinstance(model, MoveMDP):
        return MoveTables(
            successor=model.successor[part].astype(np.int64),
            outcome=model.outcome[part],
            outcome_reward=model.outcome_reward,
            outcome_ends=model.outcome_ends,
            mixture=model.mixture,
            kind=None if model.kind is None else model.kind[part],
        )
    A = model.num_actions
    rows = sparse.csr_array(model.transitions[first * A : last * A])
    rows.sum_duplicates()  # sorts each row, so that a digest does not depend on how the model was made
    return existing_rows(rows, model.rewards[part], model.termination[part], model.feasible[part])


def model_of_slices(tables: Sequence[Tables], num_actions: int) -> TabularMDP | MoveMDP | None:
    """The model of all states in memory, from slices of one form that follow each other; None if outcomes differ."""
    lead = tables[0]
    if isinstance(lead, MoveTables):
        moves = [each for each in tables if isinstance(each, MoveTables)]
        shared = ("outcome_reward", "outcome_ends", "mixture")
        if not all(np.array_equal(getattr(lead, name), getattr(each, name)) for each in moves for name in shared):
            return None
        kinds = [each.kind for each in moves if each.kind is not None]
        return MoveMDP(
            successor=np.concatenate([each.successor for each in moves]).astype(np.int32),
            outcome=np.concatenate([each.outcome for each in moves]),
            outcome_reward=lead.outcome_reward,
            outcome_ends=lead.outcome_ends,
            mixture=lead.mixture,
            kind=np.concatenate(kinds) if kinds else None,
        )
    rows = [each for each in tables if isinstance(each, RowTables)]
    count = sum(each.num_states for each in rows)
    states = np.repeat(np.arange(count), np.concatenate([np.diff(each.first_row) for each in rows]))
    pairs = states * num_actions + np.concatenate([each.row_action for each in rows])
    stacked = sparse.vstack([each.transitions for each in rows], format="csr")
    indptr = np.zeros(count * num_actions + 1, dtype=stacked.indptr.dtype)
    indptr[pairs + 1] = np.diff(stacked.indptr)
    feasible, (rewards, termination) = np.zeros((count, num_actions), dtype=bool), np.zeros((2, count, num_actions))
    feasible.ravel()[pairs] = True
    rewards.ravel()[pairs] = np.concatenate([each.rewards for each in rows])
    termination.ravel()[pairs] = np.concatenate([each.termination for each in rows])
    matrix = sparse.csr_array(
        (stacked.data, stacked.indices, np.cumsum(indptr, dtype=indptr.dtype)), shape=(count * num_actions, count)
    )
    return TabularMDP(matrix, termination, rewards, feasible)


def existing_rows(
    transitions: sparse.csr_array,
    rewards: NDArray[np.float64],
    termination: NDArray[np.float64],
    feasible: NDArray[np.bool_],
) -> RowTables:
    """The rows of the pairs that exist, from (n*A, S) probabilities and (n, A) tables."""
    n, A = rewards.shape
    pairs = np.flatnonzero(feasible.ravel())
    everything = len(pairs) == n * A
    return RowTables(
        transitions=transitions if everything else sparse.csr_array(transitions[pairs]),
        rewards=rewards.ravel()[pairs],
        termination=termination.ravel()[pairs],
        first_row=np.searchsorted(pairs, np.arange(n + 1) * A),
        row_action=(pairs % A).astype(np.min_scalar_type(A)),
    )


def checked_rows(given: Any, first: int, last: int, num_states: int, num_actions: int) -> RowTables:
    """What a function `rows(first, last)` returned, as tables; see `planners.distributed.Rows`.

    Raises:
        InvalidModelError: Wrong shapes, or a row that is no distribution, with its state and action.
    """
    where = f"rows({first}, {last})"
    if not isinstance(given, tuple) or len(given) not in (2, 3, 4):
        raise InvalidModelError(
            f"{where} returned {type(given).__name__}; expected a tuple (P, R), (P, R, termination) or "
            "(P, R, termination, feasible)"
        )
    n, A = last - first, num_actions
    P: Any = sparse.csr_array(given[0], dtype=np.float64)
    R = np.array(given[1], dtype=np.float64)
    termination = np.array(given[2] if len(given) > 2 and given[2] is not None else np.zeros((n, A)), dtype=np.float64)
    feasible = np.array(given[3] if len(given) > 3 else np.ones((n, A)), dtype=bool)
    for name, found, expected in (
        ("P", P.shape, (n * A, num_states)),
        ("R", R.shape, (n, A)),
        ("termination", termination.shape, (n, A)),
        ("feasible", feasible.shape, (n, A)),
    ):
        if found != expected:
            raise InvalidModelError(f"{name} of {where} has shape {found}; expected {expected}")
    P.sum_duplicates()
    sums = np.asarray(P.sum(axis=1)).reshape(n, A) + termination
    entries = np.repeat(np.arange(n * A), np.diff(P.indptr))
    negative = np.bincount(entries[~(P.data >= 0)], minlength=n * A).reshape(n, A) > 0
    wrong = feasible & (negative | ~(termination >= 0) | ~np.isfinite(R) | ~(np.abs(sums - 1.0) <= SUM_TOLERANCE))
    for bad, what in ((wrong, "is no action of an MDP"), (~feasible.any(axis=1, keepdims=True), "has no action")):
        if bad.any():
            state, action = (int(i) for i in np.argwhere(bad)[0])
            raise InvalidModelError(
                f"state {first + state}, action {action} {what}: probabilities and termination sum to "
                f"{sums[state, action]:.12g}, the reward is {R[state, action]:g}; expected numbers from 0 to 1 that "
                "sum to 1, and a finite reward, of one action or more",
                first + state,
                action,
            )
    P, termination = scaled_rows(P, termination, feasible)
    return existing_rows(P, R, termination, feasible)
