"""The one loop of all iterative planners: it alone decides when to stop, and what may be claimed.

A method is a generator of pairs (V, Q): values, and the backup Q = r + discount * P V of them. The loop
bounds the error of each pair, reports progress, and stops on the tolerance, on the iteration limit, on
the floor of rounding, on values that are not finite, and on Ctrl-C.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.certificates import Bounds, Certifier
from planners.errors import InvalidOptionError
from planners.policy import TabularPolicy
from planners.problem import Problem
from planners.progress import Progress, reporting
from planners.result import Iteration, NotConvergedError, Plan, Status


class Iterate(NamedTuple):
    """What a method yields.

    Attributes:
        values: (n,) V.
        action_values: (L,) r + discount * P V.
        rows: (n,) the policy that V is the value of, or None.
        final: Whether the method has nothing better to come.
    """

    values: NDArray[np.float64]
    action_values: NDArray[np.float64]
    rows: NDArray[np.int64] | None = None
    final: bool = True


def run(
    problem: Problem,
    iterates: Iterator[Iterate],
    *,
    method: str,
    tolerance: float,
    max_iterations: int,
    progress: Progress,
    throw: bool,
) -> Plan:
    """Drive a method to its end and return the plan.

    Raises:
        NotConvergedError: The tolerance was not reached, and `throw` is true; it carries the plan.
    """
    if max_iterations < 1:
        raise InvalidOptionError(f"max_iterations is {max_iterations}; expected at least 1")
    history: list[Iteration] = []
    certifier, schedule, began = Certifier(problem), _Schedule(problem), time.perf_counter()
    last: Iterate | None = None
    bounds: Bounds | None = None
    status = Status.ITERATION_LIMIT
    try:
        with reporting(progress, method, tolerance) as report:
            for iterate in iterates:
                last, bounds = iterate, None
                residual = _residual(problem, iterate)
                last_policy = iterate.rows is not None and iterate.final
                if last_policy or schedule.is_due(len(history), residual, tolerance):
                    bounds = certifier.bounds(iterate.values, iterate.action_values, iterate.rows)
                    schedule.note(len(history), bounds.error, tolerance)
                error = bounds.error if bounds is not None else float("inf")
                history.append(Iteration(len(history) + 1, residual, error, time.perf_counter() - began))
                report(history[-1])
                verdict = _verdict(problem, iterate, residual, error, tolerance)
                if verdict is not None:
                    status = verdict
                    break
                if len(history) == max_iterations:
                    break
    except KeyboardInterrupt:
        if last is None:
            raise
        status = Status.INTERRUPTED
    assert last is not None
    if bounds is None:
        bounds = certifier.bounds(last.values, last.action_values, last.rows)
        if bounds.error <= tolerance and status is Status.ITERATION_LIMIT:
            status = Status.CONVERGED
    plan = make_plan(problem, last, bounds, status, tuple(history), method, tolerance)
    return with_method(plan, method, throw=throw)


def with_method(plan: Plan, method: str, *, throw: bool) -> Plan:
    """The plan under the name of its method; raises if it did not converge and `throw` is true."""
    plan = replace(plan, method=method)
    if throw and plan.status not in (Status.CONVERGED, Status.INTERRUPTED):
        raise NotConvergedError(plan)
    return plan


def make_plan(
    problem: Problem,
    iterate: Iterate,
    bounds: Bounds,
    status: Status,
    history: tuple[Iteration, ...],
    method: str,
    tolerance: float,
) -> Plan:
    """The plan of the model's own states from the last iterate of the equations."""
    rows = problem.greedy(iterate.action_values) if iterate.rows is None else iterate.rows
    return Plan(
        values=problem.expand(bounds.values),
        policy=TabularPolicy.from_actions(problem.expand_policy(rows), problem.model.num_actions),
        lower=problem.expand(bounds.lower),
        upper=problem.expand(bounds.upper),
        error_bound=bounds.error,
        status=status,
        iterations=len(history),
        history=history,
        method=method,
        discount=problem.discount,
        tolerance=tolerance,
        model=problem.model,
    )


def _residual(problem: Problem, iterate: Iterate) -> float:
    return float(np.abs(problem.maximise(iterate.action_values) - iterate.values).max(initial=0.0))


def _verdict(problem: Problem, iterate: Iterate, residual: float, error: float, tolerance: float) -> Status | None:
    if not np.isfinite(residual):
        return Status.NON_FINITE
    if not iterate.final:
        return None
    if error <= tolerance:
        return Status.CONVERGED
    if iterate.rows is not None or residual <= 0.25 * problem.rounding(iterate.values):
        return Status.ROUNDING_FLOOR if np.isfinite(error) else None
    return None


class _Schedule:
    """When to bound the error: always below discount 1; at discount 1, where it is dear, ever more rarely."""

    def __init__(self, problem: Problem) -> None:
        self.cheap = problem.discount < 1.0
        self.next = 0

    def is_due(self, iteration: int, residual: float, tolerance: float) -> bool:
        return self.cheap or (residual <= tolerance and iteration >= self.next)

    def note(self, iteration: int, error: float, tolerance: float) -> None:
        if error > tolerance:
            self.next = iteration + max(iteration // 8, 8)
