"""The one loop of all iterative planners: it alone decides when to stop, and what may be claimed.

A method is a generator of pairs (V, Q): values, and the backup Q = r + discount * P V of them. The loop
bounds the error of each pair, reports progress, and stops on the tolerance, on the iteration limit, on
the floor of rounding, on values that are not finite, and on Ctrl-C.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planners.equations.certificates import Bounds, Certifier
from planners.equations.problem import Problem
from planners.iteration.iterates import Iterate, Settling
from planners.iteration.moment import Moment
from planners.iteration.progress import Progress, reporting
from planners.iteration.rounding_floor import FLOOR, _advice, floors
from planners.plans.plan import Iteration, NotConvergedError, Plan, Status
from planners.plans.policy import TabularPolicy

if TYPE_CHECKING:
    from planners.sweeps.ordered_sweeps import OrderedSweeps


def run(
    problem: "Problem | OrderedSweeps",
    iterates: Iterator[Iterate] | Iterator[Settling],
    *,
    method: str,
    tolerance: float,
    max_iterations: int,
    progress: Progress,
    throw: bool,
) -> Plan:
    """Drive a method to its end and return the plan.

    If `throw` is true, a tolerance that cannot be proven is refused as soon as that is sure. If not, the
    caller wants the best there is, and the run goes on to the floor of rounding.

    Raises:
        NotConvergedError: The tolerance was not reached, and `throw` is true; it carries the plan.
    """
    watch = _Watch(problem, tolerance, max_iterations, refuses=throw)
    status = Status.ITERATION_LIMIT
    try:
        # what overflows is reported by the status, not by warnings
        reporter = reporting(progress, method, tolerance, problem.num_states)
        with np.errstate(over="ignore", invalid="ignore"), reporter as report:
            for iterate in iterates:
                verdict = watch.consider(iterate)
                report(Moment.of(watch.history[-1], problem, iterate, watch.bounds))
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
    return finish(plan, method, throw=throw)


class _Watch:
    """What the loop knows of a run: its history, the last iterate and, where they were computed, its bounds."""

    def __init__(
        self, problem: "Problem | OrderedSweeps", tolerance: float, max_iterations: int, *, refuses: bool
    ) -> None:
        self.problem, self.tolerance, self.max_iterations, self.refuses = problem, tolerance, max_iterations, refuses
        self.history: list[Iteration] = []
        self.last: Iterate | Settling | None = None
        self.bounds: Bounds | None = None
        self._certifier = Certifier(problem) if isinstance(problem, Problem) else None
        self._next_proof, self._began = 0, time.perf_counter()

    def consider(self, iterate: Iterate | Settling) -> Status | None:
        """Take note of an iterate; a status if it is the last one."""
        self.last, self.bounds = iterate, None
        residual = self._residual(iterate)
        bounds = self.bounds = self._prove(iterate) if self._proof_is_due(iterate, residual) else None
        error = float("inf") if bounds is None else bounds.error
        self.history.append(Iteration(len(self.history) + 1, residual, error, time.perf_counter() - self._began))
        if np.isnan(residual) or (np.isinf(residual) and isinstance(iterate, Iterate)):
            return Status.NON_FINITE
        if iterate.final and error <= self.tolerance:
            return Status.CONVERGED
        if bounds is not None and (self._is_at_floor(iterate, residual, error) or self._is_below_floor(bounds)):
            return Status.ROUNDING_FLOOR
        return Status.ITERATION_LIMIT if len(self.history) == self.max_iterations else None

    def last_with_bounds(self) -> tuple[Iterate | Settling, Bounds]:
        """The last iterate and its bounds."""
        assert self.last is not None
        return self.last, self._prove(self.last) if self.bounds is None else self.bounds

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
        small, at_floor = residual <= self.tolerance, self._is_at_floor(iterate, residual)
        if not (small or at_floor) or (iteration < self._next_proof and not (small and at_floor)):
            return False
        self._next_proof = iteration + max(iteration // 8, 8)
        return True

    def _is_at_floor(self, iterate: Iterate | Settling, residual: float, error: float | None = None) -> bool:
        """Whether the residual hardly counts beside the rounding, and the error, if known, would not do without it."""
        if isinstance(iterate, Settling):
            return iterate.at_floor
        assert isinstance(self.problem, Problem)
        rounding = self.problem.rounding(iterate.values)
        if iterate.rows is not None or residual > FLOOR * rounding:  # sweeps follow the values of a policy, and tell
            return False
        if error == np.inf:  # at discount 1 the values that follow may be those of a policy that ends
            return self.problem.discount < 1.0 or residual <= self.tolerance
        # the error is at most (rounding + 2 residual) / margin, and without the residual rounding / margin
        may_do = error is not None and error * rounding <= self.tolerance * (rounding + 2.0 * residual)
        return not may_do or residual <= 2.0 * rounding / self.problem.rounding_terms  # a few roundings are left

    def _is_below_floor(self, bounds: Bounds) -> bool:
        """Whether the tolerance is below the floor; said when V* is roughly known, or when the bounds are there."""
        iteration = len(self.history)
        if iteration & (iteration - 1) or not isinstance(self.problem, Problem):  # asked at 1, 2, 4, 8, ...
            return False
        least, enough = floors(self.problem, bounds.lower, bounds.upper)
        refused = self.refuses and (enough <= 4.0 * least or iteration >= 1024)
        return self.tolerance < least and (refused or bounds.error <= (1.0 + FLOOR) * least < np.inf)


def finish(plan: Plan, method: str, *, throw: bool) -> Plan:
    """The plan under the name of its method; raises if it did not converge and `throw` is true."""
    plan = replace(plan, method=method)
    if not throw or plan.status in (Status.CONVERGED, Status.INTERRUPTED):
        return plan
    error = NotConvergedError(plan)
    if plan.status is Status.ROUNDING_FLOOR:
        error.args = (str(error).replace(plan.status.value, _advice(plan)),)
    raise error


def make_plan(
    problem: "Problem | OrderedSweeps",
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
