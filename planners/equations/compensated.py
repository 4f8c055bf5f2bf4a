"""What a backup gains, in twice the digits of float64: for values too large for its rounding.

For V = C + h, which are two floats a state, and t the probability that the episode ends,

    gain(s, a)  =  r - (1 - discount) V(s) + discount * ( sum over s' of P(s'|s,a) (V(s') - V(s))  -  t V(s) )

Each product and each sum is kept with what it was rounded by (`planners.exact_sums`). So k terms are not off by k
roundings of the largest, but by one rounding of the result. What is left are the roundings of the tables themselves,
once of each reward and up to 6 units of each probability, and of these only by how much values differ from each other.

Sources: Ogita, Rump and Oishi (2005), "Accurate Sum and Dot Product", Section 5; Dekker (1971) and Knuth for the parts.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF, Problem
from planners.exact_sums import exact_product, exact_sum, exact_sums, sums_in_rows

TABLES: Final = 8.0  # roundings of a probability: 6 of the tables, and what is left over
LEFT: Final = 2.0**-100  # times the square of the number of terms: what sums in two floats are off by, as a part
MOST_ENTRIES: Final = 20_000_000
LEAST_DISCOUNT: Final = 0.5  # from here on 1 - discount is exact

Floats = NDArray[np.float64]


class Gains(NamedTuple):
    """(L,) gains of all rows, and (L,) what they may be off by."""

    values: Floats
    off: Floats


def compensated_gains(problem: Problem, centre: Floats, h: Floats) -> Gains:
    """The gains of V = centre + h.

    >>> from planners import TabularMDP
    >>> from planners.equations.from_model import make_problem
    >>> tour = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 3.0, False)]}})
    >>> problem = make_problem(tour, 1 - 2.0**-30)
    >>> compensated_gains(problem, np.full(2, 2.0**31), np.array([-0.5, 0.5])).values
    array([-4.65661287e-10,  4.65661287e-10])
    """
    P, discount, here = problem.transitions, problem.discount, problem.row_state
    away, away_low = _differences(centre, h, P.indices, np.repeat(here, np.diff(P.indptr)))
    onward, onward_low, spread = sums_in_rows(P.data, away, P.indptr)
    onward_low = onward_low + sums_in_rows(P.data, away_low, P.indptr)[0]
    paid = _Sum(problem.rewards)
    for number in (centre[here], h[here]):
        paid.add_product(number, np.full(len(here), -(1.0 - discount)))
        if problem.termination.any():
            lost, lost_low = exact_product(number, problem.termination)
            paid.add_product(lost, np.full(len(here), -discount))
            paid.low -= discount * lost_low
            spread = spread + np.abs(lost)
    paid.add_product(onward, np.full(len(here), discount))
    paid.low += discount * onward_low
    gains = paid.high + paid.low
    roundings, rewards = _of_tables(problem)
    total = exact_sums(P.data, np.repeat(np.arange(len(here)), np.diff(P.indptr)), len(here)) + problem.termination
    tables = (roundings * UNIT_ROUNDOFF + np.abs(total - 1.0)) * discount * spread + UNIT_ROUNDOFF * rewards
    left = LEFT * problem.rounding_terms**2 * (paid.size + spread)
    off = (tables + left + UNIT_ROUNDOFF * np.abs(gains)) * (1.0 + 1e-9) + problem.rounding_terms * SMALLEST_SUBNORMAL
    return Gains(gains, off)


def may_be_compensated(problem: Problem) -> bool:
    """Whether the gains take no more than some seconds, and 1 - discount is exact."""
    return problem.discount >= LEAST_DISCOUNT and problem.transitions.nnz <= MOST_ENTRIES


def _of_tables(problem: Problem) -> tuple[Floats | float, Floats]:
    """(L,) roundings of each probability of the tables, and (L,) what each reward is rounded by, as a part of it.

    At discount 1 probabilities of merged states were added up, and rows that wait were divided by what leaves them.
    """
    if problem.merging is None or problem.waits is None:
        return TABLES, problem.reward_sizes
    more = np.where(problem.waits != 1.0, 2.0 * problem.rounding_terms, 1.0)
    return TABLES + problem.rounding_terms + more, more * problem.reward_sizes


def _differences(
    centre: Floats, h: Floats, ahead: NDArray[np.integer], here: NDArray[np.integer]
) -> tuple[Floats, Floats]:
    """V(ahead) - V(here), in two floats."""
    far, far_low = exact_sum(centre[ahead], -centre[here])
    near, near_low = exact_sum(h[ahead], -h[here])
    high, low = exact_sum(far, near)
    return high, low + (far_low + near_low)


class _Sum:
    """A sum in two floats, and the sum of the sizes of its terms."""

    def __init__(self, numbers: Floats) -> None:
        self.high, self.low, self.size = numbers, np.zeros_like(numbers), np.abs(numbers)

    def add_product(self, a: Floats, b: Floats) -> None:
        product, left = exact_product(a, b)
        self.high, error = exact_sum(self.high, product)
        self.low = self.low + (error + left)
        self.size = self.size + np.abs(product)
