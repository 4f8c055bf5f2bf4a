"""All values of a model, each process holding those of its own parts, and what is done to them together.

A sweep is some Gauss-Seidel passes inside each part, forwards and backwards in turn, on the values that the other
parts had when it began; then the values that are read elsewhere are exchanged. Parts are the same however many
processes share them, and what processes agree on are only maxima, which are exact: so values, bounds and the
number of sweeps are, bit by bit, those of one process. Parts are dealt to the processes in turn: on a map, values
are on their way in parts that lie together, and so all processes have some of these.

A part is left out of a sweep while nothing that it reads, nor itself, can have changed by more than the
threshold: on a large map that is all of it but where values are still on their way.

Sources: Bertsekas and Tsitsiklis (1989), "Parallel and Distributed Computation", Sections 1.2.4 and 4.2
(Gauss-Seidel in blocks); Puterman (2005), Section 6.6 (bounds).
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.distributed.closed import find_closed
from planners.distributed.halo import Halo
from planners.distributed.part import Part, make_part
from planners.distributed.processes import Interrupt, Processes
from planners.distributed.sources import Source, dealt, in_turn
from planners.equations.certificates import Bounds
from planners.equations.problem import UNIT_ROUNDOFF
from planners.iteration.sweep_forecast import SMALL, Outlook
from planners.memory import available_bytes, check_memory, readable
from planners.options import Target, Tolerance, sizes
from planners.plans.model_identity import BlockModel, digest_of_parts
from planners.sweeps.certified_values import bracket, weight_offset
from planners.sweeps.rounds import MOST_ROUNDED

PROOF_EVERY: Final = 64  # sweeps: so a proof, which costs about two, hardly counts
BYTES_A_STATE: Final = 59.0  # values; and of two proofs, as one follows another, bounds, what is between, and actions
PROCESS_BYTES: Final = 1.2e8  # what a process takes after the check, however few its states: compiled loops, buffers


class Blocks:
    """The values of this process's states, and the tables that they come from.

    Attributes:
        borders: (parts + 1,) first state of each part, and the number of states.
        mine: The numbers of the parts of this process, in whose order its states are.
        states: Number of states of this process.
        values: The array that `halo` describes.
        pending: (own parts,) how much each part may still have to change.
        sweeps: Sweeps so far.
        threshold: Change of a part that is taken to be none.
        residual: Largest change that some part of some process may still have to make, after a sweep.
        settled: Whether that is no more than the threshold.
        interrupt: Ctrl-C, which all processes hear of after the same sweep.
        after_sweep: Called after each sweep.
        worked: (own parts,) bool, which parts the last sweep swept.
        needed: Estimate of the bytes that the states of this process take, with their values and bounds.
        apart: For each own part (n,) bool, the states that are set apart; none before a proof needs it.
        forever: The value of the states that are set apart.
    """

    discount: float
    processes: Processes
    states: int
    sweeps: int
    needed: float
    interrupt: Interrupt

    def __init__(self, source: Source, discount: float, processes: Processes, parts: int) -> None:
        """Read the tables of this process's parts and agree on the exchange."""
        self.discount, self.processes = discount, processes
        self.borders: NDArray[np.int64] = source.cut(parts, processes)
        self.mine: range = self.parts_of(processes.rank)
        self.states = int(np.diff(self.borders)[self.mine].sum())
        self.parts: list[Part] = self._read(source)
        self.halo: Halo = processes.together(lambda: Halo(processes, self.parts, self.borders), "planning the exchange")
        longest = max((part.longest_row for part in self.parts), default=0)
        least = min((part.least_best for part in self.parts), default=np.inf)
        longest, least = processes.largest(np.array([float(longest), -least]))
        self.roundings: int = int(longest) + 20  # as many as `gauss_seidel` allows for
        with np.errstate(over="ignore"):
            worst = min(-least, 0.0) / (1.0 - discount)  # not above V*
        self.values: NDArray[np.float64] = np.full(self.halo.length, worst)
        self.pending: NDArray[np.float64] = np.full(len(self.parts), np.inf)
        self.sweeps, self.threshold, self.residual, self.settled = 0, 0.0, np.inf, False
        self.interrupt, self._plain = Interrupt(), (-np.inf, np.inf)
        self.apart: list[NDArray[np.bool_]] | None = None
        self._taken: list[NDArray[Any]] = []  # the actions of the states that are set apart
        self.forever: float = 0.0
        self.after_sweep: Callable[[Blocks], None] = lambda _: None
        self.model: Any = BlockModel(self.num_states, source.num_actions, self.digest())

    def _read(self, source: Source) -> list[Part]:
        """The own parts; refuses what will not fit in memory, with the number of the process and the bytes."""
        needed = self.needed = self.states * (source.bytes_a_state() + BYTES_A_STATE)
        what = f"its {self.states} states, {readable(needed)} with their values,"

        def read() -> list[Part]:
            check_memory(
                (needed + PROCESS_BYTES) * self.processes.local_size,
                f"solving {what} in each of {self.processes.local_size} processes on this machine",
                "Use more machines, or fewer processes on each",
            )
            try:
                return [make_part(source.tables(part), int(self.borders[part])) for part in self.mine]
            except MemoryError as error:
                raise MemoryError(
                    f"ran out of memory reading {what} with {readable(available_bytes())} free now ({error})"
                ) from None

        return self.processes.together(read, "reading its states")

    @property
    def num_states(self) -> int:
        """Number of states S of the whole model."""
        return int(self.borders[-1])

    def digest(self) -> str:
        """SHA-256 of the model's tables, from those of its parts; for this cut of the states."""
        told = self.processes.gather([part.digest for part in self.parts])
        return digest_of_parts(self.borders, in_turn(told))

    def parts_of(self, rank: int) -> range:
        """The numbers of the parts of a process."""
        return dealt(len(self.borders) - 1, self.processes.size, rank)

    def states_of(self, rank: int) -> NDArray[np.int64]:
        """(n,) the numbers of the states of a process, in the order in which it has them."""
        pieces = [np.arange(self.borders[part], self.borders[part + 1]) for part in self.parts_of(rank)]
        return np.concatenate([np.zeros(0, dtype=np.int64), *pieces])

    def own(self, number: int) -> NDArray[np.float64]:
        """(n,) the values of the states of one of the own parts."""
        start = self.halo.places[number].start
        return self.values[start : start + self.parts[number].count]

    def advance(self, threshold: float) -> bool:
        """One sweep; True when it is time for a proof: the parts have settled, or there were many sweeps.

        Raises:
            KeyboardInterrupt: On all processes, if one was interrupted.
        """
        self.threshold: float = threshold
        self.sweep()
        self.after_sweep(self)
        return self.settled or self.sweeps % PROOF_EVERY == 0

    def sweep(self) -> None:
        """One sweep and one exchange."""
        self.worked: NDArray[np.bool_] = self.pending > self.threshold
        for number, (part, place) in enumerate(zip(self.parts, self.halo.places, strict=True)):
            if self.worked[number]:
                self.pending[number] = part.sweep(self.values[place], self.discount, self.threshold)
        self.pending += self.halo.exchange(self.values)
        self.sweeps += 1
        told = np.array([self.pending.max(initial=0.0), float(self.interrupt.pressed)])
        unsettled, stop = self.processes.largest(told)
        if stop:
            raise KeyboardInterrupt
        self.residual: float = float(unsettled)
        self.settled: bool = self.residual <= self.threshold

    def outlook(self) -> Outlook:
        """When the sweeps will end, by the states of this process: where no value has come yet, it is the least."""
        own = [self.own(number) for number in range(len(self.parts)) if self.parts[number].count]
        least = min((float(values.min()) for values in own), default=0.0)
        with np.errstate(invalid="ignore"):
            waiting = sum(int(np.count_nonzero(values <= least + SMALL * self.residual)) for values in own)
        return Outlook(self.threshold, 1.0 - waiting / max(self.states, 1), float(self.worked.mean()))

    def set_apart(self, most: float) -> bool:
        """Set states that never end apart, if there are any among those of V up to `most`; whether there are.

        All processes call it together, when values have settled; see `planners.distributed.closed`. Values that others
        read are known from then on; `_hold` gives the states themselves theirs.
        """
        found = None if self.apart is not None else find_closed(self, most)
        if found is None:
            return False
        self.forever, masks = found
        self.apart = [mask[: part.count] for part, mask in zip(self.parts, masks, strict=True)]
        self._taken = [part.best()[1][apart] for part, apart in zip(self.parts, self.apart, strict=True)]
        for part, mask, place in zip(self.parts, masks, self.halo.places, strict=True):
            part.set_apart(mask)
            self.values[place.stop - 1] = self.forever
        return True

    def _hold(self) -> None:
        """Give the states that are set apart their value again, and sweep everything once more."""
        for number, apart in enumerate(self.apart or ()):
            self.own(number)[apart] = self.forever
            self.values[self.halo.places[number].stop - 1] = self.forever
        self.pending[:] = np.inf

    def refresh(self) -> None:
        """Bring what is read elsewhere up to date after the values were set."""
        self.halo.exchange(self.values)

    def magnitude(self) -> float:
        """Largest |V|."""
        lowest, highest = self.extremes()
        return max(-lowest, highest)

    def reward_size(self) -> float:
        """Largest |r|."""
        own = max((float(np.abs(part.reward).max(initial=0.0)) for part in self.parts), default=0.0)
        return float(self.processes.largest(np.array([own]))[0])

    def target(self, tolerance: Tolerance, bounds: Bounds) -> Target:
        """What error of bounds ends the sweeps, and what is allowed; the same on all processes."""
        largest, typical = self.processes.largest(np.array(sizes(bounds.values)))
        return tolerance.target_of(float(largest), float(typical))

    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest value of all states but those that are set apart."""
        own = [self.own(number) for number in range(len(self.parts))]
        own = own if self.apart is None else [values[~apart] for values, apart in zip(own, self.apart, strict=True)]
        least = min((float(v.min(initial=np.inf)) for v in own), default=np.inf)
        most = max((float(v.max(initial=-np.inf)) for v in own), default=-np.inf)
        found = self.processes.largest(np.array([-least, most]))
        return -float(found[0]), float(found[1])

    def after_proof(self, bounds: Bounds) -> None:
        """Raise V to V + l, the lower bound that was just proven, where that is worth sweeping everything once more.

        Values that only a discount moves, all alike, would otherwise take 1 / (1 - discount) sweeps.
        """
        l, k = self._plain
        if l > 0.01 * (k - l) and np.isfinite(k):
            self.values += l
            self._hold()

    def prove(self, tolerance: float) -> Bounds:
        """Bounds of this process's states.

        One Jacobi backup of all states, with the weights h = 1 and, if they miss the tolerance, h = offset - V; see
        `planners.equations.certificates` and `planners.sweeps.certified_values`. The numbers hold for all states of
        all processes. If the values have settled and nothing but rounding may be in the way, the states that never end
        are set apart first.
        """
        bounds = self._proven(tolerance)
        settled = self.settled or self.residual <= MOST_ROUNDED * 4.0 * UNIT_ROUNDOFF * self.magnitude()
        if not (bounds.error > tolerance and settled):
            return bounds
        most = self.extremes()[0] + self.residual / (1.0 - self.discount)
        if not self.set_apart(most):
            return bounds
        self._hold()
        return self._proven(tolerance)

    def _proven(self, tolerance: float) -> Bounds:
        lowest, highest = self.extremes()
        plain = self._numbers(0.0, 1.0)
        best, self._plain = (0.0, 1.0, *plain), plain[:2]
        if max(plain[1], -plain[0]) > 0.9 * tolerance:
            offset = weight_offset(lowest, highest)
            l, k, actions = self._numbers(1.0, offset)
            if max(k, -l) * (offset - lowest) < max(plain[1], -plain[0]):
                best = (1.0, offset, l, k, actions)
        return self._bounds(*best)

    def _numbers(self, slope: float, offset: float) -> tuple[float, float, NDArray[Any]]:
        """The numbers l and k, and (own states,) the actions that l holds for."""
        l, k, limit, actions = np.inf, -np.inf, np.inf, [np.zeros(0, dtype=np.uint8)]
        for number, (part, place) in enumerate(zip(self.parts, self.halo.places, strict=True)):
            found, chosen = part.ratios(self.values[place], self.discount, slope, offset, self.roundings)
            if self.apart is not None:
                chosen[self.apart[number]] = self._taken[number]
            l, k, limit = min(l, found[:, 0].min()), max(k, found[:, 1].max()), min(limit, found[:, 2].min())
            actions.append(chosen)
        agreed = self.processes.largest(np.array([-l, k, -limit]))
        l, k, limit = -float(agreed[0]), float(agreed[1]), -float(agreed[2])
        if limit != np.inf:  # NaN too
            k = max(k, 0.0) if max(k, 0.0) <= limit else np.inf
        return l, k, np.concatenate(actions)

    def _bounds(self, slope: float, offset: float, l: float, k: float, actions: NDArray[Any]) -> Bounds:
        lower, upper, values = (np.empty(self.states) for _ in range(3))
        error, first = 0.0, 0
        for number, part in enumerate(self.parts):
            V = self.own(number)
            h, place = offset - slope * V, slice(first, first := first + part.count)
            if self.apart is not None:
                V, h = np.where(self.apart[number], self.forever, V), np.where(self.apart[number], 0.0, h)
            lower[place], upper[place], values[place], far = bracket(V, h, l, k)
            error = max(error, far)
        error = float(self.processes.largest(np.array([error]))[0])
        return Bounds(lower, upper, values, float(np.nextafter(error, np.inf)), actions)

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(own states,) as they are."""
        return values

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(own states,) actions, as they are."""
        return rows
