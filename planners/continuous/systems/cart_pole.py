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

    The speeds have no limits: `low` and `high` are those within which a plan looks, and V* outside is known to be
    from 0 to 1 / (1 - discount) only.
    """

    low, high = (-FURTHEST, -3.0, -LEANING, -3.5), (FURTHEST, 3.0, LEANING, 3.5)
    wraps = (False,) * 4
    axes = ("place", "speed", "angle", "turning")
    actions = (0, 1)
    start = ((-0.05,) * 4, (0.05,) * 4)

    def step(self, state: State, action: Number) -> State:
        """Euler's step of 0.02 s."""
        place, speed, angle, turning = state
        force = FORCE if action == 1 else -FORCE
        c, s = cos(angle), sin(angle)
        pushed = (force + POLE * square(turning) * s) / MASS
        turned = (GRAVITY * s - c * pushed) / (LENGTH * (4.0 / 3.0 - 0.1 * square(c) / MASS))
        driven = pushed - POLE * turned * c / MASS
        return place + TIME * speed, speed + TIME * driven, angle + TIME * turning, turning + TIME * turned

    def reward(self, state: State, action: Number, next_state: State) -> float:
        """1 for every step."""
        return 1.0

    def ended(self, state: State) -> Any:
        """Whether the pole has fallen, or the cart is too far."""
        place, _, angle, _ = state
        return (place < -FURTHEST) | (place > FURTHEST) | (angle < -LEANING) | (angle > LEANING)
