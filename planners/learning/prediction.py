"""What all predictors share: they follow a policy that is given, and learn V of it.

Source: Sutton and Barto (2018), the "prediction" parts of Chapters 5, 6, 7 and 12.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_number, check_switches
from planners.errors import InvalidPolicyError
from planners.learning.online_learner import OnlineLearner
from planners.learning.schedules import Decay, checked_schedule
from planners.learning.task import Task
from planners.plans.policy import TabularPolicy, as_policy


@dataclass
class Prediction(OnlineLearner):
    """A learner of V(s) of a policy.

    Attributes:
        policy: A `TabularPolicy`, a plan, (S,) actions or (S, A) probabilities; None: each action alike often.
        rate: The step size alpha, 0 to 1, or a `Decay` by visits or steps.
        initial: V(s) before the first step.

    Raises:
        InvalidOptionError: A number is out of its range.
    """

    policy: Any = None
    rate: float | Decay = 0.1
    initial: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        self.rate = checked_schedule("rate", self.rate)
        self.initial = check_number("initial", self.initial)
        check_switches(self)

    def start(self, task: Task, seed: int | None) -> None:
        """Forget everything.

        Raises:
            InvalidPolicyError: The policy does not fit, or takes an action that does not exist.
        """
        super().start(task, seed)
        self.V: list[float] = [self.initial] * task.num_states
        self.followed: TabularPolicy = policy_of(self.policy, task)
        self.touched: set[int] = set()
        self._draws = [_cuts(row) for row in self.behaviour.probabilities]

    @property
    def behaviour(self) -> TabularPolicy:
        """The policy that acts: the one that is judged."""
        return self.followed

    def choose(self, s: int) -> int:
        """An action of the policy."""
        actions, cuts = self._draws[s]
        return actions[bisect_right(cuts, self.random.draw())]

    def changed(self, s: int) -> set[int]:
        """The states that were updated."""
        return self.touched

    @property
    def state_values(self) -> NDArray[np.float64]:
        """(S,) V, as it has learned it."""
        self._begun()
        return np.array(self.V)


def policy_of(given: Any, task: Task) -> TabularPolicy:
    """The policy that was given, checked; for None the one that takes all actions that exist alike often."""
    table = np.zeros((task.num_states, task.num_actions))
    for s, options in enumerate(task.options()):
        table[s, options] = 1.0 / len(options)
    if given is None:
        return TabularPolicy(table)
    names = [getattr(task.model, name, None) for name in ("states", "actions")]
    policy = as_policy(given, task.num_states, task.num_actions, *names)
    wrong = np.argwhere((policy.probabilities > 0.0) & (table == 0.0))
    if len(wrong):
        s, a = wrong[0]
        raise InvalidPolicyError(
            f"the policy takes action {a} in state {s}, where only {np.flatnonzero(table[s]).tolist()} are feasible"
        )
    return policy


def _cuts(row: NDArray[np.float64]) -> tuple[list[int], list[int]]:
    """The actions of a state, and where 32 random bits go on to the next of them."""
    actions = np.flatnonzero(row)
    return actions.tolist(), (np.cumsum(row[actions])[:-1] * 2.0**32).astype(np.int64).tolist()
