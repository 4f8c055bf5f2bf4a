"""Sweep until everything has settled, prove the bounds, and go on with a smaller threshold."""

from collections.abc import Iterator

import numpy as np

from planners.equations.problem import UNIT_ROUNDOFF
from planners.iteration.iterates import SweepIterate
from planners.models.convert import Model
from planners.models.moves import MoveMDP
from planners.sweeps.batch_sweeps import BatchSweeps
from planners.sweeps.move_sweeps import MoveSweeps
from planners.sweeps.row_sweeps import RowSweeps

BLOCKS_A_REPORT = 4_000


def front_bytes(model: Model) -> int:
    """Estimate of the most bytes that `gauss_seidel` takes beside the model; measured on maps."""
    if isinstance(model, MoveMDP):
        return model.num_states * (48 + 12 * model.num_moves)
    return 100 * model.num_states + 24 * model.transitions.nnz


def iterates(front: MoveSweeps | RowSweeps | BatchSweeps, tolerance: float) -> Iterator[SweepIterate]:
    """Sweeps until every block has settled, a proof, and more sweeps if the proof is not good enough."""
    threshold = 0.5 * tolerance * max(1.0 - front.discount, 1e-4)
    while True:
        while not front.advance(threshold, BLOCKS_A_REPORT):
            yield SweepIterate(residual=front.unsettled, final=False, prove=lambda: front.prove(tolerance))
        bounds = front.prove(tolerance)
        floor = 4.0 * UNIT_ROUNDOFF * float(np.abs(front.values[: front.order.computed]).max(initial=0.0))
        stuck = bounds.error > tolerance and threshold <= floor
        yield SweepIterate(residual=threshold, final=True, prove=lambda bounds=bounds: bounds, stuck=stuck)
        shrink = 0.3 * tolerance / bounds.error if np.isfinite(bounds.error) else 0.1
        threshold = max(threshold * min(shrink, 0.5), floor)
