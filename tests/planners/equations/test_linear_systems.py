"""Policy evaluation by factors, and how the solution is refined."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from planners.equations import linear_systems
from planners.equations.linear_systems import REFINEMENTS, EvaluationSystem, is_strip
from planners.equations.problem import UNIT_ROUNDOFF
from planners.equations.proven_systems import Total


def chain_of(rng: np.random.Generator, states: int) -> sparse.csr_array:
    """Six random next states each; few enough states are factored as a dense matrix, many as a sparse one."""
    rows = np.repeat(np.arange(states), 6)
    weight = rng.dirichlet(np.ones(6), size=states).ravel()
    return sparse.csr_array((weight, (rows, rng.integers(0, states, len(rows)))), shape=(states, states))


def residual(system: EvaluationSystem, x: Any, b: Any) -> float:
    """Largest residual in units of what the rounding of x makes of it."""
    matrix = np.eye(len(x)) - system.discount * sparse.csr_array(system.chain).toarray()
    return float(np.abs(b - matrix @ x).max() / (UNIT_ROUNDOFF * np.abs(x).max()))


every_size = pytest.mark.parametrize("states", [50, 800])


@every_size
@pytest.mark.parametrize("discount", [0.0, 0.9, 0.99999, 1 - 1e-9])
def test_the_residual_is_that_of_rounding(states: int, discount: float, rng: np.random.Generator) -> None:
    system = EvaluationSystem(chain_of(rng, states), discount)
    for b in (rng.normal(size=states), np.ones(states), 1e6 * rng.random(states) ** 20):
        assert residual(system, system.solve(b), b) <= 8


def counting(solve: Callable[[Any], Any], error: Any) -> tuple[Callable[[Any], Any], list[int]]:
    """A solver whose answers are off by a relative `error`, and the number of its calls."""
    calls: list[int] = []

    def wrong(b: Any) -> Any:
        calls.append(1)
        return solve(b) * (1.0 + error)

    return wrong, calls


@every_size
@pytest.mark.parametrize("wrong_by", [1e-12, 1e-8, 1e-4, 1e-3])
def test_factors_that_are_not_good_are_made_up_for(states: int, wrong_by: float, rng: np.random.Generator) -> None:
    """Each step leaves a part of the error: one step is not enough for 1e-4."""
    system = EvaluationSystem(chain_of(rng, states), 0.9)
    b = rng.normal(size=states)
    exact = system.solve(b)
    system._solve, _ = counting(system._solve, wrong_by * rng.uniform(-1, 1, states))
    assert residual(system, system.solve(b), b) <= 8
    np.testing.assert_allclose(system.solve(b), exact, rtol=1e-13, atol=1e-14)


@every_size
def test_good_factors_are_used_two_or_three_times(states: int, rng: np.random.Generator) -> None:
    """On average: a residual of rounding alone is halved once more by luck, for one right side in 50 or so.

    That half of 30 right sides are so lucky has a chance below 1e-15.
    """
    system = EvaluationSystem(chain_of(rng, states), 0.99)
    system._solve, calls = counting(system._solve, 0.0)
    for _ in range(30):
        before = len(calls)
        system.solve(rng.normal(size=states))
        assert 2 <= len(calls) - before <= REFINEMENTS + 1
    assert len(calls) <= 30 * 3.5


@pytest.mark.parametrize("wrong_by", [-0.9, 1.0, -2.0, 10.0, np.nan])
def test_steps_that_do_not_help_end_soon_and_leave_nothing_worse(wrong_by: float, rng: np.random.Generator) -> None:
    """A solution 1.9 times too large comes back as 0.1 of it and so on; never is it worse than the first."""
    system = EvaluationSystem(chain_of(rng, 50), 0.9)
    b = rng.normal(size=50)
    system._solve, calls = counting(system._solve, wrong_by)
    first = system._solve(b)
    x = system.solve(b)
    assert len(calls) <= REFINEMENTS + 2
    if np.isnan(wrong_by):
        assert np.isnan(x).all()
    else:
        assert np.abs(system.residual(b, x)).max() <= np.abs(system.residual(b, first)).max()


def test_no_states_at_all() -> None:
    assert EvaluationSystem(sparse.csr_array((0, 0)), 0.9).solve(np.zeros(0)).shape == (0,)


@pytest.mark.filterwarnings("error")
def test_of_values_that_overflow_no_part_is_proven() -> None:
    found = Total(np.array([np.inf, 2.0, 0.0]), np.array([np.inf, 1e-6, 1e-6]))
    assert found.relative(0.5) == pytest.approx([np.inf, 5e-7, 2e-6])


def near(rng: np.random.Generator, states: int, below: int, above: int) -> sparse.csr_array:
    """States that lead to some at most `below` before and `above` behind them; some end."""
    rows = np.repeat(np.arange(states), 4)
    columns = np.clip(rows + rng.integers(-below, above + 1, len(rows)), 0, states - 1)
    weight = rng.dirichlet(np.ones(4), size=states) * rng.uniform(0.5, 1.0, size=(states, 1))
    return sparse.csr_array((weight.ravel(), (rows, columns)), shape=(states, states))


@pytest.mark.parametrize("states", [1, 2, 64, 65, 300, 301, 900])
@pytest.mark.parametrize(("below", "above"), [(0, 0), (1, 0), (0, 3), (5, 2), (15, 16), (70, 70)])
@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_every_kind_of_factors(states: int, below: int, above: int, discount: float, rng: np.random.Generator) -> None:
    """Tables, bands and sparse factors, beside NumPy's solution of the matrix in full."""
    chain, b = near(rng, states, below, above), rng.normal(size=states)
    expected = np.linalg.solve(np.eye(states) - discount * chain.toarray(), b)
    system = EvaluationSystem(chain, discount)
    assert system.has_factors
    scale = np.abs(expected).max()
    np.testing.assert_allclose(system.solve(b), expected, atol=1e-10 * scale)  # a condition of some 100 at most
    np.testing.assert_allclose(system.solve_once(b), expected, atol=1e-10 * scale)
    if states <= 300:
        np.testing.assert_allclose(EvaluationSystem(chain.toarray(), discount).solve(b), expected, atol=1e-10 * scale)


@pytest.mark.parametrize("discount", [0.0, 0.9, 1 - 1e-9, 1.0])
def test_where_each_state_leads_to_one_other(discount: float, rng: np.random.Generator) -> None:
    """Trees and, below discount 1, loops: every third state may end the episode, and some always do."""
    states = 400
    ahead = rng.integers(0, np.arange(states) + 1) if discount == 1.0 else rng.integers(0, states, states)
    weight = np.where(rng.random(states) < 0.3, rng.random(states), 1.0)
    weight[(rng.random(states) < 0.05) | (ahead == np.arange(states))] = 0.0
    chain = sparse.csr_array((weight, (np.arange(states), ahead)), shape=(states, states))
    chain.eliminate_zeros()
    system = EvaluationSystem(chain, discount)
    assert system.has_factors
    for b in (rng.normal(size=states), np.ones(states), 1e6 * rng.random(states) ** 20):
        assert residual(system, system.solve(b), b) <= 8


def test_steps_along_a_line_are_counted_exactly() -> None:
    system = EvaluationSystem(sparse.eye_array(1000, k=-1, format="csr"), 1.0)
    assert system.solve_once(np.ones(1000)).tolist() == list(range(1, 1001))


@pytest.mark.parametrize("states", [40, 400])
def test_what_never_ends_solves_to_nothing_finite(states: int) -> None:
    """A band and a table: each state stays where it is."""
    assert not np.isfinite(EvaluationSystem(sparse.eye_array(states, format="csr"), 1.0).solve(np.ones(states))).any()


def test_how_far_states_lead_is_told_by_the_first_that_lead_too_far(rng: np.random.Generator) -> None:
    """Models of one block of states, and of several; the state that leads far is anywhere among them."""
    for states in (1, 200, 257, 3000):
        indptr = np.concatenate(([0], np.cumsum(rng.integers(1, 4, size=states))))
        owner = np.repeat(np.arange(states), np.diff(indptr))
        indices = np.clip(owner + rng.integers(-3, 4, size=len(owner)), 0, states - 1).astype(np.int32)
        most = int(np.abs(owner - indices).max())
        assert linear_systems._bandwidth(indices, indptr, 3) == most
        entry = rng.integers(len(indices))
        indices[entry] = 0 if owner[entry] >= states // 2 else states - 1
        far = int(np.abs(owner - indices).max())
        assert linear_systems._bandwidth(indices, indptr, states) == far
        assert (linear_systems._bandwidth(indices, indptr, 3) > 3) == (far > 3)


def test_a_strip_leads_to_the_next_numbers() -> None:
    def strip(columns: Any) -> bool:
        return is_strip(np.asarray(columns, dtype=np.int32), np.arange(len(columns) + 1))

    line = np.minimum(np.arange(5_000) + 1, 4_999)
    assert strip(line)
    assert not strip(line[::-1])
    side = 60  # of a square map, whose rows follow each other
    assert not strip(np.minimum(np.arange(side**2) + side, side**2 - 1))
