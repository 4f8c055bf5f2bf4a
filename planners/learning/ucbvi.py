"""UCBVI: value iteration over the steps of an episode, with a bonus for pairs that were seldom tried.

    loop for each episode:
        b(s, a) <- c H Rmax sqrt(ln(5 S A T / delta) / N(s, a))            (after T steps; H Rmax where N is 0)
        for h = H-1, ..., 0:
            Q_h(s, a) <- min{ Rmax (H - h), r(s, a) + b(s, a) + sum over s' of P(s'|s, a) V_(h+1)(s') }
            V_h(s) <- max_a Q_h(s, a)
        for h = 0, ..., H-1: take the greedy action of Q_h

r and P are means and frequencies. In the paper, c is 7 times the same root of the logarithm, and its bound of the
regret is proven for this c; a smaller c learns faster.

Source: Azar, Osband and Munos (2017), "Minimax regret bounds for reinforcement learning", Algorithms 1 to 3 (UCBVI-CH).
"""

import math
from dataclasses import dataclass

import numpy as np

from planners.arguments import check_number, check_probability
from planners.errors import InvalidOptionError
from planners.learning.model_learner import ModelLearner
from planners.learning.task import Task


@dataclass
class UCBVI(ModelLearner):
    """UCBVI, for episodes of `horizon` steps.

    Attributes:
        bonus: c.
        delta: The probability with which the bonus may be too small.
        largest_reward: Rmax, a number that no reward exceeds. Rewards must be at least 0.

    >>> agent = UCBVI(horizon=3).begin((1, 2), discount=1.0, seed=1)
    >>> agent.action_values.tolist()
    [[3.0, 3.0], [2.0, 2.0], [1.0, 1.0]]
    """

    bonus: float = 7.0
    delta: float = 0.05
    largest_reward: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        self.bonus = check_number("bonus", self.bonus, 0.0)
        self.delta = check_probability("delta", self.delta)
        self.largest_reward = check_number("largest_reward", self.largest_reward)
        if self.horizon is None:
            raise InvalidOptionError("horizon is None; expected the number of steps of an episode: UCBVI(horizon=20)")

    def start(self, task: Task, seed: int | None) -> None:
        """Forget all counts: nothing has been tried yet."""
        super().start(task, seed)
        self.plan()

    def plan(self) -> None:
        """Compute action values, with the bonus added to each reward."""
        assert self.horizon is not None
        n, (S, A), whole = np.maximum(self.tried, 1), self.tried.shape, self.largest_reward * self.horizon
        log = math.log(5.0 * S * A * max(self.steps, 1) / self.delta)
        b = np.where(self.tried > 0, self.bonus * whole * np.sqrt(log / n), whole)
        self.plan_in(self.frequencies(), self.rewards / n + b, ceiling=self.largest_reward)
