"""Bounds of swept values by hand: rounding outwards, known states, and what rows that lead away allow."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import planners
from planners import TabularMDP
from planners.sweeps.certified_values import CertifiedValues, bracket


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
@pytest.mark.parametrize(("l", "k"), [(-0.1, 0.3), (-1 / 3, -0.1), (0.1, 0.7), (-0.1, 0.0)])
def test_the_bracket_is_rounded_outwards(l: float, k: float, scale: float, rng: np.random.Generator) -> None:
    values, h = rng.normal(size=60), scale * rng.random(60)
    h[::7] = 0.0  # known states
    least, most, middle, error = bracket(values, h, l, k)
    for state in range(60):
        below, above = (Fraction(values[state]) + Fraction(number) * Fraction(h[state]) for number in (l, k))
        assert Fraction(least[state]) < below <= above < Fraction(most[state])
        few = 20 * np.spacing(abs(values[state]) + h[state])
        assert float(below) - least[state] < few > most[state] - float(above)
        assert middle[state] == pytest.approx(float((below + above) / 2), abs=few)
    assert error == np.maximum(most - middle, middle - least).max()


def test_small_products_are_rounded_outwards(rng: np.random.Generator) -> None:
    """Of V = 0 and large weights the product alone counts: it and the weight may each be off by an ulp."""
    h, ulp = rng.random(400), Fraction(1, 2**52)
    least, most, _, _ = bracket(np.zeros(400), h, -0.1, 0.3)
    for state in range(400):
        low, high = Fraction(-0.1) * Fraction(h[state]), Fraction(0.3) * Fraction(h[state])
        assert Fraction(least[state]) < low * (1 + ulp)
        assert Fraction(most[state]) > high * (1 + ulp)


@pytest.mark.parametrize(("l", "k"), [(-np.inf, 1.0), (-1.0, np.inf), (-np.inf, np.inf)])
def test_of_infinite_numbers_only_known_states_have_bounds(l: float, k: float) -> None:
    least, most, middle, error = bracket(np.array([2.0, 3.0]), np.array([0.5, 0.0]), l, k)
    assert least[0] == (-np.inf if l == -np.inf else pytest.approx(1.5))
    assert most[0] == (np.inf if k == np.inf else pytest.approx(2.5))
    assert (least[1], most[1]) == (pytest.approx(3.0), pytest.approx(3.0))
    assert middle.tolist() == [2.0, 3.0]
    with np.errstate(over="ignore"):
        assert np.nextafter(error, np.inf) == np.inf  # as who calls it rounds it up


@pytest.mark.parametrize(
    ("limit", "k", "expected"),
    [
        (np.inf, -0.5, -0.5),
        (2.0, -0.5, 0.0),
        (2.0, 1.5, 1.5),
        (2.0, 2.0, 2.0),
        (2.0, 2.5, np.inf),
        (-1.0, -2.0, np.inf),
    ],
)
def test_rows_that_lead_away_ask_for_a_k_from_0_to_what_they_allow(limit: float, k: float, expected: float) -> None:
    """Below 0 such a row would be a promise, which its margin of 0 or less cannot keep."""
    parts = np.array([[0.25, k, np.inf], [-0.25, k - 1.0, limit]])
    swept: Any = SimpleNamespace(_ratios=lambda slope, offset: parts)
    assert CertifiedValues._numbers(swept, 0.0, 1.0) == (-0.25, expected)


@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_values_of_a_chain_are_proven(discount: float) -> None:
    """Twenty steps that cost 1 each; by sweeps the bounds hold and are narrow, at discount 1 by h = offset - V."""
    rows = {s: {0: [(1.0, max(s - 1, 0), -1.0, s == 0)]} for s in range(20)}
    plan = planners.gauss_seidel(TabularMDP.from_gym_dict(rows), discount=discount, tolerance=1e-6)
    truth = [-sum(discount**step for step in range(s + 1)) for s in range(20)]
    assert plan.values == pytest.approx(truth, abs=plan.error_bound)
    assert (plan.lower <= np.array(truth) + 1e-12).all()
    assert (plan.upper >= np.array(truth) - 1e-12).all()
    assert plan.error_bound <= 1e-6
