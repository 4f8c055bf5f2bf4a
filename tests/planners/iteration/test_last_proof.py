"""Where rounding stops a method below discount 1, values around known numbers prove more, and what they prove holds."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest

import planners
from gridworld_env.dynamics.rules_to_tables import Rules, make_mdp
from gridworld_env.grid.grid import parse_grid
from planners import NotConvergedError, Plan, Status, TabularMDP
from planners.distributed import Rows, solve_in_parts
from planners.equations.certificates import Bounds
from planners.equations.from_model import make_problem
from planners.iteration.last_proof import around, moved
from planners.models.slices import model_of_slices, tables_of_model
from tests.oracles.rationals import Exact, Given


def by_slices(model: TabularMDP, **options: Any) -> Plan:
    """In parts, of rows that a function returns, so that no process has the model."""
    A = model.num_actions

    def rows(first: int, last: int) -> tuple[Any, ...]:
        part = slice(first, last)
        P = model.transitions[first * A : last * A]
        return P, model.rewards[part], model.termination[part], model.feasible[part]

    return solve_in_parts(Rows(rows, model.num_states, A), parts=2, **options)


METHODS: dict[str, Callable[..., Plan]] = {
    "value_iteration": planners.value_iteration,
    "policy_iteration": planners.policy_iteration,
    "modified_policy_iteration": planners.modified_policy_iteration,
    "gauss_seidel": planners.gauss_seidel,
    "linear_program": planners.linear_program,
    "solve": planners.solve,
    "parts": solve_in_parts,
    "slices": by_slices,
}
NEVER_ENDING = [name for name in METHODS if name != "gauss_seidel"]  # which is for models in which episodes end


def drawn(rng: np.random.Generator, end: float = 0.0) -> Given:
    """Four states of two actions that go all over, each action with some reward."""
    rows = {}
    for state in range(4):
        rows[state] = {}
        for action in range(2):
            weights = rng.random(3) + 0.1
            columns = (weights / weights.sum(), rng.integers(4, size=3), rng.normal(size=3), rng.random(3) < end)
            rows[state][action] = [(float(p), int(t), float(r), bool(e)) for p, t, r, e in zip(*columns, strict=True)]
    return rows


def check(plan: Plan, exact: list[Any]) -> None:
    """The bounds hold V*, and the values are as near to it as they say."""
    for low, value, high, truth in zip(plan.lower, plan.values, plan.upper, exact, strict=True):
        assert Fraction(low) <= truth <= Fraction(high)
        assert abs(Fraction(value) - truth) <= Fraction(plan.error_bound)


@pytest.mark.parametrize("name", NEVER_ENDING)
@pytest.mark.parametrize("minimise", [False, True])
def test_values_that_are_large_and_nearly_the_same(name: str, minimise: bool, rng: np.random.Generator) -> None:
    """V* is about 10^9, and floats there are 10^-7 apart; what is proven of its backup alone is about 1."""
    given, discount = drawn(rng), 1 - 2.0**-30
    plan = METHODS[name](TabularMDP.from_gym_dict(given), discount=discount, tolerance=1e-4, minimise=minimise)
    assert plan.status is Status.CONVERGED
    exact = Exact(given, discount, negate=minimise).best()
    check(plan, [-value for value in exact] if minimise else exact)


@pytest.mark.parametrize("name", ["value_iteration", "policy_iteration", "gauss_seidel", "linear_program", "solve"])
def test_classes_of_unlike_values(name: str) -> None:
    """State 0 pays for ever, state 2 ends at once, and state 1 leads to both."""
    given: Given = {
        0: {0: [(1.0, 0, -0.9, False)]},
        1: {0: [(0.6, 2, -0.2, False), (0.4, 0, -1.4, False)], 1: [(1.0, 0, -8e8, False)]},
        2: {0: [(0.95, 2, -1.9, True), (0.05, 2, -1.3, False)], 1: [(1.0, 0, -1.0, False)]},
    }
    plan = METHODS[name](TabularMDP.from_gym_dict(given), discount=1 - 2.0**-30, tolerance=1e-4)
    check(plan, Exact(given, 1 - 2.0**-30).best())


@pytest.mark.parametrize("discount", [0.5, 0.99, 1 - 2.0**-40])
def test_the_rounding_of_a_backup_is_within_its_bound(discount: float, rng: np.random.Generator) -> None:
    """Of a backup of C + h minus C + h, whatever C is; the exact one is of the rows as they are given."""
    for _ in range(30):
        given = drawn(rng, 0.2)
        problem = make_problem(TabularMDP.from_gym_dict(given), discount)
        large = 10.0 ** rng.integers(0, 15)
        centre = large * rng.normal(size=4) if rng.random() < 0.5 else np.full(4, large)
        h = 10.0 ** rng.integers(-3, 3) * rng.normal(size=4)
        shifted = around(problem, centre)
        gain = shifted.action_values(h) - h[shifted.row_state]
        V = [Fraction(c) + Fraction(x) for c, x in zip(centre.tolist(), h.tolist(), strict=True)]
        for row, (found, bound) in enumerate(zip(gain.tolist(), shifted.sharp_rounding(h).tolist(), strict=True)):
            state, action = divmod(int(problem.row_pair[row]), 2)
            entries = [(Fraction(p), t, Fraction(r), e) for p, t, r, e in given[state][action]]
            total = sum(p for p, *_ in entries)
            exact = sum(p * (r + (0 if e else Fraction(discount) * V[t])) for p, t, r, e in entries) / total
            assert abs(exact - V[state] - Fraction(found)) <= Fraction(bound)


def test_bounds_are_moved_outwards(rng: np.random.Generator) -> None:
    """1 + 2^-60 is rounded to 1, which is no upper bound of it."""
    small = np.array([2.0**-60])
    bounds = moved(Bounds(small, small, small, 0.0, np.array([0])), np.array([1.0]))
    assert bounds.lower[0] < 1.0 + 2.0**-52
    assert bounds.upper[0] > 1.0
    assert bounds.error >= bounds.upper[0] - bounds.lower[0] - abs(bounds.values[0] - bounds.lower[0])


def test_what_cannot_be_proven_is_refused_with_what_can() -> None:
    """Floats of 10^9 are 10^-7 apart."""
    loop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    with pytest.raises(NotConvergedError, match="Rounding keeps the provable error above") as caught:
        planners.value_iteration(loop, discount=1 - 1e-9, tolerance=1e-9)
    assert caught.value.plan.error_bound < 1e-5


def test_minimise_and_maximise_are_turned_alike(rng: np.random.Generator) -> None:
    given = drawn(rng)
    costs = {s: {a: [(p, t, -r, e) for p, t, r, e in row] for a, row in rows.items()} for s, rows in given.items()}
    options: dict[str, Any] = {"discount": 1 - 2.0**-30, "tolerance": 1e-4}
    least = planners.value_iteration(TabularMDP.from_gym_dict(costs), minimise=True, **options)
    most = planners.value_iteration(TabularMDP.from_gym_dict(given), **options)
    assert (least.values == -most.values).all()
    assert (least.lower == -most.upper).all()


def test_slices_of_each_form_are_put_together_again(rng: np.random.Generator) -> None:
    moves = make_mdp(parse_grid(["..#+", "...-"]), Rules(slip=0.2))
    for model in (moves, TabularMDP.from_gym_dict(drawn(rng, end=0.3))):
        cut = [0, 1, 3, model.num_states]
        parts = [tables_of_model(model, first, last) for first, last in itertools.pairwise(cut)]
        whole = model_of_slices(parts, model.num_actions)
        assert whole is not None
        for name in ("rewards", "termination", "feasible"):
            np.testing.assert_array_equal(getattr(whole.tabular, name), getattr(model.tabular, name))
        np.testing.assert_array_equal(whole.tabular.transitions.toarray(), model.tabular.transitions.toarray())


def test_slices_with_other_outcomes_are_not_one_model() -> None:
    rules = [Rules(slip=0.2, step_reward=reward) for reward in (-1.0, -2.0)]
    slices = [tables_of_model(make_mdp(parse_grid(["..+"]), each), 0, 3) for each in rules]
    assert model_of_slices(slices, 4) is None


@pytest.mark.parametrize("name", ["value_iteration", "krylov"])
def test_episodes_that_end_soon_are_proven_by_their_steps(name: str) -> None:
    """Rewards nearly cancel on some 30,000 steps to the end, so that V is small beside what is paid on the way."""
    method = partial(planners.policy_iteration, evaluation="krylov") if name == "krylov" else METHODS[name]
    rows: Given = {
        0: {0: [(1.0, 1, 0.01424807637637926, False)]},
        1: {
            0: [
                (4.846663349726019e-07, 1, -0.016339753115021016, False),
                (3.549435171620389e-05, 0, -0.015906096711882062, True),
                (0.9995682080547037, 1, -0.022301871641182875, False),
                (0.00039581322197992615, 0, 56.32155049558489, False),
            ]
        },
        2: {0: [(1.0, 2, 0.0, True)]},
    }
    discount = 1 - 2.0**-40
    plan = method(TabularMDP.from_gym_dict(rows), discount=discount, tolerance=1.7e-10, max_iterations=200_000)
    assert plan.converged
    check(plan, Exact(rows, discount).best())
