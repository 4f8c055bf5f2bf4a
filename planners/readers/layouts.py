"""The layouts that probabilities and rewards come in, and the order of their axes.

`P` is dense (S, A, S') or (A, S, S'), a list of A matrices (S, S'), or one matrix of S*A rows. In all of them the
last axis is the next state, so whether rows sum to 1 never tells (S, A, S') from (A, S, S'); where A equals S, and
where the first two axes are one, the shape does not tell either, and `axes` must.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import shown
from planners.errors import InvalidModelError, InvalidOptionError
from planners.readers.transitions import PairEntries, as_numbers, check_size, pair_rows

Axes = Literal["SAS", "ASS"]


def read_entries(P: Any, axes: Axes | None = None) -> PairEntries:
    """The transitions in `P`, zeros left out.

    Args:
        P: (S, A, S') or (A, S, S') array; a list or tuple of A matrices (S, S'), some or all of them sparse,
            of any format; or one (S*A, S') matrix, dense or sparse, row s*A + a with `axes="SAS"`, row a*S + s
            with `axes="ASS"`.
        axes: "SAS" or "ASS", the order of the axes; needed only where the shape allows both.

    Raises:
        InvalidModelError: A shape that is none of these, or that allows both orders.
        InvalidOptionError: Another `axes`.
    """
    if axes is not None and (not isinstance(axes, str) or axes not in ("SAS", "ASS")):
        raise InvalidOptionError(f"axes is {shown(axes)}; expected 'SAS' for (S, A, S'), 'ASS' for (A, S, S'), or None")
    if is_sparse(P):
        return _stacked_entries(P, axes)
    if is_matrix_list(P):
        return _listed_entries(P, axes)
    numbers = as_numbers("P", P)
    if numbers.ndim == 2:
        return _stacked_entries(numbers, axes)
    table = _in_order(numbers, axes)
    num_states, num_actions = table.shape[:2]
    states, actions, next_states = np.nonzero(table)
    check_size(num_states, num_actions, len(states))
    rows = pair_rows(states, actions, num_states, num_actions)
    return PairEntries(rows, next_states, table[states, actions, next_states], num_states, num_actions)


def given_type(P: Any) -> np.dtype[Any]:
    """The type of the numbers, which says how exact they are; the shortest of a list of matrices."""
    if is_matrix_list(P):
        types = [given_type(matrix) for matrix in P]
        return max(types, key=lambda dtype: float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0)
    return P.dtype if is_sparse(P) else np.asarray(P).dtype


def is_matrix_list(tables: Any) -> bool:
    """Whether it is a list of matrices, at least one of them sparse: one matrix per action.

    >>> is_matrix_list([sparse.eye_array(2), np.eye(2)]), is_matrix_list([np.eye(2), np.eye(2)])
    (True, False)
    """
    is_list = isinstance(tables, Sequence) or (isinstance(tables, np.ndarray) and tables.dtype == object)
    return is_list and any(is_sparse(matrix) for matrix in tables)


def is_sparse(matrix: Any) -> bool:
    """Whether it is a sparse matrix or array of SciPy, of any format."""
    return bool(sparse.issparse(matrix))


def real_matrix(name: str, matrix: Any) -> sparse.coo_array:
    """A matrix, sparse or dense, as COO of float64, entries as they are: nothing is added up."""
    if not is_sparse(matrix):
        matrix = as_numbers(name, matrix)
    elif matrix.dtype.kind not in "biuf":
        raise InvalidModelError(f"{name} has elements of type {matrix.dtype}; expected real numbers")
    if matrix.ndim != 2:
        raise InvalidModelError(f"{name} has shape {matrix.shape}; expected a matrix")
    try:
        return sparse.coo_array(matrix, dtype=np.float64)
    except ValueError as error:  # SciPy's word for an index out of range
        raise InvalidModelError(f"{name}, a matrix of shape {matrix.shape}, is damaged: {error}") from None


def _stacked_entries(P: Any, axes: Axes | None) -> PairEntries:
    pairs, num_states = P.shape if P.ndim == 2 else (0, 0)
    if not num_states or not pairs or pairs % num_states:
        raise InvalidModelError(
            f"P is one {'sparse ' * is_sparse(P)}matrix of shape {P.shape}; expected (S*A, S'), rows a multiple of "
            "columns. Or pass a list of A matrices of shape (S, S')"
        )
    num_actions = pairs // num_states
    matrix = real_matrix("P", P)
    check_size(num_states, num_actions, matrix.nnz)
    rows, next_states = matrix.coords
    by_action = pair_rows(rows % num_states, rows // num_states, num_states, num_actions)
    if axes is None and (rows != by_action).any() and not _same(matrix, by_action):
        raise InvalidModelError(
            f"P is one matrix of shape {P.shape}, {num_states} states and {num_actions} actions, whose rows can be in "
            "two orders. Say which: axes='SAS' where row s*A + a is of the pair (s, a), axes='ASS' where row a*S + s is"
        )
    return PairEntries(by_action if axes == "ASS" else rows, next_states, matrix.data, num_states, num_actions)


def _same(matrix: sparse.coo_array, rows: NDArray[Any]) -> bool:
    """Whether a matrix is the same with its entries in other rows."""
    other = sparse.csr_array((matrix.data, (rows, matrix.coords[1])), shape=matrix.shape)
    difference: Any = matrix.tocsr() != other
    return difference.nnz == 0


def _listed_entries(P: Any, axes: Axes | None) -> PairEntries:
    if axes == "SAS":
        raise InvalidModelError("P is a list of matrices, one (S, S') for each action: pass axes='ASS', or none")
    matrices = square_matrices("P", P)
    num_states, num_actions = matrices[0].shape[0], len(matrices)
    check_size(num_states, num_actions, sum(matrix.nnz for matrix in matrices))
    return PairEntries(
        np.concatenate([pair_rows(m.coords[0], a, num_states, num_actions) for a, m in enumerate(matrices)]),
        np.concatenate([matrix.coords[1] for matrix in matrices]),
        np.concatenate([matrix.data for matrix in matrices]),
        num_states,
        num_actions,
    )


def square_matrices(name: str, tables: Sequence[Any]) -> list[sparse.coo_array]:
    """The matrices of a list, all (S, S) with the S of the first; `InvalidModelError` names another."""
    matrices = [real_matrix(f"{name}[{action}]", matrix) for action, matrix in enumerate(tables)]
    num_states = matrices[0].shape[0]
    for action, matrix in enumerate(matrices):
        if matrix.shape != (num_states, num_states):
            raise InvalidModelError(f"{name}[{action}] has shape {matrix.shape}; expected {(num_states, num_states)}")
    return matrices


def _in_order(table: NDArray[np.float64], axes: Axes | None) -> NDArray[np.float64]:
    """A view of dense `P` as (S, A, S')."""
    if table.ndim != 3:
        raise InvalidModelError(f"P has shape {table.shape}; expected (S, A, S'), (A, S, S'), or (S*A, S')")
    first, second, last = table.shape
    if axes == "SAS" or (axes is None and first == last != second):
        if first != last:
            raise InvalidModelError(f"P has shape {table.shape}; with axes='SAS' expected (S, A, S')")
        return table
    if second != last:
        raise InvalidModelError(f"P has shape {table.shape}; expected (S, A, S'), or (A, S, S')")
    by_state = table.transpose(1, 0, 2)
    if axes is None and first == last and not np.array_equal(table, by_state):
        raise InvalidModelError(
            f"P has shape {table.shape}, which fits both (S, A, S') and (A, S, S'): there are as many actions as "
            "states. Say which with axes='SAS' or axes='ASS'"
        )
    return by_state
