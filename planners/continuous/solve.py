"""Bounds of V* at every state of a continuous system, proven.

The lower bounds are a policy's own, from `guaranteed`; the upper bounds hold for every policy, from `optimistic`.
"""

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_switch, check_whole
from planners.continuous.bounds import Bounds
from planners.continuous.cells import Cells
from planners.continuous.continuous_plan import ContinuousPlan
from planners.continuous.expected_values import solve_noisy
from planners.continuous.guaranteed import GUIDE_NODES, GUIDED, HELD, Guide, follow, note_programs, steps_followed
from planners.continuous.interval import Interval, ends
from planners.continuous.optimistic import branches, note_sequences
from planners.continuous.programs import Notes, chunks, image_bytes
from planners.continuous.system import System, box, check_system
from planners.continuous.systems.point_robot import PointRobot
from planners.errors import InvalidOptionError
from planners.memory import check_memory
from planners.options import check_discount
from planners.plans.plan import Status

ENOUGH: Final = 1e-3  # sweeps end when no value changes by more; each is valid at any time
DEPTH: Final = 2  # actions of a sequence, for the upper bounds
POTENTIAL_NODES: Final = 160_000  # of the guess, where bounds lean on it
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
    refine: int = 0,
    progress: bool | Callable[[Stage], object] = False,
) -> ContinuousPlan:
    """Lower and upper bounds of V* of the continuous problem itself, at every state.

    Args:
        system: A system without noise, or with bounded noise. With noise, `lower` is a bound of V* against the worst
            noise, and `upper` a bound of V* with the best noise.
        cells: (n,) how many cells along each axis; None: about 100,000 in all. More cells give closer bounds.
        discount: From 0 to 1; None: 1, which is for systems with an end only.
        actions: How many actions the policy tries, where there is a range of them; the upper bounds hold for all.
        fine: The upper bounds use cells whose sides are `fine` times smaller, because they need small cells more.
        refine: How often cells are split where the gap is widest. Each time, half as much of the state space as before
            is split, into cells of half the sides: with two axes, twice the work.
        progress: True: a line for each stage on standard error; or a function that is called with a `Stage`.

    Returns:
        A plan; for a `PointRobot` with noise, a `StochasticPlan`. After Ctrl-C its bounds are valid, and wider.

    Raises:
        InvalidOptionError: A bad number; a discount of 1 where rewards may go on for ever; Gaussian noise.
        NotEnoughMemoryError: The tables of the cells would not fit into memory.

    >>> import planners
    >>> hill = planners.continuous.MountainCar()
    >>> plan = planners.continuous.solve(hill, cells=(60, 50))
    >>> lower, upper = plan.bounds([0.3, 0.05])
    >>> lower <= -4 <= upper
    True
    """
    check_system(system)
    actions = check_whole("actions", actions, 2)
    if isinstance(system, PointRobot) and system.noise is not None:
        if refine:
            raise InvalidOptionError(f"refine is {refine!r}; for a robot with noise give more cells instead")
        report = teller(progress)
        noisy: Any = solve_noisy(system, cells, discount, actions, lambda *stage: report(Stage(*stage)))
        return noisy
    given = Cells.checked(system, _default_cells(system) if cells is None else cells)
    if isinstance(fine, bool) or not isinstance(fine, int) or not 1 <= fine <= 16:
        raise InvalidOptionError(f"fine is {fine!r}; expected a whole number from 1 to 16")
    if isinstance(refine, bool) or not isinstance(refine, int) or not 0 <= refine <= 8:
        raise InvalidOptionError(f"refine is {refine!r}; expected a whole number from 0 to 8")
    finer = Cells(system, tuple(count * fine for count in given.shape))
    checked = _checked_discount(system, discount)
    _check_memory(given, finer, actions, refine)
    work = _Work(given, finer, checked, actions, teller(progress))
    status = Status.CONVERGED
    try:
        work.guess()
        work.raise_lower(np.flatnonzero(work.lower.live))
        work.reduce_upper(np.flatnonzero(work.upper.live))
        for _ in range(refine):
            work.refine()
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    return ContinuousPlan(
        system=system, below=work.lower, above=work.upper, discount=checked, guide=work.guide, status=status,
        seconds=perf_counter() - work.begun,
    )  # fmt: skip


class _Work:
    """The bounds as they become closer; valid at any moment."""

    def __init__(
        self, cells: Cells, finer: Cells, discount: float, actions: int, tell: Callable[[Stage], object]
    ) -> None:
        self.begun = perf_counter()
        self.discount, self.actions = discount, actions
        self._tell = tell
        self.guide: Guide | None = None
        low, high = _range_of_values(cells.system, discount)
        self.enough = ENOUGH if discount == 1.0 else max(ENOUGH, 3e-5 * (high - low))
        self.lower = Bounds.of(cells, -1.0, low)
        self.upper = Bounds.of(finer, 1.0, high)

    def _report(self, name: str, part: float) -> None:
        self._tell(Stage(name, part, perf_counter() - self.begun))

    def guess(self) -> None:
        """What the policy tries first, and a potential for both bounds."""
        self._report("guess", 0.0)
        cells, system = self.lower.cells, self.lower.cells.system
        middle = tuple(0.5 * (np.array(system.low) + system.high))
        leans = not system.ends and system.reward_slope(box(middle, middle), 0.0) is not None
        most = min(POTENTIAL_NODES, 16 * cells.count) if leans else min(GUIDE_NODES, cells.count)
        share = (most / cells.count) ** (1.0 / system.dimension)
        between = Cells(system, tuple(max(2, round(count * share)) for count in cells.shape))
        self.guide = Guide.of(cells, between, self.discount, self.actions)
        for each in (self.lower, self.upper) if leans else ():
            each.lean(self.guide.guess)

    def raise_lower(self, numbers: NDArray[np.int64]) -> None:
        """What a policy is sure of, in some cells."""
        guide = self.guide
        assert guide is not None
        self._follow(numbers)
        lengths = [*range(1, GUIDED + 1), *[*range(1, guide.held + 1)] * len(guide.tried)]
        notes = Notes(self.lower, numbers, lengths, self.discount)
        for part in self._parts("programs", np.arange(len(numbers))):
            note_programs(notes, guide, part, self.discount, GUIDED, guide.held)
        notes.settle(self.enough, lambda: self._report("sweeps of the lower bounds", 0.5))
        del notes
        self._follow(numbers)

    def _follow(self, numbers: NDArray[np.int64]) -> None:
        guide, steps = self.guide, steps_followed(self.discount)
        assert guide is not None
        for part in self._parts("drives", numbers[np.argsort(-self.lower.values[numbers], kind="stable")]):
            follow(self.lower, guide, part, self.discount, steps)

    def reduce_upper(self, numbers: NDArray[np.int64]) -> None:
        """What nobody exceeds, in some cells."""
        tried = branches(self.upper.cells.system, self.actions - 1)
        depth = DEPTH if self.upper.potential is None and len(tried) ** DEPTH <= 81 else 1
        notes = Notes(self.upper, numbers, [depth] * len(tried) ** depth, self.discount)
        for part in self._parts("sequences", np.arange(len(numbers))):
            note_sequences(notes, tried, part, self.discount, depth)
        notes.settle(self.enough, lambda: self._report("sweeps of the upper bounds", 0.5))

    def refine(self) -> None:
        """Split all cells, and find new bounds for half of those that had the newest ones: where the gap is widest."""
        lower, upper = self.lower.split(), self.upper.split()
        candidates = np.flatnonzero(lower.live & (lower.splits == 1))
        gaps = np.empty(len(candidates))
        for part in chunks(np.arange(len(candidates))):
            middles = np.stack([x.middle for x in lower.cells.boxes(candidates[part])])
            gaps[part] = upper.at(middles) - lower.at(middles)
        widest = np.sort(candidates[np.argsort(-gaps, kind="stable")[: (len(candidates) + 1) // 2]])
        chosen = np.zeros(lower.cells.shape, dtype=bool)
        chosen.ravel()[widest] = True
        for axis, (fine, count) in enumerate(zip(upper.cells.shape, lower.cells.shape, strict=True)):
            chosen = np.repeat(chosen, fine // count, axis=axis)
        parts = np.flatnonzero(chosen.ravel() & upper.live)
        lower.begin(widest)
        upper.begin(parts)
        self.lower, self.upper = lower, upper
        self.raise_lower(widest)
        self.reduce_upper(parts)

    def _parts(self, name: str, numbers: NDArray[np.int64]) -> Any:
        for place, part in enumerate(parts := list(chunks(numbers))):
            self._report(name, place / len(parts))
            yield part


def upper_bounds(system: System, cells: Cells, actions: int, tell: Callable[[Stage], object]) -> NDArray[np.float64]:
    """(N,) upper bounds alone, at discount 1."""
    _check_memory(Cells(system, (1,) * system.dimension), cells, actions)
    work = _Work(cells, cells, 1.0, actions, tell)
    work.reduce_upper(np.flatnonzero(work.upper.live))
    return work.upper.values


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


def _check_memory(cells: Cells, finer: Cells, actions: int, refine: int = 0) -> None:
    tried, more = len(branches(cells.system, actions - 1)), 2.0 ** ((cells.system.dimension - 1) * refine)
    programs = GUIDED + HELD * (tried + 1)
    noted = max(image_bytes(cells, programs), image_bytes(finer, tried**DEPTH if tried <= 9 else tried))
    known = 60.0 * (cells.count + finer.count) * 2.0 ** (cells.system.dimension * refine)
    check_memory(noted * more + known, f"what is noted of {cells.count:,} cells", ADVICE)


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
