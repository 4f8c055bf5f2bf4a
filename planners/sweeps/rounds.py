"""Sweep until everything has settled, prove the bounds, and go on with a smaller threshold."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from planners.equations.certificates import Bounds
from planners.equations.problem import UNIT_ROUNDOFF
from planners.iteration.iterates import SweepIterate
from planners.models.convert import Model
from planners.models.moves import MoveMDP


class Sweeps(Protocol):
    """Sweeps of any kind: on the CPU, on a GPU, or shared by many processes.

    Attributes:
        discount: The discount.
        residual: Largest change that may still come, after `advance`.
        settled: Whether no state may still change by more than the threshold, after `advance`.
    """

    discount: float
    residual: float
    settled: bool

    @property
    def sweeps(self) -> float:
        """Sweeps so far, in multiples of all states."""
        ...

    def advance(self, threshold: float) -> bool:
        """Sweep for some milliseconds, or once; True when it is time for a proof."""
        ...

    def prove(self, tolerance: float) -> Bounds:
        """Bounds that meet the tolerance where the values allow it."""
        ...

    def magnitude(self) -> float:
        """Largest |V| of the states that are swept."""
        ...

    def after_proof(self, bounds: Bounds) -> None:
        """Make use of what was just proven, before the sweeps go on."""
        ...


def rounds(
    sweeps: Sweeps, tolerance: float, threshold: float = 0.0, max_sweeps: float = np.inf
) -> Iterator[SweepIterate]:
    """Sweeps until every state has settled, a proof, and more sweeps if the proof is not good enough.

    Args:
        sweeps: What sweeps and proves.
        tolerance: Largest error of the values.
        threshold: The change that counts as none, of a run that is taken up again; 0: the tolerance says it.
        max_sweeps: Number of sweeps after which there are no more iterates.
    """
    threshold = threshold or 0.5 * tolerance * max(1.0 - sweeps.discount, 1e-4)
    while True:
        while not sweeps.advance(threshold):
            yield SweepIterate(residual=sweeps.residual, final=False, prove=lambda: sweeps.prove(tolerance))
            if sweeps.sweeps > max_sweeps:
                return
        bounds = sweeps.prove(tolerance)
        floor = 4.0 * UNIT_ROUNDOFF * sweeps.magnitude()
        stuck = sweeps.settled and bounds.error > tolerance and threshold <= floor
        yield SweepIterate(residual=sweeps.residual, final=True, prove=lambda bounds=bounds: bounds, stuck=stuck)
        sweeps.after_proof(bounds)
        if sweeps.settled:
            shrink = 0.3 * tolerance / bounds.error if np.isfinite(bounds.error) else 0.1
            threshold = max(threshold * min(shrink, 0.5), floor)


def front_bytes(model: Model) -> int:
    """Estimate of the most bytes that `gauss_seidel` takes beside the model; measured on maps."""
    if isinstance(model, MoveMDP):
        return model.num_states * (48 + 12 * model.num_moves)
    return 100 * model.num_states + 24 * model.transitions.nnz
