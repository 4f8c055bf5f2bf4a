"""The one loop of all iterative planners: it alone decides when to stop, and what may be claimed.

A method is a generator of pairs (V, Q): values, and the backup Q = r + discount * P V of them. The loop
bounds the error of each pair, reports progress, and stops on the tolerance, on the iteration limit, on
the floor of rounding, on values that are not finite, and on Ctrl-C. Sweeps that prove their own bounds go
through the same loop.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from inspect import signature
from typing import ParamSpec

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.problem import Problem
from planners.errors import UnboundedValueError
from planners.iteration.certified_backups import certified
from planners.iteration.direction import in_direction
from planners.iteration.iterates import Backup, Iterate, Solving, told_of_model
from planners.iteration.moment import Moment
from planners.iteration.progress import Progress, reporting
from planners.iteration.rounding_floor import advice
from planners.models.state_names import errors_in_names, named_text
from planners.options import Tolerance, check_tolerances, named_states, refuse_unknown
from planners.plans.plan import Iteration, NotConvergedError, Plan, Status
from planners.plans.policy import TabularPolicy

Options = ParamSpec("Options")


def planner(method: Callable[Options, Plan]) -> Callable[Options, Plan]:
    """A method as users call it: with `throw`, it raises where the plan is not what was asked for.

    With `minimise` the method plans on the negated model; see `planners.iteration.direction`.

    The method itself, which returns its plan in any case, is what `inspect.unwrap` finds.
    """
    taken = signature(method).parameters.values()
    ordered = [each.name for each in taken]
    known = set(ordered) if all(each.kind is not each.VAR_KEYWORD for each in taken) else None

    @wraps(method)
    @errors_in_names
    def call(*model: Options.args, **options: Options.kwargs) -> Plan:
        if known is not None and not options.keys() <= known:
            refuse_unknown(options, ordered, method.__name__)
        plan = in_direction(method, *model, **options)  # pyright: ignore[reportCallIssue] - it has no word for this
        return finish(plan, throw=bool(options.get("throw", True)))

    return call


def finish(plan: Plan, *, throw: bool) -> Plan:
    """The plan.

    Raises:
        UnboundedValueError: At discount 1 some value is +inf (-inf of one that minimises), and `throw` is true; the
            error carries the plan.
        NotConvergedError: It did not converge, and `throw` is true; the error carries it.
    """
    plan = accepted(plan)
    if throw and plan.status is not Status.INTERRUPTED:
        refuse_unbounded(plan)
    return finish_bounded(plan, throw=throw)


def accepted(plan: Plan) -> Plan:
    """The plan, converged if its error is allowed, though rounding or a limit kept it from what was aimed at.

    Where rewards cancel, values are nearly 0, and a part of them is less than rounding: then that part of 1 is enough.
    """
    allowed = plan.tolerance
    if plan.status is Status.ROUNDING_FLOOR:
        allowed = max(allowed, plan.relative_tolerance)
    stopped = plan.status in (Status.ROUNDING_FLOOR, Status.ITERATION_LIMIT)
    done = stopped and plan.error_bound <= allowed
    return replace(plan, status=Status.CONVERGED, tolerance=allowed) if done else plan


def refuse_unbounded(plan: Plan) -> None:
    """`UnboundedValueError` where reward can be collected for ever, at discount 1; it carries the plan."""
    states = np.flatnonzero(plan.upper == -np.inf if plan.minimise else plan.lower == np.inf)
    if plan.discount == 1.0 and states.size:
        raise UnboundedValueError(named_text(_unbounded(plan, states), plan.model), states.tolist(), plan)


def finish_bounded(plan: Plan, *, throw: bool) -> Plan:
    """The plan, whose infinite values are what was asked for; `NotConvergedError` as of `finish`."""
    plan = accepted(plan)
    if not throw or plan.status in (Status.INTERRUPTED, Status.CONVERGED):
        return plan
    error = NotConvergedError(plan)
    if plan.status is Status.ROUNDING_FLOOR:
        error.args = (str(error).replace(plan.status.value, advice(plan)),)
    raise error


def _unbounded(plan: Plan, states: NDArray[np.int64]) -> str:
    what, mistaken = "reward", "Are the rewards costs? Then say minimise=True. Otherwise use"
    if plan.minimise:
        what, mistaken = "a negative cost", "Are the costs rewards? Then leave out minimise=True. Otherwise use"
    infinity, rest = "-inf" if plan.minimise else "+inf", ""
    if len(states) < len(plan.lower):
        rest = " The values of all other states are in the `plan` of this error;"
    return (
        f"at discount 1 {what} can be collected for ever in {_counted(states)}, or further on, so the value there is "
        f"{infinity}. {mistaken} a discount below 1, or end the episode where it is paid."
        f"{rest or ' The plan is in the `plan` of this error;'} throw=False returns it."
    )


def _counted(states: NDArray[np.int64]) -> str:
    return f"state {states[0]}" if len(states) == 1 else f"{len(states)} states ({named_states(states)})"


def run(
    problem: Problem,
    backups: Iterator[Backup],
    *,
    method: str,
    tolerance: float | Tolerance,
    max_iterations: int,
    progress: Progress,
    throw: bool,
) -> Plan:
    """Drive a method to its end and return the plan.

    If `throw` is true, a tolerance that cannot be proven is refused as soon as that is sure. If not, the
    caller wants the best there is, and the run goes on to the floor of rounding.
    """
    tolerance = check_tolerances(tolerance)
    iterates = certified(problem, backups, tolerance, refuses=throw)
    return run_iterates(
        problem, iterates, method=method, tolerance=tolerance, max_iterations=max_iterations, progress=progress
    )


def run_iterates(
    solved: Solving,
    iterates: Iterable[Iterate],
    *,
    method: str,
    tolerance: float | Tolerance,
    max_iterations: int,
    progress: Progress,
    proves_unfinished: bool = True,
) -> Plan:
    """Take iterates until one is the last; return the plan, converged or not.

    What ends at a limit is proven as far as it got, or, without `proves_unfinished`, has infinite bounds.
    """
    record = _Record(check_tolerances(tolerance), max_iterations)
    status = Status.ITERATION_LIMIT
    try:
        # what overflows is reported by the status, not by warnings
        reporter = reporting(progress, method, record.aim, solved.num_states)
        with np.errstate(over="ignore", invalid="ignore"), reporter as report:
            for iterate in iterates:
                verdict = record.take(iterate)
                report(Moment.of(record.history[-1], solved, iterate.values, record.bounds))
                if verdict is not None:
                    status = verdict
                    break
    except KeyboardInterrupt:
        if record.last is None:
            raise
        status = Status.INTERRUPTED
    with np.errstate(over="ignore", invalid="ignore"):
        return record.plan(solved, status, method, proves_unfinished or status is not Status.ITERATION_LIMIT)


class _Record:
    """The record of a run: its history, the last iterate and, where they were computed, its bounds."""

    def __init__(self, tolerance: Tolerance, max_iterations: int) -> None:
        self.tolerance, self.max_iterations = tolerance, max_iterations
        self.history: list[Iteration] = []
        self.last: Iterate | None = None
        self.bounds: Bounds | None = None
        self.target = tolerance.target_of(1.0, 1.0)  # until there are values
        self._began = time.perf_counter()

    def take(self, iterate: Iterate) -> Status | None:
        """Take note of an iterate; a status if it is the last one."""
        self.last, self.bounds = iterate, None
        bounds = self.bounds = iterate.bounds() if iterate.proof_is_due else None
        error = float("inf") if bounds is None else bounds.error
        if bounds is not None and error < np.inf:
            self.target = iterate.target(bounds)
        seconds = time.perf_counter() - self._began
        self.history.append(Iteration(len(self.history) + 1, iterate.residual, error, seconds))
        if iterate.final and error <= self.target.aim:
            return Status.CONVERGED
        if not iterate.is_finite:
            return Status.NON_FINITE
        if bounds is not None and iterate.at_floor(bounds):
            return Status.ROUNDING_FLOOR
        return Status.ITERATION_LIMIT if len(self.history) == self.max_iterations else None

    def aim(self) -> float:
        """The error that would end the run, as far as it is known."""
        return self.target.aim

    def plan(self, solved: Solving, status: Status, method: str, proves: bool) -> Plan:
        """The plan of the model's own states from the last iterate."""
        assert self.last is not None
        bounds = self.bounds
        if bounds is None:
            bounds = self.last.bounds() if proves else self.last.unproven()
            self.target = self.last.target(bounds)
        if status is Status.ITERATION_LIMIT and bounds.error <= self.target.aim:
            status = Status.CONVERGED
        lower, upper, values, error, actions = told_of_model(solved, bounds)
        if status is Status.CONVERGED and error > self.target.allowed:
            status = Status.ROUNDING_FLOOR
        return Plan(
            values=values,
            policy=TabularPolicy.from_actions(actions, solved.model.num_actions),
            lower=lower,
            upper=upper,
            error_bound=error,
            status=status,
            iterations=len(self.history),
            history=tuple(self.history),
            method=method,
            discount=solved.discount,
            tolerance=self.target.allowed,
            relative_tolerance=self.tolerance.relative,
            model=solved.model,
        )
