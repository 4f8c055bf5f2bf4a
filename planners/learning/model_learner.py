"""What learners share that estimate a model and plan in it: the counts, and the plan."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidOptionError
from planners.learning.exploration import Exploration
from planners.learning.schedules import Decay
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task
from planners.memory import check_memory

TOLERANCE: Final = 1e-6  # of a plan, as a part of the largest reward
SWEEPS: Final = 10_000


@dataclass
class ModelLearner(TabularLearner):
    """A learner with counts: `counts` (S, A, S) of going on, `endings` and `rewards` (S, A), and what it plans.

    It acts greedily in its own plan; `rate` and `initial` play no part.
    """

    exploration: float | Decay | Exploration = 0.0

    def start(self, task: Task, seed: int | None) -> None:
        """Nothing was seen yet.

        Raises:
            InvalidOptionError: The discount is 1: what is hoped for would be infinite.
        """
        super().start(task, seed)
        S, A, name = task.num_states, task.num_actions, type(self).__name__
        if task.discount == 1.0:
            raise InvalidOptionError(f"discount is 1; expected one below 1, for which {name} plans")
        check_memory(24.0 * S * S * A, f"the dense model of a {name}")
        self.counts: NDArray[np.float64] = np.zeros((S, A, S))
        self.endings: NDArray[np.float64] = np.zeros((S, A))
        self.rewards: NDArray[np.float64] = np.zeros((S, A))
        self.tried: NDArray[np.int64] = np.zeros((S, A), dtype=np.int64)
        self.exists: NDArray[np.bool_] = np.zeros((S, A), dtype=bool)
        for s, options in enumerate(self.options):
            self.exists[s, options] = True
        self.generator = np.random.default_rng(seed)
        self.V: NDArray[np.float64] = np.zeros(S)
        self.planned = True

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Count the step, and plan where it is time to."""
        self.tried[s, a] += 1
        self.rewards[s, a] += r
        if terminated:
            self.endings[s, a] += 1.0
        else:
            self.counts[s, a, s2] += 1.0
        self.planned = self.is_due(s, a, terminated or truncated)
        if self.planned:
            self.plan()

    def is_due(self, s: int, a: int, is_over: bool) -> bool:
        """Whether it is time to plan, after a step."""
        raise NotImplementedError

    def plan(self) -> None:
        """Plan in the model of the moment."""
        raise NotImplementedError

    def plan_in(self, P: Any, R: NDArray[np.float64]) -> None:
        """Plan in a model of (S, A, S) continuing probabilities and (S, A) rewards."""
        from planners.kernels.small_plans import plan_dense

        scale = max(float(np.abs(R[self.exists]).max(initial=0.0)), 1e-300)
        planned = np.empty(R.shape)
        rewards = np.where(self.exists, R, -np.inf)
        plan_dense(np.ascontiguousarray(P), rewards, self.discount, planned, self.V, TOLERANCE * scale, SWEEPS)
        rows: Any = planned.tolist()
        self.Q = rows

    def changed(self, s: int) -> Iterable[int]:
        """All states after a plan."""
        return range(len(self.Q)) if self.planned else ()
