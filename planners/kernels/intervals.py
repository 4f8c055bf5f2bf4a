"""Nature's choice: in each row, the distribution of a set that makes the expected next value least, or most.

The outcomes are sorted by their values, and probability is carried from the dearest to the cheapest, as far as the set
allows. For intervals this is O-maximisation; for an L1 ball it is the same with a limited amount to carry.

Source: Givan, Leach and Dean (2000), "Bounded-parameter Markov decision processes"; Strehl and Littman (2008) for the ball.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.compiling import compiled


class Sets(NamedTuple):
    """The sets of all rows, as CSR.

    Attributes:
        indptr: (L + 1,) where the outcomes of each row begin.
        indices: Column of each outcome: a state, or an end of the episode.
        low: The least probability of each outcome.
        high: The largest.
        centre: A distribution of the set.
        carried: (L,) how much probability may be moved away from the centre; 0 where the row is known.
        order: (entries,) within each row, where its outcomes stand by value; kept from one sweep to the next, in which
            it hardly changes.
    """

    indptr: NDArray[Any]
    indices: NDArray[Any]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    centre: NDArray[np.float64]
    carried: NDArray[np.float64]
    order: NDArray[Any]


@compiled
def sort_row(order, indices, first, last, values, sign):
    """Put the places of a row in the order of sign * value: Shell's sort, which is fast where they nearly are."""
    gap = 1
    while 3 * gap + 1 < last - first:
        gap = 3 * gap + 1
    while gap > 0:
        for place in range(first + gap, last):
            entry = order[place]
            key = sign * values[indices[entry]]
            at = place
            while at >= first + gap and sign * values[indices[order[at - gap]]] > key:
                order[at] = order[at - gap]
                at -= gap
            order[at] = entry
        gap //= 3


@compiled
def choose_rows(sets, values, sign, chosen, expected):
    """Fill `chosen` with nature's distribution of each row, and `expected` (L,) with the next value under it.

    With the sign 1 nature makes it least, with -1 most. `values` has a number for each column, 0 for ends.
    """
    indptr, indices, low, high, centre, carried, order = sets
    for row in range(len(expected)):
        first, last, left = indptr[row], indptr[row + 1], carried[row]
        for entry in range(first, last):
            chosen[entry] = centre[entry]
        if left > 0.0:
            sort_row(order, indices, first, last, values, sign)
            cheap, dear = first, last - 1
            while cheap < dear and left > 0.0:
                to, origin = order[cheap], order[dear]
                if not sign * values[indices[to]] < sign * values[indices[origin]]:
                    break
                room, spare = high[to] - chosen[to], chosen[origin] - low[origin]
                amount = min(room, spare, left)
                chosen[to] = high[to] if amount == room else chosen[to] + amount
                chosen[origin] = low[origin] if amount == spare else chosen[origin] - amount
                left -= amount
                cheap += amount == room
                dear -= amount == spare
        total = 0.0
        for entry in range(first, last):
            total += chosen[entry] * values[indices[entry]]
        expected[row] = total
