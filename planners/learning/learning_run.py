"""The run of a learner, with the exact values of every step."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from planners.errors import MissingModelError
from planners.learning.experience import Experience
from planners.learning.policy_values import PolicyValues, probabilities_of
from planners.learning.record import Changes, Played, TableRecord
from planners.learning.report import report_of
from planners.learning.task import Task
from planners.plans.given_away import given_away
from planners.plans.plan import Plan
from planners.plans.policy import TabularPolicy
from planners.solve import solve

T = TypeVar("T")


class LearningRun:
    """One run of a learner, or one for each of many seeds.

    With `seed=` every array below is of one run. With `seeds=` it has one more axis in front, of the runs; where these
    differ in length, as with `episodes=`, it is a list of arrays.

    Attributes:
        agents: The learners as they are now, one for each seed.
        seeds: The seeds.
        complete: Whether all steps were made; False after Ctrl-C.
    """

    def __init__(
        self,
        task: Task,
        agents: Sequence[Any],
        played: Sequence[Played],
        seeds: Sequence[Any],
        many: bool,
        complete: bool,
    ) -> None:
        """Keep what was played; the truth is worked out when it is asked for."""
        self.agents, self.seeds, self.complete = list(agents), list(seeds), complete
        self._task, self._played, self._many = task, list(played), many

    @property
    def agent(self) -> Any:
        """The learner, which acts and can go on learning; with many seeds, the first one."""
        return self.agents[0]

    @property
    def discount(self) -> float:
        """The discount."""
        return self._task.discount

    @property
    def steps(self) -> Any:
        """How many steps were made."""
        counts = [len(played.record) for played in self._played]
        return counts if self._many and len(set(counts)) > 1 else counts[0]

    @cached_property
    def plan(self) -> Plan:
        """The plan with which the learner is compared: V* and Q*, proven.

        Raises:
            MissingModelError: The environment has no tables.
        """
        if self._task.plan is not None:
            return self._task.plan
        if self._task.model is None:
            raise MissingModelError(
                "this environment has no tables, so V* is not known; expected "
                "learn(..., plan=planners.solve(planners.enumerate_env(env)[0], discount=...)), or a model"
            )
        return solve(self._task.model, discount=self._task.discount)

    @cached_property
    def regret(self) -> Any:
        """(steps,) V*(s) - Q*(s, a) of every step that was taken, in units of reward; 0 for optimal actions."""
        return self._each(self._regret_of)

    @cached_property
    def policy_values(self) -> Any:
        """(steps,) the exact value of the greedy policy from the start, after every step.

        Where several actions are tied, the policy takes each of them with the same probability. -inf where at discount
        1 it may go round for ever and pay.

        Raises:
            MissingModelError: The environment has no tables, or the agent does not say what its greedy policy is.
        """
        assert self.plan is not None
        values = PolicyValues(self._task)
        return self._each(lambda played: values.after_each_step(_changes(played), len(played.record)))

    @property
    def optimal_value(self) -> float:
        """V* of the start."""
        first = self._task.initial()
        return float(first[first > 0] @ self.plan.values[first > 0])

    @cached_property
    def rewards(self) -> Any:
        """(steps,) the reward of every step."""
        return self._each(lambda played: played.record.rewards)

    @cached_property
    def returns(self) -> Any:
        """(episodes,) the discounted total reward of every episode that has ended or was cut off."""
        return self._each(lambda played: _totals(played, self._task.discount))

    @cached_property
    def total_rewards(self) -> Any:
        """(episodes,) the same without discount."""
        return self._each(lambda played: _totals(played, 1.0))

    @cached_property
    def visits(self) -> Any:
        """(S, A) how often each pair was tried."""
        return self._each(self._visits_of)

    @cached_property
    def experience(self) -> Any:
        """The steps, counted: an `Experience`, with its `mdp()` and `interval_mdp()`; of many seeds a list."""
        return self._each(self._experience_of)

    @property
    def action_values(self) -> Any:
        """(S, A) the learned values; -inf for actions that do not exist.

        Raises:
            MissingModelError: The agent has none.
        """
        if getattr(self.agent, "action_values", None) is None:
            raise MissingModelError(f"a {type(self.agent).__name__} has no action_values")
        found = [np.asarray(agent.action_values) for agent in self.agents]
        return np.stack(found) if self._many else found[0]

    @property
    def policy(self) -> TabularPolicy:
        """The greedy policy after the last step; with many seeds, that of the first."""
        return TabularPolicy(probabilities_of(_changes(self._played[0]).last(), self._task.num_actions))

    def report(self) -> str:
        """A text: whether it has settled, what it still loses and where, and which pairs were never tried."""
        return report_of(self, self._task, self._played)

    def plot(self, axes: Any = None) -> Any:
        """Two matplotlib axes: the regret so far, and how far the exact value of the greedy policy is below V*.

        `run.plot()[0].figure.savefig("run.pdf")` writes them to a file.

        With many seeds, the median and a band from the 10th to the 90th percentile.

        Raises:
            ModuleNotFoundError: matplotlib is missing.
        """
        from planners.plans.learning_plots import plot_run

        return plot_run(self, axes)

    def __repr__(self) -> str:
        """Learner, steps and seeds in one line."""
        runs = f", {len(self.seeds)} seeds" if self._many else ""
        stopped = "" if self.complete else ", stopped before its end"
        return f"{type(self).__name__}({type(self.agent).__name__}, {self.steps} steps{runs}{stopped})"

    def _each(self, of: Any) -> Any:
        found = [of(played) for played in self._played]
        if not self._many:
            return found[0]
        if not isinstance(found[0], np.ndarray):
            return found
        return np.stack(found) if len({np.shape(each) for each in found}) == 1 else found

    def _regret_of(self, played: Played) -> NDArray[np.float64]:
        lost, record = given_away(self.plan), played.record
        if isinstance(record, TableRecord):
            return record.of_each(lost.ravel()[record.pair_of_outcome])
        return lost[record.states, record.actions]

    def _experience_of(self, played: Played) -> Experience:
        found = Experience(self._task.num_states, self._task.num_actions)
        found.add(*played.record.counted())
        return found

    def _visits_of(self, played: Played) -> NDArray[np.int64]:
        visits = np.zeros((self._task.num_states, self._task.num_actions), dtype=np.int64)
        states, actions, *_, times = played.record.counted()
        np.add.at(visits, (states, actions), times)
        return visits


def _changes(played: Played) -> Changes:
    if played.changes is None:
        raise MissingModelError(
            "this agent does not say what its greedy policy is; expected one with `action_values`, (S, A), or with "
            "greedy(state), a list of actions"
        )
    return played.changes


def _totals(played: Played, discount: float) -> NDArray[np.float64]:
    """(episodes,) the total reward of each episode that is over."""
    record = played.record
    ends = np.flatnonzero(record.terminated | record.truncated)
    if not len(ends):
        return np.empty(0)
    begins = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends + 1 - begins
    ages = np.arange(ends[-1] + 1) - np.repeat(begins, lengths)
    weights = discount ** np.arange(int(lengths.max()))
    return np.add.reduceat(record.rewards[: ends[-1] + 1] * weights[ages], begins)
