"""Modified policy iteration, the linear program and warm starts, against exact rationals and each other."""

import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import scipy.optimize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import InvalidOptionError, Iteration, Plan, Status, TabularMDP, UnboundedValueError
from planners.iteration.progress import Forecast
from planners.methods.linear_program import ROW_LIMIT
from tests.oracles.bounds import check_plan
from tests.oracles.exact import Tables, as_floats, optimal_values
from tests.oracles.methods import METHODS, compiled_modified_policy_iteration
from tests.oracles.models import COSTS, DISCOUNTS, REWARDS, tables

exact = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
WARM: list[Callable[..., Plan]] = [
    planners.value_iteration,
    planners.policy_iteration,
    planners.modified_policy_iteration,
    compiled_modified_policy_iteration,
    partial(planners.policy_iteration, evaluation="krylov"),
    planners.gauss_seidel,
]
OTHERS = (  # the endings of value iteration, policy iteration and `solve` are tested in tests/planners/iteration
    "modified policy iteration",
    "modified policy iteration, no sweeps",
    "modified policy iteration, 3 sweeps",
    "modified policy iteration, compiled",
    "linear program",
    "policy iteration, Krylov",
)
every_other_method = pytest.mark.parametrize("method", [METHODS[name] for name in OTHERS], ids=OTHERS)
every_warm_method = pytest.mark.parametrize("method", WARM)


def stay_or_stop() -> TabularMDP:
    """State 0 stays for 1 or stops for 3."""
    return TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})


guesses = st.floats(-1e3, 1e3, allow_nan=False, width=32)


@exact
@given(
    P=tables(going_on=COSTS, at_end=REWARDS),
    discount=st.sampled_from([*DISCOUNTS, Fraction(1)]),
    method=st.sampled_from(WARM),
    data=st.data(),
)
def test_any_start_leads_to_the_same_values(
    P: Tables, discount: Fraction, method: Callable[..., Plan], data: st.DataObject
) -> None:
    start = data.draw(st.lists(guesses, min_size=len(P), max_size=len(P)))
    plan = method(TabularMDP.from_gym_dict(as_floats(P)), discount=float(discount), start=start)
    check_plan(P, plan, optimal_values(P, discount), discount)


@exact
@given(P=tables(), discount=st.sampled_from(DISCOUNTS), method=st.sampled_from(WARM))
def test_start_from_the_plan_of_another_discount(P: Tables, discount: Fraction, method: Callable[..., Plan]) -> None:
    model = TabularMDP.from_gym_dict(as_floats(P))
    try:
        start = planners.solve(model, discount=1.0)
    except UnboundedValueError:
        start = planners.solve(model, discount=0.25)
    check_plan(P, method(model, discount=float(discount), start=start), optimal_values(P, discount), discount)


@every_warm_method
@pytest.mark.parametrize("discount", [0.9, 0.999, 1.0])
def test_a_finished_plan_is_a_start_that_saves_the_work(method: Callable[..., Plan], discount: float) -> None:
    env = gym.make("GridWorld-v0", slip=0.2)
    done = planners.policy_iteration(env, discount=discount)
    again = method(env, discount=discount, start=done)
    assert again.iterations <= 2
    assert again.converged
    assert np.array_equal(again.policy.actions, done.policy.actions)
    assert method(env, discount=discount, start=done.values).converged


@every_warm_method
@pytest.mark.parametrize(
    ("start", "message"),
    [
        ([0.0, 0.0], r"start has shape \(2,\); expected a plan of this model, or \(1,\) values"),
        ([[0.0]], r"start has shape \(1, 1\)"),
        ([np.nan], "start is nan in state 0; expected finite numbers"),
        ([np.inf], "start is inf in state 0"),
    ],
)
@pytest.mark.parametrize("discount", [0.5, 0.0])
def test_wrong_starts(method: Callable[..., Plan], start: Any, message: str, discount: float) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        method(stay_or_stop(), discount=discount, start=start)


@every_warm_method
def test_start_from_a_plan_of_another_size(method: Callable[..., Plan]) -> None:
    other = planners.solve(gym.make("FrozenLake-v1"), discount=0.9)
    with pytest.raises(InvalidOptionError, match=r"start has shape \(16,\)"):
        method(stay_or_stop(), discount=0.9, start=other)


def test_start_from_a_plan_with_an_action_that_is_not_there() -> None:
    other = planners.solve(TabularMDP.from_gym_dict({0: {2: [(1.0, 0, 0.0, True)]}}), discount=0.9)
    with pytest.raises(InvalidOptionError, match=r"takes action 2 in state 0.*start=plan\.values"):
        planners.policy_iteration(stay_or_stop(), discount=0.9, start=other)
    assert planners.policy_iteration(stay_or_stop(), discount=0.9, start=other.values).converged


# Each method's own.


def test_the_values_of_modified_policy_iteration_rise() -> None:
    """From V_0 <= T V_0 every iterate is a lower bound, so the bounds of two runs nest."""
    env = gym.make("GridWorld-v0", slip=0.2)
    for discount in (0.99, 1.0):
        truth = planners.policy_iteration(env, discount=discount, tolerance=1e-9)
        for limit in (1, 2, 3, 5):
            plan = planners.modified_policy_iteration(
                env, discount=discount, sweeps=4, max_iterations=limit, throw=False
            )
            assert (plan.lower <= truth.upper).all()


def test_no_sweeps_are_value_iteration() -> None:
    env = gym.make("FrozenLake-v1")
    ours = planners.modified_policy_iteration(env, discount=0.9, sweeps=0, start=np.zeros(16))
    plain = planners.value_iteration(env, discount=0.9)
    assert [step.residual for step in ours.history] == [step.residual for step in plain.history]


@pytest.mark.parametrize("sweeps", [-1, 2.5, None])
def test_sweeps_below_zero(sweeps: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"sweeps is .*whole number of at least 0"):
        planners.modified_policy_iteration(stay_or_stop(), discount=0.5, sweeps=sweeps)


def test_linear_program_refuses_large_models() -> None:
    states = ROW_LIMIT + 1
    model = TabularMDP.from_gym_dict({s: {0: [(1.0, s, 0.0, True)]} for s in range(states)})
    with pytest.raises(InvalidOptionError, match=rf"at most {ROW_LIMIT} pairs.*has {states}.*planners\.solve\(\)"):
        planners.linear_program(model, discount=0.5)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e25])
def test_linear_program_of_any_unit_of_reward(scale: float) -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, scale, False)], 1: [(1.0, 0, 3 * scale, True)]}})
    plan = planners.linear_program(model, discount=0.8, tolerance=1e-9 * scale)
    assert plan.values[0] == pytest.approx(5 * scale)


def test_where_highs_gives_up_policy_iteration_answers_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = type("Result", (), {"status": 4, "message": "numerical difficulties"})()
    monkeypatch.setattr(scipy.optimize, "linprog", lambda **_: failed)
    plan = planners.linear_program(stay_or_stop(), discount=0.5)
    assert plan.converged
    assert plan.method.startswith("policy iteration (HiGHS could not solve")
    np.testing.assert_array_equal(plan.values, planners.policy_iteration(stay_or_stop(), discount=0.5).values)


@every_other_method
def test_tolerance_below_the_floor(method: Callable[..., Plan]) -> None:
    P = {s: {0: [(0.3, s, 0.1, False), (0.3, 1 - s, -0.7, False), (0.4, 0, 37.7, True)]} for s in range(2)}
    for discount in (0.5, 0.999, 1.0):
        plan = method(TabularMDP.from_gym_dict(P), discount=discount, tolerance=1e-18, throw=False)
        assert plan.status is Status.ROUNDING_FLOOR


@every_other_method
def test_overflow_is_reported(method: Callable[..., Plan]) -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1e308, False)]}})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        plan = method(model, discount=0.99, throw=False)
    assert plan.status is Status.NON_FINITE
    assert plan.upper[0] == np.inf


@pytest.mark.parametrize("name", ["modified_policy_iteration", "linear-program"])
def test_solve_knows_the_methods(name: str) -> None:
    assert planners.solve(stay_or_stop(), discount=0.8, method=name).values[0] == pytest.approx(5.0)


# Progress.


def test_forecast_of_a_bound_that_falls_by_a_tenth_each_second() -> None:
    forecast = Forecast(tolerance=1e-6, states=1000)
    for second in range(1, 5):
        forecast.take(Iteration(second, 0.1, 10.0**-second, float(second)))
    assert forecast.seconds_left == pytest.approx(2.0)  # from 1e-4 to 1e-6
    assert forecast.done == pytest.approx(3 / 5)  # 1e-1 to 1e-6 are five tenths
    note = forecast.note(Iteration(4, 0.1, 1e-4, 4.0))
    assert note == "iteration 4, residual 1.0e-01, error at most 1.0e-04, 1 000 states/s, about 2 s left"


def test_forecast_does_not_guess_without_a_falling_bound() -> None:
    forecast = Forecast(tolerance=1e-6, states=0)
    for bound in (np.inf, 1.0, 1.0, 2.0):
        forecast.take(Iteration(1, 0.1, bound, 1.0))
        assert forecast.seconds_left is None
    assert "left" not in forecast.note(Iteration(4, 0.1, 2.0, 4.0))
    assert forecast.done == 0.0


@every_other_method
def test_progress_line(method: Callable[..., Plan], capsys: pytest.CaptureFixture[str]) -> None:
    method(stay_or_stop(), discount=0.9, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "iteration" in captured.err
