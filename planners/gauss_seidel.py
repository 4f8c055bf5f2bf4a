"""Gauss-Seidel value iteration that follows the front of settled values.

    order the states breadth-first, backwards from where episodes end
    sweep V(s) = max_a [r(s,a) + discount * sum_s' P(s'|s,a) V(s')], in that order and in place, over a window
    of blocks that begins with the first block that may still change; move on when that one has settled

Value enters a gridworld at its ends and travels outwards. A sweep in that order carries it along, yet
where moves can slip backwards each sweep settles only the next few layers, and what it does further out
has to be done again. So sweeps go no further than the window: a state is swept some forty to sixty times,
whether there are 10^4 or 10^8 of them. At the end one backup over all states proves the bounds; if they
are too wide, the threshold of "settled" is lowered and the same goes on.

Sources: Bertsekas and Tsitsiklis (1989), "Parallel and Distributed Computation", Section 4.2 (Gauss-Seidel
and asynchronous value iteration); Zhao (2005), "A fast sweeping method for Eikonal equations" (order).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from planners.errors import check_discount, check_run, check_tolerance
from planners.many_front import ManyFront
from planners.memory import check_memory
from planners.models import Model, as_model
from planners.move_front import MoveFront
from planners.moves import MoveMDP
from planners.planner import Settling, run
from planners.problem import UNIT_ROUNDOFF, make_problem
from planners.progress import Progress
from planners.result import Plan
from planners.row_front import RowFront
from planners.start import model_values, start_values

BLOCKS_A_REPORT = 4_000


def gauss_seidel(
    model: Any,
    *,
    discount: float,
    tolerance: float = 1e-6,
    max_iterations: int = 100_000,
    start: Any = None,
    progress: Progress = False,
    throw: bool = True,
) -> Plan:
    """Optimal values and policy by ordered Gauss-Seidel sweeps; for large models in which episodes end.

    Not for models in which no episode ends, nor for those where one state leads to states all over the
    model: there the order has nothing to follow.

    Args:
        model: A model of S states, or an environment that has one.
        discount: 0 to 1. At 1, states from which no policy surely ends the episode get the value -inf.
        tolerance: Largest error of the values, in units of reward.
        max_iterations: Number of reports (some milliseconds of sweeps each) after which to give up.
        start: A `Plan`, or (S,) values, which are first lowered to the lower bound that they prove; None: each
            state begins with what its neighbours make of it when the front arrives.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: Raise when the tolerance is not reached; False: return the plan with its status.

    Returns:
        A `Plan` with proven bounds. After Ctrl-C: the plan so far.

    Raises:
        InvalidModelError: No model, or not an MDP.
        InvalidOptionError: Among others, a start of another size.
        UnboundedValueError: At discount 1, reward can be collected for ever.
        NotConvergedError: See `throw`.

    Cost: on maps some 40 to 60 sweeps, whatever the size and the discount; about 100 bytes a state of a
    `MoveMDP`, beside the model.
    """
    tolerance, discount = check_tolerance(tolerance), check_discount(discount)
    check_run(max_iterations, progress, throw)
    source = as_model(model)
    check_memory(front_bytes(source), f"sweeping {source.num_states} states", "Use a smaller model")
    front = (
        MoveFront(source, discount)
        if isinstance(source, MoveMDP) and discount < 1.0
        else RowFront(make_problem(source.tabular, discount))
    )
    if start is not None:
        count = source.num_states
        front.begin_at(
            start_values(front.problem, start) if isinstance(front, RowFront) else model_values(count, start)
        )
    return run(
        front,
        iterates(front, tolerance),
        method="ordered Gauss-Seidel",
        tolerance=tolerance,
        max_iterations=max_iterations,
        progress=progress,
        throw=throw,
    )


def front_bytes(model: Model) -> int:
    """Estimate of the most bytes that `gauss_seidel` takes beside the model; measured on maps."""
    if isinstance(model, MoveMDP):
        return model.num_states * (48 + 12 * model.num_moves)
    return 100 * model.num_states + 24 * model.transitions.nnz


def iterates(front: MoveFront | RowFront | ManyFront, tolerance: float) -> Iterator[Settling]:
    """Sweeps until every block has settled, a proof, and more sweeps if the proof is not good enough."""
    threshold = 0.5 * tolerance * max(1.0 - front.discount, 1e-4)
    while True:
        while not front.advance(threshold, BLOCKS_A_REPORT):
            yield Settling(residual=front.unsettled, final=False, prove=lambda: front.prove(tolerance))
        bounds = front.prove(tolerance)
        floor = 4.0 * UNIT_ROUNDOFF * float(np.abs(front.values[: front.order.computed]).max(initial=0.0))
        stuck = bounds.error > tolerance and threshold <= floor
        yield Settling(residual=threshold, final=True, prove=lambda bounds=bounds: bounds, at_floor=stuck)
        shrink = 0.3 * tolerance / bounds.error if np.isfinite(bounds.error) else 0.1
        threshold = max(threshold * min(shrink, 0.5), floor)
