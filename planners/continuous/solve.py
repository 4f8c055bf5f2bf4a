"""Bounds of V* at every state of a continuous system, proven.

The lower bounds are a policy's own, from `guaranteed`; the upper bounds hold for every policy, from `optimistic`.
"""

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.continuous.cells import Cells
from planners.continuous.continuous_plan import ContinuousPlan
from planners.continuous.expected_values import solve_noisy
from planners.continuous.guaranteed import GUIDED, HELD, Guide, follow, note_programs, steps_followed
from planners.continuous.interval import Interval, ends, truth
from planners.continuous.optimistic import branches, note_sequences
from planners.continuous.programs import Notes, chunks, image_bytes
from planners.continuous.system import System, box
from planners.continuous.systems.point_robot import PointRobot
from planners.errors import InvalidOptionError
from planners.memory import check_memory
from planners.options import check_discount, check_switch
from planners.plans.plan import Status

ENOUGH: Final = 1e-3  # sweeps end when no value changes by more; each is valid at any time
DEPTH: Final = 2  # actions of a sequence, for the upper bounds
ADVICE: Final = "Use fewer cells"


class Stage(NamedTuple):
    """What a function given as `progress` is called with.

    Attributes:
        name: What is being done.
        part: How much of it is done, from 0 to 1.
        seconds: Since the beginning.
    """

    name: str
    part: float
    seconds: float


def solve(
    system: System,
    cells: Any = None,
    *,
    discount: float | None = None,
    actions: int = 9,
    fine: int = 2,
    progress: bool | Callable[[Stage], object] = False,
) -> ContinuousPlan:
    """Lower and upper bounds of V* of the continuous problem itself, at every state.

    Args:
        system: Without noise, or with bounded noise; then V* is that against the worst noise for `lower`, and with the
            best for `upper`.
        cells: (n,) how many cells along each axis; None: about 100,000 in all. More of them are closer.
        discount: From 0 to 1; None: 1, which only systems with an end have.
        actions: Where there is a range of actions, how many of them the policy tries; the upper bounds are of all.
        fine: The upper bounds are of cells whose sides are `fine` times smaller, as they need it more.
        progress: True: a line for each stage on standard error; or a function that is called with a `Stage`.

    Returns:
        A plan; of a `PointRobot` with noise a `StochasticPlan`. After Ctrl-C its bounds are valid, and wider.

    Raises:
        InvalidOptionError: A bad number; a discount of 1 where rewards may go on for ever; Gaussian noise.
        NotEnoughMemoryError: What is noted of the cells would not fit.

    >>> import planners
    >>> hill = planners.continuous.MountainCar()
    >>> plan = planners.continuous.solve(hill, cells=(60, 50))
    >>> lower, upper = plan.bounds([0.3, 0.05])
    >>> lower <= -4 <= upper
    True
    """
    if isinstance(system, PointRobot) and system.noise is not None:
        report = teller(progress)
        noisy: Any = solve_noisy(system, cells, discount, actions, lambda *stage: report(Stage(*stage)))
        return noisy
    given = Cells.checked(system, _default_cells(system) if cells is None else cells)
    if isinstance(fine, bool) or not isinstance(fine, int) or not 1 <= fine <= 16:
        raise InvalidOptionError(f"fine is {fine!r}; expected a whole number from 1 to 16")
    finer = Cells(system, tuple(count * fine for count in given.shape))
    checked = _checked_discount(system, discount)
    _check_memory(given, finer, actions)
    work = _Work(given, finer, checked, actions, teller(progress))
    status = Status.CONVERGED
    try:
        work.raise_lower()
        work.reduce_upper()
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    return ContinuousPlan(
        system=system, cells=given, lower=work.lower, finer=finer, upper=work.upper, discount=work.discount,
        guide=work.guide, status=status, seconds=perf_counter() - work.begun,
    )  # fmt: skip


class _Work:
    """The bounds as they become closer; valid at any moment."""

    def __init__(
        self, cells: Cells, finer: Cells, discount: float, actions: int, tell: Callable[[Stage], object]
    ) -> None:
        self.begun = perf_counter()
        self.cells, self.finer, self.discount, self.actions = cells, finer, discount, actions
        self._tell = tell
        self.guide: Guide | None = None
        low, high = _range_of_values(cells.system, discount)
        self.lower, self.live = _first_values(cells, low)
        self.upper, self.fine_live = _first_values(finer, high)

    def _report(self, name: str, part: float) -> None:
        self._tell(Stage(name, part, perf_counter() - self.begun))

    def raise_lower(self) -> None:
        """What a policy is sure of."""
        self._report("guess", 0.0)
        guide = self.guide = Guide.of(self.cells, self.discount, self.actions)
        lengths = [*range(1, GUIDED + 1), *[*range(1, HELD + 1)] * len(guide.tried)]
        notes = Notes(self.cells, lengths, self.discount, -1.0)
        for part in self._parts("programs", self.live):
            note_programs(notes, guide, part, self.discount, GUIDED, HELD)
        notes.settle(self.lower, ENOUGH, lambda: self._report("sweeps of the lower bounds", 0.5))
        del notes
        steps = steps_followed(self.discount)
        for part in self._parts("drives", self.live[np.argsort(-self.lower[self.live], kind="stable")]):
            follow(self.lower, guide, part, self.discount, steps)

    def reduce_upper(self) -> None:
        """What nobody exceeds."""
        tried = branches(self.cells.system, self.actions - 1)
        depth = DEPTH if len(tried) ** DEPTH <= 81 else 1
        notes = Notes(self.finer, [depth] * len(tried) ** depth, self.discount, 1.0)
        for part in self._parts("sequences", self.fine_live):
            note_sequences(notes, tried, part, self.discount, depth)
        notes.settle(self.upper, ENOUGH, lambda: self._report("sweeps of the upper bounds", 0.5))

    def _parts(self, name: str, numbers: NDArray[np.int64]) -> Any:
        for place, part in enumerate(parts := list(chunks(numbers))):
            self._report(name, place / len(parts))
            yield part


def upper_bounds(system: System, cells: Cells, actions: int, tell: Callable[[Stage], object]) -> NDArray[np.float64]:
    """(N,) upper bounds alone, at discount 1."""
    _check_memory(Cells(system, (1,) * system.dimension), cells, actions)
    work = _Work(cells, cells, 1.0, actions, tell)
    work.reduce_upper()
    return work.upper


def _default_cells(system: System) -> tuple[int, ...]:
    each = max(2, round(100_000 ** (1.0 / system.dimension)))
    return (each,) * system.dimension


def _checked_discount(system: System, discount: float | None) -> float:
    found = 1.0 if discount is None else check_discount(discount)
    if found == 1.0 and not (system.ends and np.isfinite(_range_of_values(system, 1.0)[1])):
        raise InvalidOptionError(
            f"discount is {discount}; {type(system).__name__} may go on for ever, so expected a number below 1"
        )
    if system.noise is not None and system.noise.kind != "bounded":
        raise InvalidOptionError(f"the noise of {type(system).__name__} is {system.noise.kind}; expected bounded noise")
    return found


def _range_of_values(system: System, discount: float) -> tuple[float, float]:
    """Numbers between which every V is."""
    everywhere = box(np.array(system.low), np.array(system.high))
    choices = [system.actions] if isinstance(system.actions, Interval) else list(system.actions)
    low, high, stays = 0.0, 0.0, True
    for action in choices:
        after = system.box_step(everywhere, action)
        least, most = ends(system.reward(everywhere, action, after))
        low, high = min(low, float(least)), max(high, float(most))
        for x, one, two, wraps in zip(after, system.low, system.high, system.wraps, strict=True):
            stays &= wraps or bool(x.low >= one and x.high <= two)
    with np.errstate(divide="ignore"):
        weight = np.float64(1.0 + 1e-12) / (1.0 - discount)
    low, high = (0.0 if x == 0.0 else float(x * weight) for x in (low, high))
    if discount == 1.0:
        high = min(high, system.most)
    return (low, high) if stays else (min(low, system.beyond[0]), max(high, system.beyond[1]))


def _first_values(cells: Cells, value: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(N,) the value, but 0 in cells of which every state is at the end; and the numbers of the others."""
    over = np.empty(cells.count, dtype=bool)
    for part in chunks(np.arange(cells.count)):
        over[part] = truth(cells.system.ended(cells.boxes(part))).surely
    return np.where(over, 0.0, value), np.flatnonzero(~over)


def _check_memory(cells: Cells, finer: Cells, actions: int) -> None:
    tried = len(branches(cells.system, actions - 1))
    programs = GUIDED + HELD * (tried + 1)
    needed = max(image_bytes(cells, programs), image_bytes(finer, tried**DEPTH if tried <= 9 else tried))
    check_memory(needed + 40.0 * finer.count, f"what is noted of {cells.count:,} cells", ADVICE)


def teller(progress: Any) -> Callable[[Stage], object]:
    """What is called with each stage: the caller's function, or one that writes lines, or nothing."""
    if callable(progress):
        return progress
    if not check_switch("progress", progress):
        return lambda _: None
    last = [""]

    def write(stage: Stage) -> None:
        if stage.name != last[0]:
            print(f"{stage.name}, {stage.seconds:.1f} s so far", file=sys.stderr, flush=True)
            last[0] = stage.name

    return write
