"""Compiled sweeps of many models of one map at once: `backups` and `windows` with k values a state.

The tables are read once for all models, and the k values of a state lie side by side, so that a processor
works on several of them in one instruction. It does so only where indices cannot be negative (hence the
unsigned ones), loops over models touch few arrays, and nothing is sliced or called in between.

`reward` and `onward` are (K, k), `mixture` is (C, A, D, k), `used` (C, A, D) tells which of its weights are
not 0 in every model; `discount` and `per_step` are (k,).
"""

import numpy as np
from numba import njit

from planners.kernels.backups import compiled, initialise_moves, initialise_rows
from planners.kernels.windows import INITIALISED, SPENT, next_window, spread

without_checks = njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")


@without_checks
def sweep_many_arrivals(successor, code, arrival, reward, mixture, kind, values, discount, first, last):
    """One Gauss-Seidel sweep of all models over states first..last-1; the largest change. For 4 moves, 4 actions.

    What a move earns depends only on the state it leads to, as in `backups.sweep_arrivals`, and all models
    mix moves alike: `mixture` is (C, 4, 4). `code` (S,) is the outcome of every move into a state.
    """
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


@without_checks
def sweep_many_moves(successor, outcome, reward, onward, mixture, used, kind, values, first, last):
    """The same for any number of moves and actions, any outcomes, and models that mix moves differently."""
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


@without_checks
def sweep_many_rows(indptr, indices, probability, reward, first_row, discount, values, first, last):
    """The same for rows of probabilities and their rewards, at many discounts."""
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


@compiled
def sweep_window_of_many_moves(
    successor, outcome, code, arrival, reward, onward, mixture, used, kind, values, discount, per_step,
    span, pending, cursor, block, reached, threshold, budget,
):  # fmt: skip
    """`windows.sweep_window_of_moves` for many models: a block is swept until it has settled in all of them."""
    work, alike = 0, np.ascontiguousarray(mixture[:, :, :, 0])
    while work < budget:
        low, high, reach = next_window(span, pending, cursor, threshold)
        if low >= len(pending):
            return work, True
        while cursor[INITIALISED] < reach:
            first = cursor[INITIALISED] * block
            last = min(first + block, reached)
            for i in range(values.shape[1]):
                initialise_moves(
                    successor, outcome, reward[:, i], onward[:, i], mixture[:, :, :, i], kind, values[:, i],
                    first, last, per_step[i], discount[i],
                )  # fmt: skip
            if arrival.size:
                for s in range(first, last):
                    arrival[s] = reward[code[s]] + discount * values[s]
            pending[cursor[INITIALISED]] = np.inf
            cursor[INITIALISED] += 1
        for b in range(low, high):
            if pending[b] > threshold:
                first, last = b * block, min((b + 1) * block, reached)
                if arrival.size:
                    change = sweep_many_arrivals(
                        successor, code, arrival, reward, alike, kind, values, discount, first, last
                    )
                else:
                    change = sweep_many_moves(
                        successor, outcome, reward, onward, mixture, used, kind, values, first, last
                    )
                spread(span, pending, b, change)
                cursor[SPENT] += 1
                work += 1
    return work, False


@compiled
def sweep_window_of_many_rows(
    indptr, indices, probability, reward, first_row, values, discount, per_step,
    span, pending, cursor, block, reached, threshold, budget,
):  # fmt: skip
    """`windows.sweep_window_of_rows` at many discounts."""
    work = 0
    while work < budget:
        low, high, reach = next_window(span, pending, cursor, threshold)
        if low >= len(pending):
            return work, True
        while cursor[INITIALISED] < reach:
            first = cursor[INITIALISED] * block
            last = min(first + block, reached)
            for i in range(values.shape[1]):
                initialise_rows(
                    indptr, indices, probability, reward, first_row, discount[i], values[:, i], first, last, per_step
                )
            pending[cursor[INITIALISED]] = np.inf
            cursor[INITIALISED] += 1
        for b in range(low, high):
            if pending[b] > threshold:
                first, last = b * block, min((b + 1) * block, reached)
                change = sweep_many_rows(indptr, indices, probability, reward, first_row, discount, values, first, last)
                spread(span, pending, b, change)
                cursor[SPENT] += 1
                work += 1
    return work, False
