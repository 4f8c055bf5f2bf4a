"""Options that no planner understands are refused before work begins, with what was found and what was expected."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import planners
from planners import InvalidOptionError, TabularMDP

PLANNERS: list[Callable[..., Any]] = [
    planners.solve,
    planners.value_iteration,
    planners.policy_iteration,
    planners.modified_policy_iteration,
    planners.gauss_seidel,
    planners.linear_program,
]
QUESTIONS: list[Callable[..., Any]] = [
    lambda model, **options: planners.evaluate(model, [0], **options),
    lambda model, **options: planners.certify(model, [0.0], **options),
    lambda model, **options: planners.is_optimal(model, [0], **options),
    lambda model, **options: planners.backward_induction(model, horizon=3, **options),
]
every_planner = pytest.mark.parametrize("planner", PLANNERS, ids=lambda planner: planner.__name__)
NO_NUMBERS: list[Any] = ["x", "0.5", b"0.5", None, math.nan, 1j, [0.5, 0.5], {}]
OUTSIDE = [-0.1, 1.0000001, math.inf, -math.inf, 90, 10**400]


def stay() -> TabularMDP:
    """Stays for ever and earns 1 a step: V = 1 / (1 - discount)."""
    return TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})


@pytest.mark.parametrize("planner", PLANNERS + QUESTIONS)
@pytest.mark.parametrize("discount", NO_NUMBERS + OUTSIDE, ids=repr)
def test_discount(planner: Callable[..., Any], discount: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^discount (is|has shape) .*; expected a number") as caught:
        planner(stay(), discount=discount)
    assert f"{discount!r}"[:70] in str(caught.value) or "(2,)" in str(caught.value)


@pytest.mark.parametrize("planner", PLANNERS + QUESTIONS[2:3])
@pytest.mark.parametrize("tolerance", [*NO_NUMBERS, 0, 0.0, -1e-6, math.inf], ids=repr)
def test_tolerance(planner: Callable[..., Any], tolerance: Any) -> None:
    if tolerance is None and planner in QUESTIONS:
        return  # there it means "choose one"
    with pytest.raises(InvalidOptionError, match=r"^tolerance is .*; expected a positive number, in units of reward$"):
        planner(stay(), discount=0.9, tolerance=tolerance)


@every_planner
@pytest.mark.parametrize("limit", [*NO_NUMBERS, 2.5, 0, -1, 0.5, True, False, math.inf], ids=repr)
def test_max_iterations(planner: Callable[..., Any], limit: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^max_iterations is .*; expected a whole number of at least 1$"):
        planner(stay(), discount=0.9, max_iterations=limit)


@every_planner
@pytest.mark.parametrize("progress", [3, 0, 1.0, "yes", None, []], ids=repr)
def test_progress(planner: Callable[..., Any], progress: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^progress is .*; expected True, False, or a function to call with"):
        planner(stay(), discount=0.9, progress=progress)


@every_planner
@pytest.mark.parametrize("throw", [3, 0, 1.0, "no", None, []], ids=repr)
def test_throw(planner: Callable[..., Any], throw: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^throw is .*; expected True or False$"):
        planner(stay(), discount=0.9, throw=throw)


@pytest.mark.parametrize("method", [None, 3, b"auto", [], ""], ids=repr)
def test_methods_that_are_no_names(method: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^method is .*; expected 'auto', 'policy_iteration', .*'$"):
        planners.solve(stay(), discount=0.9, method=method)


@pytest.mark.parametrize("typo", ["value_iteratoin", "value-iter", "Policy-Iteration", "policy iteration"])
def test_unknown_method_lists_choices_and_suggests(typo: str) -> None:
    meant = "value_iteration" if typo.startswith("value") else "policy_iteration"
    message = rf"'auto', .*'policy_iteration', 'value_iteration'.*; did you mean '{meant}'\?"
    with pytest.raises(InvalidOptionError, match=message):
        planners.solve(stay(), discount=0.9, method=typo)


@every_planner
@pytest.mark.parametrize(
    "options",
    [
        {"discount": True, "tolerance": 1},
        {"discount": np.float32(0.5), "tolerance": np.float64(1e-3)},
        {"discount": np.array(0.5), "max_iterations": np.int64(500)},
        {"discount": 0, "max_iterations": 1e6},
        {"discount": 0.5, "progress": np.False_, "throw": np.True_},
    ],
    ids=repr,
)
def test_numbers_of_all_kinds(planner: Callable[..., Any], options: dict[str, Any]) -> None:
    model = TabularMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, False), (0.5, 0, 1.0, True)]}})
    plan = planner(model, **options)
    assert plan.values[0] == pytest.approx(1.0 / (1.0 - 0.5 * float(options["discount"])), abs=plan.tolerance)


def test_options_that_nobody_has_are_named() -> None:
    model = planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    for verb in (planners.solve_many, planners.solve, *planners.METHODS.values()):
        with pytest.raises(planners.InvalidOptionError, match=r"has no option 'epsilon'.* How exact: tolerance="):
            verb(model, discount=0.5, epsilon=1e-3)
