"""Numbers that change while a learner learns: step sizes and exploration."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import as_float, check_choice, shown
from planners.errors import InvalidOptionError


@dataclass(frozen=True)
class Decay:
    """A number that goes from `start` to `end`, linearly or by a power law.

        over=N:   start + (end - start) * min(n / N, 1)
        power=p:  end + (start - end) * (n + 1)^-p

    As a step size n counts the earlier visits of the pair (s, a), so that `Decay(1.0, power=1)` is the sample average
    1/(n + 1); with `by="steps"`, and always for an exploration, n counts the earlier steps.

    Attributes:
        start: The first number.
        end: The last number, or the limit.
        over: Number of visits or steps until `end` is reached; None: a power.
        power: The exponent. Step sizes of Robbins and Monro have one above 1/2 and at most 1.
        by: "visits" or "steps".

    Raises:
        InvalidOptionError: A number that is negative, or `by` is neither of the two.

    Source: Sutton and Barto (2018), Section 2.5.

    >>> [Decay(1.0, power=1.0).value(n) for n in range(3)]
    [1.0, 0.5, 0.3333333333333333]
    >>> round(Decay(1.0, 0.1, over=90).value(45), 12)
    0.55
    """

    start: float
    end: float = 0.0
    over: float | None = None
    power: float = 1.0
    by: str = "visits"

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        for name in ("start", "end", "power"):
            if not 0.0 <= as_float(number := getattr(self, name)) < float("inf"):
                raise InvalidOptionError(f"{name} of a Decay is {shown(number)}; expected a number from 0 on")
            object.__setattr__(self, name, float(number))
        if self.over is not None and not as_float(self.over) >= 1:
            raise InvalidOptionError(f"over of a Decay is {shown(self.over)}; expected a whole number of at least 1")
        check_choice("by of a Decay", self.by, ("visits", "steps"))

    def value(self, n: int) -> float:
        """The number after n visits or steps."""
        if self.over is not None:
            return self.start + (self.end - self.start) * min(n * (1.0 / self.over), 1.0)
        if self.power == 1.0:
            return self.end + (self.start - self.end) / (n + 1.0)
        return self.end + (self.start - self.end) * (n + 1.0) ** -self.power

    def values(self, first: int, last: int) -> NDArray[np.float64]:
        """The numbers after first, ..., last - 1 visits or steps, as `value` has them to the last bit."""
        n = np.arange(first, last, dtype=np.float64)
        if self.over is not None:
            return self.start + (self.end - self.start) * np.minimum(n * (1.0 / self.over), np.float64(1.0))
        if self.power == 1.0:
            return self.end + (self.start - self.end) / (n + 1.0)
        return np.array([self.value(k) for k in range(first, last)])  # NumPy's powers may be rounded otherwise


def checked_schedule(name: str, given: Any, least: float = 0.0, most: float = 1.0) -> float | Decay:
    """The number or the schedule; `InvalidOptionError` where it leaves the range.

    >>> checked_schedule("rate", 1.5)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: rate is 1.5; expected a number from 0 to 1, or a planners.Decay of such numbers
    """
    numbers = (given.start, given.end) if isinstance(given, Decay) else (given,)
    if not all(least <= as_float(number) <= most for number in numbers):
        until = f"to {most:g}" if most < float("inf") else "on"
        raise InvalidOptionError(
            f"{name} is {shown(given)}; expected a number from {least:g} {until}, or a planners.Decay of such numbers"
        )
    return given if isinstance(given, Decay) else float(given)


def value_at(schedule: float | Decay, n: int) -> float:
    """The number after n visits or steps."""
    return schedule.value(n) if isinstance(schedule, Decay) else schedule
