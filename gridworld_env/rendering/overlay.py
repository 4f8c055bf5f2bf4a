"""What can be laid over the map: values, action values, a policy, a trajectory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridworld_env.errors import MapError
from gridworld_env.grid.actions import Action


@dataclass(frozen=True, eq=False)
class Overlay:
    """Checked, read-only arrays over S states and A actions; None: not shown.

    Attributes:
        values: (S,) a number per state; NaN and infinities are allowed and shown as such.
        action_values: (S, A) a number per state and action.
        policy: (S, A) weights >= 0; an arrow's length follows its share of the largest in its row.
        trajectory: (N,) states in the order visited.
    """

    values: NDArray[np.float64] | None = None
    action_values: NDArray[np.float64] | None = None
    policy: NDArray[np.float32] | None = None
    trajectory: NDArray[np.int64] | None = None


NO_OVERLAY: Final = Overlay()  # one object, so that a canvas sees that nothing has changed


def make_overlay(
    num_states: int,
    num_actions: int,
    values: ArrayLike | None = None,
    policy: Any = None,
    action_values: ArrayLike | None = None,
    trajectory: Sequence[int] | NDArray[np.integer] | None = None,
) -> Overlay:
    """Check and copy what is to be drawn over the map.

    The copies are why a later change of `values` in place is not seen: make a new overlay to show it.

    Args:
        num_states: S.
        num_actions: A.
        values: (S,) numbers; NaN and infinities are allowed.
        policy: (S,) integer actions; or (S, A) bool, all tied actions; or (S, A) probabilities; or an
            object whose `probabilities` are (S, A).
        action_values: (S, A) numbers; NaN and infinities are allowed.
        trajectory: (N,) states.

    Returns:
        The `Overlay`.

    Raises:
        MapError: A shape, a type, an action or a state is wrong; the message names the argument.

    >>> make_overlay(2, 4, policy=[1, 3]).policy.tolist()
    [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """
    table = (num_states, num_actions)
    return Overlay(
        values=None if values is None else _numbers("values", values, (num_states,)),
        action_values=None if action_values is None else _numbers("action_values", action_values, table),
        policy=None if policy is None else _weights(policy, num_states, num_actions),
        trajectory=None if trajectory is None else checked_states("trajectory", trajectory, num_states),
    )


def in_compass_order(overlay: Overlay, moves: Sequence[Action]) -> Overlay:
    """The overlay with its actions in the order of `Action`, which is how they are drawn.

    Args:
        overlay: Over A actions.
        moves: The A moves that they intend.

    Returns:
        The overlay over 4 directions, or 8 if there are diagonals among the moves; the policy over 9, if
        "STAY" is. An action that is missing weighs 0, and its value is NaN.
    """
    directions = 4 if all(move < 4 or move is Action.STAY for move in moves) else 8
    width = 9 if Action.STAY in moves else directions
    if list(moves) == list(range(width)):
        return overlay
    policy, action_values = overlay.policy, overlay.action_values
    if policy is not None:
        table = np.zeros((len(policy), width), dtype=np.float32)
        table[:, list(moves)] = policy
        policy = _frozen(table, np.float32)
    if action_values is not None:
        numbers = np.full((len(action_values), 9), np.nan)
        numbers[:, list(moves)] = action_values
        action_values = _frozen(numbers[:, :directions], np.float64)
    return replace(overlay, policy=policy, action_values=action_values)


def checked_states(name: str, states: Any, num_states: int) -> NDArray[np.int64]:
    """(N,) read-only copy of a sequence of states; `MapError` naming `name` for what is no state."""
    array = _as_array(name, states if hasattr(states, "shape") or not isinstance(states, Iterable) else list(states))
    if array.ndim != 1:
        raise MapError(f"{name}: expected a sequence of states, shape (N,), found shape {array.shape}")
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise MapError(f"{name}: expected integer states, found {array.dtype}")
    outside = np.flatnonzero((array < 0) | (array >= num_states))
    if outside.size:
        raise MapError(
            f"{name}: {array[outside[0]]} at index {outside[0]} is no state; states are 0 to {num_states - 1}"
        )
    return _frozen(array, np.int64)


def _numbers(name: str, numbers: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = _as_array(name, numbers)
    if array.shape != shape:
        axes = "one number per state" if len(shape) == 1 else "one number per state and action"
        raise MapError(f"{name}: expected shape {shape}, {axes}, found shape {array.shape}")
    if array.dtype.kind not in "iuf":
        raise MapError(f"{name}: expected real numbers, found {array.dtype}")
    return _frozen(array, np.float64)


def _weights(policy: Any, num_states: int, num_actions: int) -> NDArray[np.float32]:
    array = _as_array("policy", getattr(policy, "probabilities", policy))
    if array.shape == (num_states,):
        return _one_hot(array, num_actions)
    if array.shape != (num_states, num_actions):
        raise MapError(
            f"policy: expected shape {(num_states,)}, an action per state, or {(num_states, num_actions)}, "
            f"a weight per state and action, found shape {array.shape}"
        )
    if array.dtype.kind not in "biuf":
        raise MapError(f"policy: expected bool or real numbers, found {array.dtype}")
    wrong = np.argwhere(~(np.isfinite(array) & (array >= 0)))
    if wrong.size:
        state, action = wrong[0]
        raise MapError(
            f"policy: the weight of state {state}, action {action} is {array[state, action]}; expected a finite "
            "number >= 0. To show action values, pass action_values="
        )
    return _frozen(array, np.float32)


def _one_hot(actions: NDArray[Any], num_actions: int) -> NDArray[np.float32]:
    if not np.issubdtype(actions.dtype, np.integer):
        raise MapError(f"policy: of shape {actions.shape} it needs integer actions, found {actions.dtype}")
    outside = np.flatnonzero((actions < 0) | (actions >= num_actions))
    if outside.size:
        raise MapError(
            f"policy: action {actions[outside[0]]} of state {outside[0]} does not exist; "
            f"actions are 0 to {num_actions - 1}"
        )
    weights = np.zeros((len(actions), num_actions), dtype=np.float32)
    weights[np.arange(len(actions)), actions] = 1.0
    weights.flags.writeable = False
    return weights


def _as_array(name: str, numbers: Any) -> NDArray[Any]:
    try:
        return np.asarray(numbers)
    except ValueError as error:
        raise MapError(f"{name}: expected an array, found rows of different lengths ({error})") from None


def _frozen(array: NDArray[Any], dtype: type) -> NDArray[Any]:
    copy = np.array(array, dtype=dtype)
    copy.flags.writeable = False
    return copy
