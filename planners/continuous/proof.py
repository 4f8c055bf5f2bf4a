"""`prove`: the exact number of steps that one start needs, with the evidence."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_whole
from planners.continuous.cells import Cells
from planners.continuous.reach import FINENESS, Search, drive_within, impossible
from planners.continuous.solve import Stage, teller, upper_bounds
from planners.continuous.system import System, check_system
from planners.errors import InvalidOptionError

CELLS: Final = 1_740_000  # by default
LONGEST: Final = 1000  # steps of a drive
FEWER: Final = 3  # how many numbers of steps are tried below the one that stays open


@dataclass(frozen=True)
class Proof:
    """The number of steps that a start needs: a drive shows that it is enough, and sets show that fewer are not.

    Attributes:
        system: The system.
        start: (n,) where the drive begins.
        actions: The actions of the drive: the environment's `step` takes `system.action_for(action)`.
        states: (steps + 1, n) the states of the drive.
        impossible: A number of steps in which the end cannot be reached: proven.
        sets: How many sets were followed.
    """

    system: System
    start: NDArray[np.float64]
    actions: tuple[Any, ...] = field(repr=False)
    states: NDArray[np.float64] = field(repr=False)
    impossible: int
    sets: int

    @property
    def steps(self) -> int:
        """Number of steps of the drive."""
        return len(self.actions)

    @property
    def exact(self) -> bool:
        """Whether no shorter drive exists."""
        return self.impossible == self.steps - 1

    @property
    def bounds(self) -> tuple[int, int]:
        """(lower, upper) of V*, which is minus the number of steps."""
        return -self.steps, -self.impossible - 1

    def __repr__(self) -> str:
        """In words."""
        place = ", ".join(f"{x:g}" for x in self.start)
        shown = f"a drive of {self.steps} is shown, and no way of {self.impossible} exists, which is proven"
        if self.exact:
            return f"From ({place}), {type(self.system).__name__} needs {self.steps} steps: {shown}."
        return (
            f"From ({place}), {type(self.system).__name__} needs {self.impossible + 1} to {self.steps} steps: {shown}. "
            "With so few cells, the exact number stays open."
        )


def prove(
    system: System,
    start: ArrayLike,
    *,
    cells: Any = None,
    actions: int = 9,
    progress: bool | Callable[[Stage], object] = False,
) -> Proof:
    """The least number of steps from a start to the end: a drive that takes so many, and the proof for it.

    Args:
        system: One of which every step costs 1, without noise, such as `MountainCar()`.
        start: (n,) state; or (k, n), for a list of k proofs, which share the work on the cells.
        cells: (n,) cells along each axis, whose bounds say which sets cannot arrive in time; None: about 1,700,000.
        actions: How many actions the drive tries, where there is a range of them; the proof is about all.
        progress: True: a line for each stage on standard error; or a function that is called with a `Stage`.

    Raises:
        InvalidOptionError: Another kind of system; a state outside its bounds, at the end, or from which no drive was
            found.
        NotEnoughMemoryError: The tables of the cells would not fit into memory.

    >>> import planners
    >>> planners.continuous.prove(planners.continuous.MountainCar(), start=[0.2, 0.05], cells=(60, 50))
    From (0.2, 0.05), MountainCar needs 7 steps: a drive of 7 is shown, and no way of 6 exists, which is proven.
    """
    check_system(system)
    actions = check_whole("actions", actions, 2)
    if not system.step_cost or system.noise is not None:
        raise InvalidOptionError(
            f"{type(system).__name__} does not count steps, or has noise; expected a system without noise whose steps "
            "cost 1 each, such as MountainCar(); for others, `solve` has bounds of V*"
        )
    starts = system.checked_state(start)
    points = starts.reshape(-1, system.dimension)
    for point in points:
        if bool(system.ended(tuple(point))):
            raise InvalidOptionError(f"start is {point.tolist()}; the episode is over there: expected another state")
    given = Cells.checked(
        system, (round(CELLS ** (1 / system.dimension)),) * system.dimension if cells is None else cells
    )
    tell, begun = teller(progress), perf_counter()
    upper = upper_bounds(system, given, actions, tell)
    found = []
    for number, point in enumerate(points):
        tell(Stage("starts", number / len(points), perf_counter() - begun))
        found.append(_proven(Search(given, upper, actions), point))
    return found[0] if starts.ndim == 1 else found  # pyright: ignore[reportReturnType]


def _proven(search: Search, start: NDArray[np.float64]) -> Proof:
    """The proof of one start, with bins that become finer until it is exact."""
    system = search.cells.system
    known = int(-search.upper[search.cells.number(start[:, None])][0]) - 1  # so many are too few
    best, sets, most = None, 0, _first_limit(search, start, known)
    for fineness in FINENESS:
        drive = drive_within(search, start, most, fineness) if fineness in FINENESS[:2] or best is None else None
        if drive is not None and (best is None or len(drive) < len(best)):
            best, most = drive, len(drive)
        if best is None:
            continue
        if known < len(best) - 1:
            done, count = impossible(search, start, len(best) - 1, fineness)
            sets += count
            known = len(best) - 1 if done else known
        if known == len(best) - 1:
            break
    if best is not None and known < len(best) - 1:
        for steps in range(len(best) - 2, max(known, len(best) - 2 - FEWER), -1):
            done, count = impossible(search, start, steps, FINENESS[0])
            sets += count
            if done:
                known = steps
                break
    if best is None:
        raise InvalidOptionError(
            f"no drive to the end was found from start {start.tolist()}; use more cells, or another start"
        )
    states = [tuple(map(float, start))]
    for action in best:
        states.append(tuple(map(float, system.step(states[-1], action))))
    return Proof(system, start, tuple(best), np.array(states), known, sets)


def _first_limit(search: Search, start: NDArray[np.float64], known: int) -> int:
    """A number of steps within which a drive is found with coarse bins."""
    most = known + 16
    while most < LONGEST:
        drive = drive_within(search, start, most, 1)
        if drive is not None:
            return len(drive)
        most += 16
    return LONGEST
