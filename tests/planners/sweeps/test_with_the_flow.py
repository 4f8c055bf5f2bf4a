"""Models that hardly lead back: depth-first order, few sweeps, and bounds that hold whatever the order."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from scipy import sparse

import planners
from gridworld_env.dynamics.rules_to_tables import Rules, make_mdp
from gridworld_env.grid.grid import parse_grid
from planners import TabularMDP, UnboundedValueError
from planners.equations.certificates import most_steps_by_policies
from planners.equations.from_model import make_problem
from planners.kernels.ordering import order_depth_first
from planners.methods.gauss_seidel import sweep_for_a_while
from planners.plans.plan import Status
from planners.sweeps import row_sweeps
from planners.sweeps.row_sweeps import RowSweeps
from tests.oracles.bounds import check_contained
from tests.oracles.exact import as_floats, optimal_values
from tests.oracles.models import DISCOUNTS, tables


def course(rng: np.random.Generator, states: int, back: float) -> TabularMDP:
    """Two actions that lead to three later states anywhere, or with a chance of `back` to the first; the last ends."""
    here = np.repeat(np.arange(states), 2)
    ahead = rng.integers(here[:, None] + 1, np.maximum(states, here[:, None] + 2), size=(2 * states, 3))
    columns = np.column_stack([np.minimum(ahead, states - 1), np.zeros(2 * states, dtype=np.int64)])
    weights = np.column_stack([(1.0 - back) * rng.dirichlet(np.ones(3), size=2 * states), np.full(2 * states, back)])
    weights[here == states - 1] = 0.0
    weights[rng.random(len(weights)) < 0.95, 3] = 0.0
    P = sparse.coo_array(
        (weights.ravel(), (np.repeat(np.arange(2 * states), 4), columns.ravel())), shape=(2 * states, states)
    ).tocsr()
    P.eliminate_zeros()
    sums = np.asarray(P.sum(axis=1)).ravel()
    P = sparse.csr_array(sparse.diags_array(1.0 / np.where(sums > 0, sums, 1.0)) @ P)
    ends = (here == states - 1).astype(np.float64).reshape(states, 2)
    return TabularMDP(P, ends, -rng.random((states, 2)), np.ones((states, 2), dtype=bool))


def test_what_a_state_leads_to_comes_before_it_but_for_the_ways_that_are_counted(rng: np.random.Generator) -> None:
    for back in (0.0, 0.3):
        model = course(rng, 200, back)
        P, first = model.transitions, 2 * np.arange(201)
        order, few = order_depth_first(P.indptr, P.indices, first, P.nnz)
        rank = np.argsort(order)
        assert few
        assert sorted(order) == list(range(200))
        row, column = P.tocoo().coords
        against = int((rank[column] > rank[row // 2]).sum())
        assert (against == 0) == (back == 0.0)
        assert order_depth_first(P.indptr, P.indices, first, against)[1]
        assert against == 0 or not order_depth_first(P.indptr, P.indices, first, against - 1)[1]


@pytest.mark.long
@pytest.mark.parametrize("discount", [0.9, 1.0])
@pytest.mark.parametrize("back", [0.0, 0.3])
def test_few_sweeps_settle_a_model_that_hardly_leads_back(
    back: float, discount: float, rng: np.random.Generator
) -> None:
    model = course(rng, 3_000, back)
    front = RowSweeps(make_problem(model, discount))
    assert front.with_the_flow
    while not front.advance(1e-9):
        pass
    assert front.sweeps <= (3 if back == 0.0 else 40)
    plan, exact = planners.gauss_seidel(model, discount=discount), planners.policy_iteration(model, discount=discount)
    assert plan.converged
    assert (plan.lower <= exact.upper).all()
    assert (exact.lower <= plan.upper).all()


def test_such_a_model_is_swept_though_it_leads_all_over(rng: np.random.Generator) -> None:
    plan = planners.solve(course(rng, 3_000, 0.0), discount=1.0)
    assert plan.method.startswith("ordered Gauss-Seidel")
    assert "hardly one can be reached again" in plan.method


@given(drawn=tables())
def test_bounds_hold_in_depth_first_order_whatever_the_model(drawn) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_sweeps, "MOST_AGAINST", 1.0)
        for discount in (*DISCOUNTS[1:3], Fraction(1)):
            try:
                plan = planners.gauss_seidel(
                    TabularMDP.from_gym_dict(as_floats(drawn)), discount=float(discount), throw=False
                )
            except UnboundedValueError:
                continue
            check_contained(plan, optimal_values(drawn, discount))


def test_weights_by_sweeps_are_those_by_policies_and_prove_as_much(rng: np.random.Generator) -> None:
    problem = make_problem(course(rng, 400, 0.3), 1.0)
    front = RowSweeps(problem)
    rows = np.ones(len(problem.row_state), dtype=bool)
    swept = front._most_steps(problem, problem.first_row, rows)
    exact = most_steps_by_policies(problem, problem.first_row, rows)
    assert swept is not None
    assert exact is not None
    assert (swept[1] >= 0.5).all()
    np.testing.assert_allclose(swept[1], swept[0][problem.row_state] - problem.transitions @ swept[0], atol=1e-9)
    assert (swept[0] <= 2.0 * exact[0] + 1e-9).all()


def test_weights_that_sweeps_do_not_reach_soon_come_from_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_sweeps, "MOST_AGAINST", 1.0)
    monkeypatch.setattr(row_sweeps, "MOST_SWEEPS", 1)
    walk = TabularMDP.from_gym_dict(
        {s: {0: [(0.5, max(s - 1, 0), -1.0, False), (0.5, min(s + 1, 49), -1.0, s == 48)]} for s in range(50)}
    )
    problem = make_problem(walk, 1.0)
    rows = np.ones(len(problem.row_state), dtype=bool)
    found = RowSweeps(problem)._most_steps(problem, problem.first_row, rows)
    assert found is not None
    assert (found[1] >= 0.5).all()


@pytest.mark.parametrize("discount", [0.999, 1.0])
def test_what_has_not_settled_is_not_proven_where_somebody_goes_on_from_it(
    discount: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_mdp(parse_grid(["." * 699 + "+"]), Rules(slip=0.2)).tabular
    monkeypatch.setattr(row_sweeps.RowSweeps, "budget", 1)
    plan = sweep_for_a_while(model, discount=discount, max_sweeps=1e-9)
    assert plan.status is Status.ITERATION_LIMIT
    assert np.isfinite(plan.values).all()
    assert (plan.lower == -np.inf).all()
    assert (plan.upper == np.inf).all()
    assert plan.error_bound == np.inf
