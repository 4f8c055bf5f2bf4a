"""Numbers that change while a run goes on: learning rates, and the weight of a penalty."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from math import cos, isfinite, pi
from typing import Any, Final, cast

from gan_lab.errors import WiringError

SHAPES: Final[dict[str, Callable[[float, float, float], float]]] = {
    "exponential": lambda start, end, u: start * (end / start) ** u,
    "linear": lambda start, end, u: start + (end - start) * u,
    "cosine": lambda start, end, u: end + (start - end) * (1 + cos(pi * u)) / 2,
}


@dataclass(frozen=True)
class Schedule:
    """A value that changes from `start` to `end` between two moments of a run: exponential, linear, cosine or steps.

        u = (t - first) / (last - first), kept within 0 and 1
        exponential   value(t) = start (end / start)^u
        linear        value(t) = start + (end - start) u
        cosine        value(t) = end + (start - end) (1 + cos(pi u)) / 2

    Args:
        start: Value until `first`, above 0; or 0 throughout.
        end: Value from `last` on, above 0; it may be 0 if the shape is linear or cosine. None: `start` throughout.
        first: Share of the run, in [0, 1], at which the value begins to change.
        last: Share of the run at which the value has reached `end`.
        then: The schedule from `last` on: it starts at `end` and begins to change at `last` or later.
        shape: "exponential", "linear" or "cosine".

    Raises:
        WiringError: Values that are not above 0, or moments that are not in order.

    Source: the cosine is that of Loshchilov and Hutter 2017, equation 5, without restarts.

    >>> rate = Schedule(1e-2, 1e-4, first=0.5)
    >>> [round(rate.at(share), 6) for share in (0.0, 0.5, 0.75, 1.0)]
    [0.01, 0.01, 0.001, 0.0001]
    >>> twice = Schedule(1.0, 0.5, last=0.5, then=Schedule(0.5, 2.0, first=0.5))
    >>> [round(twice.at(share), 6) for share in (0.0, 0.5, 0.75, 1.0)]
    [1.0, 0.5, 1.0, 2.0]
    >>> Schedule(1.0, 0.0, shape="cosine").at(0.5)
    0.5
    """

    start: float
    end: float | None = None
    first: float = 0.0
    last: float = 1.0
    then: "Schedule | None" = None
    shape: str = "exponential"

    def __post_init__(self) -> None:
        """Refuse values and moments that are out of range."""
        if self.shape not in SHAPES:
            raise WiringError(f"the shape of a schedule is {self.shape!r}; expected one of {', '.join(SHAPES)}")
        if self.end is None and self.start == 0:
            return
        for name, value in (("start", self.start), ("end", self.end)):
            may_be_0 = self.shape != "exponential" and value == 0
            if value is not None and not (_is_number(value) and (value > 0 or may_be_0)):
                raise WiringError(f"the {name} of a schedule is {value!r}; expected a number above 0")
        if not 0.0 <= self.first < self.last <= 1.0:
            raise WiringError(
                f"a schedule changes from {self.first!r} to {self.last!r} of a run; expected 0 <= first < last <= 1"
            )
        if self.then is not None and (self.then.start != self.end or self.then.first < self.last):
            raise WiringError(
                f"a schedule ends with {self.end!r} at {self.last!r} of a run, and the next starts with "
                f"{self.then.start!r} and changes from {self.then.first!r} on; expected the same number, and no earlier"
            )

    @classmethod
    def of(cls, value: Any, name: str = "rate") -> "Schedule":
        """Make a schedule of a schedule, a number, a text such as "cosine(1e-3, 1e-5)", or a function.

        Args:
            value: A text names a shape and its numbers: exponential, linear and cosine take start, end, first and last;
                steps takes values and moments. A function takes the share of the run, from 0 to 1.
            name: Name of the scheduled quantity, for messages.

        Raises:
            WiringError: The value is none of these.

        >>> Schedule.of("cosine(1e-3, 1e-5)").at(1.0), Schedule.of(0.5).at(0.7), Schedule.of(lambda t: 1 - t / 2).at(1)
        (1e-05, 0.5, 0.5)
        >>> [Schedule.of("steps([1e-2, 1e-3], [0.5])").at(share) for share in (0.0, 0.49, 0.5, 1.0)]
        [0.01, 0.01, 0.001, 0.001]
        """
        if isinstance(value, Schedule):
            return value
        if isinstance(value, str):
            return _read(value, name)
        return OwnSchedule.by(cast(Any, value), name) if callable(value) else cls(value)

    def at(self, share: float) -> float:
        """The value after this share of the run."""
        if self.end is None:
            return self.start
        if self.then is not None and share > self.last:
            return self.then.at(share)
        moved = min(1.0, max(0.0, (share - self.first) / (self.last - self.first)))
        return SHAPES[self.shape](self.start, self.end, moved)

    @property
    def constant(self) -> bool:
        """Whether the value never changes."""
        return self.end is None or (self.end == self.start and (self.then is None or self.then.constant))

    def __str__(self) -> str:
        """As text, which `Schedule.of` reads: the same numbers to the last bit.

        >>> str(Schedule(1e-3)), str(Schedule(1e-3, 1e-5, first=0.5, shape="linear"))
        ('0.001', 'linear(0.001, 1e-05, first=0.5)')
        """
        if self.end is None:
            return repr(float(self.start))
        said = [repr(float(self.start)), repr(float(self.end))]
        said += [f"first={float(self.first)!r}"] if self.first != 0 else []
        said += [f"last={float(self.last)!r}"] if self.last != 1 else []
        said += [] if self.then is None else [f"then={self.then}"]
        return f"{self.shape}({', '.join(said)})"


@dataclass(frozen=True)
class Steps(Schedule):
    """One value after the other, each from its moment on.

    Args:
        values: At least one, of at least 0.
        moments: Shares of the run, in order, at which the second value begins, the third, and so on.

    Raises:
        WiringError: Numbers out of range, or not one moment fewer than values.

    >>> Steps.of("steps([1, .1, .01], [.5, .75])").at(0.6)
    0.1
    """

    start: float = field(init=False)
    values: tuple[float, ...] = ()
    moments: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Keep the first and last value as `start` and `end`, as a schedule has them."""
        values, moments = (_numbers(part, name) for part, name in ((self.values, "values"), (self.moments, "moments")))
        in_order = all(one < other for one, other in pairwise((0.0, *moments, 1.0)))
        if len(moments) != len(values) - 1 or not in_order:
            raise WiringError(
                f"steps of {list(values)} at {list(moments)}; expected numbers of at least 0, and one moment fewer, in "
                "order, between 0 and 1: steps([1e-3, 1e-4, 1e-5], [0.5, 0.8])"
            )
        found: dict[str, Any] = {"start": values[0], "end": values[-1], "values": values, "moments": moments}
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def at(self, share: float) -> float:
        """The value after this share of the run."""
        return self.values[sum(moment <= share for moment in self.moments)]

    @property
    def constant(self) -> bool:
        """Whether the value never changes."""
        return len({*self.values}) == 1

    def __str__(self) -> str:
        """The steps as text."""
        return f"steps({list(self.values)}, {list(self.moments)})"


@dataclass(frozen=True)
class OwnSchedule(Schedule):
    """A function of the share of the run, from 0 to 1. It cannot be kept in a file."""

    function: Callable[[float], float] | None = None

    @classmethod
    def by(cls, function: Callable[[float], float], name: str) -> "OwnSchedule":
        """By a function; it is asked at the beginning and at the end, to refuse one that gives no numbers."""
        start, end = (_checked(function(share), name, share) for share in (0.0, 1.0))
        return cls(start, end, shape="linear", function=function)

    def at(self, share: float) -> float:
        """What the function says."""
        assert self.function is not None
        return _checked(self.function(share), "schedule", share)

    @property
    def constant(self) -> bool:
        """Nobody knows."""
        return False

    def __str__(self) -> str:
        """The name of the function."""
        return f"the function {getattr(self.function, '__qualname__', type(self.function).__name__)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _numbers(values: Any, name: str) -> tuple[float, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise WiringError(f"{name} of steps are {values!r}; expected a list of numbers")
    if strange := [value for value in values if not _is_number(value) or value < 0]:
        raise WiringError(f"{name} of steps have {strange[0]!r}; expected numbers of at least 0")
    return tuple(map(float, values))


def _checked(value: Any, name: str, share: float) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = -1.0
    if not (isfinite(found) and found >= 0):
        raise WiringError(f"the function of {name} says {value!r} at {share!r} of the run; expected a number above 0")
    return found


def _read(text: str, name: str) -> Schedule:
    """A schedule of a text: a number, or a call of a shape with numbers."""
    try:
        return _built(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError) as error:
        why = f" ({error})" if isinstance(error, WiringError) else ""
        raise WiringError(
            f"{name} is {text!r}{why}; expected a number, or one of exponential(1e-3, 1e-5), linear(1e-3, 0), "
            "cosine(1e-3, 1e-5, first=0.5), steps([1e-3, 1e-4], [0.5])"
        ) from None


def _built(node: ast.expr) -> Schedule:
    if not isinstance(node, ast.Call):
        return Schedule(ast.literal_eval(node))
    shape = node.func.id if isinstance(node.func, ast.Name) else ""
    values = [ast.literal_eval(part) for part in node.args]
    given: dict[str, Any] = {part.arg or "": part.value for part in node.keywords}
    given = {name: _built(part) if name == "then" else ast.literal_eval(part) for name, part in given.items()}
    if shape == "steps":
        return Steps(**dict(zip(("values", "moments"), values, strict=False)) | given)
    if shape not in SHAPES or len(values) > len(fields(Schedule)):
        raise ValueError(shape)
    return Schedule(*values, **given, shape=shape)
