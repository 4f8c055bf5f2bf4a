"""The one loop of all iterative planners: it alone decides when to stop, and what may be claimed.

A method is a generator of pairs (V, Q): values, and the backup Q = r + discount * P V of them. The loop
bounds the error of each pair, reports progress, and stops on the tolerance, on the iteration limit, on
the floor of rounding, on values that are not finite, and on Ctrl-C.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.certificates import Bounds, Certifier
from planners.errors import InvalidOptionError
from planners.policy import TabularPolicy
from planners.problem import Problem
from planners.progress import Progress, reporting
from planners.result import Iteration, NotConvergedError, Plan, Status

if TYPE_CHECKING:
    from planners.front import Front


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


class Settling(NamedTuple):
    """What a method yields that proves its own bounds, instead of V and Q.

    Attributes:
        residual: Largest change that may still come.
        prove: Computes the bounds, with their `rows`.
        final: Whether this is the time to prove them.
        at_floor: Whether rounding keeps the bounds from getting any better.
    """

    residual: float
    prove: Callable[[], Bounds]
    final: bool
    at_floor: bool = False


def run(
    problem: "Problem | Front",
    iterates: Iterator[Iterate] | Iterator[Settling],
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
    watch = _Watch(problem, tolerance, max_iterations)
    status = Status.ITERATION_LIMIT
    try:
        # what overflows is reported by the status, not by warnings
        reporter = reporting(progress, method, tolerance, problem.num_states)
        with np.errstate(over="ignore", invalid="ignore"), reporter as report:
            for iterate in iterates:
                verdict = watch.consider(iterate)
                report(watch.history[-1])
                if verdict is not None:
                    status = verdict
                    break
    except KeyboardInterrupt:
        if watch.last is None:
            raise
        status = Status.INTERRUPTED
    last, bounds = watch.last_with_bounds()
    if status is Status.ITERATION_LIMIT and bounds.error <= tolerance:
        status = Status.CONVERGED
    plan = make_plan(problem, last, bounds, status, tuple(watch.history), method, tolerance)
    return with_method(plan, method, throw=throw)


class _Watch:
    """What the loop knows of a run: its history, the last iterate and, where they were computed, its bounds."""

    def __init__(self, problem: "Problem | Front", tolerance: float, max_iterations: int) -> None:
        self.problem, self.tolerance, self.max_iterations = problem, tolerance, max_iterations
        self.history: list[Iteration] = []
        self.last: Iterate | Settling | None = None
        self._bounds: Bounds | None = None
        self._certifier = Certifier(problem) if isinstance(problem, Problem) else None
        self._next_proof = 0
        self._began = time.perf_counter()

    def consider(self, iterate: Iterate | Settling) -> Status | None:
        """Take note of an iterate; a status if it is the last one."""
        self.last, self._bounds = iterate, None
        residual = self._residual(iterate)
        if self._proof_is_due(iterate, residual):
            self._bounds = self._prove(iterate)
        error = float("inf") if self._bounds is None else self._bounds.error
        seconds = time.perf_counter() - self._began
        self.history.append(Iteration(len(self.history) + 1, residual, error, seconds))
        if np.isnan(residual) or (np.isinf(residual) and isinstance(iterate, Iterate)):
            return Status.NON_FINITE
        if iterate.final and error <= self.tolerance:
            return Status.CONVERGED
        if iterate.final and self._bounds is not None and self._is_at_floor(iterate, residual):
            return Status.ROUNDING_FLOOR
        return Status.ITERATION_LIMIT if len(self.history) == self.max_iterations else None

    def last_with_bounds(self) -> tuple[Iterate | Settling, Bounds]:
        """The last iterate and its bounds."""
        assert self.last is not None
        return self.last, self._prove(self.last) if self._bounds is None else self._bounds

    def _residual(self, iterate: Iterate | Settling) -> float:
        if isinstance(iterate, Settling):
            return iterate.residual
        assert isinstance(self.problem, Problem)
        return float(np.abs(self.problem.maximise(iterate.action_values) - iterate.values).max(initial=0.0))

    def _prove(self, iterate: Iterate | Settling) -> Bounds:
        if isinstance(iterate, Settling):
            return iterate.prove()
        assert self._certifier is not None
        return self._certifier.bounds(iterate.values, iterate.action_values, iterate.rows)

    def _proof_is_due(self, iterate: Iterate | Settling, residual: float) -> bool:
        """Always below discount 1; at discount 1, where a proof is dear, ever more rarely."""
        if isinstance(iterate, Settling):
            return iterate.final
        if self.problem.discount < 1.0 or (iterate.rows is not None and iterate.final):
            return True
        iteration = len(self.history)
        waits = iteration < self._next_proof and not self._is_at_floor(iterate, residual)
        if residual > self.tolerance or waits:
            return False
        self._next_proof = iteration + max(iteration // 8, 8)
        return True

    def _is_at_floor(self, iterate: Iterate | Settling, residual: float) -> bool:
        if isinstance(iterate, Settling):
            return iterate.at_floor
        assert isinstance(self.problem, Problem)
        return iterate.rows is not None or residual <= 0.25 * self.problem.rounding(iterate.values)


def with_method(plan: Plan, method: str, *, throw: bool) -> Plan:
    """The plan under the name of its method; raises if it did not converge and `throw` is true."""
    plan = replace(plan, method=method)
    if throw and plan.status not in (Status.CONVERGED, Status.INTERRUPTED):
        raise NotConvergedError(plan)
    return plan


def make_plan(
    problem: "Problem | Front",
    iterate: Iterate | Settling,
    bounds: Bounds,
    status: Status,
    history: tuple[Iteration, ...],
    method: str,
    tolerance: float,
) -> Plan:
    """The plan of the model's own states from the last iterate and its bounds."""
    rows = bounds.rows
    if rows is None:
        assert isinstance(iterate, Iterate)
        assert isinstance(problem, Problem)
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
