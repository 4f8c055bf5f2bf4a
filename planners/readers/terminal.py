"""States that end the episode: what they may pay, and how a model is changed in which they do not end it yet."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import only_rows
from planners.errors import InvalidModelError
from planners.readers.transitions import as_mask


def check_unpaid(rewards: NDArray[np.float64], ends: NDArray[np.bool_]) -> None:
    """Refuse rewards of actions in terminal states: the episode is over there, so nobody would earn them.

    Args:
        rewards: (S, A) expected rewards; what is not finite is none.
        ends: (S,) bool, the terminal states.

    Raises:
        InvalidModelError: One of them is not 0.
    """
    paid = ends[:, None] & (rewards != 0.0) & np.isfinite(rewards)
    if paid.any():
        state, action = (int(i) for i in np.argwhere(paid)[0])
        raise InvalidModelError(
            f"state {state} is terminal, and action {action} has reward {rewards[state, action]:.12g} there: the "
            "episode ends on entering it, so this is never earned. Expected 0. Pay it on the transitions into the "
            "state; or give rewards as (S,) R(s), which a terminal state pays once",
            state,
            action,
        )


def with_terminal(tables: dict[str, Any], terminal: Any) -> dict[str, Any]:
    """Tables of `TabularMDP` in which the states of a mask end the episode on entering them, and earn nothing.

    Args:
        tables: The tables, of S states.
        terminal: (S,) bool.

    Raises:
        InvalidModelError: No such mask, or rewards of actions in these states.

    >>> from planners.readers.toy_text import read_gym_dict
    >>> chain = read_gym_dict({0: {0: [(1.0, 1, 5.0, False)]}, 1: {0: [(1.0, 1, 0.0, False)]}})
    >>> with_terminal(chain, [False, True])["termination"].tolist()
    [[1.0], [1.0]]
    """
    shape = tables["rewards"].shape
    ends = as_mask("terminal", terminal, shape[:1])
    check_unpaid(np.where(tables["feasible"], tables["rewards"], 0.0), ends)
    transitions, termination = tables["transitions"], tables["termination"]
    endings = tables.get("endings")
    alive = np.repeat(~ends, shape[1]).astype(np.float64)
    leaving = sparse.csr_array(sparse.diags_array(alive) @ transitions)
    going = sparse.csr_array(leaving @ sparse.diags_array((~ends).astype(np.float64)))
    entering = sparse.csr_array(leaving @ sparse.diags_array(ends.astype(np.float64)))
    over = np.flatnonzero(ends[:, None] & tables["feasible"])
    own = sparse.csr_array((np.ones(len(over)), (over, over // shape[1])), shape=transitions.shape)
    known = endings is not None or not termination.any()
    before = sparse.csr_array(transitions.shape) if endings is None else sparse.diags_array(alive) @ endings
    for matrix in (going, entering):
        matrix.eliminate_zeros()
    paid, told = tables.get("paid"), tables.get("told")  # what was read of terminal states is never earned
    return {
        **tables,
        "paid": None if paid is None else only_rows(paid, alive > 0),
        "told": None if told is None else told.kept(alive[told.rows] > 0),
        "transitions": going,
        "termination": np.where(ends[:, None], tables["feasible"], termination + _sums(entering).reshape(shape)),
        "endings": sparse.csr_array(before + entering + own) if known else None,
    }


def _sums(matrix: sparse.csr_array) -> NDArray[np.float64]:
    """The sums of its rows."""
    return np.asarray(matrix.sum(axis=1), dtype=np.float64)
