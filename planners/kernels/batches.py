"""Compiled sweeps of many models of one map at once: the forms of `moves` and `rows` with k values a state.

The tables are read once for all models, and the k values of a state lie side by side, so that a processor
works on several of them in one instruction. It does so only where indices cannot be negative (hence the
unsigned ones), loops over models touch few arrays, and nothing is sliced or called in between.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.compiling import compiled
from planners.kernels.forms import initialise, sweep
from planners.kernels.moves import Moves, initialise_moves
from planners.kernels.rows import Rows, initialise_rows


class ManyMoves(NamedTuple):
    """Models that share successors, outcomes and kinds.

    Attributes:
        moves: The tables; `reward` and `onward` are (K, k), `mixture` is (C, A, D, k), `discount` (k,).
        used: (C, A, D) whether a weight of the mixture is not 0 in every model.
    """

    moves: Moves
    used: NDArray[np.bool_]


class ManyArrivals(NamedTuple):
    """Those of four moves and four actions that mix moves alike, and where a state says what it earns to arrive.

    Attributes:
        moves: As for `ManyMoves`.
        code: (S,) the outcome of every move into a state.
        arrival: (S, k) reward + onward * V of each state, which is kept up to date with V.
        mixture: (C, 4, 4), of all models.
    """

    moves: Moves
    code: NDArray[Any]
    arrival: NDArray[np.float64]
    mixture: NDArray[np.float64]


class ManyRows(NamedTuple):
    """One model at many discounts: `rows.discount` is (k,)."""

    rows: Rows


@sweep.register(ManyArrivals)
@compiled
def sweep_many_arrivals(tables, values, first, last):
    """One Gauss-Seidel sweep of all models over states first..last-1; the largest change. For 4 moves, 4 actions.

    What a move earns depends only on the state it leads to, as in `moves.sweep_arrivals`, and all models
    mix moves alike.
    """
    moves, code, arrival, mixture = tables
    successor, _, reward, _, _, kind, discount = moves
    count = values.shape[1]
    best, largest = np.empty(count), np.zeros(count)
    m = mixture[0]
    for state in range(first, last):
        s = np.uint64(state)
        if kind.size > 1:
            m = mixture[kind[s]]
        m00, m01, m02, m03 = m[0, 0], m[0, 1], m[0, 2], m[0, 3]
        m10, m11, m12, m13 = m[1, 0], m[1, 1], m[1, 2], m[1, 3]
        m20, m21, m22, m23 = m[2, 0], m[2, 1], m[2, 2], m[2, 3]
        m30, m31, m32, m33 = m[3, 0], m[3, 1], m[3, 2], m[3, 3]
        t0, t1 = np.uint64(successor[s, 0]), np.uint64(successor[s, 1])
        t2, t3 = np.uint64(successor[s, 2]), np.uint64(successor[s, 3])
        for i in range(count):
            q0, q1, q2, q3 = arrival[t0, i], arrival[t1, i], arrival[t2, i], arrival[t3, i]
            up = m00 * q0 + m01 * q1 + m02 * q2 + m03 * q3
            right = m10 * q0 + m11 * q1 + m12 * q2 + m13 * q3
            down = m20 * q0 + m21 * q1 + m22 * q2 + m23 * q3
            left = m30 * q0 + m31 * q1 + m32 * q2 + m33 * q3
            up = right if right > up else up
            down = left if left > down else down
            best[i] = down if down > up else up
        for i in range(count):
            change = abs(best[i] - values[s, i])
            largest[i] = change if not change <= largest[i] else largest[i]  # NaN is noted too
        for i in range(count):
            values[s, i] = best[i]
        c = np.uint64(code[s])
        for i in range(count):
            arrival[s, i] = reward[c, i] + discount[i] * best[i]
    return largest.max()


@sweep.register(ManyMoves)
@compiled
def sweep_many_moves(tables, values, first, last):
    """The same for any number of moves and actions, any outcomes, and models that mix moves differently."""
    many, used = tables
    successor, outcome, reward, onward, mixture, kind, _ = many
    moves, actions, count = successor.shape[1], mixture.shape[1], values.shape[1]
    q, total = np.empty((moves, count)), np.empty((actions, count))
    best, largest = np.empty(count), np.zeros(count)
    k = np.uint64(0)
    for state in range(first, last):
        s = np.uint64(state)
        if kind.size > 1:
            k = np.uint64(kind[s])
        for d in range(moves):
            c, t = np.uint64(outcome[s, d]), np.uint64(successor[s, d])
            for i in range(count):
                q[d, i] = reward[c, i] + onward[c, i] * values[t, i]
        total[:] = 0.0
        for a in range(actions):
            for d in range(moves):
                if used[k, a, d]:
                    for i in range(count):
                        total[a, i] += mixture[k, a, d, i] * q[d, i]
        best[:] = -np.inf
        for a in range(actions):
            for i in range(count):
                best[i] = total[a, i] if total[a, i] > best[i] else best[i]
        for i in range(count):
            change = abs(best[i] - values[s, i])
            largest[i] = change if not change <= largest[i] else largest[i]
        for i in range(count):
            values[s, i] = best[i]
    return largest.max()


@sweep.register(ManyRows)
@compiled
def sweep_many_rows(tables, values, first, last):
    """The same for rows of probabilities and their rewards, at many discounts."""
    indptr, indices, probability, reward, first_row, discount = tables.rows
    count = values.shape[1]
    total, best, largest = np.empty(count), np.empty(count), np.zeros(count)
    for state in range(first, last):
        s = np.uint64(state)
        best[:] = -np.inf
        for row in range(first_row[s], first_row[state + 1]):
            total[:] = 0.0
            for entry in range(indptr[row], indptr[row + 1]):
                weight, t = probability[entry], np.uint64(indices[entry])
                for i in range(count):
                    total[i] += weight * values[t, i]
            for i in range(count):
                q = reward[row] + discount[i] * total[i]
                best[i] = q if q > best[i] else best[i]
        for i in range(count):
            change = abs(best[i] - values[s, i])
            largest[i] = change if not change <= largest[i] else largest[i]
        for i in range(count):
            values[s, i] = best[i]
    return largest.max()


@initialise.register(ManyMoves)
@compiled
def initialise_many_moves(tables, values, first, last, per_step):
    """First values of each model, of costliest steps `per_step` (k,)."""
    successor, outcome, reward, onward, mixture, kind, discount = tables.moves
    for i in range(values.shape[1]):
        one = Moves(successor, outcome, reward[:, i], onward[:, i], mixture[:, :, :, i], kind, discount[i])
        initialise_moves(one, values[:, i], first, last, per_step[i])


@initialise.register(ManyArrivals)
@compiled
def initialise_many_arrivals(tables, values, first, last, per_step):
    """First values of each model, and of arriving there."""
    moves, code, arrival, _ = tables
    initialise_many_moves(tables, values, first, last, per_step)
    for s in range(first, last):
        arrival[s] = moves.reward[code[s]] + moves.discount * values[s]


@initialise.register(ManyRows)
@compiled
def initialise_many_rows(tables, values, first, last, per_step):
    """First values at each discount; `per_step` (k,) is the same at all."""
    indptr, indices, probability, reward, first_row, discount = tables.rows
    for i in range(values.shape[1]):
        one = Rows(indptr, indices, probability, reward, first_row, discount[i])
        initialise_rows(one, values[:, i], first, last, per_step[i])
