"""Solving in parts, by one process or by many; see `planners.distributed.blocks` for what they do.

torchrun --nproc-per-node=4 -m planners arena.map --goal 3,4 --discount 0.99 --out DIR
"""

import signal
import warnings
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from planners.arguments import check_switch
from planners.distributed.agreement import agree
from planners.distributed.blocks import Blocks
from planners.distributed.checkpoints import Checkpoints
from planners.distributed.joining import joined, on_threads
from planners.distributed.lock import Lock, held
from planners.distributed.processes import Processes
from planners.distributed.sources import NegatedSource, Source, as_source, in_turn
from planners.errors import InvalidOptionError
from planners.iteration.direction import turned_progress
from planners.iteration.last_proof import MOST_STATES, STOPPED, proven_further
from planners.iteration.loop import finish, run_iterates
from planners.iteration.progress import Progress
from planners.models.slices import model_of_slices
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_run, check_tolerances
from planners.plans.plan import Plan, Status, opposite
from planners.plans.plan_folder import is_finished, make_files, write_states, write_summary
from planners.plans.policy import TabularPolicy
from planners.sweeps.rounds import rounds

PARTS: Final = 64
SLOW: Final = 4096  # sweeps: where so many prove no tolerance, linear systems are tried
A_PROCESS: Final = 4  # parts, so that each process has some where values are on their way


def solve_in_parts(
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
    max_iterations: int = 1_000_000,
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,
) -> Plan:
    """Optimal values and policy with proven bounds, by Gauss-Seidel sweeps in parts that processes share.

    Values, bounds and sweeps are the same, bit by bit, for every number of processes, as long as the parts are.

    Args:
        model: A model or an environment that has one; `Rows`; or a map file, `gridworld_env.open_map(path)`.
        discount: At least 0 and below 1.
        tolerance: As for `planners.solve`.
        relative_tolerance: As for `planners.solve`.
        distributed: Share the parts among the processes of the initialised group of torch.distributed.
        parts: Number of parts of consecutive states, dealt to the processes in turn; None: 64, or four for each
            process, if that is more.
        out: Folder to write the plan to, each process its own states, for `planners.load_plan`.
        checkpoint_every: Save a checkpoint to `out` after every so many sweeps, and begin with one that is
            there; 0: neither.
        timeout: Seconds after which a process that waits for another one gives up.
        max_iterations: Number of sweeps after which to give up.
        progress: True for a progress bar on process 0, or a function to call with each `Iteration`, on each.
        throw: Raise when the tolerance is not reached; False: return the plan with its status.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `Plan` of the states of this process, whose `error_bound` holds for all states of all processes. Its states
        are those of parts rank, rank + size, rank + 2 size ..., one after the other.

    Raises:
        InvalidModelError: No model, or not an MDP; on all processes, with the number of the one that found it.
        InvalidOptionError: Among others, a discount of 1.
        NotEnoughMemoryError: On all processes, with the number of the one that has too little, and how much it needs.
        LostProcessError: Another process is gone, or was silent for longer than the timeout.
        NotConvergedError: See `throw`.

    Cost: as value iteration, with a sweep of four passes in the place of a backup; each process keeps its own states'
    tables, and 59 bytes for each of them.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> solve_in_parts(stay_or_stop, discount=0.8).values.round(3)
    array([5.])
    """
    options: dict[str, Any] = {"tolerance": tolerance, "relative_tolerance": relative_tolerance, "parts": parts}
    options |= {"out": out, "checkpoint_every": checkpoint_every}
    options |= {"discount": discount, "max_iterations": max_iterations, "progress": progress, "throw": throw}
    options["minimise"] = minimise
    with joined(distributed, timeout) as processes:
        source = processes.together(lambda: as_source(model), "finding the model")
        plan = _solve(source, processes, **options)
        if processes.size == 1 and source.whole is not None:
            plan = replace(plan, model=source.whole)  # so that it knows its `action_values` and `optimal_actions`
    return finish(plan, throw=throw)


def solve_together(model: Any, *, throw: bool, timeout: float = 600.0, **options: Any) -> Plan:
    """What `planners.solve(model, distributed=True)` does: the plan of all states, on every process."""

    def whole() -> Source:
        found = as_source(model)
        if found.whole is None:
            raise InvalidOptionError(
                "solve(distributed=True) returns the plan of a whole model, and this one is read in parts; "
                "planners.distributed.solve_in_parts(model, distributed=True, out=DIR) writes it to a folder"
            )
        return found

    with joined(True, timeout) as processes:
        source = processes.together(whole, "finding the model")
        plan = replace(_solve(source, processes, whole=True, throw=throw, **options), model=source.whole)
    return finish(plan, throw=throw)


def _solve(
    source: Source,
    processes: Processes,
    *,
    out: str | PathLike[str] | None = None,
    progress: Progress = False,
    minimise: bool = False,
    whole: bool = False,
    **options: Any,
) -> Plan:
    """The plan of the states of this process, or with `whole` of all states, converged or not."""
    given = {"out": out, "progress": progress, "minimise": minimise, **options}
    agreed = processes.together(lambda: checked(source, processes, **given), "looking at its options")
    agree(processes, agreed)
    folder, every, named = None if out is None else Path(out), agreed["checkpoint_every"], source.whole
    with held(folder, processes) as lock:
        if minimise:
            source, progress = NegatedSource(source), turned_progress(progress)
        blocks = make_blocks(source, processes, agreed)
        checkpoints = Checkpoints(Path(folder or "", "checkpoint"), every, agreed["tolerance"], lock)
        if every:
            checkpoints.resume(blocks)
            blocks.interrupt.signals += (signal.SIGTERM,)  # as schedulers send it before they end a job
        limit = int(agreed["max_iterations"])
        plan = _proven_further(_swept(blocks, checkpoints, min(SLOW, limit), progress), source, blocks)
        if plan.status is Status.ITERATION_LIMIT and limit > SLOW:
            plan = _proven_further(_swept(blocks, checkpoints, limit, progress), source, blocks)
        plan = replace(plan, iterations=blocks.sweeps)
        plan = opposite(plan, plan.model) if minimise else plan
        if folder is not None:
            _write(plan, folder, blocks, named, lock)
        if every:
            checkpoints.end(blocks, plan.status)
    return _joined(plan, blocks) if whole else plan


def make_blocks(source: Source, processes: Processes, agreed: Mapping[str, Any]) -> Blocks:
    """The states of this process, read, by the options that all have agreed on."""
    return Blocks(source, agreed["discount"], processes, agreed["parts"] or max(PARTS, A_PROCESS * processes.size))


def checked(
    source: Source,
    processes: Processes,
    *,
    discount: float,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    max_iterations: int = 1_000_000,
    parts: int | None = None,
    out: str | PathLike[str] | None = None,
    checkpoint_every: int = 0,
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,
) -> dict[str, Any]:
    """What all processes have to agree on, if it is possible at all."""
    check_switch("minimise", minimise)
    check_run(max_iterations, progress, throw)
    _check_counts(out, parts=parts, checkpoint_every=checkpoint_every)
    return {
        "discount": _below_one(check_discount(discount)),
        "tolerance": check_tolerances(tolerance, relative_tolerance),
        "max_iterations": max_iterations,
        "minimise": minimise,
        "parts": parts,
        "checkpoint_every": checkpoint_every,
        "throw": throw,
        "whether a plan is written, out": out is not None,
        "the model": source.identity() if processes.size > 1 else "",
    }


def _swept(blocks: Blocks, checkpoints: Checkpoints, max_iterations: int, progress: Progress) -> Plan:
    """Go on until the tolerance is proven or something ends the run."""
    blocks.after_sweep = checkpoints.after_sweep
    states_a_part = blocks.states // max(len(blocks.mine), 1)
    with blocks.interrupt, on_threads(blocks.processes, states_a_part):
        return run_iterates(
            blocks,
            rounds(blocks, checkpoints.tolerance, blocks.threshold),
            method=f"Gauss-Seidel in {len(blocks.borders) - 1} parts",
            tolerance=checkpoints.tolerance,
            max_iterations=max_iterations,
            progress=progress if callable(progress) else bool(progress) and blocks.processes.rank == 0,
        )


def _proven_further(plan: Plan, source: Source, blocks: Blocks) -> Plan:
    """The plan, after the last attempt of `planners.iteration.last_proof`, which every process makes, of all states.

    It needs the model as a whole: where it is read in parts, and has many states, the plan stays as it is. The linear
    systems of that attempt help where values rise slowly, too: where that took many sweeps, and no tolerance was met.
    """
    slow = plan.status is Status.ITERATION_LIMIT and blocks.sweeps >= SLOW
    if plan.status not in STOPPED and not slow:
        return plan
    model = source.to_maximise()
    if model is None and blocks.num_states <= MOST_STATES:
        parts = range(len(blocks.borders) - 1)
        model = model_of_slices([source.tables(part) for part in parts], source.num_actions)
    if model is None:
        return plan
    whole = replace(_joined(plan, blocks), model=model, status=Status.ROUNDING_FLOOR)
    further, mine = proven_further(whole), blocks.states_of(blocks.processes.rank)
    if not further.converged:
        further = replace(further, status=plan.status)
    values, lower, upper = further.values[mine], further.lower[mine], further.upper[mine]
    policy = TabularPolicy.from_actions(further.policy.actions[mine], source.num_actions)
    return replace(further, values=values, lower=lower, upper=upper, policy=policy, model=plan.model)


def _joined(plan: Plan, blocks: Blocks) -> Plan:
    """The plan of all states, of one process's own."""
    told = blocks.processes.gather((plan.values, plan.lower, plan.upper, plan.policy.actions))
    order = np.argsort(np.concatenate([blocks.states_of(rank) for rank in range(blocks.processes.size)]))
    values, lower, upper, actions = (np.concatenate(several)[order] for several in zip(*told, strict=True))
    policy = TabularPolicy.from_actions(actions, plan.policy.num_actions)
    return replace(plan, values=values, lower=lower, upper=upper, policy=policy)


def _write(plan: Plan, folder: Path, blocks: Blocks, named: Any, lock: Lock) -> None:
    """Write the plan to a folder, each process its own states; all processes call it together.

    The names of states and actions are those of the model `named`, if that is in memory. A finished plan that is there
    already stays, where this one is not finished.
    """
    processes = blocks.processes
    kept = not plan.converged and processes.gather(is_finished(folder))[0]
    if kept:
        if processes.rank == 0:
            warnings.warn(f"{folder} holds a finished plan, which is kept; this one is not finished", stacklevel=5)
        return

    def make() -> None:
        lock.check()
        if processes.rank == 0:
            make_files(folder, plan, blocks.num_states)

    processes.together(make, f"making files in {folder}")
    mine = processes.together(
        lambda: write_states(folder, plan, blocks.borders, blocks.mine), f"writing its states to {folder}"
    )
    digests = in_turn(processes.gather(mine))
    if processes.rank == 0:
        write_summary(folder, plan, blocks.num_states, blocks.borders, blocks.model.digest, digests, named)
    processes.gather(None)  # nobody goes on before the plan is there


def _below_one(discount: float) -> float:
    if discount == 1.0:
        raise InvalidOptionError(
            "discount is 1, and in parts only discounts below 1 are solved: at 1 the states of infinite value and the "
            "cycles without reward have to be found first, for which planners.solve needs the whole model"
        )
    return discount


def _check_counts(out: Any, **counts: Any) -> None:
    if counts["checkpoint_every"] and out is None:
        raise InvalidOptionError("checkpoint_every needs a folder to save checkpoints to: out=DIR")
    for name, count in counts.items():
        least = 1 if name == "parts" else 0
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < least):
            raise InvalidOptionError(f"{name} is {count!r}; expected a whole number of at least {least}")
