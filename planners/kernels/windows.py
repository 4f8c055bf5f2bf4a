"""Compiled loops that sweep a window of blocks, which begins with the first block that may still change.

The window moves on when that block has settled, so that a state is swept some forty
times, however large the model.
"""

import numpy as np

from planners.kernels.compiling import compiled
from planners.kernels.forms import initialise, sweep

INITIALISED, WINDOW, LOWEST, SPENT = 0, 1, 2, 3  # what the entries of a cursor mean
PATIENCE = 1000  # sweeps of each block, on average, after which the window is taken to be too small


@compiled
def next_window(span, pending, cursor, threshold):
    """First unsettled block, end of the window that begins with it, and end of what that reads."""
    blocks = len(pending)
    low = 0
    while low < cursor[INITIALISED] and pending[low] <= threshold:
        low += 1
    if low > cursor[LOWEST]:
        cursor[SPENT] = max(cursor[SPENT] - PATIENCE * (low - cursor[LOWEST]), 0)
        cursor[LOWEST] = low
    if cursor[SPENT] > PATIENCE * cursor[WINDOW]:
        cursor[WINDOW] = min(2 * cursor[WINDOW], blocks)
        cursor[SPENT] = 0
    high = min(low + cursor[WINDOW], blocks)
    reach = high
    for b in range(low, high):
        reach = max(reach, span[b, 0] + 1)
    return low, high, reach


@compiled
def spread(span, pending, b, change):
    """Block b changed by at most `change`: whoever reads it may have to change as much."""
    pending[b] = 0.0
    for reader in range(span[b, 1], span[b, 2] + 1):
        pending[reader] += change


@compiled
def sweep_window(tables, values, per_step, span, pending, cursor, block, reached, threshold, budget):
    """Sweep blocks of states, about `budget` of them; how many, and whether all settled."""
    work = 0
    while work < budget:
        low, high, reach = next_window(span, pending, cursor, threshold)
        if low >= len(pending):
            return work, True
        while cursor[INITIALISED] < reach:
            first = cursor[INITIALISED] * block
            initialise(tables, values, first, min(first + block, reached), per_step)
            pending[cursor[INITIALISED]] = np.inf
            cursor[INITIALISED] += 1
        for b in range(low, high):
            if pending[b] > threshold:
                change = sweep(tables, values, b * block, min((b + 1) * block, reached))
                spread(span, pending, b, change)
                cursor[SPENT] += 1
                work += 1
    return work, False
