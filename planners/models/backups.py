"""Bellman backups of a model: the action values of given values, and which actions they make best.

Q(s,a) = r(s,a) + discount * sum over s' of P(s'|s,a) V(s')
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from planners.models.convert import Model
    from planners.models.moves import MoveMDP

NEAR = 1e-9  # action values that differ by this part of themselves, or of 1, are tied


def backup(model: "Model", values: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """(S, A) r + discount * P V; -inf for actions that do not exist, infinite where V is, and inf where it is both."""
    model = _as_table(model)
    finite = np.isfinite(values)
    q = model.rewards + discount * model.expected_next(np.where(finite, values, 0.0))
    if discount > 0 and not finite.all():
        q[model.expected_next((values == -np.inf).astype(np.float64)) > 0] = -np.inf
        q[model.expected_next((values == np.inf).astype(np.float64)) > 0] = np.inf
    q[~model.feasible] = -np.inf
    return q


def backup_state(model: "MoveMDP", state: int, values: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """(A,) the same of one state, in a time that does not depend on how many there are."""
    mixture = model.mixture[0 if model.kind is None else model.kind[state]]
    outcome = model.outcome[state]
    after = np.where(model.outcome_ends[outcome] | (discount == 0), 0.0, values[model.successor[state]])
    earned = model.outcome_reward[outcome] + (discount or 1.0) * after
    return (mixture * np.where(mixture > 0, earned, 0.0)).sum(axis=1)


def greedy_actions(action_values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(S, A) True where an action value is the largest of its state, up to rounding; NaN never is.

    >>> greedy_actions(np.array([[1.0, 1.0 + 1e-13, 0.5, np.nan]])).tolist()
    [[True, True, False, False]]
    """
    largest = np.fmax.reduce(action_values, axis=1)[:, None]
    near = NEAR * np.maximum(1.0, np.abs(np.where(np.isfinite(largest), largest, 0.0)))
    return action_values >= largest - near


def possible_actions(
    model: "Model", lower: NDArray[np.float64], upper: NDArray[np.float64], discount: float
) -> NDArray[np.bool_]:
    """(S, A) True for every action that can be optimal, all ties included, where lower <= V* <= upper.

    An action is ruled out where the most that it can be worth, Q of the upper bound, is less than what is proven
    to be had, the lower bound, by more than the rounding of a backup.
    """
    model = _as_table(model)
    reach = backup(model, upper, discount)
    finite = np.abs(upper[np.isfinite(upper)]).max(initial=0.0)
    terms = model.longest_row + 8
    rounding = terms * np.finfo(np.float64).eps * (np.abs(model.rewards).max() + finite)
    return (reach + rounding >= lower[:, None]) & model.feasible


def _as_table(model: "Model") -> "Model":
    """The model; of one that is stored as pairs, the table of all of them, if it fits in memory."""
    return model.tabular if hasattr(model, "pair_state") else model
