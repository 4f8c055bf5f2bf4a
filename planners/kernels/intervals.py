"""Nature's choice: in each row, the distribution of a set that makes the expected next value least.

The outcomes are sorted by their values. Where only intervals are known, each has its least probability, and what is
left of 1 goes to the cheapest (O-maximisation). Where the distance from the centre is limited too, probability is
carried from the dearest outcome to the cheapest, as far as the set allows.

Source: Givan, Leach and Dean (2000), "Bounded-parameter Markov decision processes"; Strehl and Littman (2008) for the
distance.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.compiling import compiled


class Sets(NamedTuple):
    """The sets of all rows, as CSR; the outcomes of a row stand in the order of the last values, which hardly changes.

    Attributes:
        indptr: (L + 1,) where the outcomes of each row begin.
        indices: Column of each outcome: a state, or an end of the episode.
        low: The least probability of each outcome.
        high: The largest.
        centre: A distribution of the set.
        place: Where each outcome stood at first.
        carried: (L,) how much probability may be moved away from the centre: 0 where the row is known, 1 where no
            distance is given.
        free: (L,) what is left of 1 beside the least probabilities.
    """

    indptr: NDArray[Any]
    indices: NDArray[Any]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    centre: NDArray[np.float64]
    place: NDArray[Any]
    carried: NDArray[np.float64]
    free: NDArray[np.float64]


@compiled
def sort_row(keys, first, count, indices, low, high, centre, place):
    """Put the outcomes of a row in the order of their keys, (count,): Shell's sort, fast where they nearly are."""
    gap = 1
    while 3 * gap + 1 < count:
        gap = 3 * gap + 1
    while gap > 0:
        for n in range(gap, count):
            key, e = keys[n], first + n
            i, l, h, c, p = indices[e], low[e], high[e], centre[e], place[e]
            while n >= gap and keys[n - gap] > key:
                before = first + n - gap
                keys[n] = keys[n - gap]
                indices[first + n], low[first + n], high[first + n] = indices[before], low[before], high[before]
                centre[first + n], place[first + n] = centre[before], place[before]
                n -= gap
            e = first + n
            keys[n], indices[e], low[e], high[e], centre[e], place[e] = key, i, l, h, c, p
        gap //= 3


@compiled
def carry(keys, p, first, count, left, low, high, centre):
    """Carry probability from the dearest outcomes to the cheapest, also in `p`; by how much the expectation falls."""
    cheap, dear, total = 0, count - 1, 0.0
    room, spare = high[first] - centre[first], centre[first + dear] - low[first + dear]
    while cheap < dear and left > 0.0 and keys[cheap] < keys[dear]:
        amount = min(room, spare, left)
        total += amount * (keys[cheap] - keys[dear])
        p[cheap] += amount
        p[dear] -= amount
        room, spare, left = room - amount, spare - amount, left - amount
        if room <= 0.0:
            cheap += 1
            room = high[first + cheap] - centre[first + cheap]
        if spare <= 0.0:
            dear -= 1
            spare = centre[first + dear] - low[first + dear]
    return total


@compiled
def choose_rows(sets, values, longest, rewards, scale, chosen, backups):
    """Fill `backups` (L,) with reward + scale * (least next value); and `chosen`, if it is not empty.

    `values` has a number for each column, 0 for ends. `chosen` is in the order that the outcomes had at first.
    """
    indptr, indices, low, high, centre, place, carried, free = sets
    keys, p = np.empty(longest), np.empty(longest)
    noted = len(chosen) > 0
    for row in range(len(backups)):
        first, count, left = indptr[row], indptr[row + 1] - indptr[row], carried[row]
        limited = left < 1.0
        total, before, ordered = 0.0, -np.inf, True
        for n in range(count):
            key = values[indices[first + n]]
            total += (centre[first + n] if limited else low[first + n]) * key
            ordered &= before <= key
            keys[n] = before = key
        if left > 0.0 and not ordered:
            sort_row(keys, first, count, indices, low, high, centre, place)
        if noted:
            for n in range(count):
                p[n] = centre[first + n] if limited else low[first + n]
        if not limited:
            rest, n = free[row], 0
            while rest > 0.0 and n < count:
                more = min(high[first + n] - low[first + n], rest)
                total += more * keys[n]
                rest -= more
                p[n] += more
                n += 1
        elif left > 0.0:
            total += carry(keys, p, first, count, left, low, high, centre)
        backups[row] = rewards[row] + scale * total
        if noted:
            for n in range(count):
                chosen[place[first + n]] = p[n]
