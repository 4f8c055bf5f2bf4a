"""When sweeps are told to stop for rounding."""

from itertools import islice

import numpy as np
import pytest

from planners.equations.certificates import Bounds
from planners.options import Target, Tolerance
from planners.sweeps.rounds import rounds


class Standing:
    """Sweeps whose proofs are no better for a long time, though they still change values by so much."""

    discount, sweeps, settled = 0.999, 0.0, False

    def __init__(self, residual: float) -> None:
        self.residual = residual

    def advance(self, threshold: float) -> bool:
        self.sweeps += 64
        return True

    def prove(self, tolerance: float) -> Bounds:
        values = np.full(3, -40.0)
        return Bounds(values - 19.0, values + 19.0, values, 19.0, np.zeros(3, dtype=np.int64))

    def magnitude(self) -> float:
        return 40.0

    def reward_size(self) -> float:
        return 0.04

    def target(self, tolerance: Tolerance, bounds: Bounds) -> Target:
        return tolerance.target_of(40.0, 40.0)

    def after_proof(self, bounds: Bounds) -> None:
        pass


@pytest.mark.parametrize(("residual", "stuck"), [(0.04, False), (1e-6, False), (1e-14, True)])
def test_values_that_are_still_on_their_way_are_no_rounding(residual: float, stuck: bool) -> None:
    """As in a maze, where the front has far to go: a proof in which it is on its way says nothing of rounding."""
    proofs = [iterate.stuck for iterate in islice(rounds(Standing(residual), 1e-6), 20)]
    assert any(proofs) == stuck
