"""What bounds claim, held against exact rationals to the last bit: of plans, and of anything with bounds."""

import math
import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from planners import Plan, Status
from tests.oracles.exact import Distribution, Number, Tables, action_value, exact_value, expected_steps, values_of

# Errors of rounding that a bound may contain for each expected step, in units of the last place of the largest value.
ROUNDING = 64


def distance(left: Number, right: Number) -> Number:
    """|left - right|, which is 0 for two infinities of one sign."""
    return Fraction(0) if left == right else abs(left - right)


def largest(values: Iterable[Number]) -> Number:
    """The largest finite size."""
    return max((abs(value) for value in values if not math.isinf(value)), default=Fraction(0))


def check_contained(claim: Any, best: Sequence[Number], values: Any = None) -> None:
    """V* lies between `lower` and `upper`, and within `error_bound` of the values.

    Args:
        claim: A plan, a certificate or the like, with `lower`, `upper` and `error_bound`.
        best: (S,) V*.
        values: (S,) of which `error_bound` is claimed; None: the claim's own.
    """
    values = list(claim.values if values is None else values)
    assert len(values) == len(claim.lower) == len(claim.upper) == len(best)
    for state, truth in enumerate(best):
        lower, value, upper = (exact_value(array[state]) for array in (claim.lower, values, claim.upper))
        assert lower <= truth <= upper, (state, lower, truth, upper)
        assert distance(value, truth) <= exact_value(claim.error_bound), (state, value, truth)
        assert distance(value, lower) <= exact_value(claim.error_bound), (state, value, lower)


def check_plan(P: Tables, plan: Plan, best: Sequence[Number], discount: Fraction) -> None:
    """Bounds, error bound, policy and optimal actions of a plan that came to its end."""
    check_contained(plan, best)
    policy: list[Distribution] = [{int(action): Fraction(1)} for action in plan.policy.actions]
    if plan.converged:
        assert plan.error_bound <= plan.tolerance
    else:
        assert plan.status is Status.ROUNDING_FLOOR
        steps = expected_steps(P, policy, discount)
        assert plan.tolerance < ROUNDING * Fraction(sys.float_info.epsilon) * largest(best) * (1 + steps)
    achieved = values_of(P, policy, discount)
    assert all(value >= exact_value(lower) for value, lower in zip(achieved, plan.lower, strict=True))
    for state, truth in enumerate(best):
        for action in P[state]:
            gap = distance(truth, action_value(P, state, action, best, discount))
            if gap == 0:
                assert plan.optimal_actions[state, action]
            elif gap > 4 * Fraction(plan.error_bound) + Fraction(1, 10**9):
                assert not plan.optimal_actions[state, action], (state, action, gap)
        assert plan.optimal_actions[state].any()
        assert not any(plan.optimal_actions[state, a] for a in range(plan.model.num_actions) if a not in P[state])
