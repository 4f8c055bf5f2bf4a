"""Sweep until everything has settled, prove the bounds, and go on with a smaller threshold."""

from collections.abc import Iterator
from functools import partial
from typing import Final, Protocol

import numpy as np

from planners.equations.certificates import Bounds
from planners.equations.problem import UNIT_ROUNDOFF
from planners.iteration.iterates import SweepIterate
from planners.models.convert import Model
from planners.models.moves import MoveMDP
from planners.options import Target, Tolerance, check_tolerances

FIRST_LOOK: Final = 256  # sweeps: where so many have not settled all, a proof says how to go on, and again after twice

PATIENCE: Final = 6  # proofs that are no better than one before
MOST_ROUNDED: Final = 1000.0  # times the floor: what sweeps may still change where only rounding moves values


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

    def reward_size(self) -> float:
        """Largest |r|, which says roughly how large values are before there are any."""
        ...

    def target(self, tolerance: Tolerance, bounds: Bounds) -> Target:
        """What error of bounds ends the sweeps, and what is allowed."""
        ...

    def after_proof(self, bounds: Bounds) -> None:
        """Make use of what was just proven, before the sweeps go on."""
        ...


def rounds(
    sweeps: Sweeps, tolerance: float | Tolerance, threshold: float = 0.0, max_sweeps: float = np.inf
) -> Iterator[SweepIterate]:
    """Sweeps until every state has settled, a proof, and more sweeps if the proof is not good enough.

    Args:
        sweeps: What sweeps and proves.
        tolerance: Largest error of the values.
        threshold: The change that counts as none, of a run that is taken up again; 0: the tolerance says it.
        max_sweeps: Number of sweeps after which there are no more iterates.
    """
    wanted = check_tolerances(tolerance)
    size = sweeps.reward_size() or 1.0
    aim = wanted.target_of(size, size).aim
    target = partial(sweeps.target, wanted)
    threshold = threshold or 0.5 * aim * max(1.0 - sweeps.discount, 1e-4)
    guess = getattr(sweeps, "unproven", None)  # sweeps on a GPU or of many processes have none: they are always proven
    look, best, stalled = FIRST_LOOK, np.inf, 0
    while True:
        while not sweeps.advance(threshold) and sweeps.sweeps < look:
            yield SweepIterate(
                residual=sweeps.residual,
                final=False,
                prove=lambda aim=aim: sweeps.prove(aim),
                find_target=target,
                guess=guess,
            )
            if sweeps.sweeps > max_sweeps:
                return
        look = max(look, 2 * sweeps.sweeps) if sweeps.sweeps >= look else look
        bounds = sweeps.prove(aim)
        aim = target(bounds).aim if np.isfinite(bounds.error) else aim
        floor = 4.0 * UNIT_ROUNDOFF * sweeps.magnitude()
        rounded = sweeps.residual <= MOST_ROUNDED * floor  # otherwise values are still on their way
        best, stalled = (bounds.error, 0) if bounds.error < 0.9 * best else (best, stalled + rounded)
        circles = stalled >= PATIENCE and np.isfinite(best)  # of rounding, as no threshold is small enough for it
        stuck = bounds.error > aim and ((sweeps.settled and threshold <= floor) or circles)
        residual = sweeps.residual if np.isfinite(floor) and np.isfinite(bounds.values).all() else np.nan
        yield SweepIterate(
            residual=residual, final=True, prove=lambda bounds=bounds: bounds, find_target=target, stuck=stuck
        )
        if sweeps.sweeps > max_sweeps:
            return
        sweeps.after_proof(bounds)
        if sweeps.settled:
            shrink = 0.3 * aim / bounds.error if np.isfinite(bounds.error) else 0.1
            threshold = max(threshold * min(shrink, 0.5), floor)


def front_bytes(model: Model) -> int:
    """Estimate of the most bytes that `gauss_seidel` takes beside the model; measured on maps."""
    if isinstance(model, MoveMDP):
        return model.num_states * (48 + 12 * model.num_moves)
    return 100 * model.num_states + 24 * model.transitions.nnz
