"""Sparse matrices with one row for each pair of state and action."""

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
