"""Compiled loops over models that are too large for NumPy's temporaries; imported on first use only.

Two forms of the same sweeps: over a `MoveMDP` (successors and outcomes of D moves, mixed by A actions)
and over rows of probabilities (CSR). Values are changed in place, in the order of the states, so that a
sweep is a Gauss-Seidel sweep. Arrays are checked by the callers; nothing here raises.

`onward` (K,) is discount where the episode goes on after an outcome, and 0 where it ends.
`kind` has the kind of each state; or a single 0, where there is one kind.
NaN marks a value that no sweep has touched.
"""

import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True, boundscheck=False)
in_parallel = njit(cache=True, nogil=True, boundscheck=False, parallel=True)


@compiled
def sweep_arrivals(successor, arrival, entering, mixture, kind, values, discount, first, last):
    """One sweep over states first..last-1; the largest change. For four moves and four actions.

    Here what a move earns depends only on the state it leads to: `arrival` (S,) holds
    entering + discount * V of each state and is kept up to date with V.
    """
    largest = 0.0
    several = kind.size == successor.shape[0]
    m = mixture[0]
    for s in range(first, last):
        if several:
            m = mixture[kind[s]]
        q0, q1 = arrival[successor[s, 0]], arrival[successor[s, 1]]
        q2, q3 = arrival[successor[s, 2]], arrival[successor[s, 3]]
        best = m[0, 0] * q0 + m[0, 1] * q1 + m[0, 2] * q2 + m[0, 3] * q3
        best = max(best, m[1, 0] * q0 + m[1, 1] * q1 + m[1, 2] * q2 + m[1, 3] * q3)
        best = max(best, m[2, 0] * q0 + m[2, 1] * q1 + m[2, 2] * q2 + m[2, 3] * q3)
        best = max(best, m[3, 0] * q0 + m[3, 1] * q1 + m[3, 2] * q2 + m[3, 3] * q3)
        largest = max(largest, abs(best - values[s]))
        values[s] = best
        arrival[s] = entering[s] + discount * best
    return largest


@compiled
def sweep_moves(successor, outcome, reward, onward, mixture, kind, values, first, last, step=1):
    """The same for any number of moves and actions, and any outcomes; backwards with a step of -1."""
    moves, actions = successor.shape[1], mixture.shape[1]
    q = np.empty(moves)
    largest = 0.0
    several = kind.size == successor.shape[0]
    k = 0
    for s in range(first, last, step):
        if several:
            k = kind[s]
        for d in range(moves):
            c = outcome[s, d]
            q[d] = reward[c] + onward[c] * values[successor[s, d]]
        best = -np.inf
        for a in range(actions):
            total = 0.0
            for d in range(moves):
                total += mixture[k, a, d] * q[d]
            best = max(best, total)
        largest = max(largest, abs(best - values[s]))
        values[s] = best
    return largest


@compiled
def initialise_moves(successor, outcome, reward, onward, mixture, kind, values, first, last, per_step, discount):
    """First values of states first..last-1: a backup in which untouched successors count as a little worse.

    An untouched successor is taken to be worth what the state itself is worth after six more of the
    costliest steps, which are `per_step`: too low rather than too high, because what is too low is put
    right by the next sweep, and what is too high may take 1 / (1 - discount) of them.
    """
    several = kind.size == successor.shape[0]
    k = 0
    for s in range(first, last):
        if several:
            k = kind[s]
        best = -np.inf
        lowest = np.inf
        for a in range(mixture.shape[1]):
            known = 0.0
            unknown = 0.0
            for d in range(successor.shape[1]):
                weight = mixture[k, a, d]
                if weight == 0.0:
                    continue
                c = outcome[s, d]
                known += weight * reward[c]
                there = values[successor[s, d]]
                if onward[c] != 0.0:
                    if np.isnan(there):
                        unknown += weight * onward[c]
                    else:
                        known += weight * onward[c] * there
                        lowest = min(lowest, there)
            best = max(best, guess(known, unknown, per_step, discount))
        values[s] = best if best > -np.inf else (lowest if lowest < np.inf else 0.0) + 12.0 * per_step
    return 0.0


@compiled
def guess(known, unknown, per_step, discount):
    """V = known + unknown * (v after six more steps), where that can be solved; else -inf."""
    if unknown > 0.9:
        return -np.inf
    after = max(1.0 - 6.0 * (1.0 - discount), 0.0)
    return (known + unknown * 6.0 * per_step) / (1.0 - unknown * after)


@compiled
def sweep_rows(indptr, indices, probability, reward, first_row, discount, values, first, last, step=1):
    """One sweep over states first..last-1 of rows of probabilities, or backwards; the largest change."""
    largest = 0.0
    for s in range(first, last, step):
        best = -np.inf
        for row in range(first_row[s], first_row[s + 1]):
            total = 0.0
            for entry in range(indptr[row], indptr[row + 1]):
                total += probability[entry] * values[indices[entry]]
            best = max(best, reward[row] + discount * total)
        largest = max(largest, abs(best - values[s]))
        values[s] = best
    return largest


@compiled
def evaluate_rows(indptr, indices, probability, reward, rows, discount, values, new):
    """Set new = r + discount * P V for one row of each state, `rows` (n,); the smallest and the largest change.

    On one thread: hundreds of short sweeps would wait for the slowest thread each time.
    """
    least, most = np.inf, -np.inf
    for s in range(len(rows)):
        row = rows[s]
        total = 0.0
        for entry in range(indptr[row], indptr[row + 1]):
            total += probability[entry] * values[indices[entry]]
        new[s] = reward[row] + discount * total
        change = new[s] - values[s]
        if not change >= least:
            least = change
        if not change <= most:
            most = change
    return least, most


@compiled
def initialise_rows(indptr, indices, probability, reward, first_row, discount, values, first, last, per_step):
    """First values, as `initialise_moves` has them."""
    for s in range(first, last):
        best = -np.inf
        lowest = np.inf
        for row in range(first_row[s], first_row[s + 1]):
            known = reward[row]
            unknown = 0.0
            for entry in range(indptr[row], indptr[row + 1]):
                there = values[indices[entry]]
                if np.isnan(there):
                    unknown += discount * probability[entry]
                else:
                    known += discount * probability[entry] * there
                    lowest = min(lowest, there)
            best = max(best, guess(known, unknown, per_step, discount))
        values[s] = best if best > -np.inf else (lowest if lowest < np.inf else 0.0) + 12.0 * per_step
    return 0.0
