"""The options that all planners share, checked before work starts."""

import math
from collections.abc import Iterable
from typing import Any, SupportsInt

import numpy as np

from planners.errors import InvalidOptionError


def check_discount(discount: Any) -> float:
    """The discount as a float; `InvalidOptionError` if it is not a number from 0 to 1."""
    value = _as_float(discount)
    if not 0.0 <= value <= 1.0:
        raise InvalidOptionError(f"discount is {discount!r}; expected a number from 0 to 1")
    return value


def check_tolerance(tolerance: Any) -> float:
    """The tolerance as a float; `InvalidOptionError` if it is not a positive, finite number."""
    value = _as_float(tolerance)
    if not 0.0 < value < float("inf"):
        raise InvalidOptionError(f"tolerance is {tolerance!r}; expected a positive number, in units of reward")
    return value


def check_run(max_iterations: Any, progress: Any, throw: Any) -> None:
    """`InvalidOptionError` for a limit, a progress or a throw that no planner understands.

    >>> check_run(2.5, progress=False, throw=True)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: max_iterations is 2.5; expected a whole number of at least 1
    """
    limit = _as_float(max_iterations)
    if isinstance(max_iterations, bool) or not (limit >= 1.0 and limit.is_integer()):  # 1e6 is a whole number
        raise InvalidOptionError(f"max_iterations is {max_iterations!r}; expected a whole number of at least 1")
    if not (isinstance(progress, bool | np.bool_) or callable(progress)):
        raise InvalidOptionError(
            f"progress is {progress!r}; expected True, False, or a function to call with each Iteration"
        )
    check_switch("throw", throw)


def check_switch(name: str, value: Any) -> bool:
    """The value as a bool; `InvalidOptionError` if it is neither True nor False.

    >>> check_switch("minimise", "no")
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: minimise is 'no'; expected True or False
    """
    if not isinstance(value, bool | np.bool_):
        raise InvalidOptionError(f"{name} is {value!r:.80}; expected True or False")
    return bool(value)


def _as_float(number: Any) -> float:
    """The number as a float; NaN, which is in no range, for what is not a number."""
    try:
        return math.nan if isinstance(number, str | bytes) else float(number)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def named_states(states: Iterable[SupportsInt], limit: int = 8) -> str:
    """The first few of `states`, and how many more there are.

    >>> named_states(range(30), limit=3)
    '0, 1, 2 and 27 more'
    """
    numbers = [int(state) for state in states]
    shown = ", ".join(map(str, numbers[:limit]))
    return shown if len(numbers) <= limit else f"{shown} and {len(numbers) - limit} more"
