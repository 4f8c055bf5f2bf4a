"""Gymnasium's `CartPole-v1`: a pole on a cart, which is pushed left or right so that it does not fall.

Reward 1 for every step until the pole leans more than 12 degrees or the cart is further than 2.4 from the middle.

Source: Barto, Sutton and Anderson (1983); Gymnasium, `gymnasium/envs/classic_control/cartpole.py`.
"""

import math
from typing import Any

from planners.continuous.interval import Number, cos, sin, square
from planners.continuous.system import State, System

FURTHEST, LEANING = 2.4, 12 * 2 * math.pi / 360
GRAVITY, MASS, POLE, LENGTH, FORCE, TIME = 9.8, 1.1, 0.1 * 0.5, 0.5, 10.0, 0.02


class CartPole(System):
    """Place, speed, angle and turning speed; actions 0 and 1 push left and right.

    The speeds have no limits. A plan looks between `low` and `high` only; outside, V* is only known to be from 0 to 1 /
    (1 - discount).
    """

    low, high = (-FURTHEST, -2.5, -LEANING, -2.5), (FURTHEST, 2.5, LEANING, 2.5)
    wraps = (False,) * 4
    axes = ("place", "speed", "angle", "turning")
    actions = (0, 1)
    first_adds = True
    start = ((-0.05,) * 4, (0.05,) * 4)

    def step(self, state: State, action: Number) -> State:
        """Euler's step of 0.02 s."""
        place, speed, angle, turning = state
        _, turned, driven = _accelerations(angle, turning, action)
        return place + TIME * speed, speed + TIME * driven, angle + TIME * turning, turning + TIME * turned

    def jacobian(self, state: State, action: Number) -> list[list[Number]]:
        """The derivatives, by those of the three accelerations."""
        _, _, angle, turning = state
        c, s = cos(angle), sin(angle)
        pushed, turned, _ = _accelerations(angle, turning, action)
        arm = LENGTH * (4.0 / 3.0 - 0.1 * square(c) / MASS)
        pushed_by = POLE * square(turning) * c / MASS, 2.0 * POLE * turning * s / MASS
        bent = turned * (LENGTH * 0.2 / MASS) * c * s
        turned_by = (GRAVITY * c + s * pushed - c * pushed_by[0] - bent) / arm, -(c * pushed_by[1]) / arm
        driven_by = (
            pushed_by[0] - POLE / MASS * (turned_by[0] * c - turned * s),
            pushed_by[1] - POLE / MASS * (turned_by[1] * c),
        )
        return [
            [1.0, TIME, 0.0, 0.0],
            [0.0, 1.0, TIME * driven_by[0], TIME * driven_by[1]],
            [0.0, 0.0, 1.0, TIME],
            [0.0, 0.0, TIME * turned_by[0], 1.0 + TIME * turned_by[1]],
        ]

    def reward(self, state: State, action: Number, next_state: State) -> float:
        """1 for every step."""
        return 1.0

    def ended(self, state: State) -> Any:
        """Whether the pole has fallen, or the cart is too far."""
        place, _, angle, _ = state
        return (place < -FURTHEST) | (place > FURTHEST) | (angle < -LEANING) | (angle > LEANING)


def _accelerations(angle: Number, turning: Number, action: Number) -> tuple[Number, Number, Number]:
    """Of the cart without the pole, of the pole's turning, and of the cart."""
    force = FORCE if action == 1 else -FORCE
    c, s = cos(angle), sin(angle)
    pushed = (force + POLE * square(turning) * s) / MASS
    turned = (GRAVITY * s - c * pushed) / (LENGTH * (4.0 / 3.0 - 0.1 * square(c) / MASS))
    return pushed, turned, pushed - POLE * turned * c / MASS
