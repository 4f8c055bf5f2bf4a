"""What a method hands to the loop after each iteration."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds


class Iterate(NamedTuple):
    """What a method yields.

    Attributes:
        values: (n,) V.
        action_values: (L,) r + discount * P V.
        rows: (n,) the policy that V is the value of, or None.
        final: Whether the method has nothing better to come.
    """

    values: NDArray[np.float64]
    action_values: NDArray[np.float64]
    rows: NDArray[np.int64] | None = None
    final: bool = True


class Settling(NamedTuple):
    """What a method yields that proves its own bounds, instead of V and Q.

    Attributes:
        residual: Largest change that may still come.
        prove: Computes the bounds, with their `rows`.
        final: Whether this is the time to prove them.
        at_floor: Whether rounding keeps the bounds from getting any better.
    """

    residual: float
    prove: Callable[[], Bounds]
    final: bool
    at_floor: bool = False
