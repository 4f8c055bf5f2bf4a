"""The backups of rows of probabilities (CSR), of which each state has one for each of its actions."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.kernels.compiling import compiled
from planners.kernels.forms import guess, initialise, sweep


class Rows(NamedTuple):
    """The tables at one discount.

    Attributes:
        indptr: (R + 1,) where the entries of each row begin.
        indices: States that the entries lead to.
        probability: Of each entry.
        reward: (R,) expected immediate rewards.
        first_row: (S + 1,) where the rows of each state begin.
        discount: The discount.
    """

    indptr: NDArray[Any]
    indices: NDArray[Any]
    probability: NDArray[np.float64]
    reward: NDArray[np.float64]
    first_row: NDArray[Any]
    discount: float


@sweep.register(Rows)
@compiled
def sweep_rows(tables, values, first, last, step=1):
    """V(s) = max over the rows of s of reward + discount * sum_t P(t) V(t)."""
    indptr, indices, probability, reward, first_row, discount = tables
    largest = 0.0
    one = np.uint64(1)
    for state in range(first, last, step):
        s = np.uint64(state)
        best = -np.inf
        for row in range(np.uint64(first_row[s]), np.uint64(first_row[s + one])):
            total = 0.0
            for entry in range(np.uint64(indptr[row]), np.uint64(indptr[row + one])):
                total += probability[entry] * values[np.uint64(indices[entry])]
            best = max(best, reward[row] + discount * total)
        largest = max(largest, abs(best - values[s]))
        values[s] = best
    return largest


@initialise.register(Rows)
@compiled
def initialise_rows(tables, values, first, last, per_step):
    """First values; see `initialise`."""
    indptr, indices, probability, reward, first_row, discount = tables
    one = np.uint64(1)
    for s in range(np.uint64(first), np.uint64(last)):
        best = -np.inf
        lowest = np.inf
        for row in range(np.uint64(first_row[s]), np.uint64(first_row[s + one])):
            known = reward[row]
            unknown = 0.0
            for entry in range(np.uint64(indptr[row]), np.uint64(indptr[row + one])):
                there = values[np.uint64(indices[entry])]
                if np.isnan(there):
                    unknown += discount * probability[entry]
                else:
                    known += discount * probability[entry] * there
                    lowest = min(lowest, there)
            best = max(best, guess(known, unknown, per_step, discount))
        values[s] = best if best > -np.inf else (lowest if lowest < np.inf else 0.0) + 12.0 * per_step
