"""A mass on a line that is pushed: the system of which both the shortest time and the least cost are known exactly.

position' = position + dt velocity + dt^2 / 2 push
velocity' = velocity + dt push,     -1 <= push <= 1

With `goal`, every step costs 1 until |position| <= goal and |velocity| <= goal. Without, a step costs
position^2 + velocity^2 + push^2, which is the linear-quadratic problem of `planners.continuous.linear_quadratic`, and
walls at `size` stop it.

Source: Bertsekas (2017), "Dynamic Programming and Optimal Control", volume 1, sections 3.1 and 4.1.
"""

from typing import Any

import numpy as np

from planners.arguments import check_number
from planners.continuous.interval import Interval, Number, above, below, clip, square, truth
from planners.continuous.system import State, System


class DoubleIntegrator(System):
    """Position and velocity, both from -size to size; the action is a push from -1 to 1.

    Attributes:
        time: The duration dt of a step.
        goal: Half the side of the square around 0 at which it ends; None: it never ends, and costs are quadratic.

    >>> DoubleIntegrator(time=0.5).step((1.0, 0.0), -1.0)
    (0.875, -0.5)
    """

    most = 0.0
    wraps = (False, False)
    axes = ("position", "velocity")
    actions: tuple[float, ...] | Interval = Interval(-1.0, 1.0)
    beyond = (-np.inf, 0.0)

    def __init__(self, *, time: float = 0.1, goal: float | None = None, size: float = 3.0) -> None:
        self.time, size = check_number("time", time, above=0.0), check_number("size", size, above=0.0)
        self.goal = None if goal is None else check_number("goal", goal, above=0.0)
        self.low, self.high = (-size,) * 2, (size,) * 2
        self.start = ((-size / 2.0, -size / 2.0), (size / 2.0, size / 2.0))

    @property
    def step_cost(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether every step costs 1."""
        return self.goal is not None

    @property
    def ends(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether there is a goal."""
        return self.goal is not None

    def step(self, state: State, action: Number) -> State:
        """The next position and velocity."""
        position, velocity = state
        position = position + (velocity * self.time + action * (0.5 * self.time**2))
        velocity = velocity + action * self.time
        if self.goal is not None:
            return position, velocity
        return clip(position, self.low[0], self.high[0]), clip(velocity, self.low[1], self.high[1])

    def reward(self, state: State, action: Number, next_state: State) -> Number:
        """-1 for every step, or minus the quadratic cost."""
        if self.goal is not None:
            return -1.0
        return -(square(state[0]) + square(state[1]) + square(action))

    def ended(self, state: State) -> Any:
        """Whether both are near 0."""
        goal = -1.0 if self.goal is None else self.goal
        position, velocity = state
        return (position <= goal) & (position >= -goal) & (velocity <= goal) & (velocity >= -goal)

    def reward_slope(self, state: State, action: Number) -> list[Number] | None:
        """The derivatives of the squares; None if there is a goal."""
        return None if self.goal is not None else [state[0] * (-2.0), state[1] * (-2.0)]

    def jacobian(self, state: State, action: Number) -> list[list[Number]]:
        """The derivatives, the same everywhere except at walls, where there are none."""
        free = self._free(state, action)
        return [[free, self.time * free], [0.0 * free, free]]

    def action_slope(self, state: State, action: Number) -> list[Number]:
        """The derivatives, the same everywhere except at walls, where there are none."""
        half = Interval(below(0.5 * self.time**2), above(0.5 * self.time**2))
        return [half * self._free(state, action), self.time * self._free(state, action)]

    def _free(self, state: State, action: Number) -> Any:
        """1 where no wall is met, NaN where one may be."""
        if self.goal is not None:
            return 1.0
        position, velocity = state
        ahead, after = position + (velocity * self.time + action * (0.5 * self.time**2)), velocity + action * self.time
        inside = truth(ahead <= self.high[0]) & truth(ahead >= self.low[0])
        inside = inside & truth(after <= self.high[1]) & truth(after >= self.low[1])
        return np.where(inside.surely, 1.0, np.nan)
