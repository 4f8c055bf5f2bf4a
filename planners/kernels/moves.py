"""The backups of a `MoveMDP`: successors and outcomes of D moves, mixed by A actions.

Indices are made unsigned: an index that may be negative is compared with 0 and moved each time, which takes as long as
the sums.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.compiling import compiled
from planners.kernels.forms import guess, initialise, sweep
from planners.kernels.four_actions import best_of_four


class Moves(NamedTuple):
    """The tables of a `MoveMDP` at one discount.

    Attributes:
        successor: (S, D) where moves lead.
        outcome: (S, D) numbers of their outcomes.
        reward: (K,) what outcomes pay.
        onward: (K,) the discount where the episode goes on after an outcome, and 0 where it ends.
        mixture: (C, A, D) probability of each move, for each kind of state and action.
        kind: (S,) the kind of each state; or a single 0, where there is one kind.
        discount: The discount.
    """

    successor: NDArray[Any]
    outcome: NDArray[Any]
    reward: NDArray[np.float64]
    onward: NDArray[np.float64]
    mixture: NDArray[np.float64]
    kind: NDArray[Any]
    discount: float


class Arrivals(NamedTuple):
    """Four moves and four actions, where what a move earns depends only on the state it leads to.

    Attributes:
        moves: The tables.
        arrival: (S,) entering + discount * V of each state, which is kept up to date with V.
        entering: (S,) what it pays to enter a state.
        columns: (C, 4, 4) the mixture, moves before actions, in C order.
    """

    moves: Moves
    arrival: NDArray[np.float64]
    entering: NDArray[np.float64]
    columns: NDArray[np.float64]


@sweep.register(Moves)
@compiled
def sweep_moves(tables, values, first, last, step=1):
    """V(s) = max_a sum_d mixture(a,d) * (reward + onward * V of where move d leads)."""
    successor, outcome, reward, onward, mixture, kind, _ = tables
    moves, actions = successor.shape[1], mixture.shape[1]
    q = np.empty(moves)
    largest = 0.0
    several = kind.size == successor.shape[0]
    k = np.uint64(0)
    for state in range(first, last, step):
        s = np.uint64(state)
        if several:
            k = np.uint64(kind[s])
        for d in range(moves):
            c = np.uint64(outcome[s, d])
            q[d] = reward[c] + onward[c] * values[np.uint64(successor[s, d])]
        best = -np.inf
        for a in range(actions):
            total = 0.0
            for d in range(moves):
                total += mixture[k, a, d] * q[d]
            best = max(best, total)
        largest = max(largest, abs(best - values[s]))
        values[s] = best
    return largest


@sweep.register(Arrivals)
@compiled
def sweep_arrivals(tables, values, first, last):
    """The same backup, by what it is worth to arrive: V(s) = max_a sum_d mixture(a,d) * arrival."""
    moves, arrival, entering, columns = tables
    successor, _, _, _, _, kind, discount = moves
    largest = 0.0
    several = kind.size == successor.shape[0]
    m = columns[0]
    for s in range(np.uint64(first), np.uint64(last)):
        if several:
            m = columns[np.uint64(kind[s])]
        q0, q1 = arrival[np.uint64(successor[s, 0])], arrival[np.uint64(successor[s, 1])]
        q2, q3 = arrival[np.uint64(successor[s, 2])], arrival[np.uint64(successor[s, 3])]
        best = best_of_four(m, q0, q1, q2, q3)
        largest = max(largest, abs(best - values[s]))
        values[s] = best
        arrival[s] = entering[s] + discount * best
    return largest


@initialise.register(Moves)
@compiled
def initialise_moves(tables, values, first, last, per_step):
    """First values; see `initialise`."""
    successor, outcome, reward, onward, mixture, kind, discount = tables
    several = kind.size == successor.shape[0]
    k = np.uint64(0)
    for s in range(np.uint64(first), np.uint64(last)):
        if several:
            k = np.uint64(kind[s])
        best = -np.inf
        lowest = np.inf
        for a in range(mixture.shape[1]):
            known = 0.0
            unknown = 0.0
            for d in range(successor.shape[1]):
                weight = mixture[k, a, d]
                if weight == 0.0:
                    continue
                c = np.uint64(outcome[s, d])
                known += weight * reward[c]
                there = values[np.uint64(successor[s, d])]
                if onward[c] != 0.0:
                    if np.isnan(there):
                        unknown += weight * onward[c]
                    else:
                        known += weight * onward[c] * there
                        lowest = min(lowest, there)
            best = max(best, guess(known, unknown, per_step, discount))
        values[s] = best if best > -np.inf else (lowest if lowest < np.inf else 0.0) + 12.0 * per_step


@initialise.register(Arrivals)
def initialise_arrivals(tables, values, first, last, per_step):
    """First values of states, and of arriving there."""
    moves, arrival, entering, _ = tables
    initialise_moves(moves, values, first, last, per_step)
    arrival[first:last] = entering[first:last] + moves.discount * values[first:last]
