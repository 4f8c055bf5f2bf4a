"""Transitions as a list of (pair, next state, probability): the form that every reader goes through.

The row of the pair (s, a) is s*A + a. Nothing is added up before `matrix`, so that a negative probability
beside a positive one of the same transition is still seen.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import check_numbers, check_switch
from planners.arrays import LARGEST_INT32, merge_rows, rounding_of, sum_tolerance
from planners.errors import InvalidModelError
from planners.exact_sums import exact_sums, expectations
from planners.memory import check_memory
from planners.told_outcomes import RowOutcomes

MOST_OFF: Final = 0.01  # what `normalise=True` scales; a row that is off by more lacks an outcome
HARDLY_NEGATIVE: Final = -1e-9


class PairEntries(NamedTuple):
    """L transitions of S states and A actions.

    Attributes:
        rows: (L,) s*A + a.
        next_states: (L,) s'.
        probabilities: (L,) P(s'|s,a), or a part of it: entries of one transition are added up.
        num_states: S.
        num_actions: A.
        rescaled: The most that the sum of a row was off 1 before `normalised`.
    """

    rows: NDArray[Any]
    next_states: NDArray[Any]
    probabilities: NDArray[np.float64]
    num_states: int
    num_actions: int
    rescaled: float = 0.0

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

    def told(self, amounts: NDArray[np.float64], ends: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """What `TabularMDP` keeps of (L,) `amounts`, those of going to each state, beside their expectation.

        That is `paid`, (S*A, S), with NaN where entries with one next state have several amounts; and `told`, which has
        the entries of these rows, of those that do not sum to 1, which are stored scaled and thus rounded, and of those
        that have entries of `ends`, (L,) bool, marked as ending the episode, which `paid` leaves out. Both are None
        where each pair has one amount only.
        """
        order = np.lexsort((self.next_states, self.rows))
        order = order[self.probabilities[order] != 0]
        rows, sorted_amounts = self.rows[order], amounts[order]
        same_row = rows[1:] == rows[:-1]
        if not (same_row & (sorted_amounts[1:] != sorted_amounts[:-1])).any():
            return {"paid": None, "told": None}
        pairs = self.num_states * self.num_actions
        marked = np.zeros(len(order), dtype=bool) if ends is None else ends[order]
        paid, several = self._paid(order[~marked], amounts)
        sums = exact_sums(self.probabilities[order], rows, pairs)
        whole = np.isin(rows, several) | (sums[rows] != 1.0) | np.isin(rows, rows[marked])
        kept = order[whole]
        told = RowOutcomes(
            rows[whole], self.probabilities[kept], self.next_states[kept], amounts[kept],
            marked[whole] if marked.any() else None,
        )  # fmt: skip
        return {"paid": paid, "told": told if whole.any() else None}

    def _paid(self, order: NDArray[Any], amounts: NDArray[np.float64]) -> tuple[sparse.csr_array, NDArray[Any]]:
        """`paid` of entries in the order of rows and columns, and the rows where it is NaN."""
        shape = (self.num_states * self.num_actions, self.num_states)
        if not len(order):
            return sparse.csr_array(shape), np.zeros(0, dtype=np.int64)
        rows, columns, ordered = self.rows[order], self.next_states[order], amounts[order]
        first = np.concatenate(([0], np.flatnonzero((rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])) + 1))
        least, most = np.minimum.reduceat(ordered, first), np.maximum.reduceat(ordered, first)
        data = np.where(least == most, least, np.nan)
        paid = sparse.csr_array(sparse.coo_array((data, (rows[first], columns[first])), shape=shape))
        return paid, rows[first][least != most]

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

    def normalised(self, normalise: bool = True) -> "PairEntries":
        """With `normalise`, rows scaled to sum to 1 where rounding of a printed table keeps them from it.

        >>> printed = PairEntries(np.zeros(3, int), np.arange(3), np.array([0.333, 0.333, 0.333]), 3, 1)
        >>> round(printed.normalised().rescaled, 6), printed.normalised().totals()[0, 0]
        (0.001, np.float64(1.0))
        """
        if not check_switch("normalise", normalise):
            return self
        entries = self._replace(probabilities=nearly_positive(self.probabilities))
        sums = entries.totals().ravel()
        present = np.zeros(len(sums), dtype=bool)
        present[entries.rows] = True
        off = np.abs(sums - 1.0)
        near = present & (off <= MOST_OFF)
        divisor = np.where(near, sums, 1.0)[entries.rows]
        most = float(off.max(initial=0.0, where=near))
        return entries._replace(probabilities=entries.probabilities / divisor, rescaled=most)

    def check(self) -> None:
        """Refuse negative and undefined probabilities, naming the first."""
        wrong = np.flatnonzero(~(self.probabilities >= 0))
        if wrong.size:
            state, action = divmod(int(self.rows[wrong[0]]), self.num_actions)
            probability = float(self.probabilities[wrong[0]])
            raise InvalidModelError(
                f"state {state}, action {action} has probability {probability} of state {self.next_states[wrong[0]]}; "
                f"expected a number from 0 to 1{rounding_hint(probability)}",
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
        34.0 * float(num_states) * float(num_actions) + (56.0 if wide else 40.0) * num_entries,
        f"a model of {num_states} states, {num_actions} actions and {num_entries} transitions",
        "Number states and actions without gaps; a model of deterministic moves and their mixtures needs far less as "
        "a planners.MoveMDP",
    )


def pair_rows(states: NDArray[Any], actions: Any, num_states: int, num_actions: int) -> NDArray[Any]:
    """The rows s*A + a, in integers wide enough for the last of them."""
    wide = np.int32 if num_states * num_actions <= LARGEST_INT32 else np.int64
    return states.astype(wide) * wide(num_actions) + np.asarray(actions, dtype=wide)


def nearly_positive(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probabilities, 0 where one is below by a rounding, as 1 - sum(rates) may be."""
    return np.where((probabilities < 0) & (probabilities >= HARDLY_NEGATIVE), 0.0, probabilities)


def rounding_hint(probability: float) -> str:
    """What to do about a probability that is not from 0 to 1, if rounding may have made it so."""
    small = HARDLY_NEGATIVE <= probability < 0
    return ". So little is the rounding of a sum, such as 1 - sum(rates): normalise=True reads it as 0" if small else ""


def as_numbers(name: str, values: Any) -> NDArray[np.float64]:
    """`values` as a float64 array; `InvalidModelError` if they are no real numbers or have no one shape."""
    refuse_masked(name, values)
    return check_numbers(name, values, InvalidModelError)


def as_mask(name: str, values: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A copy of `values` as a bool array of that shape; `InvalidModelError` for anything else."""
    refuse_masked(name, values)
    try:
        mask = np.array(values)
    except ValueError as error:
        raise InvalidModelError(f"{name} has no one shape; expected {shape} of bool: {error}") from None
    if mask.shape != shape or mask.dtype != np.bool_:
        raise InvalidModelError(f"{name} has shape {mask.shape} of {mask.dtype}; expected {shape} of bool")
    return mask


def refuse_masked(name: str, values: Any) -> None:
    """Refuse elements that NumPy's masked arrays leave out: `np.asarray` would read what lies below the mask."""
    parts = enumerate(values) if isinstance(values, list | tuple) else ()
    for number, part in parts:
        if isinstance(part, list | tuple | np.ma.MaskedArray):
            refuse_masked(f"{name}[{number}]", part)
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        place = tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(values))[0])
        raise InvalidModelError(
            f"{name} is masked at {place}; expected a number. Actions that do not exist are told by feasible=, an "
            "(S, A) array of bool, such as ~R.mask"
        )
