"""Ordered Gauss-Seidel against exact rationals, the linear solve and Dijkstra; its order, fronts and bounds."""

import warnings
from fractions import Fraction
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from scipy import sparse
from scipy.sparse import csgraph

import planners
from gridworld_env.dynamics.rules_to_tables import Rules, make_mdp
from gridworld_env.grid.grid import parse_grid
from planners import MoveMDP, Status, TabularMDP, UnboundedValueError
from planners.equations.from_model import make_problem
from planners.sweeps import ordered_sweeps
from planners.sweeps.move_sweeps import MoveSweeps
from planners.sweeps.row_sweeps import RowSweeps
from tests.oracles.bounds import check_contained
from tests.oracles.exact import as_floats, optimal_values
from tests.oracles.models import tables


def random_map(rng: np.random.Generator, size: int, walls: float = 0.15) -> list[str]:
    squares = np.where(rng.random((size, size)) < walls, "#", ".")
    squares[0, 0], squares[size // 2, size // 2], squares[-1, -1] = "+", "-", "S"
    return ["".join(row) for row in squares]


RULES = [
    Rules(slip=0.2),
    Rules(slip=0.0),
    Rules(slip=0.2, moves="king"),
    Rules(slip=0.1, moves="octile", step_reward=-1.0),
    Rules(slip=0.3, reward_on="exit"),
    Rules(slip=0.2, bump_reward=-0.5),
    Rules(slip=0.2, step_reward=0.0),
    Rules(slip=0.9, step_reward=-2.0),
]


@pytest.mark.parametrize("rules", RULES, ids=repr)
@pytest.mark.parametrize("discount", [0.0, 0.5, 0.99, 0.9999, 1.0])
def test_agrees_with_linear_solves(rules: Rules, discount: float, rng: np.random.Generator) -> None:
    mdp = make_mdp(parse_grid(random_map(rng, 24)), rules)
    truth = planners.policy_iteration(mdp, discount=discount)
    tolerance = 1e-6 if discount == 0.9999 else 1e-7  # values of up to 5000 have a floor above 1e-7 there
    for model in (mdp, mdp.tabular):
        plan = planners.gauss_seidel(model, discount=discount, tolerance=tolerance)
        assert plan.status is Status.CONVERGED
        assert plan.error_bound <= tolerance
        assert (plan.lower <= truth.upper).all()
        assert (truth.lower <= plan.upper).all()
        finite = np.isfinite(truth.values)
        np.testing.assert_array_equal(np.isfinite(plan.values), finite)
        followed = planners.evaluate(mdp, plan.policy, discount=discount)
        assert (followed >= plan.lower - 1e-9 - 1e-11 * np.abs(plan.lower)).all()  # `followed` has errors of its own


@given(case=tables())
def test_bounds_hold_exactly_without_a_discount(case: Any) -> None:
    model = TabularMDP.from_gym_dict(as_floats(case))
    try:
        plan = planners.gauss_seidel(model, discount=1.0, tolerance=1e-9, throw=False, max_iterations=3000)
    except UnboundedValueError:
        return  # what is unbounded is tested with the other methods, which share the analysis
    check_contained(plan, optimal_values(case, Fraction(1)))


def test_shortest_ways_are_those_of_dijkstra(rng: np.random.Generator) -> None:
    """Deterministic octile moves at discount 1, an end that costs its own step: V* is minus the distance."""
    desc = [row.replace("-", ".").replace("+", "G") for row in random_map(rng, 40, walls=0.3)]
    mdp = make_mdp(parse_grid(desc, {"G": {"terminal": True}}), Rules(moves="octile", step_reward=-1.0))
    plan = planners.gauss_seidel(mdp, discount=1.0, tolerance=1e-9)
    lengths = np.array([1.0] * 4 + [np.sqrt(2)] * 4)
    state, move = (np.asarray(index) for index in np.indices(mdp.successor.shape))
    leaves = mdp.successor != state
    count = mdp.num_states
    entries = (lengths[move[leaves]], (mdp.successor[leaves], state[leaves]))
    distance = csgraph.dijkstra(sparse.csr_array(entries, shape=(count, count)), indices=[0])[0]
    np.testing.assert_allclose(plan.values, -distance, rtol=1e-12)


def test_blocks_and_windows_do_not_change_the_answer(rng: np.random.Generator) -> None:
    mdp = make_mdp(parse_grid(random_map(rng, 60)), Rules(slip=0.2))
    truth = planners.policy_iteration(mdp, discount=0.999).values
    for block, window in ((7, 1), (7, 5), (64, 2), (4096, 1)):
        for front in (MoveSweeps(mdp, 0.999), RowSweeps(make_problem(mdp.tabular, 0.999))):
            shrink(front, block, window)
            while not front.advance(1e-12, 100):
                pass
            np.testing.assert_allclose(front.values[front.order.rank], truth, atol=1e-8)


def shrink(front: Any, block: int, window: int) -> None:
    """The same front with other blocks."""
    from planners.kernels import ordering

    front.block, front.blocks = block, -(-front.order.computed // block)
    front.cursor[:] = [0, window, -1, 0]
    front.pending = np.zeros(front.blocks)
    if isinstance(front, MoveSweeps):
        front.span = ordering.moves_between_blocks(front.successor, block, front.blocks, front.order.computed)
    else:
        tables = front.indptr, front.indices, front.first
        front.span = ordering.rows_between_blocks(*tables, block, front.blocks, front.order.computed)


@pytest.mark.parametrize("discount", [0.9, 0.999, 0.99999])
def test_sweeps_follow_the_front(discount: float, rng: np.random.Generator) -> None:
    """A state is swept some tens of times, where Jacobi sweeps everything 1 / (1 - discount) times and more."""
    mdp = make_mdp(parse_grid(random_map(rng, 200)), Rules(slip=0.2))
    for front in (MoveSweeps(mdp, discount), RowSweeps(make_problem(mdp.tabular, discount))):
        assert (front.span[:, 0] - np.arange(front.blocks) < 10).all()  # a block reads only those nearby
        assert (front.span[:, 2] - front.span[:, 1] < 20).all()
        while not front.advance(1e-9 * (1.0 - discount), 100):
            pass
        assert front.sweeps < 80


@pytest.mark.parametrize("form", ["moves", "rows"])
@pytest.mark.parametrize("guess", [0.0, 1e3, -1e3])
def test_a_bad_start_costs_little(form: str, guess: float, rng: np.random.Generator) -> None:
    """Values that are too high would fall by a step's reward a sweep; they are lowered beforehand."""
    mdp = make_mdp(parse_grid(random_map(rng, 100)), Rules(slip=0.2))
    front = MoveSweeps(mdp, 0.999) if form == "moves" else RowSweeps(make_problem(mdp.tabular, 0.999))
    front.begin_at(np.full(mdp.num_states, guess))
    while not front.advance(1e-9, 100):
        pass
    assert front.sweeps < 200


def test_the_order_is_breadth_first(rng: np.random.Generator) -> None:
    desc = [row.replace("-", ".") for row in random_map(rng, 20)]  # one end: a second, worse one joins later
    mdp = make_mdp(parse_grid(desc), Rules(slip=0.2))
    front = MoveSweeps(mdp, 0.9)
    distance = np.full(mdp.num_states, np.inf)
    distance[front.order.order[front.order.computed :]] = 0
    while True:  # Bellman-Ford on numbers of moves
        nearer = np.minimum(distance, 1 + distance[mdp.successor].min(axis=1))
        if (nearer == distance).all():
            break
        distance = nearer
    assert (np.diff(distance[front.order.order[: front.order.computed]]) >= 0).all()


def test_a_worse_end_joins_when_steps_are_worth_the_difference() -> None:
    """On a line, + at the left and - at the right: 2 is worth 20 steps of .1 (discount 1: taken as .9999)."""
    mdp = make_mdp(parse_grid(["+" + "." * 40 + "-"]), Rules(slip=0.0, step_reward=-0.1))
    front = MoveSweeps(mdp, 0.999999)
    first_from_the_right = int(np.flatnonzero(front.order.order == 40)[0])
    assert first_from_the_right == 20  # after the twenty squares nearest to +, whose layers are 0..19
    plan = planners.gauss_seidel(mdp, discount=0.999999)
    np.testing.assert_allclose(plan.values[1:31], 1 - 0.1 * np.arange(30), atol=1e-3)


def test_states_that_never_end_are_set_exactly() -> None:
    mdp = make_mdp(parse_grid(["S.+", "###", "..."]), Rules(slip=0.2, step_reward=-0.04))
    plan = planners.gauss_seidel(mdp, discount=0.99999, tolerance=1e-8)
    assert plan.values[3:] == pytest.approx([-0.04 / (1 - 0.99999)] * 3, rel=1e-14)


@pytest.mark.parametrize("form", ["moves", "rows"])
def test_models_without_an_end_are_solved_too(form: str) -> None:
    mdp: Any = gym.make("GridWorld-v0", map_name="sutton-barto-3.5").unwrapped.mdp  # pyright: ignore[reportAttributeAccessIssue]
    plan = planners.gauss_seidel(mdp if form == "moves" else mdp.tabular, discount=0.9)
    assert plan.values[1] == pytest.approx(24.4, abs=0.05)  # Sutton and Barto, Example 3.8


def test_ctrl_c_keeps_the_plan(rng: np.random.Generator) -> None:
    mdp = make_mdp(parse_grid(random_map(rng, 400)), Rules(slip=0.2))
    truth = planners.gauss_seidel(mdp, discount=0.999)

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    plan = planners.gauss_seidel(mdp, discount=0.999, progress=stop)
    assert plan.status is Status.INTERRUPTED
    assert (plan.lower <= truth.upper).all()
    assert (plan.upper >= truth.lower).all()


def test_a_tolerance_below_rounding_ends_with_the_floor() -> None:
    mdp = make_mdp(parse_grid(["S..+"]), Rules(slip=0.2))
    plan = planners.gauss_seidel(mdp, discount=0.9, tolerance=1e-18, throw=False)
    assert plan.status is Status.ROUNDING_FLOOR
    assert 1e-18 < plan.error_bound < 1e-13


@pytest.mark.parametrize("reward", [1e308, -1e308])
def test_what_overflows_is_reported_with_bounds_that_hold(reward: float) -> None:
    """V* = reward / (1 - .99) is beyond float64; the other planners say so."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, reward, False)]}})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        plan = planners.gauss_seidel(model, discount=0.99, throw=False)
    assert plan.status is Status.NON_FINITE
    assert plan.lower[0] <= np.copysign(np.inf, reward) <= plan.upper[0]


def test_a_move_mdp_is_never_made_tabular(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    def refuse(_: MoveMDP) -> TabularMDP:
        raise AssertionError("the tables of probabilities were asked for")

    monkeypatch.setattr(MoveMDP, "tabular", property(refuse))
    mdp = make_mdp(parse_grid(random_map(rng, 120)), Rules(slip=0.2))
    plan = planners.solve(mdp, discount=0.999)
    assert plan.converged
    assert plan.optimal_actions.shape == plan.action_values.shape == (mdp.num_states, 4)
    np.testing.assert_allclose(plan.action_values.max(axis=1), plan.values, atol=1e-5)


def test_the_kind_of_a_lone_square_counts() -> None:
    """One state of the second of two kinds, on which the only action ends for 5 instead of staying for 1."""
    lone = MoveMDP(
        successor=np.zeros((1, 2), dtype=np.int32),
        outcome=np.array([[0, 1]], dtype=np.uint8),
        outcome_reward=np.array([1.0, 5.0]),
        outcome_ends=np.array([False, True]),
        mixture=np.array([[[1.0, 0.0]], [[0.0, 1.0]]]),
        kind=np.array([1], dtype=np.uint8),
    )
    np.testing.assert_allclose(planners.gauss_seidel(lone, discount=0.5).values, [5.0], atol=1e-6)


def test_reports_do_not_wait_for_long_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two reports, which Ctrl-C and `max_sweeps` wait for, as many entries are read as of short rows."""
    monkeypatch.setattr(ordered_sweeps, "MOST_READ", 40_000)
    states = 100
    P = np.full((states, 1, states), 1.0 / states)
    dense = TabularMDP.from_arrays(P, np.arange(float(states))[:, None])
    many = MoveMDP(
        successor=np.zeros((states, 1), dtype=np.int32),
        outcome=np.zeros((states, 1), dtype=np.uint8),
        outcome_reward=np.array([1.0]),
        outcome_ends=np.array([False]),
        mixture=np.ones((1, states, 1)),
    )
    for sweeps in (RowSweeps(make_problem(dense, 0.999)), MoveSweeps(many, 0.999)):
        sweeps.advance(0.0)
        assert sweeps.sweeps <= 4.0  # of 10,000 entries
    limited = planners.gauss_seidel(dense, discount=0.999, tolerance=1e-300, max_sweeps=8, throw=False)
    assert limited.iterations <= 3
