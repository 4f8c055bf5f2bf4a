"""Gymnasium's `MountainCarContinuous-v0`: the car of `mountain_car`, with a force from -1 to 1 that costs fuel.

velocity' = clip(velocity + 0.0015 force - 0.0025 cos(3 position), -0.07, 0.07)
position' = clip(position + velocity', -1.2, 0.6), where the wall at -1.2 stops the car
reward = 100 on arriving at position >= 0.45, minus 0.1 force^2

Gymnasium computes in single precision. So does `step`, and its boxes are wide enough for both this and exact numbers.

Source: Gymnasium, `gymnasium/envs/classic_control/continuous_mountain_car.py`.
"""

from typing import Any

import numpy as np

from planners.continuous.interval import Interval, Number, choose, clip, cos, sin, single, square, truth
from planners.continuous.system import State, System

LEFT, RIGHT, FASTEST, TOP, POWER = (float(np.float32(x)) for x in (-1.2, 0.6, 0.07, 0.45, 0.0015))


class MountainCarContinuous(System):
    """Position from -1.2 to 0.6 and velocity up to 0.07; the action is a force from -1 to 1."""

    low, high = (LEFT, -FASTEST), (RIGHT, FASTEST)
    most = 100.0
    wraps = (False, False)
    axes = ("position", "velocity")
    actions = Interval(-1.0, 1.0)
    start = ((-0.6, 0.0), (-0.4, 0.0))

    def step(self, state: State, action: Number) -> State:
        """The next position and velocity."""
        position, velocity = state
        velocity = clip(single(_unclipped(position, velocity, action)), -FASTEST, FASTEST)
        position = clip(single(position + velocity), LEFT, RIGHT)
        stopped = (position <= LEFT) & (velocity < 0.0)
        return position, choose(stopped, 0.0, velocity)

    def reward(self, state: State, action: Number, next_state: State) -> Number:
        """100 on arriving, minus the fuel."""
        return choose(self.ended(next_state), 100.0, 0.0) - 0.1 * square(action)

    def ended(self, state: State) -> Any:
        """Whether the car is up."""
        return (state[0] >= TOP) & (state[1] >= 0.0)

    def jacobian(self, state: State, action: Number) -> list[list[Number]]:
        """The derivatives, where no limit is met."""
        position, velocity = state
        unclipped = _unclipped(position, velocity, action)
        ahead = position + unclipped
        free = truth(unclipped <= FASTEST) & truth(unclipped >= -FASTEST) & truth(ahead <= RIGHT) & truth(ahead >= LEFT)
        slope, one = sin(3 * position) * 0.0075, np.where(free.surely, 1.0, np.nan)
        return [[slope + one, one], [slope * one, one]]


def _unclipped(position: Number, velocity: Number, action: Number) -> Number:
    return velocity + single(single(POWER * action) - single(0.0025 * cos(single(3 * position))))
