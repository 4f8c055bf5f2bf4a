"""Thompson sampling for bandits whose rewards lie between 0 and 1.

    for each action a: theta(a) ~ Beta(1 + wins(s, a), 1 + losses(s, a))
    A <- argmax_a theta(a), observe R
    with probability R: wins(s, A) += 1, else: losses(s, A) += 1

Only the reward of the step counts: each state is a problem of its own. Q(s, a) is the mean of the Beta distribution.

Source: Thompson (1933); Agrawal and Goyal (2012), "Analysis of Thompson sampling for the multi-armed bandit problem",
Algorithms 1 and 2.
"""

from dataclasses import dataclass

import numpy as np

from planners.errors import InvalidOptionError
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task


@dataclass
class ThompsonSampling(TabularLearner):
    """Thompson sampling; it does not use `rate`, `exploration` and `initial`.

    >>> agent = ThompsonSampling().begin((1, 2), discount=0.0, seed=1)
    >>> agent.learn(0, 1, 1.0, 0, terminated=True)
    >>> agent.action_values.round(3).tolist()
    [[0.5, 0.667]]
    """

    def start(self, task: Task, seed: int | None) -> None:
        """Begin with a uniform prior of every mean from 0 to 1."""
        super().start(task, seed)
        self.generator = np.random.default_rng(seed)
        self.wins: list[list[float]] = [[1.0] * task.num_actions for _ in self.Q]
        self.losses: list[list[float]] = [[1.0] * task.num_actions for _ in self.Q]
        self.Q = [[0.5 if q > -np.inf else q for q in row] for row in self.Q]

    def choose(self, s: int) -> int:
        """The action with the largest of the means that are drawn from the posterior."""
        self.random.draw()
        drawn = self.generator.beta(self.wins[s], self.losses[s])
        return max(self.options[s], key=lambda a: drawn[a])

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Count a win or a loss.

        Raises:
            InvalidOptionError: The reward is not between 0 and 1.
        """
        if not 0.0 <= r <= 1.0:
            raise InvalidOptionError(f"the reward is {r}; expected one from 0 to 1, for which ThompsonSampling is made")
        won = r == 1.0 or (r > 0.0 and self.generator.random() < r)
        (self.wins if won else self.losses)[s][a] += 1.0
        self.Q[s][a] = self.wins[s][a] / (self.wins[s][a] + self.losses[s][a])
