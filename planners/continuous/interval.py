"""Arithmetic of intervals, rounded outward: one formula serves a point and a whole box of points.

A formula that is written with `+ - * /`, `cos`, `sin`, `square`, `clip` and `choose` gives the usual float where its
arguments are floats, and an `Interval` where they are intervals. The interval holds the exact result for every point of
its arguments, and also the float64 result: each operation is widened by one unit in the last place or more.

Source: Moore, Kearfott and Cloud (2009), "Introduction to Interval Analysis", chapters 2 to 4.
"""

import math
from typing import Any, NamedTuple

import numpy as np

Number = Any  # a float, an array, or an Interval of arrays
EPS, LEAST = 2.0**-52, 5e-324
WAVE_ERROR = 4.5e-16  # more than the error of any library's sine or cosine in use, which is one unit in the last place


def below(x: Any) -> Any:
    """A float below x, or -inf: of what was rounded to x, nothing lies lower."""
    return x - (np.abs(x) * EPS + LEAST)


def above(x: Any) -> Any:
    """A float above x, or inf."""
    return x + (np.abs(x) * EPS + LEAST)


class Truth(NamedTuple):
    """Whether a condition holds for every point of a box, and whether it holds for some."""

    surely: Any
    possibly: Any

    def __and__(self, other: "Truth") -> "Truth":
        """Both."""
        return Truth(self.surely & other.surely, self.possibly & other.possibly)

    def __or__(self, other: "Truth") -> "Truth":
        """Either."""
        return Truth(self.surely | other.surely, self.possibly | other.possibly)


class Interval:
    """The numbers from `low` to `high`, or an array of such intervals.

    Attributes:
        low: The lower ends, a float or an array.
        high: The upper ends, of the same shape; none is below `low`.

    >>> Interval(1.0, 2.0) * Interval(-1.0, 3.0)
    Interval(-2, 6)
    >>> third = Interval(1.0, 1.0) / 3.0
    >>> bool(third.low < third.high)
    True
    """

    __slots__ = ("high", "low")
    __array_ufunc__ = None  # NumPy leaves `array + Interval` to the methods below

    def __init__(self, low: Any, high: Any) -> None:
        self.low: Any = low
        self.high: Any = high

    def __repr__(self) -> str:
        return f"Interval({self.low:.12g}, {self.high:.12g})" if np.ndim(self.low) == 0 else f"Interval{self.low.shape}"

    def __getitem__(self, index: Any) -> "Interval":
        return Interval(self.low[index], self.high[index])

    @property
    def middle(self) -> Any:
        """A float near the middle."""
        return 0.5 * (self.low + self.high)

    def radius(self, middle: Any) -> Any:
        """How far an end may be from `middle`, rounded up."""
        return above(np.maximum(self.high - middle, middle - self.low))

    def __add__(self, other: Number) -> "Interval":
        low, high = ends(other)
        return Interval(below(self.low + low), above(self.high + high))

    def __sub__(self, other: Number) -> "Interval":
        low, high = ends(other)
        return Interval(below(self.low - high), above(self.high - low))

    def __rsub__(self, other: Number) -> "Interval":
        return -self + other

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def __mul__(self, other: Number) -> "Interval":
        if not isinstance(other, Interval):
            one, two = self.low * other, self.high * other
            return Interval(below(np.minimum(one, two)), above(np.maximum(one, two)))
        products = (self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high)
        low = np.minimum(np.minimum(products[0], products[1]), np.minimum(products[2], products[3]))
        high = np.maximum(np.maximum(products[0], products[1]), np.maximum(products[2], products[3]))
        return Interval(below(low), above(high))

    def __truediv__(self, other: Number) -> "Interval":
        """The quotient; the divisor must not contain 0."""
        low, high = ends(other)
        quotients = (self.low / low, self.low / high, self.high / low, self.high / high)
        return Interval(below(np.minimum.reduce(quotients)), above(np.maximum.reduce(quotients)))

    def __rtruediv__(self, other: Number) -> "Interval":
        return Interval(other, other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __le__(self, other: Number) -> Truth:
        low, high = ends(other)
        return Truth(self.high <= low, self.low <= high)

    def __lt__(self, other: Number) -> Truth:
        low, high = ends(other)
        return Truth(self.high < low, self.low < high)

    def __ge__(self, other: Number) -> Truth:
        low, high = ends(other)
        return Truth(self.low >= high, self.high >= low)

    def __gt__(self, other: Number) -> Truth:
        low, high = ends(other)
        return Truth(self.low > high, self.high > low)


def ends(x: Number) -> tuple[Any, Any]:
    """The lower and the upper end; of a number, twice itself."""
    return (x.low, x.high) if isinstance(x, Interval) else (x, x)


def truth(condition: Any) -> Truth:
    """The condition as a `Truth`, also where it is about points and so a bool."""
    return condition if isinstance(condition, Truth) else Truth(condition, condition)


def square(x: Number) -> Number:
    """X * x; of an interval never below 0, which `x * x` does not know."""
    if not isinstance(x, Interval):
        return x * x
    low, high = x.low * x.low, x.high * x.high
    straddles = (x.low < 0.0) & (x.high > 0.0)
    least = np.where(straddles, 0.0, np.maximum(below(np.minimum(low, high)), 0.0))
    return Interval(least, above(np.maximum(low, high)))


def clip(x: Number, low: float, high: float) -> Number:
    """The nearest number between `low` and `high`."""
    if isinstance(x, Interval):
        return Interval(np.minimum(np.maximum(x.low, low), high), np.minimum(np.maximum(x.high, low), high))
    return min(max(x, low), high) if isinstance(x, float) else np.clip(x, low, high)


def choose(condition: Any, yes: Number, no: Number) -> Number:
    """`yes` where the condition holds, else `no`; of intervals the hull of both where it may be either."""
    if not isinstance(condition, Truth):
        if isinstance(condition, bool | np.bool_):
            return yes if condition else no
        return np.where(condition, yes, no)
    (yes_low, yes_high), (no_low, no_high) = ends(yes), ends(no)
    low = np.where(condition.surely, yes_low, np.where(condition.possibly, np.minimum(yes_low, no_low), no_low))
    high = np.where(condition.surely, yes_high, np.where(condition.possibly, np.maximum(yes_high, no_high), no_high))
    return Interval(low, high)


def cos(x: Number) -> Number:
    """The cosine, in radians.

    >>> cos(Interval(-0.5, 1.0))
    Interval(0.540302305868, 1)
    """
    if isinstance(x, Interval):
        return _wave(x, np.cos, 0.0)
    return math.cos(x) if isinstance(x, float) else np.cos(x)


def sin(x: Number) -> Number:
    """The sine, in radians."""
    if isinstance(x, Interval):
        return _wave(x, np.sin, 0.25)
    return math.sin(x) if isinstance(x, float) else np.sin(x)


def _wave(x: Interval, function: Any, crest: float) -> Interval:
    """Sine or cosine, which is 1 at `crest` turns and -1 half a turn later."""
    first, last = function(x.low), function(x.high)
    low = np.maximum(np.minimum(first, last) - WAVE_ERROR, -1.0)
    high = np.minimum(np.maximum(first, last) + WAVE_ERROR, 1.0)
    turns = Interval(x.low, x.high) * (0.5 / math.pi) - crest
    return Interval(np.where(_whole(turns - 0.5), -1.0, low), np.where(_whole(turns), 1.0, high))


def from_zero(angle: Number) -> Number:
    """The angle between -pi and pi, in radians; of an interval only how far from 0 it is, from 0 to pi.

    >>> from_zero(6.0), from_zero(Interval(3.0, 3.5))
    (-0.28318530717958..., Interval(2.78318530718, 3.14159265359))
    """
    if not isinstance(angle, Interval):
        return ((angle + math.pi) % (2.0 * math.pi)) - math.pi
    near = angle - Interval(below(2.0 * math.pi), above(2.0 * math.pi)) * np.round(angle.middle / (2.0 * math.pi))
    low, high = np.minimum(np.abs(near.low), np.abs(near.high)), np.maximum(np.abs(near.low), np.abs(near.high))
    low = np.where((near.low <= 0.0) & (near.high >= 0.0), 0.0, low)
    over = high >= below(math.pi)
    low = np.where(over, np.minimum(low, below(below(2.0 * math.pi - high))), low)
    return Interval(np.maximum(low, 0.0), np.where(over, above(math.pi), high))


def single(x: Number) -> Number:
    """X in single precision, as an environment computes that keeps its state so."""
    if isinstance(x, Interval):
        return Interval(x.low - (np.abs(x.low) * 2.0**-24 + 1e-45), x.high + (np.abs(x.high) * 2.0**-24 + 1e-45))
    return float(np.float32(x)) if isinstance(x, float) else np.asarray(x, dtype=np.float32).astype(np.float64)


def _whole(x: Interval) -> Any:
    """Whether there may be a whole number in it: also the constant pi is rounded."""
    slack = 1e-15 * (1.0 + np.abs(x.high) + np.abs(x.low))
    return np.floor(x.high + slack) > np.floor(x.low - slack)
