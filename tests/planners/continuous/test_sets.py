"""Sets hold every state that their states lead to, step after step, and pieces of sets hold what the sets held."""

from typing import Any

import numpy as np
import pytest

from planners.continuous import (
    CartPole,
    DoubleIntegrator,
    Interval,
    MountainCar,
    MountainCarContinuous,
    Pendulum,
    System,
)
from planners.continuous import box as box_of
from planners.continuous.cells import Cells
from planners.continuous.reach import _in_bins
from planners.continuous.sets import Sets
from planners.continuous.walks import Walk

EVERY = [MountainCar(), MountainCarContinuous(), Pendulum(), DoubleIntegrator(goal=0.1), DoubleIntegrator(), CartPole()]


def small_boxes(system: System, rng: np.random.Generator, count: int) -> tuple[Any, np.ndarray]:
    low, high = np.array(system.low)[:, None], np.array(system.high)[:, None]
    corner = rng.uniform(low, high, (system.dimension, count))
    corner = np.where(rng.random(corner.shape) < 0.05, low, corner)
    other = np.minimum(corner + (high - low) * 10.0 ** rng.uniform(-5, -1.5, corner.shape), high)
    part = np.round(4.0 * rng.random(corner.shape)) / 4.0  # corners, borders and the middle too
    return box_of(corner, other), np.clip(corner + part * (other - corner), corner, other)


@pytest.mark.parametrize("system", EVERY, ids=lambda s: type(s).__name__)
def test_points_stay_in_their_sets(system: System, rng: np.random.Generator) -> None:
    box, point = small_boxes(system, rng, 3_000)
    sets, now = Sets.of(box), tuple(point)
    for _ in range(10):
        if isinstance(system.actions, Interval):
            one, two = np.sort(rng.uniform(system.actions.low, system.actions.high, 2))
            action: Any = Interval(one, two) if rng.random() < 0.5 else one
            taken = rng.uniform(one, two, len(point[0])) if isinstance(action, Interval) else one
        else:
            action = taken = int(rng.choice(system.actions))
        sets, around, reward, _ = sets.advance(system, action)
        after = system.step(now, taken)
        earned = system.reward(now, taken, after)
        assert np.all((reward.low <= earned) & (earned <= reward.high))
        now = after
        for held in (around, sets.box()):
            assert all(np.all((x.low <= y) & (y <= x.high)) for x, y in zip(held, now, strict=True))


def test_pieces_in_bins_hold_what_the_sets_held(rng: np.random.Generator) -> None:
    system = MountainCar()
    box, point = small_boxes(system, rng, 2_000)
    cells = Cells(system, (30, 20))
    pieces = _in_bins(Walk.of(cells, box, 1.0, 1.0), np.array([30, 20]))
    low, high = np.stack([x.low for x in pieces.box]), np.stack([x.high for x in pieces.box])
    assert np.all(high - low <= cells.side[:, None] * (1.0 + 1e-6))
    for state in point.T:
        assert np.any(np.all((low <= state[:, None]) & (state[:, None] <= high), axis=0))
    held = pieces.sets.box()
    assert all(np.all((x.low <= a) & (b <= x.high)) for x, a, b in zip(held, low, high, strict=True))
