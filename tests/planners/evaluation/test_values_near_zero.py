"""Rewards near 0, where float64 has fewer digits: `evaluate` proves six of them, or says that it cannot."""

import math
from fractions import Fraction

import numpy as np
import pytest

from planners import TabularMDP, TabularPolicy, UnprovenValueError, certify, evaluate, value_iteration
from planners.evaluation.policy_value import value_from
from planners.exact_sums import expectations
from tests.oracles.rationals import Exact, Given


def drawn(rng: np.random.Generator, size: float) -> Given:
    """Up to five states of two actions whose rewards are about `size`."""
    states = int(rng.integers(1, 6))
    rows = {}
    for state in range(states):
        rows[state] = {}
        for action in range(2):
            weights = rng.random(3)
            columns = (weights / weights.sum(), rng.integers(states, size=3), size * rng.normal(size=3))
            rows[state][action] = [(float(p), int(t), float(r), False) for p, t, r in zip(*columns, strict=True)]
    return rows


@pytest.mark.parametrize("mixes", [False, True])
@pytest.mark.parametrize("discount", [0.0, 0.9, 1 - 2.0**-40])
def test_six_digits_or_a_refusal(rng: np.random.Generator, discount: float, mixes: bool) -> None:
    outcomes = set()
    for exponent in [*range(-324, -306), -300]:
        given = drawn(rng, 10.0**exponent)
        model = TabularMDP.from_gym_dict(given)
        weights = np.full((model.num_states, 2), 0.5) if mixes else np.tile([0.0, 1.0], (model.num_states, 1))
        policy = [{a: Fraction(float(w)) for a, w in enumerate(row) if w} for row in weights]
        try:
            values = evaluate(model, TabularPolicy(weights), discount=discount)
        except UnprovenValueError as error:
            outcomes.add("refused" if "Near 0 float64 has fewer digits" in str(error) else str(error))
            continue
        outcomes.add("proven")
        unit = Fraction(float(np.abs((weights * model.rewards).sum(axis=1)).max()))
        for value, exact in zip(values.tolist(), Exact(given, discount).mixed(policy), strict=True):
            assert exact is not None
            assert abs(Fraction(value) - exact) <= Fraction(1, 10**6) * max(abs(Fraction(value)), unit)
    assert outcomes == {"refused", "proven"}


def test_where_nothing_is_paid_zero_is_exact() -> None:
    free = TabularMDP.from_gym_dict(
        {0: {0: [(0.5, 0, 0.0, False), (0.5, 1, 0.0, False)]}, 1: {0: [(1.0, 0, 0.0, False)]}}
    )
    assert evaluate(free, [0, 0], discount=1 - 1e-12).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_mean_that_is_not_zero_is_not_rounded_to_zero(sign: float) -> None:
    amounts = np.array([sign * 5e-324, 0.0])
    assert expectations(np.array([0.1, 0.9]), amounts, np.array([0, 0]), 1).tolist() == [sign * 5e-324]
    assert expectations(np.array([0.5, 0.5]), np.array([5e-324, -5e-324]), np.array([0, 0]), 1).tolist() == [0.0]


def test_values_that_overflow_are_not_proven_and_give_no_warning() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, -1e300, False)]}})
    proof = certify(model, [-1e300], discount=1 - 2.0**-40)
    assert (proof.lower[0], proof.error_bound) == (-math.inf, math.inf)
    plan = value_iteration(model, discount=1 - 2.0**-40, throw=False, max_iterations=5)
    assert plan.lower[0] == -math.inf


def test_a_discount_just_below_1_is_shown_as_what_it_is() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 5e-324, False)]}})
    with pytest.raises(UnprovenValueError, match=r"at discount 0.999999999999 "):
        evaluate(model, [0], discount=1 - 1e-12)
    assert "0.99999999" in repr(value_iteration(model, discount=1 - 1e-8, throw=False, max_iterations=1))


def test_what_is_paid_elsewhere_does_not_keep_zero_from_being_proven() -> None:
    """State 0 mixes two actions that pay nothing; what state 1 or 2 pays for ever is rounded, but not here."""
    free, pays = [(1.0, 0, 0.0, True)], [(1.0, 1, 0.25, False)]
    model = TabularMDP.from_gym_dict({0: {0: free, 1: free}, 1: {0: pays, 1: pays}})
    weights = np.array([[7 / 8, 1 / 8], [0.5, 0.5]])
    assert evaluate(model, weights, discount=1.0).tolist() == [0.0, math.inf]
    chosen = value_from(model, weights, np.array([True, False]), discount=0.5)
    assert (chosen.values[0], chosen.error[0]) == (0.0, 0.0)


def test_what_cancels_is_as_large_as_what_is_paid() -> None:
    """A state that pays just what the loop of mean 0 behind it is worth has the value 0, off by a rounding of 2."""
    loop = {1: {0: [(1.0, 2, 4.0, False)]}, 2: {0: [(1.0, 1, -4.0, False)]}}
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, -2.0, False)]}, **loop})
    assert evaluate(model, [0, 0, 0], discount=1.0).tolist() == [0.0, 2.0, -2.0]
