"""The linear systems of policy evaluation, (I - discount * P) x = b."""

import warnings
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import LinAlgWarning, lu_factor, lu_solve
from scipy.sparse.linalg import splu

DENSE_LIMIT: Final = 300


class EvaluationSystem:
    """I - discount * P, factored once: dense LU for a few states, sparse LU (SuperLU) for many.

    Args:
        chain: (n, n) CSR, continuing probabilities of a policy. At discount 1 the episode must surely end.
        discount: The discount.

    Cost: O(n^3) dense; on planar maps about O(n^1.5) sparse.
    """

    def __init__(self, chain: sparse.csr_array, discount: float) -> None:
        """Factor the matrix."""
        count = chain.shape[0]
        self.matrix = sparse.csr_array(sparse.eye_array(count, format="csr") - discount * chain)
        self._solve = _factored(self.matrix)

    def solve(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) the solution, with one step of iterative refinement; not finite if float64 cannot hold it."""
        with np.errstate(all="ignore"):
            x = self._solve(b)
            correction = self._solve(b - self.matrix @ x)
            return np.where(np.isfinite(correction), x + correction, x)


def _factored(matrix: sparse.csr_array) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The solver of one matrix; one that is singular in float64 solves to NaN."""
    if matrix.shape[0] <= DENSE_LIMIT:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LinAlgWarning)  # a singular matrix shows in the solution
            factors = lu_factor(matrix.toarray())
        return lambda b: lu_solve(factors, b, check_finite=False)
    try:
        return splu(matrix.tocsc()).solve
    except RuntimeError:  # SuperLU's word for an exactly singular matrix
        return lambda b: np.full_like(b, np.nan)
