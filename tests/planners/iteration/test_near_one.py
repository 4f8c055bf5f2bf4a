"""Discounts so near 1 that 1 - discount is lost in rounding, and penalties that dwarf all that is earned."""

from fractions import Fraction

import numpy as np
import pytest

import planners
from planners import NotConvergedError, TabularMDP
from tests.oracles.bounds import check_contained
from tests.oracles.exact import Tables, as_floats, optimal_values


def ending(rng: np.random.Generator, penalty: int = -3) -> Tables:
    """Four states whose every action may end the episode, by 1/4 or more; the last action pays a penalty."""
    return {
        state: {
            action: [
                (Fraction(1, 4), state, Fraction(int(rng.integers(-3, 4))), True),
                (Fraction(1, 2), int(rng.integers(4)), Fraction(int(rng.integers(-3, 4))), False),
                (Fraction(1, 4), int(rng.integers(4)), Fraction(penalty if action == 2 else 1), False),
            ]
            for action in range(3)
        }
        for state in range(4)
    }


@pytest.mark.parametrize("below", [1e-6, 1e-9, 1e-12, 1e-15])
@pytest.mark.parametrize("minimise", [False, True])
def test_where_episodes_end_a_discount_near_1_is_no_worse_than_1(
    below: float, minimise: bool, rng: np.random.Generator
) -> None:
    """By 1 - discount alone, rounding leaves 1e-15 / below."""
    for _ in range(5):
        tables = ending(rng)
        sign = -1 if minimise else 1
        mdp = TabularMDP.from_gym_dict(as_floats(tables))
        turned = {
            s: {a: [(p, s2, sign * r, end) for p, s2, r, end in row] for a, row in actions.items()}
            for s, actions in tables.items()
        }
        exact = [sign * value for value in optimal_values(turned, Fraction(1.0 - below))]
        plan = planners.solve(mdp, discount=1.0 - below, minimise=minimise)
        check_contained(plan, exact)
        assert plan.error_bound < 1e-11  # margins are 1/2 or more, and no episode takes 100 steps


def test_where_episodes_never_end_nothing_more_is_proven() -> None:
    """A loop that pays 1: V* = 1e9, and no weights make its margin larger than 1 - discount."""
    loop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}, 1: {0: [(1.0, 1, 0.0, True)]}})
    with pytest.raises(NotConvergedError, match="Rounding keeps the provable error above"):
        planners.policy_iteration(loop, discount=1.0 - 1e-9)


@pytest.mark.parametrize("discount", [0.9, 0.999, 1.0])
@pytest.mark.parametrize("exponent", [9, 18, 200, 300])
def test_a_penalty_that_is_never_paid_widens_no_bound(discount: float, exponent: int, rng: np.random.Generator) -> None:
    """Its size must not make actions that go round for ever look as good as the best, at discount 1 either."""
    tables = ending(rng, -(10**exponent))
    for state, actions in tables.items():
        actions[3] = [(Fraction(1), state, Fraction(-1, 4), False)]  # goes round, for a little
    plan = planners.solve(TabularMDP.from_gym_dict(as_floats(tables)), discount=discount)
    check_contained(plan, optimal_values(tables, Fraction(discount)))
    assert plan.error_bound < 1e-9


def test_advice_names_no_method_that_was_just_used() -> None:
    """Ordered Gauss-Seidel does not send to itself."""
    loop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 0.0, True)]}})
    with pytest.raises(NotConvergedError, match="what this method can prove\\.") as refused:
        planners.gauss_seidel(loop, discount=1.0 - 1e-7, tolerance=1e-6)
    assert "gauss_seidel" not in str(refused.value)
