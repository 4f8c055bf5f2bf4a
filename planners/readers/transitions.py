"""Transitions as a list of (pair, next state, probability): the form that every reader goes through.

The row of the pair (s, a) is s*A + a. Nothing is added up before `matrix`, so that a negative probability
beside a positive one of the same transition is still seen.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import LARGEST_INT32, merge_rows, rounding_of, sum_tolerance
from planners.errors import InvalidModelError
from planners.exact_sums import exact_sums, expectations
from planners.memory import check_memory
from planners.told_outcomes import RowOutcomes


class PairEntries(NamedTuple):
    """L transitions of S states and A actions.

    Attributes:
        rows: (L,) s*A + a.
        next_states: (L,) s'.
        probabilities: (L,) P(s'|s,a), or a part of it: entries of one transition are added up.
        num_states: S.
        num_actions: A.
    """

    rows: NDArray[Any]
    next_states: NDArray[Any]
    probabilities: NDArray[np.float64]
    num_states: int
    num_actions: int

    @property
    def shape(self) -> tuple[int, int]:
        """(S, A)."""
        return self.num_states, self.num_actions

    def kept(self, which: NDArray[np.bool_]) -> "PairEntries":
        """Those of `which`, (L,) bool, and of positive, negative or undefined probability: no zeros."""
        which = which & (self.probabilities != 0)
        if which.all():
            return self
        return self._replace(
            rows=self.rows[which], next_states=self.next_states[which], probabilities=self.probabilities[which]
        )

    def and_also(self, others: "PairEntries") -> "PairEntries":
        """These and others, of the same states and actions."""
        return self._replace(
            rows=np.concatenate((self.rows, others.rows)),
            next_states=np.concatenate((self.next_states, others.next_states)),
            probabilities=np.concatenate((self.probabilities, others.probabilities)),
        )

    def of_pairs(self, pairs: NDArray[np.bool_]) -> "PairEntries":
        """Those of the pairs that are True in (S, A) `pairs`."""
        return self.kept(pairs.ravel()[self.rows])

    def totals(self, chosen: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """(S, A) probability of the entries of each pair, or of those of `chosen`, (L,) bool."""
        probabilities, rows = self.probabilities, self.rows
        if chosen is not None:
            probabilities, rows = probabilities[chosen], rows[chosen]
        return exact_sums(probabilities, rows, self.num_states * self.num_actions).reshape(self.shape)

    def expected(self, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S, A) expected amount under the probabilities of each pair scaled to sum to 1, of (L,) `amounts`."""
        means = expectations(self.probabilities, amounts, self.rows, self.num_states * self.num_actions)
        return means.reshape(self.shape)

    def told(self, amounts: NDArray[np.float64]) -> dict[str, Any]:
        """What `TabularMDP` keeps of (L,) `amounts`, those of going on to each state, beside their expectation.

        That is `paid`, (S*A, S), with NaN where entries with one next state have several amounts; and `told`, which has
        the entries of these rows. Both are None where each pair has one amount only.
        """
        order = np.lexsort((self.next_states, self.rows))
        order = order[self.probabilities[order] != 0]
        rows, columns, sorted_amounts = self.rows[order], self.next_states[order], amounts[order]
        same_row = rows[1:] == rows[:-1]
        if not (same_row & (sorted_amounts[1:] != sorted_amounts[:-1])).any():
            return {"paid": None, "told": None}
        first = np.concatenate(([0], np.flatnonzero(~same_row | (columns[1:] != columns[:-1])) + 1))
        least, most = np.minimum.reduceat(sorted_amounts, first), np.maximum.reduceat(sorted_amounts, first)
        data = np.where(least == most, least, np.nan)
        shape = (self.num_states * self.num_actions, self.num_states)
        paid = sparse.csr_array(sparse.coo_array((data, (rows[first], columns[first])), shape=shape))
        several = np.isin(rows, rows[first][least != most])
        kept = order[several]
        told = RowOutcomes(rows[several], self.probabilities[kept], columns[several], sorted_amounts[several])
        return {"paid": paid, "told": told if several.any() else None}

    def matrix(self) -> sparse.csr_array:
        """(S*A, S) CSR, entries of one transition added up."""
        shape = (self.num_states * self.num_actions, self.num_states)
        return merge_rows(self.rows, self.next_states, self.probabilities, shape)

    def rounded(self, dtype: Any) -> "PairEntries":
        """Those of numbers given in `dtype`: negative by no more than rounding is 0."""
        below = (self.probabilities < 0) & (self.probabilities >= -rounding_of(dtype))
        return self._replace(probabilities=np.where(below, 0.0, self.probabilities)) if below.any() else self

    def scaled(self, dtype: Any) -> "PairEntries":
        """Rows that sum to 1 within the rounding of a type that is shorter than float64, scaled to it."""
        if sum_tolerance(dtype) == sum_tolerance():
            return self
        sums = self.totals().ravel()[self.rows]
        near = np.abs(sums - 1.0) <= sum_tolerance(dtype)
        return self._replace(probabilities=self.probabilities / np.where(near, sums, 1.0))

    def check(self) -> None:
        """Refuse negative and undefined probabilities, naming the first."""
        wrong = np.flatnonzero(~(self.probabilities >= 0))
        if wrong.size:
            state, action = divmod(int(self.rows[wrong[0]]), self.num_actions)
            raise InvalidModelError(
                f"state {state}, action {action} has probability {self.probabilities[wrong[0]]} of state "
                f"{self.next_states[wrong[0]]}; expected a number from 0 to 1",
                state,
                action,
            )

    def check_none_empty(self, needed: NDArray[np.bool_]) -> None:
        """Refuse pairs of (S, A) `needed` that lead nowhere: an action that does not exist is masked instead."""
        counts = np.bincount(self.rows, minlength=self.num_states * self.num_actions)
        empty = needed & (counts == 0).reshape(self.shape)
        if empty.any():
            state, action = (int(i) for i in np.argwhere(empty)[0])
            others = f", and so are {empty.sum() - 1} others" if empty.sum() > 1 else ""
            raise InvalidModelError(
                f"state {state}, action {action} leads nowhere: its row of probabilities is empty{others}. If the "
                "action does not exist there, say so with feasible=, an (S, A) mask (or a reward of -inf); if the "
                "state ends the episode, with terminal=",
                state,
                action,
            )


def check_size(num_states: int, num_actions: int, num_entries: int) -> None:
    """Refuse tables that this machine cannot hold, before they are made, with the estimate.

    Indices are int32 while they fit, and int64 beyond 2^31 - 1 transitions or states. Pairs may be more.

    Raises:
        InvalidModelError: No state, or no action.
        NotEnoughMemoryError: Reading it takes more than what is free.
    """
    if num_states < 1 or num_actions < 1:
        raise InvalidModelError(f"there are {num_states} states and {num_actions} actions; expected at least one each")
    wide = max(num_states, num_entries) > LARGEST_INT32
    check_memory(
        34.0 * num_states * num_actions + (56.0 if wide else 40.0) * num_entries,
        f"a model of {num_states} states, {num_actions} actions and {num_entries} transitions",
        "Number states and actions without gaps; a model of deterministic moves and their mixtures needs far less as "
        "a planners.MoveMDP",
    )


def pair_rows(states: NDArray[Any], actions: Any, num_states: int, num_actions: int) -> NDArray[Any]:
    """The rows s*A + a, in integers wide enough for the last of them."""
    wide = np.int32 if num_states * num_actions <= LARGEST_INT32 else np.int64
    return states.astype(wide) * wide(num_actions) + np.asarray(actions, dtype=wide)


def as_numbers(name: str, values: Any) -> NDArray[np.float64]:
    """`values` as a float64 array; `InvalidModelError` if they are no real numbers or have no one shape."""
    if np.ma.is_masked(values):
        raise InvalidModelError(
            f"{name} is a masked array, and {np.ma.count_masked(values)} of its numbers are masked; expected numbers "
            f"without a mask. If masked actions do not exist, pass feasible=~{name}.mask and {name}.filled(0)"
        )
    try:
        array = np.asarray(values)
        if array.dtype.kind in "biuf" or array.dtype.kind == "O":
            return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise InvalidModelError(f"{name} is not an array of numbers: {error}") from None
    raise InvalidModelError(f"{name} has elements of type {array.dtype}; expected real numbers")


def as_mask(name: str, values: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A copy of `values` as a bool array of that shape; `InvalidModelError` for anything else."""
    try:
        mask = np.array(values)
    except ValueError:
        raise InvalidModelError(f"{name} has rows of different lengths; expected shape {shape} of bool") from None
    if mask.shape != shape or mask.dtype != np.bool_:
        raise InvalidModelError(f"{name} has shape {mask.shape} of {mask.dtype}; expected {shape} of bool")
    return mask
