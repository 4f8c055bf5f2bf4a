"""Sparse matrices with one row for each pair of state and action."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

LARGEST_INT32: Final = 2**31 - 1


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
    if not matrix.data.all():
        matrix.eliminate_zeros()
    return matrix


SUM_TOLERANCE: Final = 1e-9


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
