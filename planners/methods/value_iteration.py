"""Value iteration (the lecture's Algorithm 4).

    V_0 = 0
    V_{k+1}(s) = max over a of  r(s,a) + discount * sum over s' of P(s'|s,a) V_k(s')

Each sweep brings V closer to V* by a factor of `discount`; it stops when the error is proven to be within the
tolerance. The size of the last change does not prove this.

Source: Puterman (2005), Section 6.3; Bellman (1957).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.equations.from_model import make_problem
from planners.equations.problem import Problem
from planners.iteration.iterates import Backup
from planners.iteration.loop import planner, run
from planners.iteration.progress import Progress
from planners.iteration.starting_points import start_values
from planners.models.convert import ModelLike, with_rows
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_run, check_tolerances
from planners.plans.plan import Plan


@planner
def value_iteration(
    model: ModelLike,
    *,
    discount: float,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    max_iterations: int = 1_000_000,
    start: Any = None,
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,  # the decorator sees to it: the method itself always maximises
) -> Plan:
    """Optimal values and policy by repeated Bellman backups, all states at once (Algorithm 4).

    Args:
        model: A model of S states, or an environment that has one.
        discount: 0 to 1. At 1, states where every policy may pay for ever get the value -inf.
        tolerance: Largest error of any value, in units of reward; a value that float64 cannot prove is refused.
        relative_tolerance: The same as a fraction of the largest |V|. If both are given, the larger error is allowed;
            if neither is given, 1e-6 of the largest |V|.
        max_iterations: Number of sweeps after which to give up.
        start: V_0 instead of 0: a `Plan`, or (S,) values.
        progress: True for a progress bar, or a function to call with each `Moment`, an `Iteration` with values.
        throw: Raise when the tolerance is not reached; False: return the plan with its status.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `Plan` with proven bounds. After Ctrl-C: the plan so far.
        If a few values are very much larger than the others, `planners.solve(model, method=...)` solves the other
        states separately, and proves more about them than this function does.

    Raises:
        InvalidModelError: No model, or not an MDP.
        InvalidOptionError: Among others, a start of another size.
        UnboundedValueError: At discount 1 reward can be collected for ever; `throw=False` gives inf there.
        NotConvergedError: See `throw`.

    Cost: ln(1 / tolerance) / (1 - discount) sweeps over the transitions.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> value_iteration(stay_or_stop, discount=0.8).values.round(3)
    array([5.])
    """
    wanted = check_tolerances(tolerance, relative_tolerance)
    check_run(max_iterations, progress, throw)
    problem = make_problem(with_rows(model), check_discount(discount))
    return run(
        problem,
        sweeps(problem, np.zeros(problem.num_states) if start is None else start_values(problem, start)),
        method="value iteration",
        tolerance=wanted,
        max_iterations=max_iterations,
        progress=progress,
        throw=throw,
    )


def sweeps(problem: Problem, values: NDArray[np.float64]) -> Iterator[Backup]:
    """The iterates of Algorithm 4 from V_0."""
    while True:
        action_values = problem.action_values(values)  # r(s,a) + discount * sum_s' P(s'|s,a) V(s')
        yield Backup(values, action_values)
        values = problem.maximise(action_values)  # max over a
