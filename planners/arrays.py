"""Sparse matrices with one row for each pair of state and action."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.exact_sums import exact_sums

LARGEST_INT32: Final = 2**31 - 1
MANY_ROWS: Final = 2000


def merge_rows(
    rows: NDArray[Any], columns: NDArray[Any], probabilities: NDArray[np.float64], shape: tuple[int, int]
) -> sparse.csr_array:
    """CSR of the given entries: those of one row and column added up, and zeros left out.

    Its indices are int32 where the entries and the columns are few enough for that, whatever was given.
    """
    matrix = sparse.coo_array((probabilities, (rows, columns)), shape=shape).tocsr()
    if max(len(probabilities), shape[1]) <= LARGEST_INT32:
        indices, indptr = (index.astype(np.int32, copy=False) for index in (matrix.indices, matrix.indptr))
        matrix = sparse.csr_array((matrix.data, indices, indptr), shape=shape)
    matrix.sum_duplicates()
    if len(probabilities) > matrix.nnz:
        _add_up_exactly(matrix, rows, columns, probabilities)
    if not matrix.data.all():
        matrix.eliminate_zeros()
    return matrix


def only_entries(matrix: sparse.csr_array, kept: NDArray[np.bool_]) -> sparse.csr_array:
    """The matrix with the kept entries alone; `kept` has one bool for each.

    >>> two = sparse.csr_array([[1.0, 0.0], [2.0, 3.0]])
    >>> only_entries(two, two.data > 1.5).toarray().tolist()
    [[0.0, 0.0], [2.0, 3.0]]
    """
    if kept.all():
        return matrix
    before = np.zeros(len(kept) + 1, dtype=matrix.indptr.dtype)
    np.cumsum(kept, out=before[1:])
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], before[matrix.indptr]), shape=matrix.shape)


def only_rows(matrix: sparse.csr_array, rows: NDArray[np.bool_]) -> sparse.csr_array:
    """The matrix with all rows but the given ones empty."""
    return matrix if rows.all() else only_entries(matrix, np.repeat(rows, np.diff(matrix.indptr)))


def row_sums(matrix: sparse.csr_array) -> NDArray[np.float64]:
    """(rows,) the plain sums of the rows."""
    return matrix @ np.ones(matrix.shape[1])


def take_rows(matrix: sparse.csr_array, rows: NDArray[np.integer]) -> sparse.csr_array:
    """The given rows of a matrix, in this order; `matrix[rows]` is the same, and slow where they are few.

    >>> take_rows(sparse.csr_array([[1.0, 0.0], [2.0, 3.0]]), np.array([1, 1, 0])).toarray().tolist()
    [[2.0, 3.0], [2.0, 3.0], [1.0, 0.0]]
    """
    if len(rows) >= MANY_ROWS:
        return matrix[rows]
    start, indptr = matrix.indptr[rows], np.zeros(len(rows) + 1, dtype=matrix.indptr.dtype)
    np.cumsum(matrix.indptr[rows + 1] - start, out=indptr[1:])
    places = np.arange(indptr[-1]) + np.repeat(start - indptr[:-1], np.diff(indptr))
    return sparse.csr_array((matrix.data[places], matrix.indices[places], indptr), shape=(len(rows), matrix.shape[1]))


def _add_up_exactly(
    matrix: sparse.csr_array, rows: NDArray[Any], columns: NDArray[Any], probabilities: NDArray[np.float64]
) -> None:
    """Set the entries of a merged matrix that are sums of more than two, which a plain sum rounds more than once."""
    fewer = np.bincount(rows, minlength=matrix.shape[0]) - np.diff(matrix.indptr)
    if fewer.max(initial=0) < 2:  # no entry is a sum of more than two
        return
    given = np.flatnonzero((fewer >= 2)[rows])
    stored = np.flatnonzero(np.repeat(fewer >= 2, np.diff(matrix.indptr)))
    row = np.searchsorted(matrix.indptr, stored, side="right") - 1
    place = row.astype(np.int64) * matrix.shape[1] + matrix.indices[stored]
    of = np.searchsorted(place, rows[given].astype(np.int64) * matrix.shape[1] + columns[given])
    matrix.data[stored] = exact_sums(probabilities[given], of, len(stored))


SUM_TOLERANCE: Final = 1e-9


def sum_tolerance(dtype: Any = np.float64) -> float:
    """How far a row of probabilities of a type may sum beside 1: 1e-9, or some roundings where that is more.

    >>> sum_tolerance(), sum_tolerance(np.float32)
    (1e-09, 1.9073486328125e-06)
    """
    return max(SUM_TOLERANCE, rounding_of(dtype))


def rounding_of(dtype: Any) -> float:
    """Some roundings of numbers up to 1 of a type; a probability that is negative by no more counts as 0."""
    return 16.0 * float(np.finfo(dtype).eps) if np.dtype(dtype).kind == "f" else 16.0 * float(np.finfo(float).eps)


OFF_BY_ROUNDING: Final = 5 * 2.0**-53  # rows that sum to 1 within this are kept: scaling leaves them off by 4 units


def scaled_rows(
    transitions: sparse.csr_array, termination: NDArray[np.float64], pairs: NDArray[np.bool_]
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Rows scaled to sum to 1, where they miss it by more than one rounding of each number does.

    Args:
        transitions: (L, S) CSR.
        termination: L numbers, of any shape, that belong to the rows.
        pairs: The same shape, bool: which rows to look at.
    """
    length = np.diff(transitions.indptr)
    sums = row_sums(transitions) + termination.ravel()
    # a plain sum of n + 1 numbers is off by at most n roundings
    doubtful = np.flatnonzero(pairs.ravel() & ~(np.abs(sums - 1.0) + length * 2.0**-53 <= OFF_BY_ROUNDING))
    if not len(doubtful):
        return transitions, termination
    chosen = transitions if len(doubtful) == len(length) else sparse.csr_array(transitions[doubtful])
    owner = np.repeat(np.arange(len(doubtful)), np.diff(chosen.indptr))
    numbers = np.concatenate((chosen.data, termination.ravel()[doubtful]))
    exact = exact_sums(numbers, np.concatenate((owner, np.arange(len(doubtful)))), len(doubtful))
    off = np.abs(exact - 1.0) > OFF_BY_ROUNDING
    if not off.any():
        return transitions, termination
    divisor = np.ones(len(length))
    divisor[doubtful[off]] = exact[off]
    scaled = sparse.csr_array(
        (transitions.data / np.repeat(divisor, length), transitions.indices, transitions.indptr),
        shape=transitions.shape,
    )
    return scaled, (termination.ravel() / divisor).reshape(termination.shape)


def scaled_mixture(mixture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of which the last axis sums to 1, scaled as the rows of `scaled_rows` are."""
    count = int(np.prod(mixture.shape[:-1]))
    rows = np.repeat(np.arange(count), mixture.shape[-1])
    sums = exact_sums(mixture.ravel(), rows, count).reshape(mixture.shape[:-1])
    off = np.abs(sums - 1.0) > OFF_BY_ROUNDING
    return mixture / np.where(off, sums, 1.0)[..., None] if off.any() else mixture


def action_type(num_actions: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type of integers that holds every action from 0 to `num_actions` - 1.

    >>> [action_type(count).__name__ for count in (4, 256, 257, 65_537)]
    ['uint8', 'uint8', 'uint16', 'uint32']
    """
    return np.min_scalar_type(num_actions - 1).type  # pyright: ignore[reportReturnType]


def seal(model: Any) -> None:
    """Close every array of a model for writing: what is planned on must stay what was checked."""
    inside = [value for tables in vars(model).values() if isinstance(tables, Mapping) for value in tables.values()]
    for value in (*vars(model).values(), *inside):
        for array in (value.data, value.indices, value.indptr) if isinstance(value, sparse.csr_array) else (value,):
            if isinstance(array, np.ndarray):
                array.setflags(write=False)


def sealed(array: NDArray[Any]) -> NDArray[Any]:
    """The array, closed for writing."""
    array.setflags(write=False)
    return array


def state_list(states: NDArray[np.bool_]) -> Sequence[int]:
    """Indices of the True states, as Python ints."""
    return [int(state) for state in np.flatnonzero(states)]
