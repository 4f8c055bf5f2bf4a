"""The linear-quadratic problem, whose V* is known: V*(s) = -s' P s, by the policy u = -K s.

P is the solution of Riccati's equation P = Q + g A'PA - g A'PB (R + g B'PB)^-1 g B'PA, here with Q = I and R = 1.

Source: Bertsekas (2017), "Dynamic Programming and Optimal Control", volume 1, section 3.1.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_are

from planners.continuous.systems.double_integrator import DoubleIntegrator
from planners.errors import InvalidOptionError
from planners.options import check_discount


class LinearQuadratic(NamedTuple):
    """The solution.

    Attributes:
        P: (n, n) V*(s) = -s' P s.
        K: (1, n) the best push is -K s.
    """

    P: NDArray[np.float64]
    K: NDArray[np.float64]

    def value(self, state: NDArray[np.float64]) -> NDArray[np.float64]:
        """(...) V* of (..., n) states, if no limit is met on the way."""
        return -np.einsum("...i,ij,...j->...", state, self.P, state)


def linear_quadratic(system: DoubleIntegrator, discount: float) -> LinearQuadratic:
    """V* and the best policy of a double integrator without a goal, as if the push had no limits.

    This is V* where the limits are not met on the way; elsewhere V* is lower.

    Raises:
        InvalidOptionError: Another system, or a discount that is not above 0.

    >>> import planners
    >>> linear_quadratic(planners.continuous.DoubleIntegrator(), 0.95).K.round(6)
    array([[0.593272, 1.214288]])
    """
    if not isinstance(system, DoubleIntegrator) or system.goal is not None:
        raise InvalidOptionError(f"system is {system!r:.80}; expected a DoubleIntegrator without a goal")
    g = check_discount(discount)
    if g == 0.0:
        raise InvalidOptionError("discount is 0; expected a number above 0")
    A = np.array([[1.0, system.time], [0.0, 1.0]])
    push = np.array([[0.5 * system.time**2], [system.time]])
    P = solve_discrete_are(np.sqrt(g) * A, np.sqrt(g) * push, np.eye(2), np.eye(1))
    gain = np.linalg.solve(1.0 + g * push.T @ P @ push, g * push.T @ P @ A)
    return LinearQuadratic(P, gain)
