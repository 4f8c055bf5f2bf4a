"""What functions of the user's return, checked: what is wrong is named with the call that returned it."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final

import numpy as np

from planners.errors import InvalidModelError, InvalidOptionError

Terminal = Callable[[Any], bool] | Iterable[Hashable]
AS_TUPLE: Final = "expected what can be hashed: a number, a string, a tuple, a frozen dataclass"


def listed(function: Callable[..., Any], *arguments: Any) -> Iterable[Any]:
    """What a function of the user's returns, as often as it is asked for; its own errors say where they arose."""
    asked = f"{'outcomes' if len(arguments) == 2 else 'actions'}({', '.join(f'{name!r:.80}' for name in arguments)})"
    try:
        returned = function(*arguments)
        if not isinstance(returned, list | tuple | str | bytes) and isinstance(returned, Iterable):
            return list(returned)
    except Exception as error:
        error.add_note(f"raised by {asked}, one of the functions given to from_functions")
        raise
    if not isinstance(returned, list | tuple):
        what = "(probability, next state, reward)" if len(arguments) == 2 else "actions"
        raise InvalidModelError(f"{asked} returned {returned!r:.80}; expected a list of {what}")
    return returned


def no_outcome(key: Any, label: Any, entry: Any) -> InvalidModelError:
    """The error for an entry that is no outcome."""
    hint = ". Whether the episode ends is said by terminal=, a function of the state"
    too_long = isinstance(entry, tuple | list) and len(entry) == 4
    return InvalidModelError(
        f"outcomes({key!r:.80}, {label!r:.80}) holds {entry!r:.120}; expected (probability, next state, reward), with "
        f"a probability from 0 to 1 and a finite reward{hint if too_long else ''}"
    )


def is_number(*values: Any) -> bool:
    """Whether all are finite numbers."""
    try:
        return all(np.isfinite(float(value)) for value in values)
    except (TypeError, ValueError, OverflowError):
        return False


def number_of(terminal_reward: Callable[[Any], float], key: Any) -> float:
    """What a terminal state pays."""
    returned = terminal_reward(key)
    if not is_number(returned):
        raise InvalidModelError(f"terminal_reward({key!r:.80}) returned {returned!r:.80}; expected a finite number")
    return float(returned)


def membership(terminal: Terminal | None) -> Callable[[Any], bool]:
    """Whether a state is terminal, as a function."""
    if terminal is None:
        return lambda state: False
    if callable(terminal):
        return terminal
    if isinstance(terminal, str | bytes) or not isinstance(terminal, Iterable):
        raise InvalidOptionError(f"terminal is {terminal!r:.80}; expected a function of a state, or a set of states")
    try:
        states = frozenset(terminal)
    except TypeError:
        raise InvalidOptionError(f"terminal holds a state that is none: {AS_TUPLE}") from None
    return lambda state: state in states
