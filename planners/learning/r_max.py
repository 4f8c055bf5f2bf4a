"""R-max: pairs that were not tried often enough count as the best possible ones.

    a pair is known once it was tried m times
    plan in the model where known pairs have their frequencies and mean rewards,
        and every other pair stays where it is and earns Rmax again and again
    loop for each step:
        take the greedy action of the plan, observe R, S'
        if the pair has become known: plan again

Source: Brafman and Tennenholtz (2002), "R-MAX - a general polynomial time algorithm for near-optimal reinforcement
learning"; Strehl, Li and Littman (2009), "Reinforcement learning in finite MDPs: PAC analysis", Algorithm 1.
"""

from dataclasses import dataclass

import numpy as np

from planners.arguments import check_number, check_whole
from planners.learning.model_learner import ModelLearner
from planners.learning.task import Task


@dataclass
class RMax(ModelLearner):
    """R-max.

    Attributes:
        known_after: m, the number of visits after which a pair is known.
        largest_reward: Rmax, not below any reward.

    >>> agent = RMax(known_after=1, largest_reward=2.0).begin((1, 2), discount=0.5, seed=1)
    >>> agent.action_values.tolist()
    [[4.0, 4.0]]
    >>> agent.learn(0, 1, 1.0, 0, terminated=True)
    >>> agent.action_values.tolist()
    [[4.0, 1.0]]
    """

    known_after: int = 10
    largest_reward: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no number of tries."""
        super().__post_init__()
        self.known_after = check_whole("known_after", self.known_after)
        self.largest_reward = check_number("largest_reward", self.largest_reward)

    def start(self, task: Task, seed: int | None) -> None:
        """Begin with no known pair: all have the largest value."""
        super().start(task, seed)
        self.plan()

    def is_due(self, s: int, a: int, is_over: bool) -> bool:
        """Whether the pair has just become known."""
        return bool(self.tried[s, a] == self.known_after)

    def plan(self) -> None:
        """Plan with the frequencies of known pairs, and with the largest value for the others."""
        known, S = self.tried >= self.known_after, self.num_states
        P = np.where(known[:, :, None], self.frequencies(), np.eye(S, S + 1)[:, None, :])
        self.plan_in(P, np.where(known, self.rewards / np.maximum(self.tried, 1), self.largest_reward))
