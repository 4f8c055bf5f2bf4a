"""A number between 0 and 1 that was drawn and is not decided further than the program asks.

It is known to lie in a cell, at first [0, 1). Comparing it with a threshold inside the cell splits the cell in two, and
the choice between the parts is one of `Choices`. Adding, multiplying and rounding to whole numbers work too. Whatever
needs the number itself is refused, as it has endlessly many values.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from planners.enumeration.choices import Choices

NARROWEST: Final = 1e-12  # a part of a cell that is narrower comes from rounded thresholds
MOST_PARTS: Final = 100_000  # of a number that is rounded to whole ones
COMPARISONS: Final = (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
REST: Final = [
    "float",
    "complex",
    "index",
    "pow",
    "rpow",
    "and",
    "rand",
    "or",
    "ror",
    "xor",
    "rxor",
    "invert",
    "lshift",
    "rlshift",
    "rshift",
    "rrshift",
    "matmul",
    "rmatmul",
    "hash",
    "divmod",
    "rdivmod",
    "rmod",
    "rfloordiv",
    "rtruediv",
]


class UndecidedNumber:
    """A number that was drawn, of which nothing may be asked."""

    __slots__ = ("_choices", "what")

    def __init__(self, choices: Choices, what: str) -> None:
        """What it was drawn by, for errors."""
        self._choices = choices
        self.what = what

    def refuse(self, *_: Any, **__: Any) -> NoReturn:
        """It has no value.

        Raises:
            InvalidModelError: Always.
        """
        self._choices.refuse(
            f"uses the number that {self.what} drew as it is, which has endlessly many values: only those of random() "
            "and uniform() can be followed, and only where they are compared with others or rounded to whole numbers. "
            "Pass samples= for an estimate"
        )

    def __deepcopy__(self, _: Any) -> "UndecidedNumber":
        """Itself: copies of an environment share what is undecided."""
        return self

    def __repr__(self) -> str:
        """What it is."""
        return f"<a number drawn by {self.what}>"

    def __getattr__(self, name: str) -> Any:
        """Nothing else is known of it."""
        if name.startswith("__"):
            raise AttributeError(name)
        self.refuse()


ASKED: Final = [
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
    "bool",
    "add",
    "radd",
    "sub",
    "rsub",
    "mul",
    "rmul",
    "truediv",
    "neg",
    "pos",
    "abs",
    "int",
    "trunc",
    "floor",
    "ceil",
    "round",
    "mod",
    "floordiv",
]
for _name in (*REST, *ASKED):
    setattr(UndecidedNumber, f"__{_name}__", UndecidedNumber.refuse)


class DrawnNumber(UndecidedNumber):
    """scale * u + shift, where u was drawn by `random()`.

    >>> choices = Choices(most=10)
    >>> def dice() -> int:
    ...     return 1 + int(6 * DrawnNumber.between_0_and_1(choices))
    >>> [(round(path.probability, 4), path.result) for path in choices.paths(dice)][:2]
    [(0.1667, 1), (0.1667, 2)]
    """

    __slots__ = ("_cell", "_replay", "_scale", "_shift")
    __hash__ = UndecidedNumber.refuse  # pyright: ignore[reportAssignmentType]

    def __init__(self, choices: Choices, what: str, cell: list[float], scale: float, shift: float) -> None:
        """A number whose u lies between the two entries of `cell`, which numbers made from one draw share."""
        super().__init__(choices, what)
        self._cell, self._scale, self._shift = cell, scale, shift
        self._replay = choices.replays

    @classmethod
    def between_0_and_1(cls, choices: Choices, what: str = "random()") -> "DrawnNumber":
        """A new one."""
        return cls(choices, what, [0.0, 1.0], 1.0, 0.0)

    def _affine(self, scale: float, shift: float) -> "DrawnNumber":
        made = DrawnNumber(self._choices, self.what, self._cell, self._scale * scale, self._shift * scale + shift)
        made._replay = self._replay
        return made

    def _ends(self) -> tuple[float, float]:
        """The least and the largest value that is possible."""
        low, high = (self._scale * u + self._shift for u in self._cell)
        return (low, high) if low <= high else (high, low)

    def _decide(self, thresholds: NDArray[np.float64]) -> float:
        """Split the cell at values, choose a part, and return a value inside it."""
        if self._replay != self._choices.replays:
            self._choices.refuse(
                f"uses a number that {self.what} drew in an earlier step: what it will be decides what follows, so it "
                "is part of the state, and has endlessly many values. Pass samples= for an estimate"
            )
        low, high = self._cell
        if self._scale:
            inside = (thresholds - self._shift) / self._scale
            inside = inside[(inside > low + NARROWEST) & (inside < high - NARROWEST)]
            if len(inside):
                inside.sort()
                kept = inside[np.diff(inside, prepend=low) > NARROWEST]
                cuts = [low, *kept.tolist(), high]
                part = self._choices.choose([right - left for left, right in pairwise(cuts)])
                self._cell[:] = cuts[part], cuts[part + 1]
        return self._scale * ((self._cell[0] + self._cell[1]) / 2) + self._shift

    def _less(self, other: Any) -> bool:
        """Whether it is less than another number; it is never equal to one."""
        if isinstance(other, DrawnNumber) and other._cell is self._cell:
            difference = self._affine(1.0, 0.0)
            difference._scale, difference._shift = self._scale - other._scale, self._shift - other._shift
            return difference._decide(np.zeros(1)) < 0
        if isinstance(other, DrawnNumber):
            (low, high), (least, most) = self._ends(), other._ends()
            if high <= least or most <= low:
                return high <= least
            self._choices.refuse("compares two numbers that it drew with each other. Pass samples= for an estimate")
        threshold = self._number(other)
        return self._decide(np.array([threshold])) < threshold

    def _number(self, other: Any) -> float:
        """A number that is not drawn."""
        if isinstance(other, UndecidedNumber):
            other.refuse()
        if not isinstance(other, int | float | np.number | np.bool_):
            self.refuse()
        return float(other)

    def __lt__(self, other: Any) -> Any:
        """Whether it is less than a number, on this path."""
        return NotImplemented if isinstance(other, np.ndarray) else other == other and self._less(other)

    def __gt__(self, other: Any) -> Any:
        """Whether it is more than a number, on this path."""
        return NotImplemented if isinstance(other, np.ndarray) else other == other and not self._less(other)

    __le__, __ge__ = __lt__, __gt__  # it is never equal

    def __eq__(self, other: object) -> Any:
        """Never, as an outcome of probability 0, unless it is the same number."""
        return self is other

    def __ne__(self, other: object) -> Any:
        """Always."""
        return self is not other

    def __bool__(self) -> bool:
        """It is not 0."""
        return True

    def __add__(self, other: Any) -> Any:
        """A number that is so much larger."""
        if isinstance(other, DrawnNumber) and other._cell is self._cell:
            total = self._affine(1.0, other._shift)
            total._scale += other._scale
            return total
        return self._affine(1.0, self._number(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        """A number that is so much smaller."""
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        """The difference the other way."""
        return (-self) + other

    def __mul__(self, other: Any) -> Any:
        """A multiple of it."""
        return self._affine(self._number(other), 0.0)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        """A fraction of it."""
        return self._affine(1 / self._number(other), 0.0)

    def __neg__(self) -> Any:
        """Its negative."""
        return self._affine(-1.0, 0.0)

    def __pos__(self) -> Any:
        """Itself."""
        return self

    def __abs__(self) -> Any:
        """Its size."""
        return -self if self < 0 else self

    def __floordiv__(self, other: Any) -> Any:
        """How often another number fits in."""
        return float(math.floor(self / other))

    def __mod__(self, other: Any) -> Any:
        """What is left of it after that."""
        return self - math.floor(self / other) * self._number(other)

    def _whole(self, rule: Callable[[float], int], offset: float = 0.0) -> int:
        """Round it to a whole number by a rule that changes at whole numbers plus an offset."""
        low, high = (end - offset for end in self._ends())
        first, last = math.floor(low) + 1, math.ceil(high) - 1
        if last - first > MOST_PARTS:
            self.refuse()
        return rule(self._decide(offset + np.arange(first, last + 1, dtype=np.float64)))

    def __int__(self) -> int:
        """Rounded towards 0."""
        return self._whole(math.trunc)

    def __floor__(self) -> int:
        """Rounded down."""
        return self._whole(math.floor)

    def __ceil__(self) -> int:
        """Rounded up."""
        return self._whole(math.ceil)

    __trunc__ = __int__

    def __round__(self, digits: int | None = None) -> Any:
        """Rounded to the nearest whole number, or to so many digits."""
        if digits is None:
            return self._whole(round, 0.5)
        return (self * 10**digits)._whole(round, 0.5) / 10**digits

    def floor(self) -> float:
        """What `numpy.floor` calls."""
        return float(math.floor(self))

    def ceil(self) -> float:
        """What `numpy.ceil` calls."""
        return float(math.ceil(self))

    def rint(self) -> float:
        """What `numpy.rint` calls."""
        return float(round(self))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """What NumPy does with numbers and arrays beside it, number by number."""
        others = [np.asarray(each) for each in inputs if each is not self]
        if ufunc in COMPARISONS and all(each.dtype.kind in "iufb" for each in others) and len(others) == 1:
            value = self._decide(others[0].astype(np.float64).ravel())  # once, at all numbers of an array
            return ufunc(*(value if each is self else each for each in inputs), **options)
        boxed = [_as_objects(each) for each in inputs]
        if ufunc in COMPARISONS:
            options.setdefault("dtype", bool)
        try:
            return getattr(ufunc, method)(*boxed, **options)
        except (TypeError, AttributeError):
            self.refuse()

    def __array_function__(self, function: Any, _: Any, given: Any, options: Any) -> Any:
        """`numpy.searchsorted` and `numpy.digitize` among sorted numbers; nothing else."""
        if function in (np.searchsorted, np.digitize):
            return _place(function, *given, **options)
        self.refuse()


def _as_objects(number: Any) -> Any:
    if isinstance(number, np.ndarray | np.generic):
        return np.asarray(number).astype(object)
    box = np.empty((), dtype=object)
    box[()] = number
    return box


def _place(function: Any, *given: Any, **options: Any) -> Any:
    """How many sorted numbers lie below a drawn one."""
    sorted_numbers, number = given[:2] if function is np.searchsorted else reversed(given[:2])
    if not isinstance(number, DrawnNumber):
        raise TypeError("only one number can be looked up where it is drawn")
    return np.intp(sum(bool(number > each) for each in np.asarray(sorted_numbers).tolist()))
