"""Sarsa(lambda) with binary features and linear action values, for any Gymnasium loop.

    loop for each episode:
        choose A from S, epsilon-greedy;  z <- 0
        loop for each step of the episode:
            take A, observe R, S';  choose A' from S'
            delta <- R + gamma q(S', A') - q(S, A)
            z_i <- z_i + 1 for the features i of (S, A)    (accumulating traces; replacing ones: z_i <- 1)
            w <- w + alpha delta z
            z <- gamma lambda z
            S <- S', A <- A'

Source: Sutton and Barto (2018), Section 12.7, the box "Sarsa(lambda) with binary features and linear function
approximation".
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_whole
from planners.learning.lambda_return import LambdaReturn, rate_and_decay
from planners.learning.linear.features import Features
from planners.learning.schedules import checked_schedule
from planners.options import check_discount


class LinearSarsa:
    """Sarsa(lambda) with linear features, and one set of weights for each action.

    Args:
        features: Such as `planners.TileCoding(low, high, tiles=8, tilings=8)`.
        num_actions: A.
        rate: alpha, for each feature. With n tilings, 0.5 / n moves an estimate half of the way to its target.
        trace_decay: lambda; 0 is one-step Sarsa.
        exploration: epsilon; 0 suits optimistic first weights.
        discount: 0 to 1.
        replacing: Whether a trace becomes 1 at a visit, instead of growing by 1.
        seed: Seed of its random draws.

    Attributes:
        weights: (A, d) w.

    Raises:
        InvalidOptionError: A number is out of its range.

    >>> from planners.learning.linear.features import StateAggregation
    >>> agent = LinearSarsa(StateAggregation(2, 2), 1, rate=0.5, trace_decay=0.5, exploration=0.0, discount=1.0, seed=1)
    >>> agent.learn(0, 0, 0.0, 1, terminated=False)
    >>> agent.learn(1, 0, 4.0, 0, terminated=True)
    >>> agent.weights.tolist()
    [[1.0, 2.0]]
    """

    def __init__(
        self,
        features: Features,
        num_actions: int,
        *,
        rate: float = 0.1,
        trace_decay: float = 0.9,
        exploration: float = 0.0,
        discount: float,
        replacing: bool = True,
        seed: int | None = None,
    ) -> None:
        """Start with weights 0."""
        self.rate, self.trace_decay = rate_and_decay(LambdaReturn(rate, trace_decay))
        self.features, self.num_actions = features, check_whole("num_actions", num_actions)
        checked_schedule("exploration", exploration)
        self.exploration, self.discount = float(exploration), check_discount(discount)
        self.replacing, self.random = replacing, np.random.default_rng(seed)
        self.weights = np.zeros((self.num_actions, features.size))
        self.traces = np.zeros_like(self.weights)
        self._chosen: tuple[Any, int] | None = None  # S', A'

    def values(self, observation: Any) -> NDArray[np.float64]:
        """(A,) the estimates q of the actions."""
        return self.weights[:, self.features(observation)].sum(axis=1)

    def act(self, observation: Any) -> int:
        """A' if it was chosen already; otherwise an epsilon-greedy action."""
        chosen, self._chosen = self._chosen, None
        if chosen is not None and np.array_equal(chosen[0], observation):
            return chosen[1]
        return self._choose(self.values(observation))

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
        active, self._chosen = self.features(observation), None
        delta = reward - self.weights[action, active].sum()
        if not terminated:
            later = self.values(next_observation)
            a2 = self._choose(later)
            delta += self.discount * later[a2]
            self._chosen = None if truncated else (next_observation, a2)
        if self.replacing:
            self.traces[action, active] = 1.0
        else:
            self.traces[action, active] += 1.0
        self.weights += (self.rate * delta) * self.traces
        self.traces *= 0.0 if terminated or truncated else self.discount * self.trace_decay

    def _choose(self, values: NDArray[np.float64]) -> int:
        """A greedy action, of several by chance; with probability epsilon any."""
        if self.exploration and self.random.random() < self.exploration:
            return int(self.random.integers(self.num_actions))
        best = np.flatnonzero(values == values.max())
        return int(best[0] if len(best) == 1 else self.random.choice(best))
