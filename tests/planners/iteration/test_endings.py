"""How planning ends early or at the edges of float64 (Ctrl-C, overflow, endless episodes), and the result."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planners
from planners import Iteration, NotConvergedError, Plan, Status, TabularMDP
from planners.iteration.progress import Forecast, LogLines
from tests.oracles.bounds import check_contained
from tests.oracles.methods import METHODS as METHODS_BY_NAME

ROOT = Path(__file__).resolve().parents[3]
METHODS: list[Callable[..., Plan]] = [planners.value_iteration, planners.policy_iteration, planners.solve]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def exchange() -> TabularMDP:
    """Two states that take turns, the first pays 1: V0 = 1 / (1 - g^2), V1 = g V0."""
    return TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 0.0, False)]}})


def stop_at(number: int) -> Callable[[Iteration], None]:
    def callback(step: Iteration) -> None:
        if step.iteration == number:
            raise KeyboardInterrupt

    return callback


@pytest.mark.parametrize("number", [1, 2, 30])
def test_interrupted_value_iteration_keeps_its_plan(number: int) -> None:
    plan = planners.value_iteration(exchange(), discount=0.999, progress=stop_at(number))
    truth = np.array([1.0, 0.999]) / (1 - 0.999**2)
    assert plan.status is Status.INTERRUPTED
    assert plan.iterations == number
    assert (plan.lower <= truth).all()
    assert (plan.upper >= truth).all()
    assert np.isfinite(plan.error_bound)


@every_method
@pytest.mark.parametrize("discount", [0.9, 1.0])
def test_interrupted_at_once(method: Callable[..., Plan], discount: float) -> None:
    """Right after the first iterate: the bounds are wide, or infinite, and true."""
    P = {
        0: {0: [(1.0, 1, -1.0, False)], 1: [(1.0, 0, -0.5, False)]},
        1: {0: [(1.0, 1, -9.0, True)], 1: [(1.0, 0, -1.0, False)]},
    }
    plan = method(TabularMDP.from_gym_dict(P), discount=discount, progress=stop_at(1))
    # At .9 staying costs .5 / (1 - .9) = 5; at 1 the only way out costs 1 + 9.
    truth = np.array([-5.0, -5.5]) if discount < 1 else np.array([-10.0, -9.0])
    assert plan.status is Status.INTERRUPTED
    assert (plan.lower <= truth + 1e-12).all()
    assert (plan.upper >= truth - 1e-12).all()


SCRIPT = """
import signal
import planners
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with Ctrl-C ignored
model = planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 0.0, False)]}})
g = 1 - 2.0**-24
def progress(step):
    if step.iteration == 100:
        print("ready", flush=True)
plan = planners.value_iteration(model, discount=g, max_iterations=10**9, progress=progress, throw=False)
truth = 1 / (1 - g * g)
print(plan.status.name, bool(plan.lower[0] <= truth <= plan.upper[0]), plan.iterations >= 100)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child alone")
def test_a_real_ctrl_c_returns_the_plan() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
        child.send_signal(signal.SIGINT)
        try:
            out, err = child.communicate(timeout=120)
        finally:
            child.kill()
    assert out.split() == ["INTERRUPTED", "True", "True"], err
    assert child.returncode == 0


def test_an_error_of_the_callback_is_not_swallowed() -> None:
    def broken(_: Iteration) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        planners.solve(exchange(), discount=0.9, progress=broken)


def test_progress_bar_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    planners.value_iteration(exchange(), discount=0.9, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "value iteration" in captured.err


def test_a_log_file_has_lines_of_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """After 2, 5, 9.5, ... seconds, and at the end."""
    lines = LogLines("sweeps", Forecast(1e-6, 0))
    for second in range(1, 8):
        lines.show(Iteration(second, 0.5, 10.0**-second, float(second)))
    lines.end()
    lines.end()
    said = capsys.readouterr().err.splitlines()
    assert [line.rpartition(", ")[2] for line in said] == ["2.0 s so far", "5.0 s so far", "7.0 s so far"]
    assert said[0] == "sweeps: iteration 2, residual 5.0e-01, error at most 1.0e-02, about 4 s left, 2.0 s so far"


# The edges of float64.


@every_method
@pytest.mark.parametrize("reward", [1e308, -1e308])
def test_overflow_is_reported_with_bounds_that_hold(method: Callable[..., Plan], reward: float) -> None:
    """V* = reward / (1 - .99) is beyond float64: one bound is infinite, and none is NaN."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, reward, False)]}})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        plan = method(model, discount=0.99, throw=False)
    truth = math.copysign(math.inf, reward)
    assert plan.status is Status.NON_FINITE
    assert plan.lower[0] <= truth <= plan.upper[0]
    assert plan.error_bound == math.inf


@pytest.mark.parametrize("name", sorted(METHODS_BY_NAME))
@pytest.mark.parametrize("discount", [0.9, 0.999, 1.0])
@pytest.mark.parametrize("reward", [1e308, -1e308, 1.7e308, -1.7e308])
def test_what_overflows_has_an_action_in_each_state_and_no_warning(name: str, discount: float, reward: float) -> None:
    """Warnings are errors here. Where all that an action earns is infinite, some action is taken all the same."""
    model = TabularMDP.from_gym_dict(
        {
            0: {0: [(1.0, 1, reward, False)], 1: [(1.0, 0, reward, True)]},
            1: {0: [(1.0, 0, reward, False)], 1: [(1.0, 1, 0.0, True)]},
        }
    )
    for minimise in (False, True):
        plan = METHODS_BY_NAME[name](model, discount=discount, throw=False, minimise=minimise)
        assert plan.policy.actions.shape == (2,)
        assert not np.isnan([plan.values, plan.lower, plan.upper]).any()
        assert (plan.lower <= plan.upper).all()
    with contextlib.suppress(planners.PlannerError):  # a refusal in words
        planners.evaluate(model, [0, 0], discount=discount)


@every_method
@pytest.mark.parametrize("exponent", [20, 40, 50, 52, 53])
def test_episodes_that_hardly_ever_end(method: Callable[..., Plan], exponent: int) -> None:
    """V = -2^k steps of -1, exactly; the bounds hold, and the floor is told from the limit."""
    end = 2.0**-exponent
    model = TabularMDP.from_gym_dict({0: {0: [(1 - end, 0, -1.0, False), (end, 0, -1.0, True)]}})
    plan = method(model, discount=1.0, throw=False, max_iterations=500)
    truth = -(Fraction(2) ** exponent)
    check_contained(plan, [truth])
    if method is not planners.value_iteration:
        assert plan.status in (Status.CONVERGED, Status.ROUNDING_FLOOR)
    assert planners.evaluate(model, [0], discount=1.0)[0] == pytest.approx(float(truth), rel=1e-6)


@every_method
def test_episodes_that_end_less_often_than_float64_can_tell(method: Callable[..., Plan]) -> None:
    """1 - 2^-60 is 1 in float64, so the linear system is singular: say so, whichever way, without a warning."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, -1.0, False), (2.0**-60, 0, 0.0, True)]}})
    plan = method(model, discount=1.0, throw=False, max_iterations=500)
    assert plan.lower[0] <= -(2.0**60)  # or -inf, as the tables say
    assert not np.isnan(plan.values).any()
    assert not plan.converged or plan.values[0] <= -(2.0**59)


def test_many_entries_added_up_into_one_state_stay_within_the_bounds() -> None:
    """At discount 1 the 3000 states that move freely become one, and 3000 probabilities are added up."""
    count = 3000
    probability = 1.0 / count
    P: Any = {0: {0: [(probability, s, 1000.0, False) for s in range(1, count + 1)]}}
    for s in range(1, count + 1):
        P[s] = {0: [(1.0, 1 + s % count, 0.0, False)], 1: [(1.0, 0, 1e6, True)]}
    model = TabularMDP.from_gym_dict(P)
    plan = planners.solve(model, discount=1.0, tolerance=1e-3)
    _, row = model.row(0, 0)
    truth = Fraction(model.rewards[0, 0]) + 10**6 * sum(Fraction(p) for p in row)
    assert Fraction(plan.lower[0]) <= truth <= Fraction(plan.upper[0])


@pytest.mark.parametrize("reward", [1.0, 100.0, 1e5])
def test_is_optimal_answers_by_default_whatever_the_unit_of_reward(reward: float) -> None:
    """The default tolerance must be one that float64 can prove: the only policy is optimal."""
    model = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, reward, False)]}})
    try:
        assert planners.is_optimal(model, [0], discount=0.99)
    except NotConvergedError as error:
        pytest.fail(f"no answer: {error}")


# The result.


def test_result_is_closed_for_writing() -> None:
    plan = planners.solve(exchange(), discount=0.9)
    arrays = [plan.values, plan.lower, plan.upper, plan.action_values, plan.optimal_actions]
    for array in [*arrays, plan.policy.actions, plan.policy.probabilities]:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(AttributeError):
        plan.values = plan.lower  # type: ignore[misc]


def test_repr_says_it_all() -> None:
    plan = planners.solve(exchange(), discount=0.9)
    text = repr(plan)
    assert text.splitlines()[0] == "Plan"
    for part in ("policy iteration", "converged", "discount", "0.9", "error bound", "1e-06", "2 states"):
        assert part in text
    assert max(len(line) for line in text.splitlines()) <= 120
    assert "2 states, 1 actions" in repr(plan.model)
    assert repr(plan.policy) == "TabularPolicy(2 states, 1 actions, deterministic)"
    assert repr(planners.is_optimal(exchange(), plan, discount=0.9)).startswith("optimal")


def test_history_has_one_line_for_each_iteration() -> None:
    plan = planners.value_iteration(exchange(), discount=0.9)
    assert [step.iteration for step in plan.history] == list(range(1, plan.iterations + 1))
    assert plan.history[-1].error_bound <= plan.tolerance < plan.history[-2].error_bound
