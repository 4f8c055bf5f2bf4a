"""In parts, rounding stops a run no sooner than it does in one process."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings

import planners
from gridworld_env.maps.slices import open_map
from planners import TabularMDP
from planners.distributed import solve_in_parts
from planners.distributed.blocks import Blocks
from tests.oracles.bounds import check_contained
from tests.oracles.exact import Tables, as_floats, exact_value, optimal_values, values_of
from tests.oracles.examples import times
from tests.oracles.models import COSTS, REWARDS, tables
from tests.planners.distributed.job import walled_in

ALMOST_ONE = 1.0 - 2.0**-17


def test_a_walled_in_square_of_a_large_value_does_not_widen_the_bounds(tmp_path: Path) -> None:
    """At discount .99999 it is worth -4000, beside values of -40: rounding of it alone is above the tolerance."""
    squares = np.full((104, 104), ".")
    squares[50:53, 50:53], squares[51, 51], squares[0, 0] = "#", ".", "+"
    (tmp_path / "map.txt").write_text("\n".join(map("".join, squares)) + "\n", encoding="ascii")
    plan = solve_in_parts(open_map(str(tmp_path / "map.txt"), slip=0.2), discount=0.99999, tolerance=1e-7)
    assert plan.converged
    assert plan.error_bound <= 1e-7


@pytest.fixture
def without_linear_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on large maps, where linear systems take too long to prove what sweeps cannot."""
    monkeypatch.setattr("planners.iteration.last_proof.MOST_STATES", 0)
    monkeypatch.setattr("planners.distributed.solving.MOST_STATES", 0)


@pytest.mark.usefixtures("without_linear_systems")
@pytest.mark.parametrize("minimise", [False, True])
@pytest.mark.parametrize("form", ["moves", "rows"])
def test_squares_that_never_end_are_set_apart_as_in_one_process(form: str, minimise: bool) -> None:
    model: Any = gym.make("GridWorld-v0", desc=walled_in(), slip=0.2, step_reward=0.04 if minimise else -0.04)
    model = model.unwrapped.mdp if form == "moves" else model.unwrapped.mdp.tabular
    options: dict[str, Any] = {"discount": 0.99999, "tolerance": 1e-9, "minimise": minimise}
    whole, parts = planners.solve(model, **options), solve_in_parts(model, parts=7, **options)
    assert (parts.lower <= whole.upper).all()
    assert (whole.lower <= parts.upper).all()
    followed = planners.evaluate(model, parts.policy, discount=0.99999)
    np.testing.assert_allclose(followed, whole.values, atol=1e-8)


@pytest.mark.usefixtures("without_linear_systems")
def test_a_run_that_goes_on_has_the_same_states_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From whatever sweep: the bits are those of a run that was not ended. Here they are set apart at once."""
    monkeypatch.setattr("planners.distributed.blocks.PROOF_EVERY", 8)
    monkeypatch.setattr("planners.distributed.blocks.MOST_ROUNDED", 1e30)
    model: Any = gym.make("GridWorld-v0", desc=walled_in(), slip=0.2)
    options: dict[str, Any] = {"discount": 0.99999, "tolerance": 1e-10, "parts": 7}
    sweeps, found, set_apart = [], [], Blocks.set_apart

    def counted(self: Blocks, most: float) -> bool:
        sweeps.append(self.sweeps)
        found.append(set_apart(self, most))
        return found[-1]

    monkeypatch.setattr(Blocks, "set_apart", counted)
    alone = solve_in_parts(model, **options)
    (first,) = (sweep for sweep, found_now in zip(sweeps, found, strict=True) if found_now)
    for stop in (first, first + 2):
        out = {"out": tmp_path / str(stop), "checkpoint_every": 10**6}
        assert not solve_in_parts(model, max_iterations=stop, throw=False, **options, **out).converged
        plan = solve_in_parts(model, **options, **out)
        assert plan.iterations == alone.iterations
        for name in ("values", "lower", "upper"):
            np.testing.assert_array_equal(getattr(plan, name), getattr(alone, name))


@pytest.mark.usefixtures("without_linear_systems")
@settings(max_examples=times(50))
@given(case=tables(going_on=COSTS, at_end=REWARDS))
def test_bounds_hold_exactly_where_states_are_set_apart(case: Tables) -> None:
    """Two states more, which cost 3/2 a step for ever, or 2; state 0 may lead there."""
    first, another = len(case), max(case[0]) + 1
    half, on = Fraction(1, 2), Fraction(1)
    case[0][another] = [(half, first, Fraction(0), False), (half, 0, Fraction(-1), False)]
    case[first] = {0: [(on, first, Fraction(-2), False)], 1: [(on, first + 1, Fraction(-3, 2), False)]}
    case[first + 1] = {0: [(on, first, Fraction(-3, 2), False)]}
    model = TabularMDP.from_gym_dict(as_floats(case))
    plan = solve_in_parts(model, discount=ALMOST_ONE, tolerance=1e-13, parts=3, max_iterations=300, throw=False)
    check_contained(plan, optimal_values(case, Fraction(ALMOST_ONE)))
    policy: Any = [{int(action): on} for action in plan.policy.actions]
    achieved = values_of(case, policy, Fraction(ALMOST_ONE))
    assert all(value >= exact_value(lower) for value, lower in zip(achieved, plan.lower, strict=True))
