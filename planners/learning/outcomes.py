"""The tables that steps are drawn from: every outcome of every pair, with its probability.

Each transition pays its own reward where that is known: from the moves of a `MoveMDP`, from the toy_text table of an
environment, from `results` as `Tabular-v0` has them, or from `TabularMDP.paid`. Elsewhere every transition of a pair
pays the expected reward r(s, a), as `Tabular-v0` does.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.learning.task import Task
from planners.memory import check_memory
from planners.models.convert import Model
from planners.models.moves import MoveMDP
from planners.models.tabular import TabularMDP

if TYPE_CHECKING:
    from planners.kernels.learners import Tables

BYTES_A_CELL = 4 + 2 * (4 + 8 + 8 + 1 + 8)


class Outcomes(NamedTuple):
    """The outcomes of all pairs, those of pair s*A + a from `first[s*A + a]` on.

    Attributes:
        first: (S*A + 1,) int64.
        probability: (n,) float64.
        next_state: (n,) int32, where the episode ends or goes on.
        reward: (n,) float64.
        ends: (n,) bool, whether the episode ends.
    """

    first: NDArray[np.int64]
    probability: NDArray[np.float64]
    next_state: NDArray[np.int32]
    reward: NDArray[np.float64]
    ends: NDArray[np.bool_]


def outcomes_of(model: Model, source: Any = None) -> Outcomes:
    """All outcomes of a model, or of the environment `source` that it was read from.

    >>> from planners import TabularMDP
    >>> outcomes_of(TabularMDP.from_gym_dict({0: {0: [(0.25, 0, 4.0, False), (0.75, 0, 1.0, True)]}}))[1:4]
    (array([0.25, 0.75]), array([0, 0], dtype=int32), array([1.75, 1.75]))
    """
    inner = getattr(source, "unwrapped", source)
    table = getattr(inner, "P", None)
    if isinstance(table, dict) and getattr(inner, "mdp", None) is None:
        return _of_table(table, model.num_states, model.num_actions)
    if (results := getattr(model, "results", None)) is not None:
        first = _firsts(results.pair, model.num_states * model.num_actions)
        nexts = results.next_state.astype(np.int32)
        return Outcomes(first, results.probability, nexts, results.reward, results.ends)
    return _of_moves(model) if isinstance(model, MoveMDP) else _of_rows(model)


def _of_table(table: Any, states: int, actions: int) -> Outcomes:
    """The entries of a toy_text table, as they are."""
    flat = [(s * actions + a, *entry) for s in range(states) for a in sorted(table[s]) for entry in table[s][a]]
    rows, probability, next_state, reward, ends = zip(*flat, strict=True)
    return Outcomes(
        first=_firsts(np.array(rows), states * actions),
        probability=np.array(probability, dtype=np.float64),
        next_state=np.array(next_state, dtype=np.int32),
        reward=np.array(reward, dtype=np.float64),
        ends=np.array(ends, dtype=bool),
    )


def _of_moves(model: MoveMDP) -> Outcomes:
    kinds = np.zeros(model.num_states, dtype=np.int64) if model.kind is None else model.kind.astype(np.int64)
    weight = model.mixture[kinds]  # (S, A, D)
    states, actions, moves = np.nonzero(weight)
    outcome = model.outcome[states, moves]
    return Outcomes(
        first=_firsts(states * model.num_actions + actions, model.num_states * model.num_actions),
        probability=weight[states, actions, moves],
        next_state=model.successor[states, moves].astype(np.int32),
        reward=model.outcome_reward[outcome],
        ends=model.outcome_ends[outcome],
    )


def _of_rows(model: TabularMDP) -> Outcomes:
    """Continuing outcomes, then ending ones; where the model does not say in which state one ends, its own."""
    pairs = model.num_states * model.num_actions
    rows = np.repeat(np.arange(pairs), np.diff(model.transitions.indptr))
    expected, ending = model.rewards.ravel(), model.termination.ravel()
    if model.endings is None:
        last = np.flatnonzero(ending > 0.0)
        where, chance = last // model.num_actions, ending[last]
    else:
        last = np.repeat(np.arange(pairs), np.diff(model.endings.indptr))
        where, chance = model.endings.indices, model.endings.data
    paid = np.full(len(rows), np.nan) if model.paid is None else np.asarray(model.paid.data, dtype=np.float64)
    if len(paid) != len(rows):
        paid = np.full(len(rows), np.nan)
    onward = np.bincount(rows, model.transitions.data * paid, minlength=pairs)  # NaN where a reward is not known
    at_the_end = np.divide(expected - onward, ending, out=np.full(pairs, np.nan), where=ending > 0.0)
    known = np.where(ending > 0.0, np.isfinite(at_the_end), np.isfinite(onward))
    reward = np.where(known[rows], paid, expected[rows])
    order = np.argsort(np.concatenate([rows, last]), kind="stable")
    return Outcomes(
        first=_firsts(np.concatenate([rows, last]), pairs),
        probability=np.concatenate([model.transitions.data, chance])[order],
        next_state=np.concatenate([model.transitions.indices, where])[order].astype(np.int32),
        reward=np.concatenate([reward, np.where(known[last], at_the_end[last], expected[last])])[order],
        ends=(np.arange(len(order)) >= len(rows))[order],
    )


def _firsts(rows: NDArray[Any], pairs: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=pairs))]).astype(np.int64)


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
