"""Bounds of V* of a robot whose moves are noisy, in cells: expectations over the noise, not its worst case.

V(cell) = max over actions of: E[ reward of arriving + discount * V(cell of arrival) ],   the least or most in the cell

The lower bounds rise from below what any policy earns, the upper ones fall from above it, so that each sweep's values
are bounds. With a limit of steps and no discount, both are what so many sweeps from 0 find; sweeps that would change
little are left out, and what they could change at most is added to the upper ones.

Source: Givan, Leach and Dean (2000), "Bounded-parameter Markov decision processes"; Lahijanian, Andersson and Belta
(2015), "Formal verification and synthesis for discrete-time stochastic systems", for cells; sums by parts as in
`planners.kernels.expectations`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_whole
from planners.continuous.cells import Cells
from planners.continuous.nodes import action_numbers
from planners.continuous.optimistic import branches
from planners.continuous.step_probabilities import blocked_cells, largest_around, moves_of, on_cells, walls_of
from planners.continuous.stochastic_plan import StochasticPlan
from planners.continuous.systems.point_robot import PointRobot
from planners.errors import InvalidOptionError
from planners.interrupts import interrupts_wait
from planners.memory import check_memory
from planners.options import check_discount
from planners.plans.plan import Status

ENOUGH: Final = 1e-3  # of the largest |reward|: what all sweeps that are left out could change
SMALL: Final = 1e-6  # of it: changes around a cell that are not worth a look
ROUNDING: Final = 1e-12  # of the largest |worth|: more than what an expectation is rounded by
MOST_ACTIONS: Final = 1000
Tell = Callable[[str, float, float], object]  # what is done, how much of it, seconds


@dataclass(frozen=True)
class Task:
    """What is planned for, on cells.

    Attributes:
        robot: The robot.
        cells: The cells.
        arrival: (W, H) what arriving in each cell pays.
        discount: Of what comes after.
        steps: Limit of steps; None: none, with a discount below 1.
        partly: (W, H) cells that hold a place where the disc would be in a wall.
        wholly: (W, H) those that hold no other place.
        over: (W, H) whether the episode ends there.
    """

    robot: PointRobot
    cells: Cells
    arrival: NDArray[np.float64]
    discount: float
    steps: int | None
    partly: NDArray[np.bool_]
    wholly: NDArray[np.bool_]
    over: NDArray[np.bool_]

    @classmethod
    def of(cls, robot: PointRobot, cells: Cells, paid: NDArray[np.float64], discount: float, steps: Any) -> "Task":
        """Of what the squares of the map pay, (W, H)."""
        kept = 2.0 * (1 if steps is None else steps)  # bytes of a cell, for the moves of each sweep
        check_memory((160.0 + 2.0 * kept) * cells.count, f"bounds of {cells.count:,} cells", "Use fewer cells")
        blocked = blocked_cells(robot, cells)
        return cls(
            robot, cells, on_cells(paid, cells), discount, steps, *blocked, on_cells(robot.squares.terminal, cells)
        )

    @property
    def live(self) -> NDArray[np.bool_]:
        """(W, H) cells where steps begin."""
        return ~self.wholly & ~self.over

    @property
    def scale(self) -> float:
        """The largest |reward|."""
        return float(np.abs(self.arrival[~self.wholly]).max(initial=1e-300))


class Sweeps:
    """The bounds of one side, better with each sweep.

    Attributes:
        values: (W, H) bounds, but see `slack`.
        slack: What has to be added to upper ones.
        rows: (W, H) the best moves of each sweep; only of the last, without a limit of steps.
    """

    def __init__(self, task: Task, actions: list[Any], sign: float) -> None:
        """Nothing is known yet."""
        self.task, self.sign = task, sign
        self.moves = moves_of(task.robot, task.cells, actions)
        self.walls = walls_of(task.partly, task.wholly, self.moves)
        self.live = task.live
        first = 0.0
        if task.steps is None:
            most = (sign * task.arrival[~task.wholly]).max(initial=0.0)
            first = sign * most * (1.0 + 1e-12) / (1.0 - task.discount)
        self.values = np.where(self.live, first, 0.0)
        self.slack = 0.0 if task.steps is None else float(task.steps) * task.scale
        self.rows: list[NDArray[np.int16]] = []
        self._pending = np.where(self.live, np.inf, 0.0)

    def settle(self, tell: Callable[[], object]) -> None:
        """Sweep until more of it would change little."""
        task, done = self.task, 0
        limited = task.steps is not None
        last = task.steps if task.steps is not None else np.inf
        enough = ENOUGH * task.scale * (1.0 if limited else 1.0 - task.discount)
        small = SMALL * task.scale if limited else 0.25 * enough
        while done < last:
            found, actions = self._swept(small)
            done += 1
            with interrupts_wait():
                change = float(np.abs(found - self.values).max())
                left = (last - done) * change if limited else change
                self.values, self.slack = found, last * small + left if limited else 0.0
                self.rows = [*self.rows, actions] if limited and self.sign < 0.0 else [actions]
            tell()
            if left <= enough:
                return

    def _swept(self, small: float) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
        """Better values where those around have changed by more than `small` since the last time."""
        from planners.kernels.expectations import back_up

        task, before = self.task, self.values
        worth = task.arrival + task.discount * before
        known = self.sign * worth[~task.wholly]
        due = self.live & (self._pending > small)
        found, actions = before.copy(), np.zeros(before.shape, dtype=np.int16)
        rest = self.sign * float(known.max())
        back_up(worth, rest, self.moves, self.walls, due, self.sign, found, actions)
        found += np.where(due, self.sign * ROUNDING * float(np.abs(known).max()), 0.0)
        falls = self.sign > 0.0 and task.steps is None
        better = due & ((found < before) if falls else (found > before))
        found = np.where(better, found, before)
        first, end = self.moves.first.min(axis=0), (self.moves.first + self.moves.number).max(axis=0)
        around = largest_around(np.abs(found - before), 2 * np.maximum(-first, end) + 1)
        self._pending = np.where(due, 0.0, self._pending) + around
        return found, np.where(better, actions, self.rows[-1] if self.rows else 0).astype(np.int16)


def plan_for(task: Task, actions: int, tell: Tell) -> StochasticPlan:
    """Both bounds and the policy of the lower ones; after Ctrl-C valid, and wider."""
    robot, cells, begun = task.robot, task.cells, perf_counter()
    actions = check_whole("actions", actions, 2)
    if actions > MOST_ACTIONS:
        raise InvalidOptionError(f"actions is {actions!r}; expected at most {MOST_ACTIONS}")
    tried = [float(np.float32(x)) if task.robot.continuous else x for x in action_numbers(robot, actions).tolist()]
    lower, upper = Sweeps(task, tried, -1.0), Sweeps(task, branches(robot, actions - 1), 1.0)
    status = Status.CONVERGED
    try:
        lower.settle(lambda: tell("sweeps of the lower bounds", 0.0, perf_counter() - begun))
        upper.settle(lambda: tell("sweeps of the upper bounds", 0.5, perf_counter() - begun))
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    at_end = 0.0 if task.steps is None else task.arrival
    most = np.inf if task.steps is None else task.scale
    bounds = [
        np.where(task.wholly, np.nan, np.where(task.over, at_end, found)).ravel()
        for found in (lower.values, np.minimum(upper.values + upper.slack, most))
    ]
    chosen = lower.rows or [np.zeros(cells.shape, dtype=np.int16)]
    return StochasticPlan(
        system=robot, cells=cells, lower=bounds[0], upper=bounds[1], discount=task.discount,
        status=status, seconds=perf_counter() - begun, steps=task.steps, live=task.live.ravel(),
        choices=tuple(tried), chosen=np.stack([row.ravel() for row in chosen]),
    )  # fmt: skip


def solve_noisy(robot: PointRobot, cells: Any, discount: float | None, actions: int, tell: Tell) -> StochasticPlan:
    """Bounds of the expected discounted rewards; for `planners.continuous.solve`, where the arguments are described."""
    if discount is None or check_discount(discount) == 1.0:
        raise InvalidOptionError(
            f"discount is {discount}; a robot whose moves are noisy may go on for ever, so expected a number below 1. "
            "The probability of getting to a goal has bounds without a discount: planners.continuous.reachability"
        )
    return plan_for(Task.of(robot, robot_cells(robot, cells), robot.squares.rewards, discount, None), actions, tell)


def robot_cells(robot: PointRobot, cells: Any) -> Cells:
    """The cells as given, or those that a robot has by default."""
    if cells is not None:
        return Cells.checked(robot, cells)
    columns, rows = robot.squares.shape
    most = int(np.clip(np.sqrt(100_000 / (columns * rows)), 1, 10))
    fit = [each for each in range(1, most + 1) if abs(robot.radius * each - round(robot.radius * each)) < 1e-9]
    each = max(fit, default=most)
    return Cells(robot, (each * columns, each * rows))
