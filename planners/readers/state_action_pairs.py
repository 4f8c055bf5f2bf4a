"""Reading models that list their pairs of state and action, as QuantEcon's DiscreteDP does."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_whole
from planners.errors import InvalidModelError
from planners.readers.arrays import ended
from planners.readers.labels import Labels
from planners.readers.layouts import given_type, real_matrix
from planners.readers.scattered import is_scattered, scattered_tables
from planners.readers.terminal import check_unpaid
from planners.readers.transitions import PairEntries, as_mask, as_numbers, check_size, pair_rows


def read_pairs(
    R: ArrayLike,
    Q: Any,
    states: ArrayLike,
    actions: ArrayLike,
    num_actions: int | None = None,
    terminal: ArrayLike | None = None,
    labels: Labels | None = None,
    normalise: bool = False,
) -> dict[str, Any]:
    """Tables of `TabularMDP` from L pairs (s, a), in any order. What is not among them is not feasible.

    Args:
        R: (L,) expected reward of each pair; -inf: the pair is not feasible after all.
        Q: (L, S) probabilities of the next state, dense or sparse.
        states: (L,) integers, s of each pair; QuantEcon's `s_indices`.
        actions: (L,) integers, a of each pair; QuantEcon's `a_indices`.
        num_actions: A; None: one more than the largest of `actions`.
        terminal: (S,) bool, states that end the episode; None: no transition ends it. They need no pair; what `Q`
            says of the pairs that they have is not read, and their rewards are 0, or refused.
        labels: The names by which tables with labels are put in order.
        normalise: Whether rows that are off 1 by no more than .01 are scaled to it.

    Raises:
        InvalidModelError: Shapes that do not fit, a pair given twice or out of range, an empty row of `Q`,
            or a state without any pair that is not terminal.
        InvalidOptionError: `num_actions` is no whole number.

    Source: Stachurski and Sargent, QuantEcon, "Discrete State Dynamic Programming", state-action pairs
    formulation; the example is Puterman (2005), Section 3.1.

    >>> tables = read_pairs([5, 10, -1], [[0.5, 0.5], [0, 1], [0, 1]], [0, 0, 1], [0, 1, 0])
    >>> tables["rewards"].tolist(), tables["feasible"].tolist()
    ([[5.0, 10.0], [-1.0, 0.0]], [[True, True], [True, False]])
    """
    by_pair, matrix = as_numbers("R", R), real_matrix("Q", Q)
    num_states = matrix.shape[1]
    of_state, of_action = _indices("states", states), _indices("actions", actions)
    _check_lengths(matrix.shape, R=by_pair, states=of_state, actions=of_action)
    count = int(of_action.max(initial=0)) + 1 if num_actions is None else _checked_count(num_actions)
    _check_range("state", of_state, num_states)
    _check_range("action", of_action, count)
    if is_scattered(num_states, count, len(by_pair)):
        ends = None if terminal is None else (labels or Labels()).mask("terminal", terminal, num_states)
        return _scattered(by_pair, matrix, of_state, of_action, count, ends, given_type(Q), normalise)
    check_size(num_states, count, matrix.nnz)
    rows = pair_rows(of_state, of_action, num_states, count)
    _check_distinct(rows, count)
    rewards, feasible = np.zeros((num_states, count)), np.zeros((num_states, count), dtype=bool)
    exists = by_pair != -np.inf
    rewards.flat[rows[exists]] = by_pair[exists]
    feasible.flat[rows[exists]] = True
    pairs, next_states = matrix.coords
    entries = PairEntries(rows[pairs], next_states, matrix.data, num_states, count).kept(exists[pairs])
    entries = entries.rounded(given_type(Q)).scaled(given_type(Q))
    ends = np.zeros(num_states, dtype=bool)
    if terminal is not None:
        ends = as_mask("terminal", (labels or Labels()).mask("terminal", terminal, num_states), (num_states,))
    entries = entries.of_pairs(~ends[:, None] & feasible).normalised(normalise)
    check_unpaid(rewards, ends)
    entries.check()
    entries.check_none_empty(feasible & ~ends[:, None])
    rewards[ends] = 0.0
    feasible[ends & ~feasible.any(axis=1)] = True  # a terminal state needs no action of its own
    return ended(entries, rewards, feasible, ends)


def _check_lengths(shape: tuple[int, ...], **columns: NDArray[Any]) -> None:
    for name, column in columns.items():
        if column.shape != shape[:1]:
            raise InvalidModelError(
                f"{name} has shape {column.shape}; expected ({shape[0]},), one for each of the rows of Q, {shape}"
            )


def _scattered(
    by_pair: NDArray[Any],
    matrix: Any,
    of_state: NDArray[Any],
    of_action: NDArray[Any],
    count: int,
    terminal: Any,
    dtype: Any,
    normalise: bool,
) -> dict[str, Any]:
    """Tables of `PairMDP`."""
    num_states = matrix.shape[1]
    _check_distinct(of_state.astype(np.int64) * count + of_action, count)
    ends = np.zeros(num_states, dtype=bool) if terminal is None else as_mask("terminal", terminal, (num_states,))
    paid = np.flatnonzero(ends[of_state] & (by_pair != 0.0) & np.isfinite(by_pair))
    if len(paid):
        check_unpaid(np.where(np.arange(num_states) == of_state[paid[0]], by_pair[paid[0]], 0.0)[:, None], ends)
    exists = by_pair != -np.inf
    # each pair counts as a state with one action, to be rounded and scaled as the others are
    pairs, next_states = matrix.coords
    rows = PairEntries(pairs, next_states, matrix.data, len(by_pair), 1)
    rows = rows.of_pairs((exists & ~ends[of_state])[:, None]).rounded(dtype).scaled(dtype).normalised(normalise)
    if not exists.all():
        rows = rows._replace(rows=(np.cumsum(exists) - 1)[rows.rows])
        of_state, of_action, by_pair = of_state[exists], of_action[exists], by_pair[exists]
    tables = scattered_tables(of_state, of_action, by_pair, rows[:3], ends)
    return {**tables, "num_actions": count, "rescaled": rows.rescaled}


def _checked_count(num_actions: Any) -> int:
    return check_whole("num_actions", num_actions, hint=", such as 2")


def _indices(name: str, values: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InvalidModelError(f"{name} has no one shape; expected (L,) integers: {error}") from None
    if array.dtype.kind not in "iu" and array.size:
        raise InvalidModelError(f"{name} has elements of type {array.dtype}; expected integers from 0")
    return array.astype(np.int64, copy=False)


def _check_range(name: str, indices: NDArray[Any], count: int) -> None:
    wrong = np.flatnonzero((indices < 0) | (indices >= count))
    if wrong.size:
        raise InvalidModelError(
            f"pair {wrong[0]} is of {name} {indices[wrong[0]]}; expected {name}s from 0 to {count - 1}"
        )


def _check_distinct(rows: NDArray[Any], num_actions: int) -> None:
    if (rows[1:] > rows[:-1]).all():
        return
    order = np.argsort(rows, kind="stable")
    twice = np.flatnonzero(rows[order][1:] == rows[order][:-1])
    if twice.size:
        first, second = (int(i) for i in order[twice[0] : twice[0] + 2])
        state, action = divmod(int(rows[first]), num_actions)
        raise InvalidModelError(
            f"state {state}, action {action} is given twice, as pairs {first} and {second}; expected it once",
            state,
            action,
        )
