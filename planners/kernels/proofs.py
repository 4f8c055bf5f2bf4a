"""Compiled backups that prove bounds; what the numbers mean is in `planners.equations.certificates`."""

import numpy as np

from planners.kernels.blocks import over_blocks, size_of
from planners.kernels.compiling import called_by_compiled, compiled
from planners.kernels.forms import by_form
from planners.kernels.moves import Moves
from planners.kernels.rows import Rows

PARTS = 256  # of the states
NEAR_ZERO = 1e-290  # counts as a size, as near 0 numbers are rounded by more than a part of themselves


@called_by_compiled
def ratio(gain, least, most):
    """The larger of gain / margin over all margins from least > 0 to most."""
    return gain / least if gain >= 0.0 else gain / most


@called_by_compiled
def weigh(gain, margin, doubt, k, limit):
    """Take one action into account: k, the largest ratio so far, and the largest one allowed so far."""
    if not gain < np.inf:  # infinite or NaN: nothing can be proven
        return np.inf, limit
    if margin > doubt:
        return max(k, ratio(gain, margin - doubt, margin + doubt)), limit
    if gain > 0.0:
        return k, -np.inf
    if margin < doubt:
        return k, min(limit, gain / (margin - doubt))
    return k, limit


@called_by_compiled
def is_better(q, proves, best, best_proves, doubt):
    """Whether an action is taken instead of the best so far: of two that are tied, one that proves something."""
    if proves == best_proves:
        return q > best
    return q >= best - doubt if proves else q > best + doubt


def prove(tables, values, slope, offset, count, roundings, best_action, parts):
    """Numbers for the certificate of states 0..count-1 with the weights h = offset - slope * V.

    States from `count` on have known values and the weight 0. Fills `best_action` (S,), with actions or with
    rows, and `parts` (PARTS, 3): for each part of the states, the smallest ratio of a greedy action, the largest
    of any action, and the largest k that the actions with a margin of 0 or less allow (see `certificates`).
    There may be more values than actions: those of states that are only read.
    """

    def some(first, last):
        prove_parts(tables, values, slope, offset, count, roundings, best_action, parts, first, last)

    over_blocks(some, PARTS, size_of(tables))


@by_form
def prove_parts(tables, values, slope, offset, count, roundings, best_action, parts, first_part, last_part):
    """The same for some of the parts."""
    raise NotImplementedError


@prove_parts.register(Moves)
@compiled
def prove_moves(tables, values, slope, offset, count, roundings, best_action, parts, first_part, last_part):
    """See `prove`."""
    successor, outcome, reward, onward, mixture, kind, _ = tables
    u = 2.0**-53 * roundings
    states, counted = len(best_action), np.uint64(count)
    for part in range(first_part, last_part):
        l, k, limit = np.inf, -np.inf, np.inf
        for s in range(np.uint64(states * part // PARTS), np.uint64(states * (part + 1) // PARTS)):
            mix = np.uint64(kind[s]) if kind.size == successor.shape[0] else np.uint64(0)
            value = values[s]
            h = offset - slope * value
            best, least, proves = -np.inf, -np.inf, np.bool_(False)
            for a in range(mixture.shape[1]):
                q, size, weighted = 0.0, abs(value) + NEAR_ZERO, 0.0
                for d in range(successor.shape[1]):
                    weight = mixture[mix, a, d]
                    if weight != 0.0:
                        c, t = np.uint64(outcome[s, d]), np.uint64(successor[s, d])
                        there = onward[c] * values[t]
                        q += weight * (reward[c] + there)
                        size += weight * (abs(reward[c]) + abs(there))
                        if t < counted:
                            weighted += weight * onward[c] * (offset - slope * values[t])
                margin = h - weighted
                doubt = u * (h + weighted + slope * size)
                gain = q - value + u * size
                if s < counted:
                    k, limit = weigh(gain, margin, doubt, k, limit)
                if is_better(q, margin > doubt, best, proves, 2.0 * u * size):
                    best, proves = q, margin > doubt
                    best_action[s] = a
                    fall = value - q + u * size
                    sure = margin > doubt and fall < np.inf
                    least = -ratio(fall, margin - doubt, margin + doubt) if sure else -np.inf
            if s < counted:
                l = min(l, least)
        parts[part, 0], parts[part, 1], parts[part, 2] = l, k, limit


@prove_parts.register(Rows)
@compiled
def prove_rows(tables, values, slope, offset, count, roundings, best_action, parts, first_part, last_part):
    """See `prove`."""
    indptr, indices, probability, reward, first_row, discount = tables
    u = 2.0**-53 * roundings
    states, counted, one = len(best_action), np.uint64(count), np.uint64(1)
    for part in range(first_part, last_part):
        l, k, limit = np.inf, -np.inf, np.inf
        for s in range(np.uint64(states * part // PARTS), np.uint64(states * (part + 1) // PARTS)):
            value = values[s]
            h = offset - slope * value
            best, least, proves = -np.inf, -np.inf, np.bool_(False)
            for row in range(np.uint64(first_row[s]), np.uint64(first_row[s + one])):
                total, size, weighted = 0.0, 0.0, 0.0
                for entry in range(np.uint64(indptr[row]), np.uint64(indptr[row + one])):
                    t = np.uint64(indices[entry])
                    there = probability[entry] * values[t]
                    total += there
                    size += abs(there)
                    if t < counted:
                        weighted += probability[entry] * (offset - slope * values[t])
                q = reward[row] + discount * total
                size = abs(value) + NEAR_ZERO + abs(reward[row]) + discount * size
                margin = h - discount * weighted
                doubt = u * (h + discount * weighted + slope * size)
                gain = q - value + u * size
                if s < counted:
                    k, limit = weigh(gain, margin, doubt, k, limit)
                if is_better(q, margin > doubt, best, proves, 2.0 * u * size):
                    best, proves = q, margin > doubt
                    best_action[s] = row
                    fall = value - q + u * size
                    sure = margin > doubt and fall < np.inf
                    least = -ratio(fall, margin - doubt, margin + doubt) if sure else -np.inf
            if s < counted:
                l = min(l, least)
        parts[part, 0], parts[part, 1], parts[part, 2] = l, k, limit
