"""The default tolerance fits any scale: nothing is refused for it, and bounds hold against exact rationals.

`python -m tests.planners.test_scales 1000` runs it on so many models.
"""

import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import planners
from planners import Status, TabularMDP
from tests.oracles.exact import Tables, as_floats, optimal_values

DISCOUNTS = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]
BY: dict[str, Any] = {
    "chosen": planners.solve,
    "value iteration": planners.value_iteration,
    "modified policy iteration": planners.modified_policy_iteration,
    "Gauss-Seidel": planners.gauss_seidel,
    "linear program": planners.linear_program,
}


def random_model(rng: np.random.Generator) -> tuple[Tables, Fraction]:
    """Two or three states, dyadic probabilities and rewards of a random scale from 1e-9 to 1e9, and a discount."""
    count, scale = int(rng.integers(2, 4)), float(10.0 ** rng.uniform(-9, 9))
    table: Tables = {}
    for state in range(count):
        table[state] = {}
        for action in range(int(rng.integers(1, 3))):
            eighths = rng.multinomial(8, rng.dirichlet(np.ones(count)))
            reward = Fraction(float(rng.normal() * scale))
            ends = bool(rng.random() < 0.1)
            table[state][action] = [
                (Fraction(int(part), 8), to, reward, ends and to == 0) for to, part in enumerate(eighths) if part
            ]
    return table, Fraction(float(rng.choice(DISCOUNTS)))


def check(table: Tables, discount: Fraction, method: Any) -> None:
    """The plan by default converges; its bounds hold; its error is a millionth of the largest |V|, or less."""
    plan = method(TabularMDP.from_gym_dict(as_floats(table)), discount=float(discount))
    exact = optimal_values(table, discount)
    assert plan.status is Status.CONVERGED
    largest = max(abs(float(value)) for value in plan.values)
    assert plan.error_bound <= plan.tolerance <= max(1.000001e-6 * largest, 1e-290)
    for lower, upper, value in zip(plan.lower, plan.upper, exact, strict=True):
        assert Fraction(float(lower)) <= value <= Fraction(float(upper))


@pytest.mark.parametrize("name", BY)
def test_no_scale_is_refused(name: str, rng: np.random.Generator) -> None:
    for _ in range(12):
        table, discount = random_model(rng)
        if name != "value iteration" or discount < Fraction(9991, 10_000):  # which would take a million sweeps
            check(table, discount, BY[name])


def corner(rng: np.random.Generator, penalty: float) -> TabularMDP:
    """Nineteen states of rewards about 1, and one, which they never reach, that pays a penalty for ever."""
    P = np.zeros((20, 2, 20))
    for state in range(19):
        for action in range(2):
            np.add.at(P[state, action], rng.integers(19, size=4), 0.25)
    P[19, :, 0] = 1.0
    R = rng.normal(size=(20, 2))
    R[19] = -penalty
    return TabularMDP.from_arrays(P, R)


@pytest.mark.parametrize("penalty", [1e6, 1e9, 1e12])
@pytest.mark.parametrize("method", ["auto", "value_iteration", "policy_iteration", "modified_policy_iteration"])
def test_a_penalty_that_must_be_paid_does_not_spoil_the_rest(
    rng: np.random.Generator, penalty: float, method: str
) -> None:
    """The others are proven to a millionth of the largest |V| among them."""
    seed = int(rng.integers(2**31))
    with_it = planners.solve(corner(np.random.default_rng(seed), penalty), discount=0.99, method=method)
    without = planners.solve(corner(np.random.default_rng(seed), 1.0), discount=0.99)
    assert with_it.converged
    largest = float(np.abs(without.values[:19]).max())
    gap = (with_it.upper - with_it.lower)[:19]
    assert gap.max() <= 2.000001e-6 * max(largest, 1.0)
    assert (with_it.lower[:19] <= without.upper[:19]).all()
    assert (without.lower[:19] <= with_it.upper[:19]).all()


def test_an_action_that_nobody_takes_has_no_say() -> None:
    P = np.tile(np.eye(2), (2, 1, 1))
    plan = planners.value_iteration(TabularMDP.from_arrays(P, [[1.0, -1e9], [1.0, -1e9]], axes="ASS"), discount=0.9)
    assert plan.error_bound <= plan.tolerance == pytest.approx(1e-5, rel=1e-3)


def test_absolute_relative_and_both() -> None:
    model = TabularMDP.from_arrays([[[0.5, 0.5], [0.0, 1.0]]], [1000.0, 100.0])
    largest = float(planners.solve(model, discount=0.9).values.max())
    cases: Any = (
        ({"tolerance": 0.5}, 0.5),
        ({"relative_tolerance": 1e-3}, 1e-3 * largest),
        ({"tolerance": 0.5, "relative_tolerance": 1e-9}, 0.5),
        ({"tolerance": 1e-9, "relative_tolerance": 1e-3}, 1e-3 * largest),
        ({}, 1e-6 * largest),
    )
    for options, allowed in cases:
        for method in (planners.solve, planners.value_iteration, planners.gauss_seidel):
            plan = method(model, discount=0.9, **options)
            assert plan.error_bound <= plan.tolerance == pytest.approx(allowed, rel=1e-2)
            assert ("of the largest |V|" in repr(plan)) is (allowed != 0.5)
        (many,) = planners.solve_many(model, discounts=[0.9], **options)
        assert many.tolerance == pytest.approx(allowed, rel=1e-2)
    with pytest.raises(planners.InvalidOptionError, match="relative_tolerance is 0; expected a positive"):
        planners.solve(model, discount=0.9, relative_tolerance=0)
    with pytest.raises(planners.NotConvergedError, match="Rounding keeps the provable error above"):
        planners.solve(model, discount=0.9, tolerance=1e-14)


def test_each_of_many_models_has_a_tolerance_of_its_own() -> None:
    grid = [[0, 1], [1, 1]]
    models = [
        TabularMDP.from_gym_dict({s: {0: [(1.0, grid[s][0], scale, s == 1)]} for s in range(2)})
        for scale in (1e-9, 1.0, 1e9)
    ]
    for plan in planners.solve_many(models, discount=0.9):
        assert plan.error_bound <= plan.tolerance == pytest.approx(1e-6 * float(np.abs(plan.values).max()))


if __name__ == "__main__":
    refused = 0
    for seed in range(int(sys.argv[1])):
        try:
            check(*random_model(np.random.default_rng(seed)), planners.solve)
        except planners.NotConvergedError:
            refused += 1
    print(f"{refused} of {sys.argv[1]} refused; all bounds hold")
