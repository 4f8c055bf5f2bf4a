"""A learner that is watched: one step at a time on the tables of a model, with the exact truth beside each step."""

import copy
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidModelError
from planners.learning.playing import TableEnvironment, as_bits, greedy_of, learning
from planners.learning.policy_values import PolicyValues, probabilities_of
from planners.learning.random_bits import RandomBits
from planners.learning.tabular_learner import TabularLearner
from planners.learning.task import Task, task_of
from planners.plans.given_away import given_away
from planners.plans.plan import Plan
from planners.solve import solve


class Step(NamedTuple):
    """One step: numbers of states and of the action, and what was earned."""

    state: int
    action: int
    reward: float
    next_state: int
    terminated: bool
    truncated: bool


class StepByStep:
    """One run of a learner, made step by step; the numbers are those of `planners.learn` on the same model.

    Args:
        env_or_model: A model that says where episodes begin, or an environment that has one.
        agent: A learner such as `planners.QLearning()`, which is not changed.
        discount: 0 to 1.
        seed: Of the learner and of the steps.
        max_episode_steps: Steps after which an episode is cut off; None: as the environment's `TimeLimit`.

    Attributes:
        agent: The learner as it is now.
        steps: How many were made.
        episodes: How many have ended.
        visits: (S, A) int64, how often each pair was tried.
        regret: The sum of V*(s) - Q*(s, a) over all steps, in units of reward.
        state: Where the learner is.

    Raises:
        InvalidModelError: There are no tables, or they do not say where episodes begin.

    >>> import planners
    >>> walk = planners.TabularMDP.from_gym_dict(
    ...     {0: {0: [(1.0, 0, 0.1, False)], 1: [(0.5, 0, 0.0, False), (0.5, 0, 2.0, True)]}}, initial=[1.0])
    >>> watched = StepByStep(walk, planners.QLearning(rate=0.5), discount=0.9, seed=1)
    >>> for _ in range(30):
    ...     step = watched.step()
    >>> watched.steps, int(watched.visits.sum()), round(watched.policy_value, 6), watched.greedy.tolist()
    (30, 30, 1.0, [[True, False]])
    """

    def __init__(
        self,
        env_or_model: Any,
        agent: Any,
        *,
        discount: float,
        seed: int | None = None,
        max_episode_steps: int | None = None,
    ) -> None:
        """Before the first step."""
        task = task_of(env_or_model, discount, None, max_episode_steps)
        if task.model is None:
            raise InvalidModelError(
                f"this {type(env_or_model).__name__} has no tables to draw steps from; expected a model, or an "
                "environment that has one. planners.learn(env, agent, ...) learns in any environment"
            )
        begun = isinstance(agent, TabularLearner)
        self.agent: Any = agent.begin(task, discount=task.discount, seed=seed) if begun else copy.deepcopy(agent)
        self.steps, self.episodes, self.regret = 0, 0, 0.0
        self.visits: NDArray[np.int64] = np.zeros((task.num_states, task.num_actions), dtype=np.int64)
        self._learn, self._greedy_of = learning(self.agent), greedy_of(self.agent, task)
        self._bits = self._all_bits(task.num_states)
        self._take(task, TableEnvironment(task, getattr(self.agent, "random", None) or RandomBits(seed)))
        self.observation, _ = self._environment.reset()

    def _take(self, task: Task, environment: TableEnvironment) -> None:
        self._task, self._environment = task, environment
        for known in ("plan", "_given_away", "_values"):
            self.__dict__.pop(known, None)

    def move_to(self, env_or_model: Any) -> None:
        """Go on learning in a model of the same states and actions; what was learned stays, and so does the episode."""
        old, task = self._environment, task_of(env_or_model, self._task.discount, None, self._task.limit)
        if (task.num_states, task.num_actions) != self.visits.shape:
            raise InvalidModelError(
                f"the model has {task.num_states} states and {task.num_actions} actions, the learner "
                f"{self.visits.shape[0]} and {self.visits.shape[1]}; expected as many, or a new StepByStep"
            )
        environment = TableEnvironment(task, old.random)
        environment.state, environment.age = old.state, old.age
        self._take(task, environment)

    def step(self) -> Step:
        """One step, from which the learner learns."""
        seen, number = self.observation, self._task.number
        s, action = self._environment.state, int(self.agent.act(seen))
        after, reward, terminated, truncated, _ = self._environment.step(action)
        self._learn(seen, action, reward, after, terminated, truncated)
        changed = getattr(self.agent, "changed", None)
        for state in range(len(self._bits)) if changed is None else changed(s):
            self._bits[state] = as_bits(self._greedy_of(state)) if self._greedy_of else 0
        self.steps += 1
        self.visits[s, action] += 1
        self.regret += float(self._given_away[s, action])
        self.observation = after
        if terminated or truncated:
            self.episodes += 1
            self.observation, _ = self._environment.reset()
        return Step(s, action, reward, number(after), terminated, truncated)

    @property
    def state(self) -> int:
        """Where the learner is."""
        return self._environment.state

    @property
    def greedy(self) -> NDArray[np.bool_]:
        """(S, A) the greedy actions, several where they are tied."""
        return probabilities_of(self._bits, self.visits.shape[1]) > 0.0

    @property
    def action_values(self) -> NDArray[np.float64]:
        """(S, A) what was learned; -inf for actions that do not exist."""
        return np.asarray(self.agent.action_values, dtype=np.float64)

    @cached_property
    def plan(self) -> Plan:
        """The plan that the learner is measured by: V* and Q*, proven."""
        model = self._task.model
        assert model is not None  # or it was refused
        return solve(model, discount=self._task.discount)

    @property
    def policy_value(self) -> float:
        """The exact value of the greedy policy from the start; where actions are tied it takes each alike often."""
        return self._values.of(self._bits)

    @property
    def optimal_value(self) -> float:
        """V* of the start."""
        first = self._task.initial()
        return float(first[first > 0] @ self.plan.values[first > 0])

    @cached_property
    def _given_away(self) -> NDArray[np.float64]:
        return given_away(self.plan)

    @cached_property
    def _values(self) -> PolicyValues:
        return PolicyValues(self._task)

    def _all_bits(self, states: int) -> NDArray[np.int64]:
        if self._greedy_of is None:
            raise InvalidModelError(
                f"this {type(self.agent).__name__} does not say what its greedy policy is; expected an agent with "
                "`action_values`, (S, A), or with greedy(state), a list of actions"
            )
        return np.array([as_bits(self._greedy_of(s)) for s in range(states)], dtype=np.int64)
