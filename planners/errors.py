"""The errors that the planners raise. Every message says what was found, where, what was expected and what to do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planners.plans.plan import Plan


class PlannerError(Exception):
    """Base of all errors of this package."""


class InvalidModelError(PlannerError, ValueError):
    """A table is not a Markov decision process; `state` and `action` say where, when it is one place."""

    def __init__(self, message: str, state: int | None = None, action: int | None = None) -> None:
        """Keep the place beside the message."""
        super().__init__(message)
        self.state = state
        self.action = action


class InvalidPolicyError(PlannerError, ValueError):
    """A policy does not fit the model: wrong shape, an unknown action, or rows that do not sum to 1."""


class InvalidOptionError(PlannerError, ValueError):
    """An argument such as the discount or the tolerance is out of its range."""


class UnboundedValueError(PlannerError, ValueError):
    """At discount 1 reward can be collected forever.

    Attributes:
        states: The states of value +inf.
        plan: The `Plan`, with +inf there and proven values elsewhere; None if this could not be decided.
    """

    def __init__(self, message: str, states: Sequence[int], plan: "Plan | None" = None) -> None:
        """Keep the states and the plan beside the message."""
        super().__init__(message)
        self.states: tuple[int, ...] = tuple(states)
        self.plan = plan


class InfeasibleBoundsError(PlannerError, ValueError):
    """No policy keeps the bounds of `at_most`.

    Attributes:
        least: By name, a proven lower bound of the cost of every policy, for each cost alone.
    """

    def __init__(self, message: str, least: Mapping[str, float]) -> None:
        """Keep the least costs beside the message."""
        super().__init__(message)
        self.least: dict[str, float] = dict(least)


class ImproperPolicyError(PlannerError, ValueError):
    """At discount 1 a policy has no total reward, not even an infinite one; `states` says where."""

    def __init__(self, message: str, states: Sequence[int]) -> None:
        """Keep the states beside the message."""
        super().__init__(message)
        self.states: tuple[int, ...] = tuple(states)


class UnprovenValueError(PlannerError, ArithmeticError):
    """Rounding keeps float64 from proving the value of a policy to six digits; `states` says where."""

    def __init__(self, message: str, states: Sequence[int]) -> None:
        """Keep the states beside the message."""
        super().__init__(message)
        self.states: tuple[int, ...] = tuple(states)


class NotEnoughMemoryError(PlannerError, MemoryError):
    """Something would not fit into the free memory. It is raised before the memory is allocated."""


class LostProcessError(PlannerError, RuntimeError):
    """Another process of this solve has ended, or has been silent for longer than the timeout.

    Attributes:
        is_first: Whether no other process of the job has reported this before, as far as the processes can tell.
    """

    is_first: bool = True


class InvalidPlanFileError(PlannerError, ValueError):
    """A file is not a plan of this version, or not one of this model."""


class MissingModelError(PlannerError, AttributeError):
    """A plan was loaded without its model, and an operation needs the model."""
