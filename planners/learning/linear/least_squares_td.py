"""LSTD(lambda): the fixed point of TD from all steps so far, without a step size.

    A <- epsilon I,  b <- 0
    loop for each step:
        z <- gamma lambda z + x(S)
        A <- A + z (x(S) - gamma x(S'))^T
        b <- b + R z
    w = A^-1 b

The book's box keeps the inverse of A instead, step by step; here the system with A is solved when the weights are used.

Source: Bradtke and Barto (1996); Boyan (1999); Sutton and Barto (2018), Section 9.8, the box "LSTD".
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_number
from planners.learning.linear.features import Features
from planners.options import check_discount


class LSTD:
    """Least-squares TD(lambda) with binary features.

    Args:
        features: Such as `planners.StateAggregation(1000, 10)`.
        trace_decay: lambda.
        discount: 0 to 1.
        regularisation: epsilon, above 0; it fades as steps are made.
        policy: A function from an observation to an action; None: always action 0, for a process of one action.

    Raises:
        InvalidOptionError: A number is out of its range.

    >>> from planners.learning.linear.features import StateAggregation
    >>> agent = LSTD(StateAggregation(2, 2), discount=0.5, regularisation=1e-12)
    >>> agent.learn(0, 0, 1.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 0, terminated=True)
    >>> agent.weights.round(6)
    array([3., 4.])
    """

    def __init__(
        self,
        features: Features,
        *,
        trace_decay: float = 0.0,
        discount: float,
        regularisation: float = 1e-3,
        policy: Any = None,
    ) -> None:
        """No steps yet."""
        trace_decay = check_number("trace_decay", trace_decay, 0.0, most=1.0)
        self.trace_decay = trace_decay
        regularisation = check_number("regularisation", regularisation, above=0.0)
        self.features, self.discount, self.policy = features, check_discount(discount), policy
        self.matrix = regularisation * np.eye(features.size)
        self.vector, self.traces = np.zeros(features.size), np.zeros(features.size)

    def act(self, observation: Any) -> int:
        """The action of the policy."""
        return 0 if self.policy is None else int(self.policy(observation))

    @property
    def weights(self) -> NDArray[np.float64]:
        """(d,) the weights w = A^-1 b after all steps so far."""
        return np.asarray(np.linalg.solve(self.matrix, self.vector), dtype=np.float64)

    def value(self, observation: Any) -> float:
        """The estimate w.x of an observation."""
        return float(self.weights[self.features(observation)].sum())

    def learn(
        self,
        observation: Any,
        action: int,
        reward: float,
        next_observation: Any,
        terminated: bool,
        truncated: bool = False,
    ) -> None:
        """Learn from one step. `terminated`: the episode ended; `truncated`: a limit of steps cut it off."""
        self.traces *= self.discount * self.trace_decay
        active = self.features(observation)
        self.traces[active] += 1.0
        self.matrix[:, active] += self.traces[:, None]
        if not terminated:
            self.matrix[:, self.features(next_observation)] -= self.discount * self.traces[:, None]
        self.vector += reward * self.traces
        if terminated or truncated:
            self.traces[:] = 0.0
