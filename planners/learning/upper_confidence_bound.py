"""Upper confidence bounds (UCB1) for bandits: the action with the largest upper bound of its value.

    A <- argmax_a [ Q(s, a) + c sqrt(ln t / N(s, a)) ], where an action that was never tried comes first
    Q(s, A) <- Q(s, A) + alpha [R - Q(s, A)]

t is the number of steps in state s. Only the reward of the step counts: each state is a bandit problem of its own.

Source: Auer, Cesa-Bianchi and Fischer (2002), "Finite-time analysis of the multiarmed bandit problem"; Sutton and Barto
(2018), Section 2.7.
"""

import math
from dataclasses import dataclass, field

from planners.arguments import check_number
from planners.learning.exploration import best_of
from planners.learning.random_bits import one_of
from planners.learning.schedules import Decay
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task


@dataclass
class UpperConfidenceBound(TabularLearner):
    """UCB1, with the sample average as a step size by default.

    Attributes:
        confidence: c.

    >>> agent = UpperConfidenceBound(confidence=2.0).begin((1, 2), discount=0.0, seed=1)
    >>> agent.learn(0, agent.act(0), 1.0, 0, terminated=True)
    >>> agent.learn(0, agent.act(0), 0.0, 0, terminated=True)       # the other one
    >>> sorted(agent.action_values[0].tolist())
    [0.0, 1.0]
    """

    rate: float | Decay = field(default_factory=lambda: Decay(1.0))
    confidence: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what is no width."""
        super().__post_init__()
        self.confidence = check_number("confidence", self.confidence, 0.0)

    def start(self, task: Task, seed: int | None) -> None:
        """Forget all counts: nothing has been tried yet."""
        super().start(task, seed)
        self.tried: list[list[int]] = [[0] * task.num_actions for _ in self.Q]

    def choose(self, s: int) -> int:
        """The action of the largest upper bound."""
        tried, bits = self.tried[s], self.random.draw()
        t = sum(tried)
        bounds = [
            q + self.confidence * math.sqrt(math.log(t) / n) if n else math.inf
            for q, n in zip(self.Q[s], tried, strict=True)
        ]
        return one_of(best_of(bounds, self.options[s]), bits)

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Move Q(s, a) towards R."""
        self.tried[s][a] += 1
        self.Q[s][a] += self.step_size(s, a) * (r - self.Q[s][a])
