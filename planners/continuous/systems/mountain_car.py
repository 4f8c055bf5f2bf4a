"""Gymnasium's `MountainCar-v0`: a car too weak for the hill has to swing.

velocity' = clip(velocity + 0.001 (action - 1) - 0.0025 cos(3 position), -0.07, 0.07)
position' = clip(position + velocity', -1.2, 0.6), where the wall at -1.2 stops the car

Every step costs 1 until position >= 0.5.

Source: Moore (1990), PhD thesis, University of Cambridge; Sutton and Barto (2018), example 10.1.
"""

from typing import Any

import numpy as np

from planners.continuous.interval import Number, choose, clip, cos, sin, truth
from planners.continuous.system import State, System

LEFT, RIGHT, FASTEST, TOP = -1.2, 0.6, 0.07, 0.5
FORCE, GRAVITY = 0.001, 0.0025


class MountainCar(System):
    """Position from -1.2 to 0.6 and velocity up to 0.07; actions 0, 1, 2 push left, not at all, right.

    >>> MountainCar().step((-0.5, 0.0), 2)
    (-0.499176843004..., 0.000823156995...)
    """

    low, high = (LEFT, -FASTEST), (RIGHT, FASTEST)
    most = 0.0
    wraps = (False, False)
    axes = ("position", "velocity")
    actions = (0, 1, 2)
    start = ((-0.6, 0.0), (-0.4, 0.0))
    step_cost = True

    def step(self, state: State, action: Number) -> State:
        """The next position and velocity."""
        position, velocity = state
        velocity = velocity + ((action - 1) * FORCE + cos(3 * position) * (-GRAVITY))
        return rolled(position, clip(velocity, -FASTEST, FASTEST))

    def reward(self, state: State, action: Number, next_state: State) -> float:
        """-1 for every step."""
        return -1.0

    def ended(self, state: State) -> Any:
        """Whether the car is up."""
        return (state[0] >= TOP) & (state[1] >= 0.0)

    def jacobian(self, state: State, action: Number) -> list[list[Number]]:
        """The derivatives, where neither the wall nor the limit of speed is met."""
        position, velocity = state
        unclipped = velocity + ((action - 1) * FORCE + cos(3 * position) * (-GRAVITY))
        return derivatives(position, velocity, unclipped)


def rolled(position: Number, velocity: Number) -> State:
    """The state after rolling at a velocity: a car that meets the wall stops."""
    position = clip(position + velocity, LEFT, RIGHT)
    stopped = (position <= LEFT) & (velocity < 0.0)
    return position, choose(stopped, 0.0, velocity)


def derivatives(position: Number, velocity: Number, unclipped: Number) -> list[list[Number]]:
    """The Jacobian of the car; NaN where a limit is met, which is where it has none."""
    slope = sin(3 * position) * (3.0 * GRAVITY)
    ahead = position + unclipped
    free = truth(unclipped <= FASTEST) & truth(unclipped >= -FASTEST) & truth(ahead <= RIGHT) & truth(ahead >= LEFT)
    one = np.where(free.surely, 1.0, np.nan)
    return [[slope + one, one], [slope * one, one]]
