"""What all learners share: how they begin, act and learn, step by step.

A learner is made without sizes, `QLearning(rate=0.1)`; `begin` makes one for an environment. Then
`act(observation)` and `learn(observation, action, reward, next_observation, terminated, truncated)` are all that any
loop needs. A subclass has its algorithm in `update`, and how it acts in `choose`.
"""

import copy
from collections.abc import Iterable
from typing import Any, Self

from planners.errors import InvalidOptionError
from planners.learning.random_bits import RandomBits
from planners.learning.schedules import Decay
from planners.learning.task import Task, task_of


class OnlineLearner:
    """A learner that takes one step after the other. `rate` is its step size alpha, or a `Decay` by visits or steps."""

    rate: float | Decay

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
        self.number = task.number  # pyright: ignore[reportAttributeAccessIssue] - in place of the method
        self.discount: float = task.discount
        self.num_actions: int = task.num_actions
        self.options: list[list[int]] = task.options()
        self.random = RandomBits(seed)
        self.steps: int = 0
        self.visits: list[list[int]] = [[0] * task.num_actions for _ in self.options] if self._counts_visits else []

    def number(self, observation: Any) -> int:
        """The number of the state of an observation; `start` puts the task's own function in its place."""
        self._begun()
        raise AssertionError(observation)

    def act(self, observation: Any) -> int:
        """The next action, exploring."""
        return self.choose(self.number(observation))

    def choose(self, s: int) -> int:
        """An action in state s, by the next number drawn."""
        raise NotImplementedError

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
        s, s2 = self.number(observation), self.number(next_observation)
        self.update(s, int(action), float(reward), s2, terminated, truncated)
        self.steps += 1

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """The algorithm."""
        raise NotImplementedError

    def changed(self, s: int) -> Iterable[int]:
        """The states whose values the last update may have changed; s was the state of the step."""
        return (s,)

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
