"""Sets of states that are to be reached, in whatever form somebody names them."""

from collections.abc import Callable, Iterable, Set
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arguments import shown
from planners.arrays import only_entries
from planners.errors import InvalidModelError, InvalidOptionError
from planners.models.tabular import TabularMDP
from planners.names import hashable, is_hashable, some_names

Goal = str | int | ArrayLike | Iterable[Any] | Callable[[Any], bool]


def goal_states(model: TabularMDP, goal: Goal) -> NDArray[np.bool_]:
    """(S,) bool, the states of a goal.

    Args:
        model: A model of S states.
        goal: A label of the model, a state, a list of states, an (S,) bool mask, or a function of a state. A state is
            its name, where states have names, or its number.

    Raises:
        InvalidOptionError: An unknown label, a state that the model does not have, or no state at all.

    >>> chain = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 0.0, True)]}})
    >>> goal_states(chain, 1).tolist(), goal_states(chain, lambda state: state == 0).tolist()
    ([False, True], [True, False])
    """
    S, names = model.num_states, model.states
    if isinstance(goal, str) and (goal in model.labels or not _is_named(model, goal)):
        return _labelled(model, goal)
    if _is_named(model, goal):
        goal = [names.number(goal)]  # pyright: ignore[reportOptionalMemberAccess]
    elif isinstance(goal, list | tuple | Set) and len(goal) and all(_is_named(model, state) for state in goal):
        goal = [names.number(state) for state in goal]  # pyright: ignore[reportOptionalMemberAccess]
    if callable(goal):
        given = np.array([bool(goal(state)) for state in (range(S) if names is None or names.found else names)])
    else:
        listed = list(goal) if isinstance(goal, Iterable) and not hasattr(goal, "__array__") else goal
        try:
            given = np.asarray(listed)
        except ValueError:
            raise InvalidOptionError(f"goal is {shown(goal)}; expected states, an (S,) mask, or a label") from None
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


def _is_named(model: TabularMDP, state: Any) -> bool:
    """Whether it is the name of a state, in a model whose states have names, and not all True or False."""
    if model.states is None or isinstance(state, bool | np.bool_) or not is_hashable(hashable(state)):
        return False
    return hashable(state) in model.states


def _labelled(model: TabularMDP, label: str) -> NDArray[np.bool_]:
    if label in model.labels:
        return model.labels[label].copy()
    known = ", ".join(map(repr, model.labels)) or "none: it was not read from a file with labels"
    known += f", its states {some_names(model.states)}" if model.states is not None else ""
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
                "episodes of this model end, and it does not say in which states, so they may or may not end in the "
                "goal. Make it by a reader such as from_gym_dict or from_arrays(P, R, terminal=...), or pass "
                "endings= to TabularMDP"
            )
        return model.transitions, model.termination
    elsewhere = np.asarray(model.endings @ (~goal).astype(np.float64)).reshape(model.termination.shape)
    into = only_entries(model.endings, goal[model.endings.indices])
    return sparse.csr_array(model.transitions + into) if into.nnz else model.transitions, elsewhere
