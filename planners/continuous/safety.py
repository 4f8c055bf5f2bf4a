"""States from which a policy can keep an episode from ever ending, proven.

A set of cells is safe if from each of them some program of actions keeps the whole cell from the end, and brings all of
it into cells of the set. Cells from which no program does this are removed, again and again, until no more have to be
removed. The cells that are left are the greatest fixed point: from any of their states, an agent can go on for ever.

Source: Aubin (1991), "Viability Theory", chapter 4; Bertsekas (1972), "Infinite time reachability of state-space
regions by using feedback control".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.continuous.cells import Cells
from planners.continuous.interval import Interval, truth
from planners.continuous.nodes import action_numbers
from planners.continuous.programs import chunks
from planners.continuous.solve import Stage, teller
from planners.continuous.system import State, System
from planners.continuous.walks import Walk
from planners.errors import InvalidOptionError
from planners.memory import check_memory
from planners.plans.plan import Status

if TYPE_CHECKING:
    from planners.kernels.safety import Moves

NEAR: Final = 1e-6  # parts of an axis by which an observation in single precision may be off


@dataclass(frozen=True, eq=False, repr=False)
class SafePlan:
    """The states from which the end can be avoided for ever, and a policy for it: `act`, as for `planners.rollout`.

    Attributes:
        system: The system that was planned on.
        cells: The cells.
        proven: (N,) whether the end can be avoided for ever from every state of a cell; elsewhere nothing is known.
        chosen: (N,) the number of the program to take in each cell.
        programs: (K,) tuples of actions.
        status: How planning ended; where it was interrupted, nothing is proven.
        seconds: How long planning took.
    """

    system: System
    cells: Cells
    proven: NDArray[np.bool_]
    chosen: NDArray[np.int16]
    programs: list[tuple[Any, ...]]
    status: Status
    seconds: float
    _planned: list[Any] = field(default_factory=list)

    def safe(self, state: ArrayLike) -> Any:
        """Whether it is proven that the end can be avoided for ever: a bool for one state, (...) for (..., n) states.

        Raises:
            InvalidOptionError: The states have another number of axes, or one lies outside `system.low` and
                `system.high`.
        """
        points = self.system.checked_state(state)
        found = self.proven[self.cells.number(points.reshape(-1, self.system.dimension).T)]
        return bool(found[0]) if points.ndim == 1 else found.reshape(points.shape[:-1])

    def act(self, observation: Any) -> Any:
        """The action for Gymnasium's environment; proven to be safe in an episode that began in a safe state.

        Raises:
            InvalidOptionError: The observation is no state of the system.
        """
        if not self._planned:
            cell = self.cells.number(self.system.checked_state(self.system.state_of(observation))[:, None])[0]
            self._planned.extend(self.programs[self.chosen[cell]])
        return self.system.action_for(self._planned.pop(0))

    def reset(self) -> None:
        """Forget the program that is under way; `planners.rollout` calls this when an episode begins."""
        self._planned.clear()

    def __repr__(self) -> str:
        """A small table."""
        rows = {
            "system": f"{type(self.system).__name__}, {' x '.join(map(str, self.cells.shape))} cells",
            "status": "interrupted: nothing is proven" if self.status is Status.INTERRUPTED else "done",
            "safe": f"{100.0 * self.proven.mean():.4g} % of the states, for ever: proven",
            "time": f"{self.seconds:.1f} s",
        }
        return "SafePlan\n" + "\n".join(f"  {name:<9}{text}" for name, text in rows.items())


def stay_safe(
    system: System,
    cells: Any,
    *,
    held: int = 10,
    actions: int = 3,
    progress: bool | Callable[[Stage], object] = False,
) -> SafePlan:
    """The states between `system.low` and `system.high` from which the end can be avoided for ever, proven.

    Args:
        system: Without noise, or with bounded noise, against which the proof holds.
        cells: (n,) how many cells along each axis.
        held: Steps of a program, which takes one action and then another one. Few steps move a state by less than a
            cell, and prove nothing; many spread the states of a cell.
        actions: How many actions are tried, where there is a range of them.
        progress: True: a line for each stage on standard error; or a function that is called with a `Stage`.

    Raises:
        InvalidOptionError: A bad number; Gaussian noise.
        NotEnoughMemoryError: The tables of the cells would not fit into memory.

    >>> import planners
    >>> class Cart(planners.continuous.System):
    ...     low, high, wraps, axes, actions = (-1.0, -0.5), (1.0, 0.5), (False, False), ("place", "speed"), (-1, 1)
    ...     def step(self, state, action):
    ...         return state[0] + 0.1 * state[1], state[1] + 0.1 * action
    ...     def ended(self, state):
    ...         return (state[0] > 1.0) | (state[0] < -1.0)
    ...     def reward(self, state, action, next_state):
    ...         return 1.0
    >>> plan = planners.continuous.stay_safe(Cart(), (40, 20), held=4)
    >>> plan.safe([0.0, 0.0]), plan.safe([0.95, 0.4])
    (True, False)
    """
    given = Cells.checked(system, cells)
    if isinstance(held, bool) or not isinstance(held, int) or not 1 <= held <= 100:
        raise InvalidOptionError(f"held is {held!r}; expected a whole number from 1 to 100")
    if system.noise is not None and system.noise.kind != "bounded":
        raise InvalidOptionError(f"the noise of {type(system).__name__} is {system.noise.kind}; expected bounded noise")
    tried, tell, begun = action_numbers(system, actions), teller(progress), perf_counter()
    programs = [tuple(action.item() for action in program) for program in _programs(tried, held)]
    slab = given.count // given.shape[0] if system.first_adds else given.count
    needed = len(programs) * slab * 4.0 * (system.dimension + 2) + 20.0 * given.count
    check_memory(needed, f"what is noted of {given.count:,} cells", "Use fewer cells")
    kept, chosen, status = np.zeros(given.count, dtype=bool), np.zeros(given.count, dtype=np.int16), Status.CONVERGED
    from planners.kernels.safety import strike

    try:
        moves = _moves(given, tried, len(programs), slab, held, lambda part: tell(_stage("programs", part, begun)))
        alive, struck = _possible(given), 1
        while struck:
            tell(_stage("sweeps", 0.5, begun))
            struck = strike(given.grid, alive, moves, chosen)
        kept = alive
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    return SafePlan(system, given, kept, chosen, programs, status, perf_counter() - begun)


def _stage(name: str, part: float, begun: float) -> Stage:
    return Stage(name, part, perf_counter() - begun)


def _programs(tried: NDArray[Any], held: int) -> Iterator[NDArray[Any]]:
    """One action for some of the steps, then one for the others; in the order in which `_moves` notes them."""
    for first in tried:
        for steps in range(1, held):
            for then in tried[tried != first]:
                yield np.array([first] * steps + [then] * (held - steps))
        yield np.array([first] * held)


def _moves(
    cells: Cells, tried: NDArray[Any], programs: int, slab: int, held: int, tell: Callable[[float], object]
) -> "Moves":
    """Where all programs lead from `slab` cells; where an episode may end on the way, they prove nothing."""
    from planners.kernels.safety import Moves

    place = cells.count // slab // 2
    first, last = np.zeros((2, programs, len(cells.shape), slab), dtype=np.int16)
    moves = Moves(first, last, np.zeros((programs, 2, slab), dtype=np.int16), np.ones((programs, slab), bool), place)
    for part in chunks(np.arange(slab)):
        tell(part[0] / slab)
        row, start = 0, _wider(cells, cells.boxes(part + place * slab))
        for action in tried:
            walk, way = Walk.of(cells, start, 1.0, -1.0), start[0]
            for steps in range(1, held + 1):
                walk = walk.step(action)
                way = _hull(way, walk.box[0])
                for then in tried[tried != action] if steps < held else tried[:1]:
                    end, path = walk, way
                    for _ in range(held - steps):
                        end = end.step(then)
                        path = _hull(path, end.box[0])
                    _note(moves, row, part, end, path)
                    row += 1
    return moves


def _hull(one: Interval, two: Interval) -> Interval:
    return Interval(np.minimum(one.low, two.low), np.maximum(one.high, two.high))


def _note(moves: "Moves", row: int, part: NDArray[np.int64], end: Walk, path: Interval) -> None:
    """Note the end of a program, from some cells, and the interval of the first axis that is passed on the way."""
    from planners.kernels.cells import note

    ways = (_wider(end.cells, end.box), (path, *end.box[1:]))
    (first, last), leaves = np.empty((2, len(end.box), len(part)), dtype=np.int64), np.empty(len(part), dtype=bool)
    fails = end.ended < np.inf
    for which, box in enumerate(ways):
        note(end.cells.grid, np.stack([x.low for x in box]), np.stack([x.high for x in box]), first, last, leaves)
        fails |= leaves
        if which == 0:
            moves.first[row][:, part], moves.last[row][:, part] = first, last
        else:
            moves.path[row][:, part] = first[0], last[0]
    moves.fails[row, part] = fails


def _wider(cells: Cells, box: State) -> State:
    """The boxes with what an observation may be off."""
    spans = np.array(cells.system.high) - cells.system.low
    return tuple(Interval(x.low - NEAR * span, x.high + NEAR * span) for x, span in zip(box, spans, strict=True))


def _possible(cells: Cells) -> NDArray[np.bool_]:
    """(N,) whether no state of a cell is at the end."""
    found = np.empty(cells.count, dtype=bool)
    for part in chunks(np.arange(cells.count)):
        found[part] = ~truth(cells.system.ended(cells.boxes(part))).possibly
    return found
