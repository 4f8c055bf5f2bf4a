"""Every outcome of every pair, with its probability and its reward: p(s', r | s, a).

Each transition pays its own reward where that is known: from the moves of a `MoveMDP`, from the toy_text table of an
environment, from `results` as `Tabular-v0` has them, or from what a reader noted in `TabularMDP.told` and `.paid`.
Elsewhere every transition of a pair pays the expected reward r(s, a), as `Tabular-v0` does.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.models.convert import Model
from planners.models.moves import MoveMDP, at_levels
from planners.models.tabular import TabularMDP
from planners.told_outcomes import MoveOutcomes, RowOutcomes

CLOSE: Final = 1e-9  # what was read and what is stored differ by rounding


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

    >>> outcomes_of(TabularMDP.from_gym_dict({0: {0: [(0.25, 0, 4.0, False), (0.75, 0, 1.0, True)]}}))[1:4]
    (array([0.25, 0.75]), array([0, 0], dtype=int32), array([4., 1.]))
    """
    inner = getattr(source, "unwrapped", source)
    table = getattr(inner, "P", None)
    if isinstance(table, dict) and getattr(inner, "mdp", None) is None:
        return _of_table(table, model.num_states, model.num_actions)
    return law_of(model)[0]


def law_of(model: Model) -> tuple[Outcomes, NDArray[np.bool_]]:
    """All outcomes of a model, and (S*A,) bool: False where several rewards are paid and the model lacks which."""
    pairs = model.num_states * model.num_actions
    every = np.ones(pairs, dtype=bool)
    if (results := getattr(model, "results", None)) is not None:
        first, nexts = _firsts(results.pair, pairs), results.next_state.astype(np.int32)
        return Outcomes(first, results.probability, nexts, results.reward, results.ends), every
    if isinstance(model, MoveMDP):
        return _of_moves(model, model.num_states, model.num_actions), every
    return _of_rows(model)


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


def _of_moves(model: MoveMDP | MoveOutcomes, S: int, A: int) -> Outcomes:
    kinds = np.zeros(S, dtype=np.int64) if model.kind is None else model.kind.astype(np.int64)
    mixture = model.mixture if isinstance(model, MoveMDP) else at_levels(model.given, model.shares)
    weight = mixture[kinds]  # (S, A, D)
    states, actions, moves = np.nonzero(weight)
    outcome = model.outcome[states, moves]
    return Outcomes(
        first=_firsts(states * A + actions, S * A),
        probability=weight[states, actions, moves],
        next_state=model.successor[states, moves].astype(np.int32),
        reward=model.outcome_reward[outcome],
        ends=model.outcome_ends[outcome],
    )


def _of_rows(model: TabularMDP) -> tuple[Outcomes, NDArray[np.bool_]]:
    """Continuing outcomes, then ending ones, and in their place what was read where the model tells it."""
    pairs = model.num_states * model.num_actions
    plain = _plain(model)
    found = plain._replace(reward=_rewards(model, plain))
    if isinstance(model.told, RowOutcomes):
        found = _with_told(model, found, model.told)
    elif isinstance(model.told, MoveOutcomes):
        moves = _of_moves(model.told, model.num_states, model.num_actions)
        found = _Entries(np.repeat(np.arange(pairs), np.diff(moves.first)), *moves[1:])
    known = _fits(model, found)
    taken, others = known[found.rows], ~known[plain.rows]
    plain = plain._replace(reward=model.rewards.ravel()[plain.rows])
    found = _joined(found, taken, plain, others)
    order = np.argsort(found.rows, kind="stable")
    columns: list[Any] = [column[order] for column in found]
    _, probability, next_state, reward, ends = columns
    return Outcomes(_firsts(found.rows, pairs), probability, next_state.astype(np.int32), reward, ends), known


def _fits(model: TabularMDP, found: "_Entries") -> NDArray[np.bool_]:
    """(S*A,) whether outcomes have the probability of ending and the expected reward of the tables of today."""
    weighed = found.probability * found.reward
    expected, ends, size, mean = (
        np.bincount(found.rows, amounts, minlength=model.rewards.size)
        for amounts in (found.probability, found.probability * found.ends, np.abs(weighed), weighed)
    )
    off = np.abs(mean - model.rewards.ravel()) <= CLOSE * np.maximum(size, np.abs(model.rewards.ravel()))
    return (off & (np.abs(ends - model.termination.ravel()) <= CLOSE)) | (expected == 0.0)


def _plain(model: TabularMDP) -> "_Entries":
    """The outcomes without their rewards; where the model does not say in which state one ends, its own."""
    pairs = model.num_states * model.num_actions
    onward = np.repeat(np.arange(pairs), np.diff(model.transitions.indptr))
    if model.endings is None:
        last = np.flatnonzero(model.termination.ravel() > 0.0)
        where, chance = last // model.num_actions, model.termination.ravel()[last]
    else:
        last = np.repeat(np.arange(pairs), np.diff(model.endings.indptr))
        where, chance = model.endings.indices, model.endings.data
    rows = np.concatenate([onward, last])
    return _Entries(
        rows=rows,
        probability=np.concatenate([model.transitions.data, chance]),
        next_state=np.concatenate([model.transitions.indices, where]),
        reward=np.full(len(rows), np.nan),
        ends=np.arange(len(rows)) >= len(onward),
    )


class _Entries(NamedTuple):
    """(n,) row, probability, next state, reward and end of outcomes in any order."""

    rows: NDArray[Any]
    probability: NDArray[np.float64]
    next_state: NDArray[Any]
    reward: NDArray[np.float64]
    ends: NDArray[np.bool_]


def _rewards(model: TabularMDP, plain: _Entries) -> NDArray[np.float64]:
    """What each outcome pays, from `paid`: the ends of a pair that it does not tell all pay what is left.

    NaN in pairs where that is not known.
    """
    expected = model.rewards.ravel()
    if model.paid is None or not model.paid.nnz:
        return expected[plain.rows]
    paid = model.paid.tocoo()
    keys = _keys(model, paid.row, paid.col)
    order, wanted = np.argsort(keys), _keys(model, plain.rows, plain.next_state)
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    there = keys[order][place] == wanted
    reward = np.where(there, paid.data[order][place], np.nan)
    missing = ~there & plain.ends
    sure = np.where(missing, 0.0, plain.probability * reward)
    left = expected - np.bincount(plain.rows, sure, minlength=len(expected))
    lacking = np.bincount(plain.rows, np.where(missing, plain.probability, 0.0), minlength=len(expected))
    share = np.divide(left, lacking, out=left.copy(), where=lacking > 0)
    untold = ~np.isin(plain.rows, paid.row)  # pairs that pay one reward, where `told` does not have them
    return np.where(untold, expected[plain.rows], np.where(missing, share[plain.rows], reward))


def _keys(model: TabularMDP, rows: Any, columns: Any) -> NDArray[np.int64]:
    return np.asarray(rows, dtype=np.int64) * model.num_states + columns


def _with_told(model: TabularMDP, found: _Entries, told: RowOutcomes) -> _Entries:
    """The outcomes, with those that were read in their place where there are any."""
    keys, here = _keys(model, told.rows, told.next_states), _keys(model, found.rows, found.next_state)
    ends = np.isin(keys, here[found.ends]) & ~np.isin(keys, here[~found.ends])  # on entering a terminal state
    ends = ends if told.ends is None else ends | told.ends
    total = np.bincount(told.rows, told.probabilities, minlength=model.rewards.size)
    read = _Entries(told.rows, told.probabilities / total[told.rows], told.next_states, told.rewards, ends)
    return _joined(found, ~np.isin(found.rows, told.rows), read, np.ones(len(read.rows), dtype=bool))


def _joined(one: _Entries, of_one: NDArray[np.bool_], other: _Entries, of_other: NDArray[np.bool_]) -> _Entries:
    """Some entries of one and some of another."""
    parts: list[Any] = [np.concatenate([a[of_one], b[of_other]]) for a, b in zip(one, other, strict=True)]
    return _Entries(*parts)


def _firsts(rows: NDArray[Any], pairs: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=pairs))]).astype(np.int64)
