"""Gauss-Seidel value iteration that follows the front of settled values.

    order the states breadth-first, backwards from where episodes end
    sweep V(s) = max_a [r(s,a) + discount * sum_s' P(s'|s,a) V(s')], in that order and in place, over a window
    of blocks that begins with the first block that may still change; move on when that one has settled

In a gridworld, values spread outwards from the states where episodes end. A sweep in that order follows them. But where
moves can slip backwards, each sweep settles only the next few layers, and its work further out has to be done again. So
sweeps go no further than the window: each state is swept some forty to sixty times, whether there are 10^4 or 10^8
states. At the end one backup over all states proves the bounds; if they are too wide, the threshold of "settled" is
lowered and the sweeps go on.

Sources: Bertsekas and Tsitsiklis (1989), "Parallel and Distributed Computation", Section 4.2 (Gauss-Seidel
and asynchronous value iteration); Zhao (2005), "A fast sweeping method for Eikonal equations" (order).
"""

from typing import Any

import numpy as np

from planners.equations.from_model import make_problem
from planners.errors import InvalidOptionError
from planners.iteration.loop import planner, run_iterates
from planners.iteration.progress import Progress
from planners.iteration.starting_points import model_values, start_values
from planners.memory import check_memory
from planners.models.convert import ModelLike, as_model, with_rows
from planners.models.moves import MoveMDP
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_run, check_tolerances
from planners.plans.plan import Plan
from planners.sweeps.move_sweeps import MoveSweeps
from planners.sweeps.rounds import front_bytes, rounds
from planners.sweeps.row_sweeps import RowSweeps


@planner
def gauss_seidel(
    model: ModelLike,
    *,
    discount: float,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    max_iterations: int = 100_000,
    max_sweeps: float = float("inf"),
    start: Any = None,
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,  # the decorator sees to it: the method itself always maximises
) -> Plan:
    """Optimal values and policy by ordered Gauss-Seidel sweeps; for large models in which episodes end.

    Not for models in which no episode ends, nor for those where one state leads to states all over the
    model: there the order has nothing to follow.

    Args:
        model: A model of S states, or an environment that has one.
        discount: 0 to 1. At 1, states where every policy may pay for ever get the value -inf.
        tolerance: Largest error of any value, in units of reward; a value that float64 cannot prove is refused.
        relative_tolerance: The same as a fraction of the largest |V|. If both are given, the larger error is allowed;
            if neither is given, 1e-6 of the largest |V|.
        max_iterations: Number of reports (some milliseconds of sweeps each) after which to give up.
        max_sweeps: Number of sweeps, in multiples of all states, after which to give up.
        start: A `Plan`, or (S,) values, which are first lowered to the lower bound that they prove; None: each state
            begins with the value that its neighbours give when the front arrives.
        progress: True for a progress bar, or a function to call with each `Iteration`.
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

    Cost: on maps some 40 to 60 sweeps, whatever the size and the discount; about 100 bytes a state of a
    `MoveMDP`, beside the model.
    """
    wanted = check_tolerances(tolerance, relative_tolerance)
    options: dict[str, Any] = {"max_iterations": max_iterations, "max_sweeps": max_sweeps, "start": start}
    return _swept(model, discount, tolerance=wanted, **options, progress=progress, throw=throw)


def sweep_for_a_while(model: Any, *, discount: float, **options: Any) -> Plan:
    """The plan of `gauss_seidel`; if it has not settled in `max_sweeps`, values alone: its bounds are infinite then.

    For `solve`, which goes on from these values. To prove what is not finished can take longer than the sweeps.
    """
    return _swept(model, discount, proves_unfinished=False, **options)


def _swept(
    model: Any,
    discount: float,
    *,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    max_iterations: int = 100_000,
    max_sweeps: float = float("inf"),
    start: Any = None,
    progress: Progress = False,
    throw: bool = True,
    proves_unfinished: bool = True,
) -> Plan:
    """The plan, proven or not where it is not finished."""
    wanted, discount = check_tolerances(tolerance, relative_tolerance), check_discount(discount)
    check_run(max_iterations, progress, throw)
    if not (isinstance(max_sweeps, int | float | np.number) and max_sweeps > 0):
        raise InvalidOptionError(f"max_sweeps is {max_sweeps!r}; expected a positive number of sweeps")
    source = as_model(model)
    check_memory(front_bytes(source), f"sweeping {source.num_states} states", "Use a smaller model")
    sweeps = (
        MoveSweeps(source, discount)
        if isinstance(source, MoveMDP) and discount < 1.0
        else RowSweeps(make_problem(with_rows(source), discount))
    )
    if start is not None:
        count = source.num_states
        sweeps.begin_at(
            start_values(sweeps.problem, start) if isinstance(sweeps, RowSweeps) else model_values(count, start)
        )
    return run_iterates(
        sweeps,
        rounds(sweeps, wanted, max_sweeps=max_sweeps),
        method="ordered Gauss-Seidel",
        tolerance=wanted,
        max_iterations=max_iterations,
        progress=progress,
        proves_unfinished=proves_unfinished,
    )
