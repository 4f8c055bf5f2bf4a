"""Gymnasium's `Pendulum-v1`: a torque too weak to lift the pendulum at once; the angle is 0 where it stands.

speed' = clip(speed + 0.05 (15 sin(angle) + 3 torque), -8, 8)
angle' = angle + 0.05 speed'
reward = -(angle^2 + 0.1 speed^2 + 0.001 torque^2), of the state before the step

It never ends. The angle is a circle, from -pi to pi.

Source: Gymnasium, `gymnasium/envs/classic_control/pendulum.py`.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_numbers, shown
from planners.continuous.interval import Interval, Number, above, below, clip, cos, from_zero, sin, square, truth
from planners.continuous.system import State, System
from planners.errors import InvalidOptionError

FASTEST, TORQUE, TIME = 8.0, 2.0, 0.05


class Pendulum(System):
    """The angle from -pi to pi, in radians, and the speed up to 8; the action is a torque from -2 to 2.

    >>> Pendulum().step((3.0, 0.0), 2.0)
    (3.020292..., 0.405840...)
    """

    low, high = (-math.pi, -FASTEST), (math.pi, FASTEST)
    ends = False
    most = 0.0
    wraps = (True, False)
    axes = ("angle", "speed")
    actions = Interval(-TORQUE, TORQUE)
    start = ((-math.pi, -1.0), (math.pi, 1.0))

    def step(self, state: State, action: Number) -> State:
        """The next angle, which may be beyond pi, and speed."""
        angle, speed = state
        speed = clip(_unclipped(angle, speed, action), -FASTEST, FASTEST)
        return angle + speed * TIME, speed

    def reward(self, state: State, action: Number, next_state: State) -> Number:
        """Minus the cost of the state before the step and of the torque."""
        angle, speed = state
        return -(square(from_zero(angle)) + 0.1 * square(speed) + 0.001 * square(action))

    def ended(self, state: State) -> Any:
        """Never."""
        return state[0] < -np.inf

    def action_slope(self, state: State, action: Number) -> list[Number]:
        """The derivatives, where the limit of speed is not met."""
        angle, speed = state
        push = Interval(below(3.0 * TIME), above(3.0 * TIME)) * _free(_unclipped(angle, speed, action))
        return [push * TIME, push]

    def jacobian(self, state: State, action: Number) -> list[list[Number]]:
        """The derivatives, where the limit of speed is not met."""
        angle, speed = state
        unclipped = _unclipped(angle, speed, action)
        one = _free(unclipped)
        slope = cos(angle) * (15.0 * TIME) * one
        return [[slope * TIME + one, one * TIME], [slope, one]]

    def reward_slope(self, state: State, action: Number) -> list[Number]:
        """The derivatives of the squares of the angle, which has a kink at pi, and of the speed."""
        angle, speed = state
        turn = 2.0 * math.pi
        near = angle - Interval(below(turn), above(turn)) * np.round(angle.middle / turn)
        bends = truth((near <= -math.pi) | (near >= math.pi)).possibly
        slope = Interval(np.where(bends, -turn, 2.0 * near.low), np.where(bends, turn, 2.0 * near.high))
        return [-slope, speed * (-0.2)]

    def state_of(self, observation: Any) -> NDArray[np.float64]:
        """The angle and the speed that an observation (cos, sin, speed) shows."""
        seen = check_numbers("observation", observation)
        if seen.shape[-1:] != (3,) or seen.ndim > 2:
            raise InvalidOptionError(f"observation is {shown(observation)}; expected cos, sin and angular velocity")
        return np.stack([np.arctan2(seen[..., 1], seen[..., 0]), seen[..., 2]], axis=-1)


def _unclipped(angle: Number, speed: Number, action: Number) -> Number:
    return speed + (15.0 * sin(angle) + 3.0 * action) * TIME


def _free(unclipped: Number) -> Any:
    """1 where the limit of speed is not met, NaN where it may be."""
    return np.where((truth(unclipped <= FASTEST) & truth(unclipped >= -FASTEST)).surely, 1.0, np.nan)
