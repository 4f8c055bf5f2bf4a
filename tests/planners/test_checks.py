"""The contract of planners: every planner here keeps it, and each way to break it is found and said."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

import planners
from planners import Plan, Status
from planners.checks import MODELS, check_planner, optimal_values, policy_values
from planners.options import check_run
from planners.plans.policy import TabularPolicy
from tests.oracles.exact import optimal_values as optimal_by_oracle
from tests.oracles.methods import METHODS


@pytest.mark.parametrize("name", METHODS)
def test_every_planner_keeps_the_contract(name: str) -> None:
    check_planner(METHODS[name])


def test_the_answers_are_those_of_the_oracle() -> None:
    """Which solves them in another way, and at discount 1 by the classes of states that a policy stays in."""
    from fractions import Fraction

    for known in MODELS.values():
        P: Any = {
            state: {a: [(Fraction(p), t, Fraction(r), ends) for p, t, r, ends in row] for a, row in actions.items()}
            for state, actions in known.tables.items()
        }
        for discount in (0.0, 0.5, 0.75):
            assert optimal_values(known.tables, discount) == optimal_by_oracle(P, Fraction(discount))
        undiscounted = optimal_by_oracle(P, Fraction(1))
        assert undiscounted == list(known.undiscounted or [np.inf] * len(P))
    stay = {0: {0: [(1.0, 0, 1.0, False)]}}
    assert policy_values(stay, [0], Fraction(3, 4)) == [4]


# Planners that break it.


honest = planners.modified_policy_iteration  # some iterations, and not many


def changed(**changes: Callable[[Plan], Any]) -> Callable[..., Plan]:
    """An honest planner whose plans are changed afterwards, those of errors too."""

    def planner(model: Any, *, throw: bool = True, **options: Any) -> Plan:
        try:
            plan = honest(model, throw=throw, **options)
        except planners.NotConvergedError as error:
            raise planners.NotConvergedError(change(error.plan)) from None
        return change(plan)

    def change(plan: Plan) -> Plan:
        return replace(plan, **{name: found(plan) for name, found in changes.items()})

    return planner


def worst_action(plan: Plan) -> TabularPolicy:
    q = np.where(plan.model.feasible, plan.action_values, np.inf)
    return TabularPolicy.from_actions(q.argmin(axis=1), plan.model.num_actions)


def missing_action(plan: Plan) -> TabularPolicy:
    missing = ~plan.model.feasible
    actions = np.where(missing.any(axis=1), missing.argmax(axis=1), plan.policy.actions)
    return TabularPolicy.from_actions(actions, plan.model.num_actions)


def with_options(**own: Any) -> Callable[..., Plan]:
    """An honest planner that does as it likes with some options."""
    return lambda model, **options: honest(model, **{**options, **own})


def never_stops(model: Any, *, progress: Any = False, max_iterations: Any = 10, **options: Any) -> Plan:
    plan = honest(model, max_iterations=max_iterations, progress=progress, **options)
    while callable(progress):
        progress(plan.history[-1])
    return plan


def never_throws(model: Any, **options: Any) -> Plan:
    try:
        return honest(model, **options)
    except planners.NotConvergedError as error:
        return error.plan


def throws_anyway(model: Any, **options: Any) -> Plan:
    """It refuses a model with infinite values, though it was asked not to raise."""
    plan = honest(model, **options)
    if options.get("throw") is False and options["discount"] == 1.0:
        never_throws(model, discount=1.0)
    return plan


def silent(model: Any, *, progress: Any = False, **options: Any) -> Plan:
    check_run(1, progress, True)
    return honest(model, **options)


def talkative(model: Any, **options: Any) -> Plan:
    print("working")
    return honest(model, **options)


def swallows_errors(model: Any, *, progress: Any = False, **options: Any) -> Plan:
    try:
        return honest(model, progress=progress, **options)
    except ZeroDivisionError:
        return honest(model, **options)


def drops_its_work(model: Any, *, progress: Any = False, **options: Any) -> Plan:
    plan = honest(model, progress=progress, **options)
    if plan.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return plan


def careless(option: str, value: Any) -> Callable[..., Plan]:
    """Takes one wrong value of an option for a good one."""
    good = {"discount": 0.5, "tolerance": 1e-6, "max_iterations": 100, "progress": False, "throw": True}[option]

    def planner(model: Any, **options: Any) -> Plan:
        if repr(options.get(option)) == repr(value):
            options[option] = good
        return honest(model, **options)

    return planner


def terse(model: Any, *, discount: Any, **options: Any) -> Plan:
    if not (isinstance(discount, float) and 0 <= discount <= 1):
        raise planners.InvalidOptionError("wrong discount")
    return honest(model, discount=discount, **options)


def crashes(model: Any, *, discount: Any, **options: Any) -> Plan:
    return honest(model, discount=float(discount), **options)


def plans_on_anything(model: Any, **options: Any) -> Plan:
    known = model if isinstance(model, planners.TabularMDP) else planners.TabularMDP.from_gym_dict(stay())
    return honest(known, **options)


def stay() -> Any:
    return {0: {0: [(1.0, 0, 1.0, False)]}}


def copies(model: Any, **options: Any) -> Plan:
    found = planners.as_model(model)
    assert isinstance(found, planners.TabularMDP)
    return honest(replace(found), **options)


def opened(model: Any, **options: Any) -> Plan:
    plan = honest(model, **options)
    object.__setattr__(plan, "lower", plan.lower.copy())
    return plan


def bounded_everywhere(model: Any, *, discount: Any, **options: Any) -> Plan:
    """At discount 1 it discounts a little, and so has an answer where there is none."""
    try:
        return honest(model, discount=discount, **options)
    except planners.UnboundedValueError:
        return replace(honest(model, discount=0.5, **options), discount=1.0)


BROKEN: dict[str, tuple[Callable[..., Any], str]] = {
    "bounds too tight": (
        changed(lower=lambda plan: plan.values, upper=lambda plan: plan.values),
        r"on the model .*, at discount 0.*, state 0: expected a(n upper| lower) bound of at (least|most) V",
    ),
    "error too small": (changed(error_bound=lambda plan: 0.0), r"state \d: expected an error of at most 0; found "),
    "wrong sign": (changed(values=lambda plan: -plan.values), r"expected an error of at most .*; found "),
    "lower one ulp too high": (
        changed(lower=lambda plan: np.nextafter(plan.upper, np.inf)),
        r"expected a lower bound of at most V\* = ",
    ),
    "bad policy": (changed(policy=worst_action), r"expected a policy worth at least `lower`, .*; found "),
    "infeasible action": (changed(policy=missing_action), r"state 1: expected an action of \[0, 1\]; found 2"),
    "never stops": (never_stops, r"expected an end after \d+ iterations; found another one"),
    "ignores the limit": (with_options(max_iterations=100_000), r"max_iterations=0: expected InvalidOptionError"),
    "one more than the limit": (
        lambda model, *, max_iterations=10**6, **options: honest(
            model, max_iterations=2 if repr(max_iterations) == "1" else max_iterations, **options
        ),
        r"after 1 iterations: expected an end after 1 iterations; found another one",
    ),
    "ignores the tolerance": (with_options(tolerance=1.0), r"tolerance=0\.0: expected InvalidOptionError"),
    "claims to have converged": (
        changed(status=lambda plan: Status.CONVERGED),
        r"with max_iterations=1: expected another status than CONVERGED; found ",
    ),
    "gives no reason": (
        changed(status=lambda plan: plan.status if plan.converged else Status.NON_FINITE),
        r"with max_iterations=1: expected the status ITERATION_LIMIT; found NON_FINITE",
    ),
    "never throws": (
        never_throws,
        r"with max_iterations=1: expected NotConvergedError with throw=True; found a plan of status ITERATION_LIMIT",
    ),
    "forgets its history": (changed(history=lambda plan: plan.history[1:]), r"expected a history of \d+ iterations"),
    "silent": (silent, r"with a function as progress: expected a call for each line of history; found 0"),
    "writes to standard output": (talkative, r"expected nothing on standard output; found 'working"),
    "loses its work at Ctrl-C": (drops_its_work, r"after Ctrl-C: expected the plan so far; found KeyboardInterrupt"),
    "takes Ctrl-C for an end": (
        changed(status=lambda plan: Status.CONVERGED if plan.status is Status.INTERRUPTED else plan.status),
        r"after Ctrl-C: expected the status INTERRUPTED; found CONVERGED",
    ),
    "swallows errors": (swallows_errors, r"when progress raises ZeroDivisionError: expected that error; found a plan"),
    "few words": (terse, r"names discount and -0\.25; found the words 'wrong discount'"),
    "fails with another error": (crashes, r"discount='x': expected InvalidOptionError .*; found ValueError"),
    "plans on no model": (
        plans_on_anything,
        r"an object that is no model: expected InvalidModelError; found a plan",
    ),
    "returns no plan": (lambda model, **o: honest(model, **o).values, r"a Plan; found ndarray"),
    "plans on a copy": (copies, r"expected the model that was planned on; found TabularMDP"),
    "open arrays": (opened, r"expected arrays closed for writing; found one that is open"),
    "another discount": (changed(discount=lambda plan: 0.25), r"expected the discount 0\.0; found 0\.25"),
    "another tolerance": (changed(tolerance=lambda plan: 1.0), r"expected the tolerance 1e-06, by default 1e-6; found"),
    "wrong shape": (changed(values=lambda plan: np.zeros(9)), r"expected values of shape \(2,\); found \(9,\)"),
    "refuses what it was asked for": (
        throws_anyway,
        r"at discount 1, with throw=False: expected a plan of values \+inf; found UnboundedValueError",
    ),
    "bounded where nothing is": (bounded_everywhere, r"at discount 1: expected UnboundedValueError; found values"),
    **{
        f"takes {option}={value!r}": (careless(option, value), rf"with {option}={value!r}: expected InvalidOptionError")
        for option, value in (
            ("discount", 1.5),
            ("tolerance", 0.0),
            ("max_iterations", 2.5),
            ("progress", "yes"),
            ("throw", "no"),
        )
    },
}


@pytest.mark.parametrize(("planner", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_breaks_the_contract_is_said(planner: Callable[..., Plan], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_planner(planner)


def test_a_planner_for_discounts_below_1_is_one() -> None:
    def discounted(model: Any, *, discount: Any, **options: Any) -> Plan:
        if discount == 1.0:
            raise planners.InvalidOptionError("discount is 1.0; expected a number below 1")
        return planners.policy_iteration(model, discount=discount, **options)

    check_planner(discounted)
    check_planner(partial(planners.solve, method="value_iteration"))
