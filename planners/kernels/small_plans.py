"""A compiled plan of a small dense model, for learners that plan again and again."""

import numpy as np

from planners.kernels.compiling import compiled


@compiled
def plan_dense(P, R, discount, Q, V, tolerance, most):
    """Gauss-Seidel value iteration from V until no value changes by more than `tolerance`; Q and V change.

    Args:
        P: (S, A, S) continuing probabilities.
        R: (S, A) rewards; -inf where there is no action.
        discount: The discount.
        Q: (S, A) the result.
        V: (S,) where it begins.
        tolerance: In units of reward.
        most: Number of sweeps, at most.

    Source: Puterman (2005), Section 6.3.3.
    """
    S, A = R.shape
    for _ in range(most):
        largest = 0.0
        for s in range(S):
            best = -np.inf
            for a in range(A):
                q = R[s, a]
                for later in range(S):
                    q += discount * P[s, a, later] * V[later]
                Q[s, a] = q
                best = max(best, q)
            largest = max(largest, abs(best - V[s]))
            V[s] = best
        if largest <= tolerance:
            return
