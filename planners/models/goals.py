"""Sets of states that are to be reached, in whatever form somebody names them."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arrays import only_entries
from planners.errors import InvalidModelError, InvalidOptionError
from planners.models.tabular import TabularMDP

Goal = str | int | ArrayLike | Iterable[int] | Callable[[int], bool]


def goal_states(model: TabularMDP, goal: Goal) -> NDArray[np.bool_]:
    """(S,) bool, the states of a goal.

    Args:
        model: A model of S states.
        goal: A label of the model, a state, a list of states, an (S,) bool mask, or a function of a state.

    Raises:
        InvalidOptionError: An unknown label, a state that the model does not have, or no state at all.

    >>> chain = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 0.0, True)]}})
    >>> goal_states(chain, 1).tolist(), goal_states(chain, lambda state: state == 0).tolist()
    ([False, True], [True, False])
    """
    S = model.num_states
    if isinstance(goal, str):
        return _labelled(model, goal)
    if callable(goal):
        given = np.array([bool(goal(state)) for state in range(S)])
    else:
        given = np.asarray(list(goal) if isinstance(goal, Iterable) and not hasattr(goal, "__array__") else goal)
    if given.dtype == np.bool_ and given.shape == (S,):
        mask = given.copy()
    elif given.dtype.kind in "iu" or not given.size:
        wrong = (given < 0) | (given >= S)
        if wrong.any():
            raise InvalidOptionError(f"goal names state {given[wrong].flat[0]}; expected states from 0 to {S - 1}")
        mask = np.zeros(S, dtype=bool)
        mask[given.astype(np.int64)] = True
    else:
        raise InvalidOptionError(
            f"goal is {goal!r:.80}; expected a label, states from 0 to {S - 1}, a mask of shape ({S},) of bool, or a "
            "function of a state"
        )
    if not mask.any():
        raise InvalidOptionError("goal holds no state; expected one or more")
    return mask


def _labelled(model: TabularMDP, label: str) -> NDArray[np.bool_]:
    if label in model.labels:
        return model.labels[label].copy()
    known = ", ".join(map(repr, model.labels)) or "none: it was not read from a file with labels"
    near = get_close_matches(label, model.labels, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise InvalidOptionError(f"goal is the label {label[:80]!r}; the model's labels are {known[:400]}{hint}")


def entering(model: TabularMDP, goal: NDArray[np.bool_]) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """(S*A, S) CSR of transitions, endings in the goal among them; (S, A) probability of ending elsewhere.

    Raises:
        InvalidModelError: Episodes end, and the model does not say in which states.
    """
    if model.endings is None:
        if (model.termination > 0).any():
            raise InvalidModelError(
                "episodes of this model end, and it does not say in which states, so that nobody knows whether that is "
                "the goal. Make it by a reader such as from_gym_dict or from_arrays(P, R, terminal=...), or pass "
                "endings= to TabularMDP"
            )
        return model.transitions, model.termination
    elsewhere = np.asarray(model.endings @ (~goal).astype(np.float64)).reshape(model.termination.shape)
    into = only_entries(model.endings, goal[model.endings.indices])
    return sparse.csr_array(model.transitions + into) if into.nnz else model.transitions, elsewhere
