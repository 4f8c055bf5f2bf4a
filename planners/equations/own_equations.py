"""Discount 1: models whose own equations have one solution, as is seen at a glance.

So it is where episodes end and each step costs. What else there is, `planners.equations.undiscounted` tells, and takes
out or merges. That takes longer, and files that such models do without.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import take_rows
from planners.equations.graph import all_reach
from planners.equations.problem import Problem
from planners.models.tabular import TabularMDP

WAITING: Final = 2.0**-20  # rows that leave with less than this are taken until they leave


def own_equations(model: TabularMDP) -> Problem | None:
    """The model's own equations, where it is seen at once that nothing is to be taken out, merged or scaled; else None.

    Nobody stays or gains where every row that cannot end the episode costs. Where every state can reach the end, none
    has an infinite value.
    """
    row_state = np.arange(model.rewards.size) // model.num_actions
    feasible, ends = model.feasible.ravel(), model.termination.ravel()
    rewards = model.rewards.ravel()
    endless = feasible & (ends == 0.0)
    if not (rewards[endless] < 0.0).all():
        return None
    can_end = np.zeros(model.num_states, dtype=bool)
    can_end[row_state[feasible & (ends > 0.0)]] = True
    pairs = np.flatnonzero(feasible)
    transitions = model.transitions if len(pairs) == len(feasible) else take_rows(model.transitions, pairs)
    states, termination, paid = row_state[pairs], ends[pairs], rewards[pairs]
    if not all_reach(transitions, states, can_end):
        return None
    if (without_waiting(transitions, states, termination, paid)[2] != 1.0).any():
        return None
    return Problem(model, 1.0, transitions, paid, termination, states, pairs)


def without_waiting(
    transitions: sparse.csr_array,
    row_state: NDArray[np.int64],
    termination: NDArray[np.float64],
    rewards: NDArray[np.float64],
) -> tuple[sparse.csr_array, NDArray[np.float64], NDArray[np.float64]]:
    """Rows that nearly always lead back to their own state, taken until they do not; and by how much rewards grow.

    Floats know well how likely such a row is to leave, but 1 - P of it hardly or not at all.
    """
    row = np.repeat(np.arange(len(row_state)), np.diff(transitions.indptr))
    back = transitions.indices == row_state[row]
    leaves = termination + np.bincount(row[~back], transitions.data[~back], minlength=len(row_state))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        long = (leaves > 0) & (leaves < WAITING) & np.isfinite((rewards + 1.0) / leaves)
    if not long.any():
        return transitions, termination, np.ones(len(rewards))
    scale = np.where(long, 1.0 / np.where(long, leaves, 1.0), 1.0)
    data = np.where(back & long[row], 0.0, transitions.data * scale[row])
    found = sparse.csr_array((data, transitions.indices.copy(), transitions.indptr.copy()), shape=transitions.shape)
    found.eliminate_zeros()
    return found, termination * scale, scale
