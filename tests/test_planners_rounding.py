"""Bounds hold for the floats that are in the tables, to the last bit: no dyadic numbers here, rows off by an ulp."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

import planners
from planners import Plan, TabularMDP
from tests.oracles.exact import Tables, exact_value, optimal_values

METHODS: list[Callable[..., Plan]] = [planners.value_iteration, planners.policy_iteration]


def random_model(rng: np.random.Generator) -> TabularMDP:
    """Up to 4 states and 3 actions, with probabilities and rewards of very different sizes."""
    states, actions = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    size = 10.0 ** rng.integers(-6, 7)
    P = {}
    for state in range(states):
        P[state] = {}
        for action in range(actions):
            weights = rng.random(3) ** rng.integers(1, 12)
            weights /= weights.sum()
            P[state][action] = [
                (float(p), int(rng.integers(states)), float(size * rng.normal()), bool(rng.random() < 0.2))
                for p in weights
            ]
    return TabularMDP.from_gym_dict(P)


def stored_tables(model: TabularMDP) -> Tables:
    """The tables as they are stored; one entry of probability 1, which ends, pays the expected reward."""
    P: Tables = {}
    for state in range(model.num_states):
        P[state] = {}
        for action in range(model.num_actions):
            pays = (Fraction(1), 0, Fraction(float(model.rewards[state, action])), True)
            goes_on = [
                (Fraction(float(p)), int(t), Fraction(0), False) for t, p in zip(*model.row(state, action), strict=True)
            ]
            P[state][action] = [pays, *goes_on]
    return P


@pytest.mark.parametrize("discount", [0.0, 0.3, 0.9, 0.99])
def test_bounds_hold_for_any_floats(discount: float, rng: np.random.Generator) -> None:
    for _ in range(25):
        model = random_model(rng)
        best = optimal_values(stored_tables(model), Fraction(discount))
        guess = float(np.abs(model.rewards).max()) * rng.normal(size=model.num_states) * 10.0 ** rng.integers(-2, 4)
        scale = float(np.abs(model.rewards).max()) / (1 - discount)
        found = [method(model, discount=discount, tolerance=1e-9 * scale) for method in METHODS]
        for bounds in (*found, planners.certify(model, guess, discount=discount)):
            for state, truth in enumerate(best):
                lower, upper = exact_value(bounds.lower[state]), exact_value(bounds.upper[state])
                assert lower <= truth <= upper, (lower, truth, upper)
        for plan in found:
            for state, truth in enumerate(best):
                assert abs(exact_value(plan.values[state]) - truth) <= Fraction(plan.error_bound)


@pytest.mark.parametrize("exponent", [20, 30, 40])
def test_ulps_of_row_sums_count_near_discount_one(exponent: int, rng: np.random.Generator) -> None:
    """A row one ulp short changes V by about u / (1 - discount)^2; far from V* no other term hides that."""
    discount = 1 - 2.0**-exponent
    short = float(np.nextafter(1.0, 0.0))
    for probability in (short, 1.0):
        model = TabularMDP.from_gym_dict({0: {0: [(probability, 0, 1.0, False)]}})
        kept = Fraction(float(model.transitions.data[0]))  # a model may scale the row to 1
        truth = Fraction(float(model.rewards[0, 0])) / (1 - Fraction(discount) * kept)
        for guess in (0.0, float(truth), float(rng.normal()) * 2.0**exponent):
            certificate = planners.certify(model, [guess], discount=discount)
            assert exact_value(certificate.lower[0]) <= truth <= exact_value(certificate.upper[0])
