"""UCRL2: take the best actions of the best model among all that could still be true.

    loop for each episode k, which begins at step t:
        r~(s, a) <- min{ Rmax, mean reward + sqrt(7 ln(2 S A t / delta) / (2 N(s, a))) Rmax }
        d(s, a)  <- sqrt(14 S ln(2 A t / delta) / N(s, a))                               (N is at least 1)
        plan with r~ and the best of all P(.|s, a) within the L1 distance d of the frequencies
        take its greedy actions until some pair was tried as often in the episode as before it

There is no discount: it plans for the largest mean reward a step (`planners.average_reward`), until it is within
1/sqrt(t) of it. Where an episode may end, the end is as good as the worst state. With a `horizon`, episodes have so
many steps, and it plans backwards over them.

Source: Jaksch, Ortner and Auer (2010), "Near-optimal regret bounds for reinforcement learning", Figures 1 and 2.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from planners.arguments import check_number, check_probability
from planners.learning.model_learner import POLICIES, ModelLearner
from planners.learning.task import Task


@dataclass
class UCRL2(ModelLearner):
    """UCRL2. The discount of the task is used only to measure the run.

    Attributes:
        delta: The probability that the true model may lie outside the set of models.
        largest_reward: Rmax, a number that no reward exceeds. Rewards must be at least 0.
        scale: Factor of both confidence radii. With 1, as in the paper, its bound of the regret is proven.

    >>> agent = UCRL2().begin((1, 2), discount=0.9, seed=1)
    >>> agent.learn(0, 1, 0.5, 0, terminated=False)
    >>> agent.greedy(0)                                    # both could still earn 1 a step
    [0, 1]
    """

    delta: float = 0.05
    largest_reward: float = 1.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        self.scale, self.delta = check_number("scale", self.scale, 0.0), check_probability("delta", self.delta)
        self.largest_reward = check_number("largest_reward", self.largest_reward)

    def _check_horizon(self, task: Task) -> None:
        """Without a horizon any discount will do: it plays no part."""
        if self.horizon is not None:
            super()._check_horizon(task)

    def start(self, task: Task, seed: int | None) -> None:
        """Forget all counts: every model is possible."""
        super().start(task, seed)
        self.plan()

    def is_due(self, s: int, a: int, is_over: bool) -> bool:
        """Whether to plan again: at the horizon or, without one, when the visits of a pair have doubled."""
        if self.horizon is not None:
            return is_over
        return bool(self.tried[s, a] - self.before[s, a] >= max(int(self.before[s, a]), 1))

    def plan(self) -> None:
        """Extended value iteration."""
        from planners.kernels.small_plans import plan_gain

        n, (S, A), t, most = np.maximum(self.tried, 1), self.tried.shape, max(self.steps, 1), self.largest_reward
        known = self.tried > 0
        near = self.scale * np.sqrt(7.0 * math.log(2.0 * S * A * t / self.delta) / (2.0 * n))
        R = np.where(known, np.minimum(self.rewards / n + near * most, most), most)
        radius = np.where(known, self.scale * np.sqrt(14.0 * S * math.log(2.0 * A * t / self.delta) / n), 2.0)
        if self.horizon is not None:
            self.plan_in(self.frequencies(), R, radius, most)
            return
        P, rewards, planned = self.frequencies(), np.where(self.exists, R, -np.inf), np.empty((S, A))
        plan_gain(P, rewards, radius, planned, self.V, most / math.sqrt(t), POLICIES)
        rows: Any = planned.tolist()
        self.Q = rows
