"""Plans of games against exact rationals, known values and other methods; what is refused; what interrupts."""

import copy
import pickle
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import planners
from planners import InvalidOptionError, InvalidPolicyError, MarkovGame, NotConvergedError, Status
from planners.games import worlds
from planners.games.methods import METHODS
from planners.games.stages import Stages
from tests.oracles import games
from tests.oracles.examples import times

SHAPES = [(2, 2, 2), (2, 3, 3), (3, 2, 2), (2, 1, 3), (2, 3, 2)]
DISCOUNTS = [Fraction(0), Fraction(1, 2), Fraction(15, 16), Fraction(1)]


@pytest.mark.parametrize("method", METHODS)
def test_bounds_and_strategies_hold_exactly(rng: np.random.Generator, method: str) -> None:
    """Proven bounds: no false alarms, whatever the seed."""
    for number in range(times(32)):
        discount, floats = DISCOUNTS[number % 4], number % 3 == 0
        discount = Fraction(0.9) if floats else discount
        game = games.random_game(rng, *SHAPES[number % 5], ends=discount == 1, floats=floats)
        assert not games.violations(game, discount, method=method), (number, game)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (3, 3), (3, 5), (5, 3), (4, 4)])
def test_matrix_games_with_ties(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    """Few different payoffs: degenerate linear programs, whose strategies prove the exact value nevertheless."""
    for _ in range(times(40)):
        payoffs = rng.integers(-1, 2, size=shape).astype(np.float64)
        plan = planners.solve(MarkovGame.from_matrix(payoffs), discount=0.5, tolerance=1e-12)
        value, _, _ = games.solve_matrix([[Fraction(p) for p in row] for row in payoffs.tolist()])
        assert Fraction(float(plan.lower[0])) <= value <= Fraction(float(plan.upper[0])), payoffs


def test_payoffs_of_any_size(rng: np.random.Generator) -> None:
    for exponent in (-300, -30, 0, 30, 300):
        plan = planners.solve(MarkovGame.from_matrix(rng.normal(size=(4, 4)) * 10.0**exponent), discount=0.5)
        assert plan.error_bound <= 1e-12 * 10.0**exponent


def test_larger_matrix_games(rng: np.random.Generator) -> None:
    plan = planners.solve(MarkovGame.from_matrix(rng.normal(size=(60, 40))), discount=0.5, tolerance=1e-10)
    assert plan.lower[0] <= plan.values[0] <= plan.upper[0]


def test_newton_where_it_goes_round_for_ever() -> None:
    """Van der Wal's game (1978): plain Newton steps go from 12 to 4 and back."""
    P, R = np.zeros((2, 2, 2, 2)), np.zeros((2, 2, 2))
    P[0, ..., 0], R[0] = [[1.0, 1 / 3], [1.0, 1.0]], [[3.0, 6.0], [2.0, 1.0]]
    P[..., 1] = 1.0 - P[..., 0]
    game = MarkovGame.from_arrays(P, R, terminal=[False, True])
    stages, V = Stages(game, 0.75), np.zeros(2)
    went = []
    for _ in range(4):
        stage = stages.solve(V)
        V = stages.value_of(stage.rows, stage.columns)
        went.append(float(V[0].round(9)))
    assert went == [12.0, 4.0, 12.0, 4.0]
    for method in METHODS:
        plan = planners.solve(game, discount=0.75, method=method, tolerance=1e-9)
        v = float(plan.values[0])
        Q = [[3 + 0.75 * v, 6 + 0.25 * v], [2 + 0.75 * v, 1 + 0.75 * v]]
        assert abs(float(games.solve_matrix([[Fraction(q) for q in row] for row in Q])[0]) - v) <= 1e-9


def test_known_values() -> None:
    for make in (worlds.matching_pennies, worlds.rock_paper_scissors):
        plan = planners.solve(make(), discount=0.9, tolerance=1e-12)
        assert abs(plan.values[0]) <= 1e-12
        assert np.ptp(plan.policy.probabilities) <= 1e-12


def test_soccer_is_the_same_for_both() -> None:
    """Turned by half, with the players exchanged, the field is the same: V(s) = -V(turned s)."""
    game = worlds.soccer()
    plan = planners.solve(game, discount=0.9, tolerance=1e-9)
    assert game.states is not None
    for number, state in enumerate(game.states.keys):
        if isinstance(state, tuple):
            a, b, ball = state
            turned = ((3 - b[0], 4 - b[1]), (3 - a[0], 4 - a[1]), "B" if ball == "A" else "A")
            assert abs(plan.values[number] + plan.value(turned)) <= 2e-9
    assert plan.value(((1, 0), (2, 4), "A")) == pytest.approx(1.0, abs=1e-9)  # out on the left: a goal
    assert float(plan.exploitability.upper.max()) <= 4e-9


def test_pursuit_on_a_line_and_on_a_ring() -> None:
    """On a line the evader is cornered; on a ring it is never caught by one who has to move as it does."""
    right, left = np.minimum(np.arange(5) + 1, 4), np.maximum(np.arange(5) - 1, 0)
    line = planners.TabularMDP.from_arrays(np.stack([np.eye(5)[right], np.eye(5)[left]], axis=1), np.zeros((5, 2)))
    plan = planners.solve(worlds.pursuit(line), discount=0.5, tolerance=1e-12)
    assert plan.value((0, 4)) == pytest.approx(0.5**3, abs=1e-12)  # it comes next to the corner, and then steps into it
    around = np.stack([np.roll(np.eye(6), k, axis=1) for k in (1, -1)], axis=1)
    ring = planners.TabularMDP.from_arrays(around, np.zeros((6, 2)))
    assert planners.solve(worlds.pursuit(ring), discount=0.5, tolerance=1e-12).value((0, 2)) == pytest.approx(
        0, abs=1e-12
    )


def test_many_states_whose_systems_are_approached(rng: np.random.Generator) -> None:
    """More states than are factored: 2500, with chances."""
    steps = np.minimum(np.arange(50) + 1, 49), np.maximum(np.arange(50) - 1, 0)
    walk = np.stack([0.9 * np.eye(50)[to] + 0.1 * np.eye(50) for to in steps], axis=1)
    game = worlds.pursuit(planners.TabularMDP.from_arrays(walk, np.zeros((50, 2))), stay=False)
    newton, sweeps = (
        planners.solve(game, discount=0.8, tolerance=1e-8, method=m) for m in ("newton", "value_iteration")
    )
    assert (newton.lower <= sweeps.upper).all()
    assert (sweeps.lower <= newton.upper).all()
    assert float(newton.exploitability.upper.max()) <= 4e-8
    alike = np.full((2500, 2), 0.5)
    found = planners.exploitability(game, alike, alike, discount=0.8)
    assert float((found.upper - found.lower).max()) <= 1e-8


def test_the_finite_gan_is_worth_minus_log_4(rng: np.random.Generator) -> None:
    """Theorem 1: with 1/2 among the levels, whatever the data; and q = p is an optimal strategy of the generator.

    Tables that differ little make a linear program in which thousands of limits nearly coincide.
    """
    for _ in range(3):
        p = rng.dirichlet(np.ones(4))
        tables = np.array(list(product([0.1, 0.3, 0.49, 0.5, 0.51, 0.7, 0.9], repeat=4)))
        game = MarkovGame.from_matrix((np.log(tables) @ p)[:, None] + np.log(1 - tables))
        plan = planners.solve(game, discount=0.9, tolerance=1e-9)
        assert plan.upper[0] - plan.lower[0] <= 2e-9
        assert plan.lower[0] - 1e-15 <= -np.log(4) <= plan.upper[0] + 1e-15
        assert planners.exploitability(game, plan.policy, [p], discount=0.9).upper[0] <= 1e-9


def test_rows_of_very_different_sizes_and_near_ties(rng: np.random.Generator) -> None:
    """What the strategies leave open, as a part of the largest payoff, where exchanges are badly rounded."""
    for number in range(times(100)):
        m, n = rng.integers(2, 20, size=2)
        rounded = number % 2 == 0
        payoffs = rng.integers(-1, 2, size=(m, n)) + 1e-9 * rng.normal(size=(m, n))
        payoffs = payoffs if rounded else rng.normal(size=(m, n)) * 10.0 ** rng.integers(-6, 7, size=(m, 1))
        plan = planners.solve(MarkovGame.from_matrix(payoffs), discount=0.5, throw=False)
        assert plan.error_bound <= 1e-6 * np.abs(payoffs).max(), payoffs


def test_discount_1_needs_an_end() -> None:
    stay = MarkovGame.from_arrays(np.ones((1, 2, 2, 1)), np.zeros((1, 2, 2)))
    with pytest.raises(InvalidOptionError, match=r"at discount 1 every play has to end.*such as 0"):
        planners.solve(stay, discount=1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"minimise": True}, "minimise is True, and a MarkovGame has no such option.*negate R"),
        ({"temperature": 0.1}, "temperature is 0.1"),
        ({"device": "cuda"}, "device is 'cuda'"),
        ({"distributed": True}, "distributed is True"),
        ({"method": "gauss_seidel"}, "expected 'auto', 'newton', 'policy_iteration', 'value_iteration'"),
        ({"epsilon": 1.0}, "a MarkovGame has no option 'epsilon'; expected 'discount'"),
        ({"discount": 1.5}, "discount is 1.5"),
        ({"discount": np.ones((1, 4))}, "discount is a table of shape"),
        ({"tolerance": -1.0}, "tolerance is -1.0"),
        ({"max_iterations": 0}, "max_iterations is 0"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOptionError, match=said):
        planners.solve(worlds.matching_pennies(), **{"discount": 0.9, **options})


def test_a_tolerance_that_rounding_forbids() -> None:
    game = MarkovGame.from_arrays(np.ones((1, 2, 2, 1)), [[[1.0, 2.0], [2.0, 1.0]]])
    with pytest.raises(NotConvergedError, match="ask for tolerance="):
        planners.solve(game, discount=0.999, tolerance=1e-15)
    plan = planners.solve(game, discount=0.999, tolerance=1e-15, throw=False)
    assert plan.status is Status.ROUNDING_FLOOR
    assert plan.lower[0] <= 1500.0 <= plan.upper[0]


def test_limits_and_interrupts_keep_valid_bounds() -> None:
    game = worlds.soccer(2, 3)
    exact = planners.solve(game, discount=0.95, tolerance=1e-10)

    def stop(moment: planners.Moment) -> None:
        assert moment.values.shape == (game.num_states,)
        if moment.iteration == 3:
            raise KeyboardInterrupt

    plans = [
        planners.solve(game, discount=0.95, method="value_iteration", max_iterations=3, throw=False),
        planners.solve(game, discount=0.95, method="value_iteration", progress=stop),
    ]
    assert [plan.status for plan in plans] == [Status.ITERATION_LIMIT, Status.INTERRUPTED]
    for plan in plans:
        assert plan.iterations == 3
        assert (plan.lower <= exact.upper).all()
        assert (exact.lower <= plan.upper).all()
        assert (plan.exploitability.guaranteed_upper >= plan.lower).all()


def test_plans_are_copied_and_say_what_they_lack() -> None:
    plan = planners.solve(worlds.rock_paper_scissors(), discount=0.9)
    other = pickle.loads(pickle.dumps(copy.deepcopy(plan)))
    assert repr(other) == repr(plan)
    assert "loses at most" in other.report()
    assert other.optimal_actions.all()
    with pytest.raises(InvalidOptionError, match=r"numpy\.savez"):
        plan.save("plan.npz")


def test_other_questions_say_that_a_game_is_none_of_theirs() -> None:
    with pytest.raises(planners.InvalidModelError, match="a MarkovGame has no tables to plan on"):
        planners.value_iteration(worlds.soccer(2, 3), discount=0.9)  # pyright: ignore[reportArgumentType]


def test_exploitability_of_policies_that_do_not_fit() -> None:
    game = MarkovGame.from_arrays(
        np.ones((1, 2, 2, 1)), np.zeros((1, 2, 2)), feasible=[[True, False]], actions=["stay", "go"]
    )
    with pytest.raises(
        InvalidPolicyError, match="row player's policy takes action 1 in state 0, where it does not exist"
    ):
        planners.exploitability(game, [1], [0], discount=0.5)
    with pytest.raises(InvalidPolicyError, match="the policy has 1 states and 3 actions"):
        planners.exploitability(game, [0], [[0.2, 0.3, 0.5]], discount=0.5)
    with pytest.raises(InvalidOptionError, match=r"game is a int; expected a planners\.MarkovGame"):
        planners.exploitability(3, [0], [0], discount=0.5)  # pyright: ignore[reportArgumentType]
