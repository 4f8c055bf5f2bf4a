"""Reading models that others wrote: dense or sparse arrays, and Gymnasium's dictionaries.

Rewards come in three shapes, and mean: (S,) R(s), paid when leaving s; (S, A) r(s,a); (S, A, S')
r(s,a,s'), paid with that transition. With R(s), a terminal state pays R(s) once, when the episode ends
in it (the convention of AIMA, 3rd edition); with the other two it pays nothing: what is earned on
entering it is part of the transition.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.errors import InvalidModelError
from planners.mdp import merge_rows


def read_arrays(P: Any, R: ArrayLike, terminal: ArrayLike | None = None) -> dict[str, Any]:
    """Tables of `TabularMDP` from arrays.

    Args:
        P: (S, A, S') probabilities, or (A, S, S') as pymdptoolbox has them where that cannot be confused
            (A differs from S), or a list of A sparse (S, S') matrices.
        R: (S,), (S, A) or (S, A, S') rewards; see above.
        terminal: (S,) bool, states that end the episode; None: no transition ends it.

    Raises:
        InvalidModelError: Shapes that do not fit each other, with what was expected and found.
    """
    stack, num_states, num_actions = _pair_rows(P)
    ends = np.zeros(num_states, dtype=bool) if terminal is None else np.asarray(terminal)
    if ends.shape != (num_states,) or ends.dtype != np.bool_:
        raise InvalidModelError(f"terminal has shape {ends.shape} of {ends.dtype}; expected ({num_states},) of bool")
    R = np.asarray(R, dtype=np.float64)
    shape = (num_states, num_actions)
    pays_on_leaving = R.shape == (num_states,)
    if pays_on_leaving:
        rewards = np.repeat(R[:, None], num_actions, axis=1)
    elif R.shape == shape:
        rewards = R.copy()
    elif R.shape == (*shape, num_states):
        flat = sparse.csr_array(stack).tocoo()
        weighted = flat.data * R.reshape(-1, num_states)[flat.coords]
        rewards = np.bincount(flat.coords[0], weighted, minlength=num_states * num_actions).reshape(shape)
    else:
        raise InvalidModelError(
            f"R has shape {R.shape}; expected ({num_states},), {shape} or {(*shape, num_states)} "
            f"for a P of {num_states} states and {num_actions} actions"
        )
    termination = np.zeros(shape)
    if ends.any():
        if not pays_on_leaving:
            termination = np.asarray(stack @ ends.astype(np.float64)).reshape(shape)
            stack = sparse.csr_array(stack @ sparse.diags_array((~ends).astype(np.float64)))
            rewards[ends] = 0.0
        stack = sparse.csr_array(sparse.diags_array(np.repeat(~ends, num_actions).astype(np.float64)) @ stack)
        stack.eliminate_zeros()
        termination[ends] = 1.0
    return {
        "transitions": stack,
        "termination": termination,
        "rewards": rewards,
        "feasible": np.ones(shape, dtype=bool),
    }


def _pair_rows(P: Any) -> tuple[sparse.csr_array, int, int]:
    """(S*A, S) rows of the pairs, S and A."""
    if isinstance(P, Sequence) and len(P) and all(sparse.issparse(matrix) for matrix in P):
        num_states, num_actions = P[0].shape[0], len(P)
        for action, matrix in enumerate(P):
            if matrix.shape != (num_states, num_states):
                raise InvalidModelError(f"P[{action}] has shape {matrix.shape}; expected {(num_states, num_states)}")
        by_action = sparse.vstack([sparse.csr_array(matrix) for matrix in P], format="csr")
        order = np.arange(num_states * num_actions).reshape(num_actions, num_states).T.ravel()
        return sparse.csr_array(by_action[order]), num_states, num_actions
    table = np.asarray(P, dtype=np.float64)
    if table.ndim == 3 and table.shape[1] == table.shape[2] != table.shape[0]:
        table = table.transpose(1, 0, 2)
    if table.ndim != 3 or table.shape[0] != table.shape[2]:
        raise InvalidModelError(f"P has shape {table.shape}; expected (S, A, S'), or (A, S, S')")
    num_states, num_actions = table.shape[:2]
    return sparse.csr_array(table.reshape(num_states * num_actions, num_states)), num_states, num_actions


def read_gym_dict(P: Mapping[int, Any] | Sequence[Any]) -> dict[str, Any]:
    """Tables of `TabularMDP` from `P[s][a] = [(probability, next_state, reward, terminated), ...]`.

    Each transition's own flag decides whether values go on after it. Entries with one next state are
    added up, and so are their expected rewards. A state may lack actions: they are not feasible there.

    Raises:
        InvalidModelError: A state or action that is missing, or a next state that does not exist.
    """
    num_states = len(P)
    num_actions = max((int(a) for s in range(num_states) for a in _actions(P, s)), default=-1) + 1
    if not num_actions:
        where = "state 0 has no feasible action" if num_states else "P has no state"
        raise InvalidModelError(f"{where}; expected P[state][action] = [(...), ...]")
    entries: list[tuple[int, int, float, float, bool]] = []
    feasible = np.zeros((num_states, num_actions), dtype=bool)
    for state in range(num_states):
        for action in _actions(P, state):
            feasible[state, action] = True
            for entry in P[state][action]:
                checked = _checked_entry(entry, state, action, num_states)
                entries.append((state * num_actions + action, *checked))
    if not entries:
        raise InvalidModelError("state 0, action 0 leads nowhere; expected at least one transition", 0, 0)
    columns: list[NDArray[Any]] = [np.array(column) for column in zip(*entries, strict=True)]
    rows, next_states, probabilities, rewards, terminated = columns
    ends = terminated.astype(bool)
    pairs, shape = num_states * num_actions, (num_states, num_actions)
    return {
        "transitions": merge_rows(rows[~ends], next_states[~ends], probabilities[~ends], (pairs, num_states)),
        "termination": np.bincount(rows[ends], probabilities[ends], minlength=pairs).reshape(shape),
        "rewards": np.bincount(rows, probabilities * rewards, minlength=pairs).reshape(shape),
        "feasible": feasible,
    }


def _actions(P: Any, state: int) -> Any:
    try:
        actions = P[state]
    except KeyError:
        raise InvalidModelError(f"P has {len(P)} states but no state {state}; number them from 0", state) from None
    if not isinstance(actions, Mapping):
        return range(len(actions))
    for action in actions:
        if not isinstance(action, int | np.integer) or action < 0:
            raise InvalidModelError(f"state {state} has an action {action!r}; expected integers from 0", state)
    return actions


def _checked_entry(entry: Any, state: int, action: int, num_states: int) -> tuple[int, float, float, bool]:
    """(next state, probability, reward, terminated) of one entry of the table."""
    try:
        probability, next_state, reward, terminated = entry
    except (TypeError, ValueError):
        raise InvalidModelError(
            f"state {state}, action {action} has the entry {entry!r}; "
            "expected (probability, next_state, reward, terminated)",
            state,
            action,
        ) from None
    if not isinstance(next_state, int | np.integer) or not 0 <= next_state < num_states:
        raise InvalidModelError(
            f"state {state}, action {action} leads to state {next_state!r}; "
            f"expected a state from 0 to {num_states - 1}",
            state,
            action,
        )
    if not probability >= 0:
        raise InvalidModelError(
            f"state {state}, action {action} has probability {probability} of state {next_state}; "
            "expected a number from 0 to 1",
            state,
            action,
        )
    return int(next_state), float(probability), float(reward), bool(terminated)
