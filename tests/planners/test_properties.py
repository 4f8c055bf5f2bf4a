"""Whatever the planners claim about random dyadic MDPs must hold exactly, against brute force in fractions.

`make test-thorough` looks at more examples.
"""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import planners
from planners import ImproperPolicyError, Plan, TabularMDP, UnboundedValueError
from tests.oracles.bounds import check_contained, check_plan, distance, largest
from tests.oracles.exact import (
    PLUS,
    Distribution,
    Number,
    Tables,
    Undefined,
    action_value,
    as_floats,
    exact_value,
    optimal_values,
    values_of,
)
from tests.oracles.methods import METHODS
from tests.oracles.models import COSTS, DISCOUNTS, REWARDS, policies, tables

exact = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
methods = st.sampled_from(list(METHODS.values()))
costs = tables(going_on=COSTS, at_end=REWARDS)


def model_of(P: Tables) -> TabularMDP:
    return TabularMDP.from_gym_dict(as_floats(P))


def table_of(policy: list[Distribution], num_actions: int) -> np.ndarray:
    return np.array([[float(row.get(action, 0)) for action in range(num_actions)] for row in policy])


@exact
@given(P=tables(), method=methods)
def test_undiscounted_rewards_of_both_signs(P: Tables, method: Callable[..., Plan]) -> None:
    """Every state is told: +inf, -inf, or a proven number, whatever goes round elsewhere."""
    best = optimal_values(P, Fraction(1))
    plan = method(model_of(P), discount=1.0, throw=False)
    check_plan(P, plan, best, Fraction(1))
    if PLUS in best:
        with pytest.raises(UnboundedValueError) as refused:
            method(model_of(P), discount=1.0)
        assert refused.value.states == tuple(state for state, value in enumerate(best) if value == PLUS)


@exact
@given(P=tables(), discount=st.sampled_from(DISCOUNTS), data=st.data())
def test_evaluate_is_exact(P: Tables, discount: Fraction, data: st.DataObject) -> None:
    policy = data.draw(policies(P))
    model = model_of(P)
    found = planners.evaluate(model, table_of(policy, model.num_actions), discount=float(discount))
    for value, truth in zip(found, values_of(P, policy, discount), strict=True):
        assert distance(exact_value(value), truth) <= Fraction(1, 10**10) * (1 + abs(truth))


@exact
@given(P=st.one_of(tables(), costs), data=st.data())
def test_evaluate_undiscounted(P: Tables, data: st.DataObject) -> None:
    policy = data.draw(policies(P))
    model = model_of(P)
    try:
        truth = values_of(P, policy, Fraction(1))
    except Undefined:
        with pytest.raises(ImproperPolicyError):
            planners.evaluate(model, table_of(policy, model.num_actions), discount=1.0)
        return
    found = planners.evaluate(model, table_of(policy, model.num_actions), discount=1.0)
    for value, expected in zip(found, truth, strict=True):
        assert math.isinf(value) == math.isinf(expected)
        assert distance(exact_value(value), expected) <= Fraction(1, 10**7) * (1 + abs(expected))


guesses = st.floats(-1e4, 1e4, allow_nan=False, width=32)


@exact
@given(P=st.one_of(tables(), costs), discount=st.sampled_from([*DISCOUNTS, Fraction(1)]), data=st.data())
def test_certify_anything_contains_the_truth(P: Tables, discount: Fraction, data: st.DataObject) -> None:
    values = data.draw(st.lists(guesses, min_size=len(P), max_size=len(P)))
    best = finite_or_skip(P, discount)
    certificate = planners.certify(model_of(P), values, discount=float(discount))
    check_contained(certificate, best, values)
    assert discount == 1 or math.isfinite(certificate.error_bound)


@exact
@given(P=st.one_of(tables(), costs), discount=st.sampled_from([*DISCOUNTS, Fraction(1)]))
def test_certify_the_truth_proves_it(P: Tables, discount: Fraction) -> None:
    """The exact values, rounded, must get a bound of the size of rounding, at discount 1 too."""
    best = finite_or_skip(P, discount)
    certificate = planners.certify(model_of(P), [float(v) for v in best], discount=float(discount))
    check_contained(certificate, best, [float(v) for v in best])
    assert certificate.error_bound <= 1e-6 or largest(best) > 1000


@exact
@given(P=st.one_of(tables(), costs), discount=st.sampled_from([*DISCOUNTS, Fraction(1)]), data=st.data())
def test_is_optimal_agrees(P: Tables, discount: Fraction, data: st.DataObject) -> None:
    best = finite_or_skip(P, discount)
    assume(largest(best) <= 1000)
    policy = data.draw(policies(P))
    model = model_of(P)
    table = table_of(policy, model.num_actions)
    verdict = planners.is_optimal(model, table, discount=float(discount), tolerance=1e-7)
    losses = [distance(best[state], value) for state, value in enumerate(values_of(P, policy, discount))]
    if max(losses) == 0:
        assert verdict
    elif max(losses) > Fraction(1, 10**6):
        assert not verdict
        assert verdict.worst_state is not None
        assert verdict.better_action is not None
        assert distance(exact_value(verdict.regret), max(losses)) <= Fraction(1, 10**6)
        assert distance(losses[verdict.worst_state], max(losses)) <= Fraction(1, 10**6)
        better = action_value(P, verdict.worst_state, verdict.better_action, best, discount)
        assert distance(better, best[verdict.worst_state]) <= Fraction(1, 10**6)


def finite_or_skip(P: Tables, discount: Fraction) -> list[Number]:
    best = optimal_values(P, discount)
    assume(PLUS not in best)
    return best
