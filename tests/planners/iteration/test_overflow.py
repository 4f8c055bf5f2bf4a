"""Values beyond the largest float: nothing that a plan tells is ever NaN, and what it tells is so."""

import numpy as np
import pytest

from planners import Status, TabularMDP
from planners.distributed import solve_in_parts
from planners.equations.certificates import Certifier
from planners.equations.from_model import make_problem
from tests.oracles.methods import METHODS

LARGE = 1e296
SWEEPS = {"max_iterations": 10}


def beyond(leaving: float) -> TabularMDP:
    """V* is LARGE / leaving times 2; the weights of a proof overflow where the values do not yet."""
    after = [(1.0 - leaving, 0, LARGE, False), (leaving, 0, LARGE, True)]
    return TabularMDP.from_gym_dict(
        {0: {0: [(1.0, 1, LARGE, False)]}, 1: {0: after, 1: [(0.5, 0, LARGE, False), (0.5, 0, LARGE, True)]}}
    )


@pytest.mark.parametrize("discount", [1.0, 1.0 - 2.0**-45])
@pytest.mark.parametrize("name", METHODS)
def test_a_plan_never_tells_nan(name: str, discount: float) -> None:
    limits = {} if "linear" in name else SWEEPS
    plan = METHODS[name](beyond(2.0**-44), discount=discount, throw=False, **limits)
    told = np.array([plan.lower, plan.values, plan.upper])
    assert not np.isnan([*told.ravel(), plan.error_bound]).any()
    assert (np.diff(told, axis=0) >= 0)[np.isfinite(told[:-1])].all()  # each lies within its bounds
    assert plan.converged == (plan.error_bound <= plan.tolerance)
    assert (plan.upper == np.inf).all()
    assert plan.status is not Status.CONVERGED


@pytest.mark.parametrize("minimise", [False, True])
def test_a_last_proof_that_overflows_proves_nothing(minimise: bool) -> None:
    """A gain of 1e298 over a margin of 1e-12 is beyond the largest float, where it gains and where it loses."""
    losing = [(0.576, 0, 4.7e298, True), (0.424, 1, -9.9e298, False)]
    first = {0: [(1.0, 0, 0.0, False)], 1: [(1.0, 0, -7e297, False)], 2: losing}
    model = TabularMDP.from_gym_dict({0: first, 1: {0: [(1.0, 0, 2.4e298, False)]}})
    plan = solve_in_parts(model, parts=2, discount=1.0 - 2.0**-40, minimise=minimise, throw=False)
    assert not np.isnan([plan.lower, plan.upper]).any()
    assert plan.converged == (plan.error_bound <= plan.tolerance)


def test_bounds_hold_where_a_gain_of_a_step_is_nearly_zero() -> None:
    """One action ends soon, the other hardly ever: a gain over the steps of the other is less than the least float."""
    reward, slow = -1.373672e-317, 2.0**-20
    soon = [(0.5, 0, reward, True), (0.5, 0, reward, False)]
    late = [(slow, 0, reward, True), (1.0 - slow, 0, reward, False)]
    problem = make_problem(TabularMDP.from_gym_dict({0: {0: soon, 1: late}}), 1.0)
    V = np.array([2.0 * reward * 0.98])  # the true value is 2 * reward
    bounds = Certifier(problem).bounds(V, problem.action_values(V), np.array([0]))
    assert bounds.lower[0] <= 2.0 * reward <= bounds.upper[0]
