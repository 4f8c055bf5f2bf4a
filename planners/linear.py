"""The linear systems of policy evaluation, (I - discount * P) x = b."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import lu_factor, lu_solve
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
        if count <= DENSE_LIMIT:
            factors = lu_factor(self.matrix.toarray())
            self._solve = lambda b: lu_solve(factors, b)
        else:
            self._solve = splu(self.matrix.tocsc()).solve

    def solve(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) the solution, with one step of iterative refinement."""
        x = self._solve(b)
        return x + self._solve(b - self.matrix @ x)
