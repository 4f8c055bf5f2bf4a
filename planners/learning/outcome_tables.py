"""The tables that learners draw their steps from: every outcome of every pair, by alias."""

from typing import TYPE_CHECKING, Final

import numpy as np

from planners.learning.task import Task
from planners.memory import check_memory
from planners.models.outcomes import outcomes_of

if TYPE_CHECKING:
    from planners.kernels.learners import Tables

BYTES_A_CELL: Final = 4 + 2 * (4 + 8 + 8 + 1 + 8)


def tables_of(task: Task) -> "Tables":
    """The tables of `planners.kernels.learners` for a task.

    Raises:
        InvalidModelError: The model does not say where episodes begin.
        NotEnoughMemoryError: They would not fit.
    """
    from planners.kernels.learners import Tables
    from planners.kernels.outcomes import alias_tables

    initial = task.initial()
    assert task.model is not None
    outcomes, discount = outcomes_of(task.model, task.source), task.discount
    pairs = len(outcomes.first) - 1
    shift = int(np.diff(outcomes.first).max(initial=1) - 1).bit_length()
    check_memory(pairs * (BYTES_A_CELL << shift), f"drawing from {pairs} pairs of up to {1 << shift} outcomes")
    cut, pick = np.empty(pairs << shift, dtype=np.uint32), np.empty((pairs << shift, 2), dtype=np.int64)
    alias_tables(outcomes.first, outcomes.probability, shift, cut, pick)
    pick = np.clip(pick.ravel(), 0, len(outcomes.reward) - 1)  # of pairs that do not exist
    feasible = task.model.feasible
    every = bool(feasible.all())
    starts = np.flatnonzero(initial)
    sums = np.cumsum(initial[starts])
    sums[-1] = 1.0
    return Tables(
        cut=cut,
        next_state=outcomes.next_state[pick].astype(np.int32),
        reward=outcomes.reward[pick],
        onward=np.where(outcomes.ends[pick], 0.0, discount),
        ends=outcomes.ends[pick].astype(np.uint8),
        options=np.zeros((0, 0), np.int32) if every else np.argsort(~feasible, axis=1, kind="stable").astype(np.int32),
        num_options=feasible.sum(axis=1).astype(np.int32),
        starts=starts.astype(np.int32),
        start_cuts=(sums * 2.0**32).astype(np.uint64),
        shift=shift,
        limit=task.limit,
    )
