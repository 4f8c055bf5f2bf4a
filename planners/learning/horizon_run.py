"""The run of a learner of episodes of H steps, with the exact values of every step."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.errors import MissingModelError
from planners.learning.learning_run import LearningRun
from planners.learning.policy_values import probabilities_of
from planners.learning.record import Played
from planners.learning.report import opening, untried
from planners.methods.backward_induction import backward_induction
from planners.plans.finite_plan import FinitePlan


class HorizonRun(LearningRun):
    """Run of an agent that plans for `horizon` steps; the best action depends on the steps left. See `LearningRun`."""

    @property
    def horizon(self) -> int:
        """The number of steps H of an episode."""
        return self.agent.horizon

    @cached_property
    def plan(self) -> FinitePlan:  # pyright: ignore[reportIncompatibleVariableOverride] - a plan of another kind
        """The best plan for H steps, proven.

        Raises:
            MissingModelError: The environment has no tables.
        """
        if self._task.model is None:
            raise MissingModelError("this environment has no tables, so V* is not known; expected a model")
        return backward_induction(self._task.model, horizon=self.horizon, discount=self.discount)

    @property
    def optimal_value(self) -> float:
        """V* of the start, with H steps to go."""
        return float(self._task.initial() @ self.plan.values[0])

    @cached_property
    def policy_values(self) -> Any:
        """(steps,) the exact value, over H steps from the start, of the greedy policy after every step."""
        known: dict[bytes, float] = {}
        return self._each(lambda played: self._values_of(played, known))

    @property
    def policy(self) -> Any:
        """The greedy policy after the last step, one for each step of an episode; with many seeds the first one's."""
        return self.agent.policy

    def report(self) -> str:
        """A text: what the policy earns, what it still loses, and which pairs were never tried."""
        first, last = opening(self, self._played), untried(self._task, self._played)
        if self._task.model is None:
            return f"{first}\n{last}"
        values = self.policy_values if self._many else [self.policy_values]
        now = float(np.mean([each[-1] for each in values]))
        seeds = f", on average of {len(values)} seeds" if self._many else ""
        return (
            f"{first}\nThe best policy earns {self.optimal_value:.6g} in {self.horizon} steps from the start.\n"
            f"The greedy one now earns {now:.6g}{seeds}, which loses {max(self.optimal_value - now, 0.0):.6g}.\n{last}"
        )

    def _regret_of(self, played: Played) -> NDArray[np.float64]:
        record, plan = played.record, self.plan
        lost = np.stack([plan.values[h][:, None] - plan.action_values(h) for h in range(self.horizon)])
        ends = np.flatnonzero(record.terminated | record.truncated) + 1
        begins = np.concatenate([[0], ends])
        ages = np.arange(len(record)) - begins[np.searchsorted(ends, np.arange(len(record)), side="right")]
        return np.maximum(lost[ages % self.horizon, record.states, record.actions], 0.0)

    def _values_of(self, played: Played, known: dict[bytes, float]) -> NDArray[np.float64]:
        changes: Any = played.changes
        bits, at, found, count = changes.first.copy(), [0], [], len(played.record)
        for part in np.split(np.arange(len(changes.steps)), np.flatnonzero(np.diff(changes.steps)) + 1):
            found.append(self._value(bits, known))
            if len(part):
                bits[changes.states[part]] = changes.bits[part]
                at.append(int(changes.steps[part[0]]))
        if len(changes.steps):
            found.append(self._value(bits, known))
        return np.repeat(found, np.diff([*at, count]))

    def _value(self, bits: NDArray[np.int64], known: dict[bytes, float]) -> float:
        """V of a policy of H steps from the start, backwards from the last."""
        key = bits.tobytes()
        if key not in known:
            assert self._task.model is not None
            mdp, V = self._task.model.tabular, np.zeros(self._task.num_states)
            chances = probabilities_of(bits, self._task.num_actions).reshape(self.horizon, *mdp.rewards.shape)
            for weights in chances[::-1]:
                V = (weights * (mdp.rewards + self.discount * mdp.expected_next(V))).sum(axis=1)
            known[key] = float(self._task.initial() @ V)
        return known[key]
