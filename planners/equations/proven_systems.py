"""Total rewards of a Markov chain with a proven bound: (I - discount * P) V = r, however slowly it ends.

First by factors: for x, and for the expected discounted number of steps w, both solved in float64,

    |V - x| <= w * (largest residual of x, with its rounding) / (least of w - discount * P w, with its rounding)

where that least is positive. A chain that hardly ends defeats this: 1 - P cancels. Then by the elimination of
Grassmann, Taksar and Heyman (1985), which never subtracts: what a state has left after elimination is the sum of its
ways out, not 1 minus the rest. Each number in it is then right to some digits, and V to 10 n^3 u times M, the
same solution for |r|.

Source: O'Cinneide (1993), "Entrywise perturbation theory and error analysis for Markov chains", and Alfa, Xue and Ye
(2002), "Entrywise perturbation theory for diagonally dominant M-matrices with applications": less than 10 n^3 u.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.linear_systems import EvaluationSystem
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF

ENOUGH: Final = 1e-10  # relative error with which factors will do
MOST_ELIMINATED: Final = 800  # states
LEAST_OUT: Final = 1e-280  # probability of leaving; below it products of probabilities lose digits near 0


class Total(NamedTuple):
    """A solution and its proof.

    Attributes:
        values: (n,) estimate of V.
        error: (n,) |values - V| is at most this; inf where nothing is proven.
    """

    values: NDArray[np.float64]
    error: NDArray[np.float64]

    def relative(self, unit: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """(n,) the error as a part of the value, or of a unit, one or (n,), if that is more."""
        proven = np.isfinite(self.error)
        size = np.maximum(np.abs(np.where(proven, self.values, 0.0)), np.maximum(unit, 5e-324))
        with np.errstate(over="ignore"):
            return np.where(proven, self.error, np.inf) / size


def total_reward(
    chain: sparse.csr_array,
    termination: NDArray[np.float64],
    rewards: NDArray[np.float64],
    discount: float,
    *,
    off: NDArray[np.float64] | float = 0.0,
    roundings: int = 0,
) -> Total:
    """V of a chain that surely ends, or is discounted.

    Args:
        chain: (n, n) CSR of continuing probabilities.
        termination: (n,) probability that the episode ends; with `chain`, rows sum to 1 up to rounding.
        rewards: (n,) expected reward.
        discount: 0 to 1.
        off: How far each reward may be from the true one; (n,), or one number.
        roundings: How often each probability was rounded, beside the roundings of a model's tables.

    >>> walk = sparse.csr_array([[0.9, 0.1], [0.9, 0.0]])
    >>> total_reward(walk, np.array([0.0, 0.1]), np.array([-1.0, -1.0]), 1.0).values.round(9)
    array([-110., -100.])
    """
    unit = float(np.abs(rewards).max(initial=0.0))
    found = _by_factors(chain, rewards, discount, off, roundings)
    if (found.relative(unit) <= ENOUGH).all() or chain.shape[0] > MOST_ELIMINATED:
        return found
    other = _by_elimination(chain, termination, rewards, discount, off, roundings)
    return other if other.relative(unit).max() < found.relative(unit).max() else found


def _by_factors(
    chain: sparse.csr_array,
    rewards: NDArray[np.float64],
    discount: float,
    off: NDArray[np.float64] | float,
    roundings: int,
) -> Total:
    count = chain.shape[0]
    system = EvaluationSystem(chain, discount)
    terms = int(np.diff(chain.indptr).max(initial=0)) + 8 + roundings
    doubt, near_zero = terms * 2.0 * UNIT_ROUNDOFF, terms * SMALLEST_SUBNORMAL * bool(rewards.any())
    with np.errstate(all="ignore"):
        x, w = system.solve(rewards), system.solve(np.ones(count))
        residual = np.abs(rewards + discount * (chain @ x) - x).max(initial=0.0)
        size = np.abs(rewards).max(initial=0.0) + 2.0 * np.abs(x).max(initial=0.0)
        least = (w - discount * (chain @ w)).min(initial=1.0) - 2.0 * doubt * np.abs(w).max(initial=0.0)
        error = w * (residual + doubt * size + near_zero + np.max(off, initial=0.0)) / least * (1.0 + 1e-9)
    proven = bool(np.isfinite(x).all() and np.isfinite(error).all() and least > 0 and (w > 0).all())
    return Total(x, error if proven else np.full(count, np.inf))


def _by_elimination(
    chain: sparse.csr_array,
    termination: NDArray[np.float64],
    rewards: NDArray[np.float64],
    discount: float,
    off: NDArray[np.float64] | float,
    roundings: int,
) -> Total:
    count = chain.shape[0]
    relative = (10.0 + 2.0 * roundings) * count**3 * UNIT_ROUNDOFF
    onward = discount * chain.toarray()
    leaves = (1.0 - discount) + discount * termination  # out of the chain
    near_zero = 4.0 * count * SMALLEST_SUBNORMAL * bool(rewards.any())  # products of rewards are rounded by that, too
    right = np.stack((rewards, relative * np.abs(rewards) + near_zero + off), axis=1)
    out = np.zeros(count)  # of each state, to the states before it and out of the chain
    with np.errstate(all="ignore"):
        for k in reversed(range(count)):
            out[k] = onward[k, :k].sum() + leaves[k]
            share = onward[:k, k] / out[k]
            onward[:k, :k] += np.outer(share, onward[k, :k])
            leaves[:k] += share * leaves[k]
            right[:k] += np.outer(share, right[k])
        solved = np.zeros((count, 2))
        for k in range(count):
            solved[k] = (right[k] + onward[k, :k] @ solved[:k]) / out[k]
        error = (1.0 + 2.0 * relative) * solved[:, 1]
    if not (np.isfinite(solved).all() and (out > LEAST_OUT).all()):
        return Total(solved[:, 0], np.full(count, np.inf))
    return Total(solved[:, 0], error)
