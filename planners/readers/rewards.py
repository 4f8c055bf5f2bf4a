"""The shapes that rewards come in, and what each means.

(S,) R(s), paid when leaving s; (S, A) r(s,a); (S, A, S') or (A, S, S') r(s,a,s'), paid with that transition.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.errors import InvalidModelError
from planners.readers.layouts import Axes, is_matrix_list, is_sparse, square_matrices
from planners.readers.transitions import PairEntries, as_numbers

Kind = Literal["state", "action", "transition"]


class Rewards(NamedTuple):
    """Rewards as they are stored.

    Attributes:
        expected: (S, A) r(s,a) = sum over s' of P(s'|s,a) r(s,a,s').
        given_by: What they were given by.
        told: `paid` and `told` of `TabularMDP`.
    """

    expected: NDArray[np.float64]
    given_by: Kind
    told: Mapping[str, Any] = {}


def expected_rewards(R: Any, entries: PairEntries, axes: Axes | None = None) -> Rewards:
    """(S, A) expected rewards, and what is known beside them.

    Rewards of transitions that have no probability are not read; they may be anything.

    Args:
        R: (S,), (S, A), (S, A, S') or (A, S, S') rewards, or a list of A matrices (S, S'), some or all sparse.
            One sparse (S, A) matrix is read as dense. Where A equals S, three axes are in the order of those
            of `P`, and a square `R` is (S, A), never r(s,s') nor (A, S): `axes` must be given to say so,
            unless all readings are the same.
        entries: The transitions to average over.
        axes: "SAS" or "ASS", the order of the axes of `P`, as given by the caller; None: by the shapes.

    Raises:
        InvalidModelError: A shape that does not fit, or fits in two ways.
    """
    num_states, num_actions = entries.shape
    square = num_states == num_actions > 1
    if is_matrix_list(R):
        return _of_transitions(entries, _listed(R, entries))
    table = as_numbers("R", R.toarray() if is_sparse(R) else R)
    if num_actions == 1 < num_states and table.shape == (num_states, num_states):
        table = table[None]  # r(s,s') of the only action
    if table.shape == (num_states,):
        return Rewards(np.repeat(table[:, None], num_actions, axis=1), "state")
    if table.shape == (num_states, num_actions):
        if square and axes is None and (table != table.flat[0]).any():
            raise InvalidModelError(
                f"R has shape {table.shape}, which fits r(s,a), in either order of axes, and r(s,s'): there are as "
                "many actions as states. If it is (S, A), say so by naming the axes of P, axes='SAS' or axes='ASS'"
            )
        return Rewards(table.copy(), "action")
    states, actions = np.divmod(entries.rows, num_actions)
    by_state = table.shape == (num_states, num_actions, num_states)
    by_action = table.shape == (num_actions, num_states, num_states)
    if by_state and by_action and axes is None and not np.array_equal(table, table.transpose(1, 0, 2)):
        raise InvalidModelError(
            f"R has shape {table.shape}, which fits both (S, A, S') and (A, S, S'). Say which with axes='SAS' or 'ASS'"
        )
    if by_action and (axes == "ASS" or not by_state):
        return _of_transitions(entries, table[actions, states, entries.next_states])
    if by_state:
        return _of_transitions(entries, table[states, actions, entries.next_states])
    raise InvalidModelError(_misfit(table.shape, num_states, num_actions))


def _of_transitions(entries: PairEntries, amounts: NDArray[np.float64]) -> Rewards:
    return Rewards(entries.expected(amounts), "transition", entries.told(amounts))


def _misfit(found: tuple[int, ...], num_states: int, num_actions: int) -> str:
    message = (
        f"R has shape {found}; expected ({num_states},), {(num_states, num_actions)} or "
        f"{(num_states, num_actions, num_states)} for a P of {num_states} states and {num_actions} actions"
    )
    return message + (". Pass R.T" if found == (num_actions, num_states) else "")


def _listed(R: Any, entries: PairEntries) -> NDArray[np.float64]:
    """(L,) reward of each entry, from a list of matrices, where what is not stored is 0."""
    matrices = square_matrices("R", R)
    num_states, num_actions = entries.shape
    if len(matrices) != num_actions or matrices[0].shape[0] != num_states:
        raise InvalidModelError(
            f"R is a list of {len(matrices)} matrices of shape {matrices[0].shape}; expected {num_actions} of shape "
            f"{(num_states, num_states)}, one for each action"
        )
    states, actions = np.divmod(entries.rows, num_actions)
    rewards = np.empty(len(states))
    for action, matrix in enumerate(matrices):
        here = np.flatnonzero(actions == action)
        rewards[here] = _at(matrix.tocsr(), states[here], entries.next_states[here])
    return rewards


def _at(matrix: sparse.csr_array, rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.float64]:
    """The elements of a CSR matrix at the given places."""
    matrix.sum_duplicates()
    width = np.int64(matrix.shape[1])
    stored = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr)) * width + matrix.indices
    wanted = rows.astype(np.int64) * width + columns
    place = np.minimum(np.searchsorted(stored, wanted), max(len(stored) - 1, 0))
    if not len(stored):
        return np.zeros(len(wanted))
    return np.where(stored[place] == wanted, matrix.data[place], 0.0)
