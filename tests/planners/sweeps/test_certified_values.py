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


def sweeps_of(*attempts: tuple[float, float, float, float], discount: float = 0.5) -> Any:
    """V = (-1, -3) and a known state of 7; a proof yields the numbers that are given: l, k, slope and offset."""
    return SimpleNamespace(
        values=np.array([-1.0, -3.0, 7.0]),
        order=SimpleNamespace(computed=2, order=np.arange(3)),
        pending=np.zeros(2),
        cursor=np.zeros(1, dtype=int),
        blocks=2,
        best_end=0.0,
        discount=discount,
        fill=lambda: None,
        _proven=attempts[0] if attempts else None,
        _attempts=lambda: iter(attempts),
        _numbers=lambda slope, offset: (slope, offset),
        _bounds=lambda *numbers: numbers,
    )


UNIT = (-1.0, 2.0, 0.0, 1.0)  # h = 1: the bounds are at most 2 away


@pytest.mark.parametrize(
    ("other", "better"),
    [
        ((-0.1, 0.3, 1.0, 5.0), False),  # h = 8 where V is lowest, and 0.3 * 8 = 2.4
        ((-0.3, 0.1, 1.0, 5.0), False),
        ((-0.1, 0.2, 1.0, 5.0), True),
        ((-0.2, 0.1, 1.0, 5.0), True),
        ((-0.1, np.inf, 1.0, 5.0), False),
    ],
)
def test_of_two_proofs_the_narrower_counts(other: tuple[float, float, float, float], better: bool) -> None:
    swept = sweeps_of(UNIT, other)
    assert CertifiedValues.prove(swept) == (other if better else UNIT)
    assert swept._proven == (other if better else UNIT)


def test_the_second_proof_is_for_what_the_first_does_not_reach() -> None:
    better = (-0.1, 0.1, 1.0, 5.0)
    assert CertifiedValues.prove(sweeps_of(UNIT, better), tolerance=2.5) == UNIT
    assert CertifiedValues.prove(sweeps_of(UNIT, better), tolerance=1.9) == better


def test_the_weights_that_are_tried() -> None:
    """h = 1 below discount 1; and offset - V, which is positive everywhere, by hand 0 + 0.02 * 2 + 1e-3 * (1 + 1)."""
    first, second = CertifiedValues._attempts(sweeps_of())
    assert first == (0.0, 1.0, 0.0, 1.0)
    assert second == (1.0, pytest.approx(0.042), 1.0, pytest.approx(0.042))
    assert list(CertifiedValues._attempts(sweeps_of(discount=1.0))) == [second]
    rewarded = sweeps_of(discount=1.0)
    rewarded.best_end = 9.0
    assert next(CertifiedValues._attempts(rewarded))[3] == pytest.approx(9.042)


@pytest.mark.parametrize(
    ("other", "lowered"),
    [
        ((-0.5, 1.0, 1.0, 5.0), [-2.0, -4.0]),  # 0.5 * 8 is more than 1
        ((-0.1, 1.0, 1.0, 5.0), [-1.6, -3.8]),
        ((0.0, 1.0, 1.0, 5.0), [-1.0, -3.0]),
        ((0.5, 1.0, 1.0, 5.0), [-1.0, -3.0]),  # they are a lower bound already
    ],
)
def test_first_values_are_lowered_to_a_bound(other: tuple[float, float, float, float], lowered: list[float]) -> None:
    swept = sweeps_of(UNIT, other)
    CertifiedValues.begin_at(swept, np.array([-1.0, -3.0, 99.0]))
    assert swept.values == pytest.approx([*lowered, 7.0])
    assert swept.pending.tolist() == [np.inf, np.inf]
    assert swept.cursor.tolist() == [2]
    endless = (-np.inf, 1.0, 0.0, 1.0)
    unproven = sweeps_of(endless)
    CertifiedValues.begin_at(unproven, np.array([-1.0, -3.0, 99.0]))
    assert unproven.values.tolist() == [-1.0, -3.0, 7.0]


@pytest.mark.parametrize(
    ("l", "error", "raised"),
    [(0.5, 1.0, [1.0, 0.0]), (0.5, np.inf, [-1.0, -3.0]), (1e-4, 1.0, [-1.0, -3.0]), (-0.5, 1.0, [-1.0, -3.0])],
)
def test_values_are_raised_to_a_bound_that_is_worth_it(l: float, error: float, raised: list[float]) -> None:
    """By l * (3 - V), where that is a good part of what the bounds are apart."""
    swept: Any = sweeps_of((l, 1.0, 1.0, 3.0))
    CertifiedValues.after_proof(swept, SimpleNamespace(error=error))  # pyright: ignore[reportArgumentType]
    assert swept.values == pytest.approx([*raised, 7.0])
    assert (swept.pending == np.inf).all() == (raised != [-1.0, -3.0])


def test_the_bounds_of_a_proof_by_hand() -> None:
    """h = 5 - 2 V is 7 and 11, and 0 where V is known; in the old order, which `order` numbers."""
    swept = sweeps_of()
    swept.values[2] = 1.0
    swept.order.order, swept.rows = np.array([2, 0, 1]), np.array([4, 5, 6])
    found = CertifiedValues._bounds(swept, -0.5, 0.25, 2.0, 5.0)
    assert found.lower == pytest.approx([-3.0 - 5.5, 1.0, -1.0 - 3.5], abs=1e-12)
    assert found.upper == pytest.approx([-3.0 + 2.75, 1.0, -1.0 + 1.75], abs=1e-12)
    assert found.values == pytest.approx([-3.0 - 1.375, 1.0, -1.0 - 0.875], abs=1e-12)
    assert found.error == pytest.approx(4.125, abs=1e-12)


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
