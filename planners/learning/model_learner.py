"""What learners share that estimate a model and plan in it: the counts, and the plan.

With a `horizon` of H steps they plan backwards from the last of them, and what is best depends on the steps left.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_whole
from planners.errors import InvalidOptionError
from planners.learning.exploration import Exploration
from planners.learning.schedules import Decay
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task
from planners.memory import check_memory
from planners.plans.policy import TabularPolicy

TOLERANCE: Final = 1e-9  # of a plan, as a part of the largest reward
POLICIES: Final = 1_000


@dataclass
class ModelLearner(TabularLearner):
    """A learner with counts: `counts` (S, A, S) of going on, `endings` and `rewards` (S, A), and what it plans.

    It acts greedily in its own plan; `rate` and `initial` play no part.

    Attributes:
        horizon: None: it plans for ever, at the task's discount. H: for episodes of H steps; then Q has a row for each
            step and state, h * S + s, and so has `greedy`.
    """

    exploration: float | Decay | Exploration = 0.0
    horizon: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no number of steps."""
        super().__post_init__()
        if self.horizon is not None:
            self.horizon = check_whole("horizon", self.horizon)

    def start(self, task: Task, seed: int | None) -> None:
        """Nothing was seen yet.

        Raises:
            InvalidOptionError: The discount is 1 and there is no horizon; or the episodes are cut off elsewhere.
        """
        super().start(task, seed)
        S, A = task.num_states, task.num_actions
        self._check_horizon(task)
        check_memory(24.0 * S * S * A, f"the dense model of a {type(self).__name__}")
        self.counts: NDArray[np.float64] = np.zeros((S, A, S))
        self.endings: NDArray[np.float64] = np.zeros((S, A))
        self.rewards: NDArray[np.float64] = np.zeros((S, A))
        self.tried: NDArray[np.int64] = np.zeros((S, A), dtype=np.int64)
        self.before: NDArray[np.int64] = np.zeros((S, A), dtype=np.int64)  # `tried` as it was at the last plan
        self.exists: NDArray[np.bool_] = np.zeros((S, A), dtype=bool)
        for s, options in enumerate(self.options):
            self.exists[s, options] = True
        self.Q, self.options = self.Q * (self.horizon or 1), self.options * (self.horizon or 1)
        self.generator = np.random.default_rng(seed)
        self.V: NDArray[np.float64] = np.zeros(S + 1)  # the last state is the end
        self.age, self.num_states, self.planned = 0, S, True

    def _check_horizon(self, task: Task) -> None:
        name, limit = type(self).__name__, task.limit
        if self.horizon is None and task.discount == 1.0:
            raise InvalidOptionError(
                f"discount is 1; expected one below 1, for which {name} plans, or {name}(horizon=H) for H steps"
            )
        if self.horizon is not None and limit not in (0, self.horizon):
            raise InvalidOptionError(
                f"horizon is {self.horizon}, and episodes are cut off after {limit} steps; expected the same number: "
                f"gym.make(..., max_episode_steps={self.horizon})"
            )

    def choose(self, s: int) -> int:
        """A greedy action at this step of the episode."""
        return super().choose(self.age * self.num_states + s)

    def update(self, s: int, a: int, r: float, s2: int, terminated: bool, truncated: bool) -> None:
        """Count the step, and plan where it is time to."""
        self.tried[s, a] += 1
        self.rewards[s, a] += r
        if terminated:
            self.endings[s, a] += 1.0
        else:
            self.counts[s, a, s2] += 1.0
        is_over = terminated or truncated
        if self.horizon is not None:
            self.age = 0 if is_over else (self.age + 1) % self.horizon
            is_over = self.age == 0
        self.planned = self.is_due(s, a, is_over)
        if self.planned:
            self.plan()
            self.before = self.tried.copy()

    def is_due(self, s: int, a: int, is_over: bool) -> bool:
        """Whether it is time to plan, after a step: where the episode is over.

        An episode without an end and without a horizon is taken to be over where some pair was tried as often as in all
        the time before it.
        """
        if is_over or self.horizon is not None:
            return is_over
        return bool(self.tried[s, a] >= 2 * max(int(self.before[s, a]), 1))

    def plan(self) -> None:
        """Plan in the model of the moment."""
        raise NotImplementedError

    def frequencies(self) -> NDArray[np.float64]:
        """(S, A, S + 1) of each next state, and of the end; 0 where nothing was tried."""
        counted = np.concatenate((self.counts, self.endings[:, :, None]), axis=2)
        return counted / np.maximum(self.tried, 1)[:, :, None]

    def plan_in(
        self, P: NDArray[np.float64], R: NDArray[np.float64], radius: Any = 0.0, ceiling: float = np.inf
    ) -> None:
        """Plan in a model of (S, A, S + 1) probabilities and (S, A) rewards.

        Args:
            P: The last of each row is that of the end.
            R: Rewards.
            radius: With a horizon: hope for the best within this L1 distance of P, (S, A) or one number.
            ceiling: With a horizon: what a step can earn at most.
        """
        from planners.kernels.small_plans import plan_dense, plan_steps

        rewards, (S, A) = np.where(self.exists, R, -np.inf), R.shape
        if self.horizon is None:
            scale = max(float(np.abs(R[self.exists]).max(initial=0.0)), 1e-300)
            planned, onward, V = np.empty((S, A)), np.ascontiguousarray(P[:, :, :S]), self.V[:S]
            plan_dense(onward, rewards, self.discount, planned, V, TOLERANCE * scale, POLICIES)
        else:
            planned, values = np.empty((self.horizon, S, A)), np.zeros((self.horizon + 1, S + 1))
            wide = np.broadcast_to(np.asarray(radius, dtype=np.float64), (S, A)).copy()
            plan_steps(np.ascontiguousarray(P), rewards, wide, ceiling, self.discount, planned, values)
        rows: Any = planned.reshape(-1, A).tolist()
        self.Q = rows

    def changed(self, s: int) -> Iterable[int]:
        """All rows after a plan."""
        return range(len(self.Q)) if self.planned else ()

    @property
    def policy(self) -> Any:
        """The greedy policy; with a horizon, a list of one for each step."""
        found = super().policy
        if self.horizon is None:
            return found
        return [TabularPolicy(part) for part in np.split(found.probabilities, self.horizon)]
