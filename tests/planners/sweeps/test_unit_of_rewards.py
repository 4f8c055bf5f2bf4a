"""What sweeps prove does not depend on the unit of the rewards."""

from collections.abc import Callable
from fractions import Fraction

import pytest

import planners
from planners import Plan, TabularMDP
from planners.distributed import solve_in_parts

UNITS = [1.0, 2.0**-40, 2.0**-600, 2.0**600]


def detour(unit: float) -> TabularMDP:
    """Step by step to the end, which may slip; a detour pays less."""
    step = [(0.75, 1, -3.0 * unit, False), (0.25, 0, -1.0 * unit, False)]
    last = [(0.5, 0, -1.0 * unit, True), (0.5, 1, -1.0 * unit, False)]
    return TabularMDP.from_gym_dict({0: {0: step, 1: [(1.0, 1, -5.0 * unit, False)]}, 1: {0: last}})


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(  # parts are discounted
    ("planner", "discount"), [(planners.gauss_seidel, 0.5), (planners.gauss_seidel, 1.0), (solve_in_parts, 0.5)]
)
def test_errors_are_proven_in_any_unit(planner: Callable[..., Plan], discount: float, unit: float) -> None:
    plan = planner(detour(unit), discount=discount, tolerance=1e-12 * unit)
    gamma = Fraction(discount)
    after = -1 / (1 - gamma / 2)
    first = (-3 * Fraction(3, 4) - Fraction(1, 4) + gamma * Fraction(3, 4) * after) / (1 - gamma / 4)
    for state, exact in enumerate((first, after)):
        assert Fraction(float(plan.lower[state])) <= exact * Fraction(unit) <= Fraction(float(plan.upper[state]))
