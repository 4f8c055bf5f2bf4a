"""Every planner on every problem whose answer is known, and on random ones that brute force in fractions solves.

`make test-thorough` looks at more examples.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planners
from planners import Plan, TabularMDP
from tests.oracles.bounds import check_plan
from tests.oracles.exact import PLUS, Tables, as_floats, optimal_values
from tests.oracles.examples import times
from tests.oracles.methods import METHODS
from tests.oracles.models import COSTS, DISCOUNTS, REWARDS, tables
from tests.oracles.problems import PROBLEMS, Problem

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
exact = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=times(160))
tolerances = st.sampled_from([1e-3, 1e-6, 1e-9])


@every_method
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())
def test_the_answer_is_found_and_proven(method: Callable[..., Plan], problem: Problem) -> None:
    model, known = problem.make(), problem.values()
    plan = method(model, discount=problem.discount)
    assert plan.converged
    largest = np.abs(plan.values[np.isfinite(plan.values)]).max(initial=0.0)
    assert plan.error_bound <= plan.tolerance <= max(1.000001e-6 * largest, 1e-290)
    achieved = planners.evaluate(model, plan.policy, discount=problem.discount)
    for state, truth in known.items() if isinstance(known, dict) else enumerate(known):
        off = problem.wrong_by
        assert plan.lower[state] - off <= truth <= plan.upper[state] + off
        if np.isfinite(truth):
            assert abs(plan.values[state] - truth) <= plan.error_bound + off
            assert abs(achieved[state] - truth) <= 2.0 * plan.error_bound + off + 1e-9 * (1.0 + abs(truth))
        else:
            assert plan.values[state] == achieved[state] == truth
    for actions, best in zip(plan.optimal_actions, problem.optimal, strict=False):
        assert set(np.flatnonzero(actions)) == best
    assert plan.policy.actions[: len(problem.actions)].tolist() == list(problem.actions)


@every_method
@exact
@given(P=tables(), discount=st.sampled_from(DISCOUNTS), tolerance=tolerances)
def test_discounted(method: Callable[..., Plan], P: Tables, discount: Fraction, tolerance: float) -> None:
    plan = method(TabularMDP.from_gym_dict(as_floats(P)), discount=float(discount), tolerance=tolerance)
    check_plan(P, plan, optimal_values(P, discount), discount)


@every_method
@exact
@given(P=tables(going_on=COSTS, at_end=REWARDS), tolerance=tolerances)
def test_undiscounted(method: Callable[..., Plan], P: Tables, tolerance: float) -> None:
    """All that goes on costs something or nothing, so that no value is +inf; some are -inf."""
    best = optimal_values(P, Fraction(1))
    assert PLUS not in best
    plan = method(TabularMDP.from_gym_dict(as_floats(P)), discount=1.0, tolerance=tolerance, throw=False)
    check_plan(P, plan, best, Fraction(1))
