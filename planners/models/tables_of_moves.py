"""The rows of probabilities of a `MoveMDP`: a row for each state and action, an entry for each next state."""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import LARGEST_INT32
from planners.exact_sums import exact_sums

if TYPE_CHECKING:
    from planners.models.moves import MoveMDP

CHUNK: Final = 1 << 14  # entries that are made at once


def tables_of_moves(model: "MoveMDP") -> tuple[sparse.csr_array, sparse.csr_array]:
    """(S*A, S) CSR of the transitions with which episodes go on, and of those with which they end.

    Moves that lead a state to the same state are one entry, whose probability is rounded once.
    """
    states, rows = model.num_states, model.num_states * model.num_actions
    size = max(CHUNK // (model.num_actions * model.num_moves), 1)
    parts = [_entries(model, slice(first, first + size)) for first in range(0, states, size)]
    row, target, probability = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    del parts  # for the sake of memory
    ends = (target & 1).astype(bool)
    onward, ending = (
        _matrix(row[chosen], target[chosen] >> 1, probability[chosen], (rows, states)) for chosen in (~ends, ends)
    )
    return onward, ending


def _entries(model: "MoveMDP", part: slice) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.float64]]:
    """Row, target and probability of the entries of some states; a target is 2 s' or, where episodes end, 2 s' + 1."""
    actions, moves = model.num_actions, model.num_moves
    target = 2 * model.successor[part].astype(np.int64) + model.outcome_ends[model.outcome[part]]
    by_target = target.argsort(axis=1)
    state = np.arange(len(target))[:, None]
    if model.kind is None:
        weight = model.mixture[0].T[by_target].transpose(0, 2, 1)  # (n, A, D)
    else:
        weight = model.mixture[model.kind[part]][state[:, None], np.arange(actions)[:, None], by_target[:, None]]
    place = np.flatnonzero(weight)
    row, move = np.divmod(place, moves)
    column, probability = target[state, by_target][row // actions, move], weight.ravel()[place]
    new = np.ones(len(row), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    row += part.start * actions
    if new.all():
        return row, column, probability
    first = np.flatnonzero(new)
    return row[first], column[first], _added_up(probability, first)


def _added_up(numbers: NDArray[np.float64], first: NDArray[np.intp]) -> NDArray[np.float64]:
    """The sum of each group of numbers that stand side by side, rounded once, as is a plain sum of two."""
    total, length = np.add.reduceat(numbers, first), np.diff(first, append=len(numbers))
    long = length > 2
    if long.any():
        group = np.repeat(np.cumsum(long) - 1, length)
        chosen = np.repeat(long, length)
        total[long] = exact_sums(numbers[chosen], group[chosen], int(long.sum()))
    return total


def _matrix(
    row: NDArray[np.intp], column: NDArray[np.int64], probability: NDArray[np.float64], shape: tuple[int, int]
) -> sparse.csr_array:
    """The matrix of entries that are sorted."""
    dtype = np.int32 if max(len(column), shape[1]) <= LARGEST_INT32 else np.int64
    indptr = np.zeros(shape[0] + 1, dtype=dtype)
    np.cumsum(np.bincount(row, minlength=shape[0]), out=indptr[1:])
    return sparse.csr_array((probability, column.astype(dtype), indptr), shape=shape)
