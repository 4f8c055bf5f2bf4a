"""The value of a policy that changes in one state after the other, by rank-one updates of an inverse.

A policy takes one of the actions whose bits are set, all alike likely. With M = I - discount * P of the policy, a
change in state s adds d to row s of M, and Sherman and Morrison's formula has the inverse of the new M:

    M'^-1 = M^-1 - (M^-1 e_s) (d^T M^-1) / (1 + d^T M^-1 e_s)

Source: Sherman and Morrison (1950), Annals of Mathematical Statistics 21; Hager (1989), "Updating the inverse of a
matrix", SIAM Review 31.
"""

from typing import Final

import numpy as np

from planners.kernels.choices import ONE, drawn
from planners.kernels.compiling import compiled

FAR: Final = 1e-9  # a correction that is larger, as a part of the value, is not trusted


@compiled
def add_row(tables, discount, s, bits, sign, difference):
    """Add `sign` times row s of M, and return `sign` times its reward, of the actions in `bits`."""
    indptr, indices, data, rewards = tables
    A, count, reward = rewards.shape[1], 0, 0.0
    for a in range(A):
        count += (bits >> a) & 1
    for a in range(A):
        if (bits >> a) & 1:
            reward += rewards[s, a]
            row = s * A + a
            for k in range(indptr[row], indptr[row + 1]):
                difference[indices[k]] -= sign * discount * data[k] / count
    return sign * reward / count


@compiled
def change_row(tables, discount, inverse, V, s, before, after, difference, row):
    """The inverse and the values of the policy that takes other actions in state s."""
    S = np.uint64(V.size)  # unsigned: loops over indices that may be negative are not vectorised
    gained = add_row(tables, discount, s, before, -1.0, difference)
    gained += add_row(tables, discount, s, after, 1.0, difference)
    row[:] = 0.0
    for j in range(S):
        d = difference[j]
        if d != 0.0:
            gained -= d * V[j]
            for i in range(S):
                row[i] += d * inverse[j, i]
            difference[j] = 0.0
    divisor = 1.0 + row[s]
    for j in range(S):
        factor = inverse[j, s] / divisor
        if factor != 0.0:
            V[j] += factor * gained
            for i in range(S):
                inverse[j, i] -= factor * row[i]


@compiled
def correction(tables, start, discount, inverse, V, bits, row):
    """What one step of iterative refinement adds to the value of the start: start^T M^-1 (r - M V).

    Source: Higham (2002), "Accuracy and Stability of Numerical Algorithms", Chapter 12.
    """
    indptr, indices, data, rewards = tables
    S, A, total = V.size, rewards.shape[1], 0.0
    row[:] = 0.0
    for i in range(S):
        if start[i] > 0.0:
            for j in range(S):
                row[j] += start[i] * inverse[i, j]
    for s in range(S):
        count, later = 0, 0.0
        for a in range(A):
            if (bits[s] >> a) & 1:
                count += 1
                later += rewards[s, a]
                for k in range(indptr[s * A + a], indptr[s * A + a + 1]):
                    later += discount * data[k] * V[indices[k]]
        total += row[s] * (later / count - V[s])
    return total


@compiled
def place_of(key, keys):
    """Where a key is in a table of keys, or the free place where it belongs; 0 is free."""
    last = np.uint64(keys.size - 1)
    place = key & last
    while keys[place] != key and keys[place] != 0:
        place = (place + ONE) & last
    return place


@compiled
def follow(tables, start, discount, inverse, V, policies, key, known, changed_states, changed_bits, values, most):
    """Take changes into account, one by one; `values` becomes the value of the start after each of them.

    A learner goes back and forth between policies, so the value of each is remembered. They are told apart by 64 bits:
    the exclusive or of random ones for each state and its actions (Zobrist 1970).

    Args:
        tables: (indptr, indices, data) of the continuing probabilities, (S, A) rewards.
        start: (S,) probabilities of the first state.
        discount: Below 1.
        inverse: (S, S) of M; it changes, as the next four do.
        V: (S,) values of the policy that the inverse is of.
        policies: (2, S) the actions of that policy, and of the present one.
        key: (1,) uint64 of the present one.
        known: (keys, values) of the policies that have occurred, (n,) uint64 and (n,), n a power of 2.
        changed_states: (m,) the state of each change.
        changed_bits: (m,) its actions from then on.
        values: (m,) the result.
        most: Number of updates after which it stops.

    Returns:
        How many changes were taken into account. Then the inverse is to be worked out anew, from the present policy.
    """
    difference, row, updates = np.zeros(V.size), np.zeros(V.size), 0
    for k in range(changed_states.size):
        s = changed_states[k]
        name = np.uint64(s) << np.uint64(40)
        key[0] ^= drawn(name, np.uint64(policies[1, s])) ^ drawn(name, np.uint64(changed_bits[k]))
        policies[1, s] = changed_bits[k]
        place = place_of(key[0], known[0])
        if known[0][place] == 0:
            for j in range(V.size):
                if policies[0, j] != policies[1, j]:
                    change_row(tables, discount, inverse, V, j, policies[0, j], policies[1, j], difference, row)
                    policies[0, j] = policies[1, j]
                    updates += 1
            value = np.dot(start, V)
            more = correction(tables, start, discount, inverse, V, policies[1], row)
            if updates > 0 and not abs(more) <= FAR * (1.0 + abs(value)):
                return k  # the inverse is no longer good enough for this one
            known[0][place], known[1][place] = key[0], value + more
        values[k] = known[1][place]
        if updates >= most:
            return k + 1
    return changed_states.size
