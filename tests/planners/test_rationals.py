"""Policy iteration in rationals says what brute force over all policies says, discount 1 included."""

from fractions import Fraction

import numpy as np
import pytest

from tests.oracles.exact import deterministic_policies, limit_values, optimal_values, values_where_defined
from tests.oracles.rationals import Exact, Given


def drawn(rng: np.random.Generator) -> Given:
    """Up to four states, with dyadic probabilities and small rewards, so that there are ties and mean-0 loops."""
    states = int(rng.integers(1, 5))
    rows = {}
    for state in range(states):
        rows[state] = {}
        for action in range(int(rng.integers(1, 4))):
            parts = [1.0] if rng.random() < 0.5 else [0.25, 0.75]
            rows[state][action] = [
                (p, int(rng.integers(states)), float(rng.choice([-1, 0, 0, 1, 0.5])), bool(rng.random() < 0.1))
                for p in parts
            ]
    return rows


@pytest.mark.parametrize("discount", [0.0, 0.9, 1.0])
def test_policy_iteration_in_rationals_is_brute_force(rng: np.random.Generator, discount: float) -> None:
    for _ in range(60):
        given = drawn(rng)
        fractions = {
            s: {a: [(Fraction(p), t, Fraction(r), e) for p, t, r, e in row] for a, row in actions.items()}
            for s, actions in given.items()
        }
        exact = Exact(given, discount)
        assert exact.best() == optimal_values(fractions, Fraction(discount)), given
        for policy in list(deterministic_policies(fractions))[:4]:
            chosen = [next(iter(each)) for each in policy]
            if discount == 1:
                assert exact.achieved(chosen) == limit_values(fractions, policy)
            assert exact.mixed(policy) == values_where_defined(fractions, policy, Fraction(discount))
