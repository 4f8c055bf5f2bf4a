"""`reachability`: the largest probability with which a robot with noisy moves reaches a goal, bounded."""

from collections.abc import Callable
from typing import Any

import numpy as np

from planners.continuous.expected_values import Task, plan_for, robot_cells
from planners.continuous.solve import Stage, teller
from planners.continuous.stochastic_plan import StochasticPlan
from planners.continuous.systems.point_robot import PointRobot
from planners.errors import InvalidOptionError


def reachability(
    robot: PointRobot,
    cells: Any = None,
    *,
    steps: int = 200,
    actions: int = 17,
    progress: bool | Callable[[Stage], object] = False,
) -> StochasticPlan:
    """Bounds of the largest probability of reaching a goal within `steps` steps, at every position.

    A goal is a terminal square that pays more than 0; an episode that ends in another one does not reach it.

    Args:
        robot: A robot with noise.
        cells: (2,) how many cells along x and along y, multiples of the map's columns and rows; None: about 100,000 in
            all. More cells give closer bounds. The radius should be a multiple of their sides, as it is by default
            where possible. Otherwise cells beside walls are partly blocked, and the bounds, which are still proven, may
            be wide.
        steps: The limit of steps.
        actions: How many directions the policy tries, where every direction is allowed.
        progress: As for `planners.continuous.solve`.

    Returns:
        A plan whose policy reaches a goal with a probability of at least `lower`. After Ctrl-C its bounds are valid,
        and wider.

    Raises:
        InvalidOptionError: Another system, a bad number, or a map without a goal.
        NotEnoughMemoryError: The cells would not fit.

    >>> import planners
    >>> robot = planners.continuous.PointRobot(["..+", ".#-", "S.."], noise=0.1)
    >>> plan = planners.continuous.reachability(robot, cells=(24, 24), steps=30)
    >>> lower, upper = plan.bounds([0.5, 0.5])
    >>> bool(0.98 < lower <= upper <= 1.0)
    True
    """
    if not isinstance(robot, PointRobot) or robot.noise is None:
        raise InvalidOptionError(
            f"robot is {robot!r:.80}; expected a PointRobot with noise, such as PointRobot(desc, noise=0.1)"
        )
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps < 2**31:
        raise InvalidOptionError(f"steps is {steps!r}; expected a whole number of steps, at least 1")
    goal = robot.squares.terminal & (robot.squares.rewards > 0.0)
    if not goal.any():
        raise InvalidOptionError("the map has no goal; expected a terminal square that pays more than 0, such as '+'")
    report = teller(progress)
    task = Task.of(robot, robot_cells(robot, cells), goal.astype(np.float64), 1.0, int(steps))
    return plan_for(task, actions, lambda *stage: report(Stage(*stage)))
