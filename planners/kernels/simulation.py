"""Compiled loops that draw episodes of a Markov chain.

Each row of the chain is drawn from in constant time, by Walker's alias method: one uniform column of the row, and then
the column itself or its alias. One number of 64 bits does both: its product with the length of the row has the column
in its upper half, and what is left over is uniform again. Random numbers are those of xoroshiro128+.

Several episodes of a block take turns, because a step waits for memory and for the step before it, and steps of other
episodes can be taken meanwhile.

Source: Walker (1977), "An Efficient Method for Generating Discrete Random Variables with General Distributions"; Vose
(1991) for the tables; Blackman and Vigna (2021), "Scrambled Linear Pseudorandom Number Generators".
"""

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from planners.kernels.compiling import compiled, in_parallel

LANES = 8  # episodes that take turns
WORD = 2.0**64
U16, U24, U27, U32, U37, U40 = (np.uint64(n) for n in (16, 24, 27, 32, 37, 40))
LOW = np.uint64(2**32 - 1)


class Chain(NamedTuple):
    """Rows of outcomes, drawn by alias.

    Attributes:
        first: (N + 1,) where the outcomes of each row begin; the last row is what an episode begins with.
        threshold: (E,) uint64: a column stands for itself below it, and else for its alias.
        alias: (E,) the alias of each column.
        following: (E,) the row that each outcome leads to; -1: the episode ends.
        reward: (E,) what each outcome earns.
    """

    first: NDArray[np.int64]
    threshold: NDArray[np.uint64]
    alias: NDArray[np.int64]
    following: NDArray[np.int64]
    reward: NDArray[np.float64]


@compiled
def alias_tables(first, probability, threshold, alias):
    """Fill `threshold` and `alias` of every row, (E,), so that outcomes are drawn with `probability`, (E,)."""
    rows = len(first) - 1
    longest = 0
    for row in range(rows):
        longest = max(longest, first[row + 1] - first[row])
    waiting = np.empty(longest, dtype=np.int64)  # short ones from the left, long ones from the right
    share = np.empty(longest)
    for row in range(rows):
        start, length = first[row], first[row + 1] - first[row]
        total = 0.0
        for k in range(length):
            total += probability[start + k]
        short, long = 0, length
        for k in range(length):
            share[k] = probability[start + k] / total * length
            threshold[start + k] = ~np.uint64(0)
            alias[start + k] = start + k
            if share[k] < 1.0:
                waiting[short] = k
                short += 1
            else:
                long -= 1
                waiting[long] = k
        while short > 0 and long < length:
            short -= 1
            small, large = waiting[short], waiting[long]
            threshold[start + small] = np.uint64(share[small] * WORD)
            alias[start + small] = start + large
            share[large] -= 1.0 - share[small]
            if share[large] < 1.0:
                long += 1
                waiting[short] = large
                short += 1


@compiled
def drawn(first, threshold, alias, row, number):
    """The outcome of a row that a random number of 64 bits chooses."""
    start = first[row]
    length = np.uint64(first[row + 1] - start)
    low = (number & LOW) * length
    high = (number >> U32) * length + (low >> U32)
    column = start + np.int64(high >> U32)
    return column if ((high << U32) | (low & LOW)) < threshold[column] else alias[column]


@compiled
def kept_lanes(lanes, last, row, episode, taken, gain, factor):
    """Close the lanes that have no episode any more; how many are left."""
    kept = 0
    for lane in range(lanes):
        if episode[lane] < last:
            row[kept], episode[kept], taken[kept] = row[lane], episode[lane], taken[lane]
            gain[kept], factor[kept] = gain[lane], factor[lane]
            kept += 1
    return kept


@compiled
def play_block(chain, seed, episodes, steps, discount, worth, counts, returns, left, trace):
    """Play the episodes from `episodes[0]` to before `episodes[1]`; how many steps, and how many were cut off.

    Sets `returns` and, of those that were cut off, `left`: the discounted `worth` of where they stood. Adds to `counts`
    of the outcomes. `trace` takes the outcomes of episode 0, as many as it has room for.
    """
    first, threshold, alias, following, reward = chain
    s0, s1, waiting, last = seed[0], seed[1], episodes[0], episodes[1]
    lanes = min(LANES, last - waiting)
    row, taken = np.full(lanes, len(first) - 2), np.full(lanes, -1)  # the draw of the first state is no step
    episode = waiting + np.arange(lanes)
    gain, factor = np.zeros(lanes), np.ones(lanes)
    waiting += lanes
    total = cut = 0
    while lanes > 0:
        for lane in range(lanes):
            entry = drawn(first, threshold, alias, row[lane], s0 + s1)
            s1 ^= s0
            s0 = ((s0 << U24) | (s0 >> U40)) ^ s1 ^ (s1 << U16)
            s1 = (s1 << U37) | (s1 >> U27)
            counts[entry] += 1
            to = row[lane] = following[entry]
            if 0 <= taken[lane] < len(trace) and episode[lane] == 0:
                trace[taken[lane]] = entry
            taken[lane] += 1
            if taken[lane] == 0:
                continue
            gain[lane] += factor[lane] * reward[entry]
            factor[lane] *= discount
            if to < 0 or taken[lane] == steps:
                total += taken[lane]
                returns[episode[lane]] = gain[lane]
                if to >= 0:
                    cut += 1
                    left[episode[lane]] = factor[lane] * worth[to]
                row[lane], episode[lane], taken[lane] = len(first) - 2, waiting, -1
                gain[lane], factor[lane] = 0.0, 1.0
                waiting += 1
        if waiting > last:
            lanes = kept_lanes(lanes, last, row, episode, taken, gain, factor)
    return total, cut


@in_parallel
def play_blocks(chain, seeds, episodes, steps, discount, worth, counts, returns, left, trace, found):
    """Play one block for each row of `seeds` and `episodes`, on as many threads as `counts` has rows."""
    threads = len(counts)
    for thread in prange(threads):
        for block in range(thread, len(seeds), threads):
            found[block, 0], found[block, 1] = play_block(
                chain, seeds[block], episodes[block], steps, discount, worth, counts[thread], returns, left, trace
            )
