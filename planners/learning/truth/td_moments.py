"""The first two moments of the estimates of online TD(0), exactly.

A step from s to s' with reward r changes the estimates V linearly, once 1 is appended to them:

    (V, 1) <- A (V, 1),     A = I, but for row s: 1 - alpha at s, + alpha gamma at s', alpha r at the end

so that M(s) = E[(V, 1)(V, 1)^T; the present state is s] goes from step to step by one linear map: the sum over the
outcomes of p A M(s) A^T. The terms are added up until the episode has ended but for a probability below rounding.
Nothing is simulated.

Source: Singh and Dayan (1998), "Analytical mean squared error curves for temporal difference learning", Machine
Learning 32, Section 3.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.learning.truth.chain import Chain
from planners.memory import check_memory

BYTES: Final = 48.0  # for each number of the map of one step, while it is made
BETWEEN: Final = 16  # terms between two looks at their size
BELOW_ROUNDING: Final = 1e-17  # a term that is smaller, as a part of the sum, does not change it


class TDMoments:
    """The moments of online TD(0).

    Args:
        chain: The chain of the policy, of S states.
        rate: alpha.

    Raises:
        NotEnoughMemoryError: The map of one step does not fit: S^2 numbers for each outcome.
    """

    def __init__(self, chain: Chain, rate: float) -> None:
        """Build the map of one step, (S n^2, S n^2) with n = S + 1."""
        n, S = chain.num_states + 1, chain.num_states
        check_memory(BYTES * n * n * len(chain.state), f"the moments of {S} estimates")
        self.chain, self.size = chain, n * n
        rows, columns, weights = [], [], []
        for s, to, p, r, ends in zip(*chain[:5], strict=True):
            step = sparse.lil_array(sparse.eye_array(n))
            step[s, s] = 1.0 - rate
            step[s, n - 1] = rate * r
            if not ends:
                step[s, to] += rate * chain.discount
            both = sparse.kron(step, step, format="coo")
            rows.append(both.coords[0] + (S if ends else int(to)) * n * n)
            columns.append(both.coords[1] + int(s) * n * n)
            weights.append(p * both.data)
        where = np.concatenate(rows), np.concatenate(columns)
        moves = sparse.csr_array((np.concatenate(weights), where), shape=((S + 1) * n * n, S * n * n))
        self.onward, self.ending = moves[: S * n * n], moves[S * n * n :]

    def begin(self, moments: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S n^2,) the moments with the first state of an episode."""
        return np.outer(self.chain.start, moments.ravel()).ravel()

    def after_episode(self, moments: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, n) E[(V, 1)(V, 1)^T] after another episode, which has to end."""
        term = self.begin(moments)
        total = term.copy()
        while np.abs(term).max() > BELOW_ROUNDING * np.abs(total).max():
            for _ in range(BETWEEN):
                term = self.onward @ term
                total += term
        return (self.ending @ total).reshape(moments.shape)

    def after_step(self, joint: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S n^2,) the same joint with the present state, after another step; a new episode follows one that ends."""
        return self.onward @ joint + self.begin(self.ending @ joint)
