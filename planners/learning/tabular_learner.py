"""What all learners with a table of action values share: their states, their random numbers, their greedy policy.

A learner is made without sizes, `QLearning(rate=0.1)`; `begin` makes one for an environment. Then
`act(observation)` and `learn(observation, action, reward, next_observation, terminated, truncated)` are all that any
loop needs. A subclass has its algorithm in `update`.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidOptionError
from planners.learning.exploration import EpsilonGreedy, Exploration, best_of, exploration_of
from planners.learning.random_bits import RandomBits
from planners.learning.schedules import Decay, checked_schedule
from planners.learning.task import Task, task_of
from planners.plans.policy import TabularPolicy


@dataclass
class TabularLearner:
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
        if not np.isfinite(self.initial):
            raise InvalidOptionError(f"initial is {self.initial!r}; expected a finite number, in units of reward")

    def begin(self, where: Any, *, discount: float, seed: int | None = None) -> Self:
        """A new learner with these settings, before its first step.

        Args:
            where: An environment, a model, or the sizes (S, A).
            discount: 0 to 1.
            seed: Of what it draws.
        """
        learner = copy.copy(self)
        learner.start(where if isinstance(where, Task) else task_of(where, discount), seed)
        return learner

    def start(self, task: Task, seed: int | None) -> None:
        """Forget everything."""
        self.number = task.number
        self.discount: float = task.discount
        self.num_actions: int = task.num_actions
        self.options: list[list[int]] = task.options()
        self.random = RandomBits(seed)
        self.steps: int = 0
        exists = [set(options) for options in self.options]
        row = range(task.num_actions)
        self.Q: list[list[float]] = [[self.initial if a in there else -np.inf for a in row] for there in exists]
        self.visits: list[list[int]] = [[0] * task.num_actions for _ in exists] if self._counts_visits else []

    def act(self, observation: Any) -> int:
        """The next action, exploring."""
        return self.choose(self._state(observation))

    def choose(self, s: int) -> int:
        """An action in state s, by the next number drawn."""
        return self._exploration.choose(self.preferences(s), self.options[s], self.random.draw(), self.steps)

    def learn(
        self,
        observation: Any,
        action: int,
        reward: float,
        next_observation: Any,
        terminated: bool,
        truncated: bool = False,
    ) -> None:
        """Take one step into account.

        Args:
            observation: What was seen.
            action: What was done.
            reward: What was earned.
            next_observation: What is seen now.
            terminated: Whether the episode has ended, so that nothing is earned any more.
            truncated: Whether it was cut off: what is seen now keeps its value.
        """
        s, s2 = self._state(observation), self._state(next_observation)
        self.update(s, int(action), float(reward), s2, bool(terminated), bool(truncated))
        self.steps += 1

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """The algorithm."""
        raise NotImplementedError

    def changed(self, s: int) -> Iterable[int]:
        """The states whose values the last update may have changed; s was the state of the step."""
        return (s,)

    def preferences(self, s: int) -> list[float]:
        """(A,) what the greedy actions are the largest of."""
        return self.Q[s]

    def greedy(self, s: int) -> list[int]:
        """The greedy actions in state s, several where they are tied."""
        return best_of(self.preferences(s), self.options[s])

    def step_size(self, s: int, a: int) -> float:
        """The step size alpha of an update of (s, a), which it counts."""
        rate = self.rate
        if not isinstance(rate, Decay):
            return rate
        if not self._counts_visits:
            return rate.value(self.steps)
        self.visits[s][a] += 1
        return rate.value(self.visits[s][a] - 1)

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

    @property
    def _counts_visits(self) -> bool:
        return isinstance(self.rate, Decay) and self.rate.by == "visits"

    def _begun(self) -> list[list[int]]:
        if not hasattr(self, "options"):
            name = type(self).__name__
            raise InvalidOptionError(
                f"this {name} has not begun; expected one that knows its environment: agent = planners.{name}(...)"
                ".begin(env, discount=..., seed=...), or planners.learn(env, agent, ...).agent"
            )
        return self.options

    def _state(self, observation: Any) -> int:
        self._begun()
        return self.number(observation)
