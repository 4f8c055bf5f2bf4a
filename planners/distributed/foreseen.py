"""A forecast of what a solve in parts will take: memory, disk, bytes between the processes, and time.

The tables are read and the exchange is planned, as in the solve, so that states and bytes are counted, not estimated.
Then the sweeps run for two seconds. How many more there will be is an estimate: see
`planners.iteration.sweep_forecast`.
"""

import shutil
import time
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from planners.distributed.agreement import agree
from planners.distributed.blocks import PROCESS_BYTES, PROOF_EVERY, Blocks
from planners.distributed.checkpoints import KEPT
from planners.distributed.joining import joined, on_threads
from planners.distributed.lock import tried
from planners.distributed.solving import checked, make_blocks
from planners.distributed.sources import as_source
from planners.iteration.iterates import SweepIterate
from planners.iteration.moment import Moment
from planners.iteration.sweep_forecast import SweepForecast
from planners.memory import available_bytes, readable, resident_bytes
from planners.options import BY_DEFAULT, Tolerance
from planners.plans.plan import Iteration
from planners.sweeps.rounds import rounds

LOOK: Final = 2.0  # seconds of sweeps
PROOF: Final = 2.0  # sweeps of all states, which a proof takes as long as
HEADER: Final = 128  # bytes of a file of an array


@dataclass(frozen=True)
class Foreseen:
    """The memory, disk space and time that a solve in parts will take.

    Attributes:
        processes: Number of processes.
        states: Number of states of the model.
        parts: Number of parts.
        memory: Bytes of the process that needs most, Python and its libraries included.
        free: Bytes that are free on the machine of process 0.
        plan_bytes: Bytes of the arrays of the plan on disk.
        checkpoint_bytes: Bytes of the checkpoints on disk, at most.
        disk_free: Bytes that are free where the plan goes; None without `out`.
        sent_a_sweep: Bytes that all processes together send in a sweep.
        sweeps: Number of sweeps; +inf where nothing can be said yet.
        seconds: How long they take, with reading and proofs; +inf where nothing can be said yet.
        looked: Seconds of sweeps that this was estimated from.
        finished: Whether these were all sweeps.
    """

    processes: int
    states: int
    parts: int
    memory: float
    free: float
    plan_bytes: int
    checkpoint_bytes: int
    disk_free: int | None
    sent_a_sweep: int
    sweeps: float
    seconds: float
    looked: float
    finished: bool

    @property
    def sent(self) -> float:
        """Bytes that all processes together send in all sweeps."""
        return self.sent_a_sweep * self.sweeps if self.sent_a_sweep else 0.0

    def __str__(self) -> str:
        """For people."""
        of = "all of them" if self.finished else f"{self.looked:.1f} s of them"
        lasts = f"about {_duration(self.seconds)}: {self.sweeps:.0f} sweeps, estimated from {of}"
        lines = {
            "dry run": f"{self.states} states in {self.parts} parts, {self.processes} processes; nothing is written",
            "memory": f"{readable(self.memory)} of the process that needs most; {readable(self.free)} are free now",
            "disk": f"{readable(self.plan_bytes)} for a plan, {readable(self.checkpoint_bytes)} for checkpoints"
            + ("" if self.disk_free is None else room(self.plan_bytes + self.checkpoint_bytes, self.disk_free)),
            "exchange": f"{readable(self.sent_a_sweep)} a sweep in all, {readable(self.sent)} in all sweeps",
            "time": lasts if self.sweeps < np.inf else "nothing moved yet, so there is no estimate",
        }
        return "\n".join(f"{name:<12} {text}" for name, text in lines.items())


def plan_bytes(states: int, actions: int) -> int:
    """Bytes of the arrays of a plan on disk."""
    return states * (3 * 8 + np.min_scalar_type(actions).itemsize) + 4 * HEADER


def room(needed: int, free: int) -> str:
    """What is free where a plan goes, for people, and whether that is enough."""
    return f"; {readable(free)} are free there" + ("" if needed <= free else ", which is TOO LITTLE")


def foresee(
    model: Any,
    *,
    discount: float,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    distributed: bool = False,
    parts: int | None = None,
    out: str | PathLike[str] | None = None,
    checkpoint_every: int = 0,
    timeout: float = 600.0,
    minimise: bool = False,
) -> Foreseen:
    """Forecast what `solve_in_parts` with the same arguments will take; all processes call it together.

    The forecasts of memory, disk and the bytes of a sweep are close. The time is rough if there are many more sweeps
    than in the two seconds that are looked at. All processes try to write where the plan will go; nothing stays there.

    Raises:
        InvalidOptionError: Among others, `out` is not the same folder on all machines.
        OSError: Some process cannot write to `out`.
        NotEnoughMemoryError: It will not fit; the message has the bytes.
        PlannerError: As `solve_in_parts`, for bad input.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> found = foresee(stay_or_stop, discount=0.8)
    >>> found.states, found.sent_a_sweep, found.finished
    (1, 0, True)
    """
    options: dict[str, Any] = {"discount": discount, "tolerance": tolerance, "relative_tolerance": relative_tolerance}
    options |= {"parts": parts, "out": out, "checkpoint_every": checkpoint_every, "minimise": minimise}
    with joined(distributed, timeout) as processes:
        source = processes.together(lambda: as_source(model), "finding the model")
        agreed = processes.together(lambda: checked(source, processes, **options), "looking at its options")
        agree(processes, agreed)
        where = None if out is None else tried(Path(out), processes)
        held, free, began = resident_bytes(), available_bytes(), time.perf_counter()
        blocks = make_blocks(source, processes, agreed)
        memory = held + blocks.needed + PROCESS_BYTES
        look = _looked(blocks, agreed["tolerance"], time.perf_counter() - began)
        return _agreed(blocks, look, memory, free, KEPT + 1 if checkpoint_every else 0, where)


class _Look(NamedTuple):
    """What a look tells: sweeps and seconds of the whole run; the seconds looked at; whether that was all of it."""

    sweeps: float
    seconds: float
    looked: float
    finished: bool


def _agreed(blocks: Blocks, look: _Look, memory: float, free: float, sets: int, where: Path | None) -> Foreseen:
    """The same for all processes: times and what is free of process 0, the most memory of any, and all bytes."""
    processes, states, parts = blocks.processes, blocks.num_states, len(blocks.borders) - 1
    disk = None if where is None else shutil.disk_usage(where).free
    look, free, disk = processes.gather((look, free, disk))[0]
    told = processes.gather((memory, blocks.halo.bytes_a_sweep))
    return Foreseen(
        processes=processes.size,
        states=states,
        parts=parts,
        memory=max(needs for needs, _ in told),
        free=free,
        plan_bytes=plan_bytes(states, blocks.model.num_actions),
        checkpoint_bytes=8 * sets * (states + parts),
        disk_free=disk,
        sent_a_sweep=sum(sent for _, sent in told),
        sweeps=look.sweeps,
        seconds=look.seconds,
        looked=look.looked,
        finished=look.finished,
    )


def _looked(blocks: Blocks, tolerance: Tolerance, reading: float) -> _Look:
    """Sweep for a while; the first sweep, which compiles, is not part of the look."""
    forecast, began, worked = SweepForecast(), time.perf_counter(), 0.0
    first, looked, number = np.inf, 0.0, 0
    with blocks.interrupt, on_threads(blocks.processes, blocks.states // max(len(blocks.mine), 1)):
        for number, iterate in enumerate(rounds(blocks, tolerance), 1):
            now = time.perf_counter() - began
            first = min(first, now)
            looked, worked = now - first, worked + float(blocks.worked.sum())
            forecast.take(Moment.of(Iteration(number, iterate.residual, np.inf, now), blocks, None, None))
            if _is_last(iterate) or iterate.stuck:
                return _Look(number, reading + now, looked, True)
            if blocks.processes.largest(np.array([float(looked > LOOK)]))[0]:
                break
    left = forecast.seconds_left if forecast.knows else None
    if left is None:
        return _Look(np.inf, np.inf, looked, False)
    part = looked / max(worked, 1.0)  # seconds, of one sweep of one part
    proofs = PROOF * (1.0 + forecast.sweeps_left / PROOF_EVERY) * part * len(blocks.mine)
    return _Look(number + forecast.sweeps_left, reading + first + looked + left + proofs, looked, False)


def _is_last(iterate: SweepIterate) -> bool:
    if not iterate.final:
        return False
    bounds = iterate.bounds()
    return bounds.error < np.inf and bounds.error <= iterate.target(bounds).aim


def _duration(seconds: float) -> str:
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} h"
