"""The options that all planners share, checked before work starts."""

import math
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, SupportsInt

import numpy as np
from numpy.typing import NDArray

from planners.arguments import as_float, check_switch, is_table, shown
from planners.errors import InvalidOptionError

SAMPLE: Final = 1_000  # states that a typical |V| is taken from
LEAST: Final = 1e-290  # where all V are 0; smaller numbers are no sizes, as of `planners.kernels.proofs`


HINTS: Final = {
    "tolerance": ". How exact: tolerance=",
    "minimise": ". What a policy earns is in the sign of the rewards, whether more or less is better",
}


class Target(NamedTuple):
    """What error ends a run, and what error is allowed at its end, where rounding keeps it from the first.

    Attributes:
        aim: In units of reward; at most `allowed`.
        allowed: In units of reward.
    """

    aim: float
    allowed: float


class Tolerance(NamedTuple):
    """The largest error that is allowed of any value: `absolute`, or `relative` times the largest |V|, if that is more.

    A few values that are very much larger than the others, such as one penalty that has to be paid, are not to spoil
    the others: a run aims at `relative` times a typical |V|, or 1. If rounding forbids that, it has done what it can;
    so too where rewards cancel, and values are nearly 0: `relative` times 1 is enough then.

    Attributes:
        absolute: In units of reward.
        relative: A part of the largest |V|.
    """

    absolute: float
    relative: float = 0.0

    def target(self, values: NDArray[np.float64]) -> Target:
        """The errors that are aimed at and allowed of (S,) values; those that are not finite have no size.

        >>> Tolerance(0.0, 1e-6).target(np.array([2.0, -3.0, 0.0, -1e9]))
        Target(aim=3e-06, allowed=1000.0)
        """
        return self.target_of(*sizes(values)) if self.relative else Target(self.absolute, self.absolute)

    def times(self, factor: float) -> "Tolerance":
        """A part of it, for steps on the way to it.

        >>> Tolerance(1.0, 0.5).times(0.5)
        Tolerance(absolute=0.5, relative=0.25)
        """
        return Tolerance(factor * self.absolute, factor * self.relative)

    def most(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> float:
        """The largest error that may turn out to be allowed, of values of which (S,) bounds are known."""
        return max(self.absolute, self.relative * float(np.maximum(upper, -lower).max(initial=1.0)))

    def target_of(self, largest: float, typical: float) -> Target:
        """The same, of values of which the largest |V| and a typical one are known."""
        aim = self.relative * min(largest, max(1.0, typical))
        return Target(max(self.absolute, aim, LEAST), max(self.absolute, self.relative * largest, LEAST))


BY_DEFAULT: Final = Tolerance(0.0, 1e-6)


def sizes(values: NDArray[np.float64]) -> tuple[float, float]:
    """The largest |V|, and the median of those that are not 0, from a sample of the states."""
    if not len(values):
        return 0.0, 0.0
    largest = max(float(values.max()), -float(values.min()))
    if not math.isfinite(largest):
        return sizes(values[np.isfinite(values)])
    sample = np.abs(values[:: -(-len(values) // SAMPLE)])
    sample = sample[sample > 0.0]
    middle = len(sample) // 2
    return largest, float(np.partition(sample, middle)[middle]) if len(sample) else 0.0


def check_discount(discount: Any) -> float:
    """The discount as a float; `InvalidOptionError` if it is not a number from 0 to 1."""
    value = as_float(int(discount) if isinstance(discount, bool | np.bool_) else discount)  # True is 1 in Python
    if is_table(discount):
        raise InvalidOptionError(
            f"discount is a table of shape {np.shape(discount)}; expected one number from 0 to 1 here. A model that "
            "holds a discount for each pair: model.discounted(table), which is planned with discount=1"
        )
    if not 0.0 <= value <= 1.0:
        raise InvalidOptionError(f"discount is {shown(discount)}; expected a number from 0 to 1")
    return value


def check_tolerance(tolerance: Any) -> float:
    """The tolerance as a float; `InvalidOptionError` if it is not a positive, finite number."""
    value = as_float(tolerance)
    if not 0.0 < value < float("inf"):
        raise InvalidOptionError(f"tolerance is {shown(tolerance)}; expected a positive number, in units of reward")
    return value


def check_tolerances(tolerance: Any, relative_tolerance: Any = None) -> Tolerance:
    """What error is allowed; `InvalidOptionError` if either is not a positive, finite number.

    >>> check_tolerances(0.5), check_tolerances(0.5, 0.01).relative, check_tolerances(BY_DEFAULT, 0.01).absolute
    (Tolerance(absolute=0.5, relative=0.0), 0.01, 0.0)
    """
    given = tolerance if isinstance(tolerance, Tolerance) else Tolerance(check_tolerance(tolerance))
    if relative_tolerance is None:
        return given
    relative = as_float(relative_tolerance)
    if not 0.0 < relative < float("inf"):
        raise InvalidOptionError(
            f"relative_tolerance is {shown(relative_tolerance)}; expected a positive number, a fraction of "
            "the largest |V|"
        )
    return given._replace(relative=relative)


def check_run(max_iterations: Any, progress: Any, throw: Any) -> None:
    """`InvalidOptionError` for a limit, a progress or a throw that no planner understands.

    >>> check_run(2.5, progress=False, throw=True)
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: max_iterations is 2.5; expected a whole number of at least 1
    """
    limit = as_float(max_iterations)
    if not (limit >= 1.0 and limit.is_integer()):  # 1e6 is a whole number
        raise InvalidOptionError(f"max_iterations is {shown(max_iterations)}; expected a whole number of at least 1")
    if not (isinstance(progress, bool | np.bool_) or callable(progress)):
        raise InvalidOptionError(
            f"progress is {shown(progress)}; expected True, False, or a function to call with each Iteration"
        )
    check_switch("throw", throw)


def refuse_unknown(options: Iterable[str], known: Iterable[str], whose: str, also: str = "") -> None:
    """`InvalidOptionError` for the first option that is none of those known.

    >>> refuse_unknown(["epsilon"], ["model", "tolerance"], "value_iteration")
    Traceback (most recent call last):
    planners.errors.InvalidOptionError: value_iteration has no option 'epsilon'; expected 'tolerance'. How ...
    """
    taken = [name for name in known if name != "model"]
    for option in options:
        if option not in taken:
            hint = HINTS.get(option, HINTS["tolerance"] if "tolerance" in taken else "")
            listed = ", ".join(map(repr, taken))
            raise InvalidOptionError(f"{whose} has no option {option!r}{also}; expected {listed}{hint}")


def named_states(states: Iterable[SupportsInt], limit: int = 8) -> str:
    """The first few of `states`, and how many more there are.

    >>> named_states(range(30), limit=3)
    '0, 1, 2 and 27 more'
    """
    numbers = [int(state) for state in states]
    shown = ", ".join(map(str, numbers[:limit]))
    return shown if len(numbers) <= limit else f"{shown} and {len(numbers) - limit} more"
