"""Compiled loops that sweep a window of blocks, which begins with the first block that may still change.

The window moves on when that block has settled, so that a state is swept some forty
times, however large the model.
"""

import numpy as np

from planners.kernels.compiling import called_by_compiled, compiled
from planners.kernels.forms import initialise, sweep

INITIALISED, WINDOW, LOWEST, SPENT = 0, 1, 2, 3  # what the entries of a cursor mean
PATIENCE = 1000  # sweeps of each block, on average, after which the window is taken to be too small


@called_by_compiled
def next_window(span, pending, cursor, threshold):
    """First unsettled block, end of the window that begins with it, and end of what that reads."""
    blocks = len(pending)
    low = 0
    while low < cursor[INITIALISED] and pending[low] <= threshold:
        low += 1
    if low > cursor[LOWEST]:
        cursor[SPENT] -= PATIENCE * (low - cursor[LOWEST])
        if cursor[SPENT] < 0:
            cursor[SPENT] = 0
        cursor[LOWEST] = low
    if cursor[SPENT] > PATIENCE * cursor[WINDOW]:
        cursor[WINDOW] = min(2 * cursor[WINDOW], blocks)
        cursor[SPENT] = 0
    high = min(low + cursor[WINDOW], blocks)
    reach = high
    for b in range(low, high):
        if span[b, 0] >= reach:
            reach = span[b, 0] + 1
    return low, high, reach


def sweep_window(tables, values, per_step, span, pending, cursor, block, reached, threshold, budget):
    """Sweep blocks of states, about `budget` of them; how many, and whether all settled.

    Blocks get their first values, by another function, when the window comes to read them: what compiles apart compiles
    in less time.
    """
    work = 0
    while True:
        swept, low, reach = sweep_ready(tables, values, span, pending, cursor, block, reached, threshold, budget - work)
        work += swept
        if low == len(pending) or work >= budget:
            return work, low == len(pending)
        ready = cursor[INITIALISED]
        initialise(tables, values, ready * block, min(reach * block, reached), per_step)
        pending[ready:reach] = np.inf
        cursor[INITIALISED] = reach


@compiled
def sweep_ready(tables, values, span, pending, cursor, block, reached, threshold, budget):
    """The same until the window reads a block without first values; how many, where it begins, and what it reads."""
    work = 0
    low, high, reach = next_window(span, pending, cursor, threshold)
    while work < budget and low < len(pending) and reach <= cursor[INITIALISED]:
        for b in range(low, high):
            if pending[b] > threshold:
                change = sweep(tables, values, b * block, min((b + 1) * block, reached))
                pending[b] = 0.0
                for reader in range(span[b, 1], span[b, 2] + 1):  # who reads it may have to change as much
                    pending[reader] += change
                cursor[SPENT] += 1
                work += 1
        low, high, reach = next_window(span, pending, cursor, threshold)
    return work, low, reach
