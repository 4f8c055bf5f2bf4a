"""Plans within bounds against brute force over policies and nature's vertices, in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest

from tests.oracles import nature

DISCOUNTS = [Fraction(0), Fraction(1, 2), Fraction(15, 16)]


@pytest.mark.parametrize("ball", [False, True])
def test_plans_hold_in_every_model_and_are_the_best_ones(rng: np.random.Generator, ball: bool) -> None:
    for number in range(100):
        sets = nature.random_sets(rng, 2, 2, ball)
        assert not nature.violations(sets, DISCOUNTS[number % 3]), (number, sets)


def test_at_discount_1_too(rng: np.random.Generator) -> None:
    for number in range(100):
        sets = nature.random_sets(rng, 2, 2, ball=number % 4 == 0)
        assert not nature.violations(sets, Fraction(1)), (number, sets)
