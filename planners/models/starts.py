"""Where episodes begin: the distribution of the first state, checked as the rows of the tables are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arrays import SUM_TOLERANCE
from planners.errors import InvalidModelError


def checked_initial(initial: Any, num_states: int) -> NDArray[np.float64] | None:
    """(S,) probabilities of the first state, which sum to 1, or None where none are given.

    Raises:
        InvalidModelError: Another shape, no numbers, a number that is no probability, or a sum that is not 1.

    >>> checked_initial([0.25, 0.75], 2)
    array([0.25, 0.75])
    >>> checked_initial([25, 75], 2)
    Traceback (most recent call last):
    planners.errors.InvalidModelError: initial is 25.0 for state 0; expected a probability from 0 to 1
    """
    if initial is None:
        return None
    try:
        table = np.asarray(initial)
        given = np.array(table, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidModelError(f"initial is {initial!r:.80}; expected ({num_states},) probabilities") from None
    if given.shape != (num_states,):
        raise InvalidModelError(f"initial has shape {given.shape}; expected {(num_states,)}, one for each state")
    wrong = np.flatnonzero(~((given >= 0.0) & (given <= 1.0 + SUM_TOLERANCE)))  # NaN too
    if len(wrong):
        state = int(wrong[0])
        raise InvalidModelError(f"initial is {given[state]} for state {state}; expected a probability from 0 to 1")
    total = float(given.sum())
    single = table.dtype in (np.float16, np.float32)
    if abs(total - 1.0) > (num_states * float(np.finfo(table.dtype).eps) if single else SUM_TOLERANCE):
        raise InvalidModelError(
            f"the probabilities of initial sum to {total:.12g}; expected 1. Divide them by their sum"
        )
    return given if abs(total - 1.0) <= np.finfo(np.float64).eps * num_states else given / total
