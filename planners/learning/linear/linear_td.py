"""Semi-gradient TD(lambda): the values of a policy, linear in binary features.

    loop for each episode:
        z <- 0
        loop for each step of the episode:
            choose A by the policy, take it, observe R, S'
            z <- gamma lambda z + x(S)                  (accumulating traces)
            delta <- R + gamma w.x(S') - w.x(S)
            w <- w + alpha delta z

Source: Sutton and Barto (2018), Section 12.2, the box "Semi-gradient TD(lambda)".
"""

from typing import Any

import numpy as np

from planners.learning.lambda_return import LambdaReturn, rate_and_decay
from planners.learning.linear.features import Features
from planners.options import check_discount


class LinearTD:
    """TD(lambda) with linear features. With lambda = 1 and discount 1 it is close to gradient Monte Carlo.

    Args:
        features: Such as `planners.StateAggregation(1000, 10)`.
        rate: alpha, for each feature.
        trace_decay: lambda.
        discount: 0 to 1.
        policy: A function from an observation to an action; None: always action 0, for a process of one action.

    Attributes:
        weights: (d,) w.

    Raises:
        InvalidOptionError: A number is out of its range.

    >>> from planners.learning.linear.features import StateAggregation
    >>> agent = LinearTD(StateAggregation(4, 2), rate=0.5, discount=1.0)
    >>> agent.learn(3, 0, 1.0, 0, terminated=True)
    >>> agent.learn(1, 0, 0.0, 2, terminated=False)
    >>> agent.weights.tolist(), agent.value(0)
    ([0.25, 0.5], 0.25)
    """

    def __init__(
        self, features: Features, *, rate: float = 0.1, trace_decay: float = 0.0, discount: float, policy: Any = None
    ) -> None:
        """Start with weights 0."""
        self.rate, self.trace_decay = rate_and_decay(LambdaReturn(rate, trace_decay))
        self.features, self.discount, self.policy = features, check_discount(discount), policy
        self.weights, self.traces = np.zeros(features.size), np.zeros(features.size)

    def act(self, observation: Any) -> int:
        """The action of the policy."""
        return 0 if self.policy is None else int(self.policy(observation))

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
        active = self.features(observation)
        later = 0.0 if terminated else self.discount * self.value(next_observation)
        delta = reward + later - self.weights[active].sum()
        if self.trace_decay == 0.0:
            self.weights[active] += self.rate * delta
            return
        self.traces *= self.discount * self.trace_decay
        self.traces[active] += 1.0
        self.weights += self.rate * delta * self.traces
        if terminated or truncated:
            self.traces[:] = 0.0
