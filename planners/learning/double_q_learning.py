"""Double Q-learning: one table chooses the action of the next state, the other one gives its value.

    initialise Q1(s, a), Q2(s, a)
    loop for each step:
        choose A from S by the policy derived from Q1 + Q2
        take A, observe R, S'
        with probability 1/2:
            Q1(S, A) <- Q1(S, A) + alpha [R + gamma Q2(S', argmax_a Q1(S', a)) - Q1(S, A)]
        else:
            Q2(S, A) <- Q2(S, A) + alpha [R + gamma Q1(S', argmax_a Q2(S', a)) - Q2(S, A)]
        S <- S'

Source: van Hasselt (2010), "Double Q-learning", Algorithm 1; Sutton and Barto (2018), Section 6.7.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.learning.exploration import best_of
from planners.learning.random_bits import one_of
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task


@dataclass
class DoubleQLearning(TabularLearner):
    """Double Q-learning. `action_values` is the mean of both tables.

    >>> agent = DoubleQLearning(rate=0.5, exploration=0.1).begin((1, 2), discount=0.9, seed=1)
    >>> agent.act(0) in (0, 1)
    True
    >>> agent.learn(0, 1, 1.0, 0, terminated=True)
    >>> agent.action_values.tolist()              # one of the tables has 0.5
    [[0.0, 0.25]]
    """

    kernel = "double_q_learning"

    def start(self, task: Task, seed: int | None) -> None:
        """Begin with two tables of zeros, and no visits."""
        super().start(task, seed)
        self.tables: list[list[list[float]]] = [self.Q, [list(row) for row in self.Q]]
        self.visits_of: list[Any] = [self.visits, [list(row) for row in self.visits]]
        self.coin: int | None = None

    def choose(self, s: int) -> int:
        """Choose an action by the sum of both tables. The same random number decides which table is updated."""
        action = super().choose(s)
        self.coin = self.random.high & 1
        return action

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move Q(s, a) of one table towards R + gamma times the other one's value of its greedy action in s'."""
        coin = self.random.draw() & 1 if self.coin is None else self.coin
        mine, other, self.coin = self.tables[coin], self.tables[1 - coin], None
        self.visits = self.visits_of[coin]
        later = 0.0
        if not terminated:
            best = best_of(mine[s2], self.options[s2])
            later = other[s2][best[0] if len(best) == 1 else one_of(best, self.random.again())]
        mine[s][a] += self.step_size(s, a) * (r + self.discount * later - mine[s][a])

    def preferences(self, s: int) -> list[float]:
        """(A,) the sum of both tables."""
        first, second = self.tables
        return [p + q for p, q in zip(first[s], second[s], strict=True)]

    @property
    def action_values(self) -> NDArray[np.float64]:
        """(S, A) the mean of both tables; -inf for actions that do not exist."""
        return 0.5 * super().action_values
