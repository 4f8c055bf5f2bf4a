"""Intervals hold the exact results, by exact rationals and by 40 digits."""

from fractions import Fraction

import mpmath
import numpy as np

from planners.continuous.interval import Interval, clip, cos, from_zero, sin, square


def intervals(rng: np.random.Generator, count: int) -> tuple[Interval, np.ndarray]:
    one = rng.normal(size=count) * 10.0 ** rng.uniform(-8, 3, count)
    two = one + np.abs(rng.normal(size=count)) * 10.0 ** rng.uniform(-17, 1, count)
    return Interval(one, two), np.clip(one + rng.random(count) * (two - one), one, two)


def test_arithmetic_holds_the_exact_numbers(rng: np.random.Generator) -> None:
    count = 2000
    (a, x), (b, y) = intervals(rng, count), intervals(rng, count)
    results = [(a + b, lambda p, q: p + q), (a - b, lambda p, q: p - q), (a * b, lambda p, q: p * q)]
    results += [(a * y, lambda p, q: p * q), (y - a, lambda p, q: q - p), (square(a), lambda p, q: p * p)]
    for found, formula in results:
        for n in range(count):
            exact = formula(Fraction(float(x[n])), Fraction(float(y[n])))
            assert Fraction(float(found.low[n])) <= exact <= Fraction(float(found.high[n]))
    apart = (b.low > 0) | (b.high < 0)
    found = a[apart] / b[apart]
    for low, high, p, q in zip(found.low, found.high, x[apart], y[apart], strict=True):
        assert Fraction(float(low)) <= Fraction(float(p)) / Fraction(float(q)) <= Fraction(float(high))


def test_waves_and_angles_hold_the_exact_numbers(rng: np.random.Generator) -> None:
    a, x = intervals(rng, 2000)
    waves = [(cos(a), mpmath.cos), (sin(a), mpmath.sin)]
    angle = from_zero(a)
    with mpmath.workdps(40):
        for n in range(len(x)):
            for found, function in waves:
                assert found.low[n] <= function(mpmath.mpf(x[n])) <= found.high[n]
            turn = mpmath.mpf(x[n]) / (2 * mpmath.pi)
            assert angle.low[n] <= abs(turn - mpmath.nint(turn)) * 2 * mpmath.pi <= angle.high[n]


def test_what_is_certain_stays_narrow() -> None:
    x = Interval(np.array([0.0, 3.0]), np.array([1e-9, 3.5]))
    assert np.all(cos(x).high - cos(x).low < [2e-15, 0.07])
    assert np.all(clip(x, 0.5, 4.0).low == [0.5, 3.0])
    assert (x > 0.0).possibly.tolist() == [True, True]
    assert (x > 0.0).surely.tolist() == [False, True]
