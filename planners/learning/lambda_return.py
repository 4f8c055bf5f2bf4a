"""The offline lambda-return algorithm, a rule of prediction whose error is known exactly for every lambda.

    at the end of an episode, for t = 0, 1, ..., T-1:
        V(S(t)) <- V(S(t)) + alpha [G(t) - V(S(t))]
    G(t) = R(t+1) + gamma [(1 - lambda) V(S(t+1)) + lambda G(t+1)], with the estimates V before the episode

Source: Sutton and Barto (2018), Section 12.1.
"""

from dataclasses import dataclass
from typing import Any

from planners.arguments import check_number
from planners.errors import InvalidOptionError
from planners.learning.schedules import Decay, checked_schedule


@dataclass(frozen=True)
class LambdaReturn:
    """The lambda-return, for `planners.value_error`. It does not act.

    Attributes:
        rate: The step size alpha, 0 to 1.
        trace_decay: lambda; with 1 it is Monte Carlo of every visit with a constant step size.

    Raises:
        InvalidOptionError: A number is out of its range.

    >>> LambdaReturn(rate=0.4, trace_decay=0.8)
    LambdaReturn(rate=0.4, trace_decay=0.8)
    """

    rate: float = 0.1
    trace_decay: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        rate_and_decay(self)


def constant(rate: Any) -> float:
    """The step size; `InvalidOptionError` for a schedule, or what is out of range."""
    if isinstance(rate, Decay):
        raise InvalidOptionError(f"rate is {rate!r:.80}; expected a constant one, such as rate=0.1")
    checked_schedule("rate", rate)
    return float(rate)


def rate_and_decay(rule: Any) -> tuple[float, float]:
    """Alpha and lambda of a rule, or of an agent that has a `rate`, and `trace_decay` unless it is 0."""
    if not hasattr(rule, "rate"):
        raise InvalidOptionError(
            f"a {type(rule).__name__} has no step size; expected a predictor, such as planners.TD(rate=0.1)"
        )
    decay = getattr(rule, "trace_decay", 0.0)
    return constant(rule.rate), check_number("trace_decay", decay, 0.0, most=1.0)
