"""Compiled tables of outcomes: Walker's alias method, and what a record of outcomes says.

Source: Walker (1977), "An efficient method for generating discrete random variables with general distributions", ACM
Transactions on Mathematical Software 3.
"""

from typing import Final

import numpy as np

from planners.kernels.compiling import compiled

TRUNCATED: Final = 1 << 31  # this bit of a recorded outcome: the episode was cut off
KEPT = np.uint32(TRUNCATED - 1)


@compiled
def alias_tables(first, probability, shift, cut, pick):
    """The cells of rows: outcomes first[r]..first[r+1]-1 with their probabilities.

    `cut` (rows*2^shift,) becomes their thresholds, `pick` (rows*2^shift, 2) the two outcomes of each.
    """
    cells = 1 << shift
    weight, filled = np.empty(cells), np.empty(cells, dtype=np.int64)
    for r in range(len(first) - 1):
        small, large, begin, count = 0, cells, first[r], first[r + 1] - first[r]
        for k in range(cells):  # those below 1 in front, the others behind
            weight[k] = probability[begin + k] * cells if k < count else 0.0
            if weight[k] < 1.0:
                filled[small] = k
                small += 1
            else:
                large -= 1
                filled[large] = k
        for k in range(cells):
            cut[r * cells + k], pick[r * cells + k, 0] = 0xFFFFFFFF, begin + min(k, max(count - 1, 0))
            pick[r * cells + k, 1] = pick[r * cells + k, 0]
        while small > 0 and large < cells:
            small -= 1
            k, donor = filled[small], filled[large]
            cut[r * cells + k] = min(np.int64(weight[k] * 4294967296.0), 0xFFFFFFFF)
            pick[r * cells + k, 1] = begin + donor
            weight[donor] -= 1.0 - weight[k]
            if weight[donor] < 1.0:
                large += 1
                filled[small] = donor
                small += 1


@compiled
def each_outcome(outcomes, table):
    """(steps,) the number in `table` of each recorded outcome."""
    found = np.empty(outcomes.size, dtype=table.dtype)
    for t in range(np.uint64(outcomes.size)):
        found[t] = table[outcomes[t] & KEPT]
    return found


@compiled
def count_outcomes(outcomes, size):
    """(size,) how often each outcome was recorded."""
    times = np.zeros(size, dtype=np.int64)
    for t in range(np.uint64(outcomes.size)):
        times[outcomes[t] & KEPT] += 1
    return times
