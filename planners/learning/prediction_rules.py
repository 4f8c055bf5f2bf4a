"""The rules of prediction whose errors and rates are known exactly: how estimates of V move."""

from dataclasses import dataclass
from typing import Any

from planners.errors import InvalidOptionError
from planners.learning.schedules import Decay, checked_schedule


@dataclass(frozen=True)
class TD:
    """TD(lambda), online: V(s) <- V(s) + alpha e(s) [R + gamma V(S') - V(S)] for all s, after every step.

    Attributes:
        rate: The step size alpha, 0 to 1.
        trace_decay: lambda; with 0, TD(0), only the state that was left learns.

    Source: Sutton and Barto (2018), Sections 6.1 and 12.2.
    """

    rate: float = 0.1
    trace_decay: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        rate_and_decay(self)


@dataclass(frozen=True)
class LambdaReturn:
    """The offline lambda-return algorithm: V(S_t) <- V(S_t) + alpha [G_t^lambda - V(S_t)], when an episode is over.

    The returns are those of the estimates before the episode; t goes from 0 on.

    Attributes:
        rate: The step size alpha, 0 to 1.
        trace_decay: lambda; with 1 it is Monte Carlo of every visit with a constant step size.

    Source: Sutton and Barto (2018), Section 12.1.
    """

    rate: float = 0.1
    trace_decay: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        rate_and_decay(self)


def rate_and_decay(rule: Any) -> tuple[float, float]:
    """Alpha and lambda of a rule, or of an agent that has `rate`, and `trace_decay` or one step.

    Raises:
        InvalidOptionError: It has no constant rate, or a number is out of its range.
    """
    name, rate = type(rule).__name__, getattr(rule, "rate", None)
    if rate is None or isinstance(rate, Decay):
        raise InvalidOptionError(
            f"the rate of {name} is {rate!r:.80}; expected a constant one, such as planners.TD(rate=0.1)"
        )
    checked_schedule("rate", rate)
    decay = getattr(rule, "trace_decay", 0.0)
    if isinstance(decay, bool) or not isinstance(decay, int | float) or not 0.0 <= decay <= 1.0:
        raise InvalidOptionError(f"trace_decay of {name} is {decay!r:.80}; expected a number from 0 to 1")
    return float(rate), float(decay)
