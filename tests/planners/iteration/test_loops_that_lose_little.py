"""At discount 1 a loop may lose less than a plain backup is rounded by: every method proves V* all the same."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planners
from planners import Plan, TabularMDP
from planners.equations.certificates import Certifier, weights_of_doubts
from planners.equations.compensated import compensated_gains
from planners.equations.from_model import make_problem
from planners.iteration.last_proof import proven_further
from planners.models.negated import negated
from tests.oracles.rationals import Exact, Given

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from exact_fuzz import check_model  # pyright: ignore[reportMissingImports]

METHODS = ["policy_iteration", "krylov", "modified_policy_iteration", "gauss_seidel", "linear_program", "solve", "many"]
WRONG = {"violation", "raw error", "refusal", "provable", "stored"}


@pytest.mark.parametrize("seed", [1302138, 1304436, 1341753, 1346804, 1321622, 2401303])
def test_what_one_method_proves_all_prove(seed: int) -> None:
    """Differences of a potential, less 2^-45 a step; and rewards near the least float, in a row that waits for long."""
    assert [found for found in check_model(seed, METHODS, undiscounted=True) if found[0] in WRONG] == []


def test_values_that_a_stopped_method_left_far_off_are_forgotten() -> None:
    """V* is 0 beside rewards of 1e158: a start of 1e165 would be refined for ever."""
    found = [each for each in check_model(1110921, ["compiled", "krylov", "solve"]) if each[0] in WRONG]
    assert found == []


@pytest.mark.parametrize("seed", [1167016, 1168771, 1102532, 1106676])
def test_a_policy_on_the_way_may_overflow_where_no_optimal_one_does(seed: int) -> None:
    """Rewards of 1e299 near discount 1: a bad policy is worth more than the largest float, V* is not."""
    names = ["policy_iteration", "krylov", "modified_policy_iteration", "compiled", "solve"]
    assert [found for found in check_model(seed, names) if found[0] in WRONG] == []


@pytest.mark.parametrize(("seed", "name"), [(2100164, "parts"), (2101922, "slices")])
def test_bounds_that_are_proven_count_though_no_state_was_swept(seed: int, name: str) -> None:
    """All rewards are the same, and near discount 1: V* is known at once, and the last change is not a number."""
    assert [found for found in check_model(seed, [name]) if found[0] in WRONG] == []


def losing_loops(rng: np.random.Generator, size: float, loss: float) -> Given:
    """Four states that lead all over, pay what a potential differs by, and lose a little; each may end the episode."""
    potential, rows = size * rng.integers(-3, 4, size=4).astype(float), {}
    for state in range(4):
        rows[state] = {2: [(1.0, state, float(-potential[state] - size), True)]}
        for action in range(2):
            targets, chances = rng.permutation(4)[:2].tolist(), [(0.25, 0.75), (0.5, 0.5)][int(rng.integers(2))]
            rows[state][action] = [
                (p, t, float(potential[t] - potential[state] - loss), False)
                for p, t in zip(chances, targets, strict=True)
            ]
    return rows


@pytest.mark.parametrize(("size", "loss"), [(1.0, 2.0**-47), (2.0**30, 2.0**-17), (2.0**-20, 2.0**-67)])
@pytest.mark.parametrize("name", ["policy_iteration", "modified_policy_iteration", "solve"])
def test_random_losing_loops(name: str, size: float, loss: float, rng: np.random.Generator) -> None:
    """All is a multiple of the loss, and less than 2^53 of it: the loops lose for certain, whatever is drawn."""
    for _ in range(6):
        rows = losing_loops(rng, size, loss)
        model = TabularMDP.from_gym_dict({s: dict(sorted(actions.items())) for s, actions in rows.items()})
        minimise = bool(rng.integers(2))
        source: Any = model if not minimise else negated(model)
        plan: Plan = getattr(planners, name)(source, discount=1.0, minimise=minimise)
        best, sign = Exact(rows, 1.0).best(), -1 if minimise else 1
        lower, upper = (plan.lower, plan.upper) if not minimise else (-plan.upper, -plan.lower)
        assert all(low <= truth <= high for low, truth, high in zip(lower, best, upper, strict=True))
        assert all(
            abs(sign * value - truth) <= plan.error_bound for value, truth in zip(plan.values, best, strict=True)
        )


def test_weights_let_a_row_that_loses_more_than_its_rounding_lead_back() -> None:
    """A loop of two states that loses 1 each time: by steps alone it would have no margin."""
    loop: Given = {
        0: {0: [(1.0, 0, 0.0, True)], 1: [(1.0, 1, 0.0, False)]},
        1: {0: [(1.0, 0, -1.0, False)]},
    }
    problem, off = make_problem(TabularMDP.from_gym_dict(loop), 1.0), np.full(3, 0.1)
    values = np.array([0.0, -1.0])
    gains = problem.action_values(values) - values[problem.row_state]
    assert gains.tolist() == [0.0, -1.0, 0.0]
    weights = weights_of_doubts(problem, gains, off, np.array([0, 2]))
    assert weights is not None
    bounds = Certifier(problem).of_gains(values, gains, off, np.array([0, 2]), weights)
    assert 0.1 <= bounds.error <= 0.3  # two steps that are off by .1 each
    assert weights_of_doubts(problem, gains, np.full(3, 0.6), np.array([0, 2])) is None  # the loop may gain


def test_gains_at_discount_1_hold_for_rows_that_wait(rng: np.random.Generator) -> None:
    """A row that leaves once in 2^24 steps is divided by that; its gain is as good as exact."""
    for _ in range(20):
        p, r = float(rng.uniform(0.5, 1.0)) * 2.0**-24, float(rng.normal())
        rows: Given = {0: {0: [(1.0 - p, 0, 0.0, False), (p, 1, r, False)]}, 1: {0: [(1.0, 1, r / 3.0, True)]}}
        problem = make_problem(TabularMDP.from_gym_dict(rows), 1.0)
        values = np.array([float(value) for value in Exact(rows, 1.0).best()])
        gains = compensated_gains(problem, values, np.zeros(2))
        assert (np.abs(gains.values) <= gains.off + 2.0**-52 * np.abs(values).max()).all()
        assert gains.off.max() < 2.0**-46 * np.abs(values).max()


def test_a_plan_that_converged_is_left_alone() -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 3.0, True)]}})
    plan = planners.policy_iteration(model, discount=1.0)
    assert proven_further(plan) is plan
