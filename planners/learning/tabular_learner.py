"""What all learners with a table of action values share: the table, how they explore, their greedy policy."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_number, check_switches
from planners.learning.exploration import EpsilonGreedy, Exploration, best_of, exploration_of
from planners.learning.online_learner import OnlineLearner
from planners.learning.schedules import Decay, checked_schedule
from planners.learning.task import Task
from planners.plans.policy import TabularPolicy


@dataclass
class TabularLearner(OnlineLearner):
    """A learner of Q(s, a).

    Attributes:
        rate: The step size alpha, 0 to 1, or a `Decay` by visits or steps.
        exploration: An epsilon, a `Decay` of it, `EpsilonGreedy` or `Boltzmann`.
        initial: Q(s, a) before the first step; a number above what can be earned is optimistic.

    Raises:
        InvalidOptionError: A number is out of its range.
    """

    rate: float | Decay = 0.1
    exploration: float | Decay | Exploration = 0.1
    initial: float = 0.0

    kernel: ClassVar[str | None] = None  # the compiled twin of the algorithm

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        self.rate = checked_schedule("rate", self.rate)
        self.exploration = exploration_of(self.exploration)
        self.initial = check_number("initial", self.initial)
        check_switches(self)

    def start(self, task: Task, seed: int | None) -> None:
        """Forget everything."""
        super().start(task, seed)
        exists = [set(options) for options in self.options]
        row = range(task.num_actions)
        self.Q: list[list[float]] = [[self.initial if a in there else -np.inf for a in row] for there in exists]

    def choose(self, s: int) -> int:
        """An action in state s, by the next number drawn."""
        exploration: Any = self.exploration
        action: int = exploration.choose(self.preferences(s), self.options[s], self.random.draw(), self.steps)
        return action

    def preferences(self, s: int) -> list[float]:
        """(A,) what the greedy actions are the largest of."""
        return self.Q[s]

    def greedy(self, s: int) -> list[int]:
        """The greedy actions in state s, several where they are tied."""
        return best_of(self.preferences(s), self.options[s])

    @property
    def action_values(self) -> NDArray[np.float64]:
        """(S, A) what it has learned; -inf for actions that do not exist."""
        return np.array([self.preferences(s) for s in range(len(self._begun()))])

    @property
    def policy(self) -> TabularPolicy:
        """The greedy policy; where actions are tied, all of them are alike likely."""
        table = np.zeros((len(self._begun()), self.num_actions))
        for s in range(len(table)):
            best = self.greedy(s)
            table[s, best] = 1.0 / len(best)
        return TabularPolicy(table)

    @property
    def _exploration(self) -> Exploration:
        assert isinstance(self.exploration, EpsilonGreedy | Exploration)
        return self.exploration
