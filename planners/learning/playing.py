"""The loop in Python: any learner, in any environment with `reset` and `step`, or on the tables of a model.

    observation = env.reset()
    loop for each step:
        action = agent.act(observation)
        next observation, reward, terminated, truncated = env.step(action)
        agent.learn(observation, action, reward, next observation, terminated, truncated)
        observation = env.reset() where the episode is over, else the next observation

Where the steps are drawn from tables, the draws are those of the compiled loops: the same numbers come out.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.learning.online_learner import OnlineLearner
from planners.learning.outcome_tables import tables_of
from planners.learning.prediction import Prediction
from planners.learning.random_bits import LOW, RandomBits
from planners.learning.record import Changes, Estimates, Played, StepRecord
from planners.learning.task import Task


class TableEnvironment:
    """Steps drawn from the tables of a model, by the random numbers of the learner.

    Args:
        task: The task.
        random: The learner's random numbers.
    """

    def __init__(self, task: Task, random: RandomBits) -> None:
        """Before the first episode."""
        tables = tables_of(task)
        self.random, self.shift, self.limit, self.num_actions = random, tables.shift, tables.limit, task.num_actions
        self.cut, self.next_state, self.reward = tables.cut.tolist(), tables.next_state.tolist(), tables.reward.tolist()
        self.ends, self.starts = tables.ends.tolist(), tables.starts.tolist()
        self.start_cuts: NDArray[np.uint64] = tables.start_cuts
        self.state, self.age = 0, 0
        names = getattr(task.model, "states", None)
        self.seen: Sequence[Any] = range(task.num_states) if names is None else names.keys

    def reset(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        """The first state of an episode."""
        self.state, self.age = self.starts[0], 0
        if len(self.starts) > 1:
            self.random.draw()
            self.state = self.starts[int(np.searchsorted(self.start_cuts, np.uint64(self.random.low()), side="right"))]
        return self.seen[self.state], {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step."""
        low, shift = self.random.low(), self.shift
        cell = ((self.state * self.num_actions + action) << shift) + (low >> (32 - shift))
        outcome = 2 * cell + (((low << shift) & LOW) >= self.cut[cell])
        self.state, self.age = self.next_state[outcome], self.age + 1
        terminated = bool(self.ends[outcome])
        truncated = self.age == self.limit and not terminated
        return self.seen[self.state], self.reward[outcome], terminated, truncated, {}


class Notes:
    """What is noted down while a learner plays."""

    def __init__(self, task: Task, agent: Any) -> None:
        self.agent = agent
        self.steps: list[tuple[int, int, float, int, bool, bool]] = []
        self.changes: list[tuple[int, int, int]] = []
        self._greedy: Callable[[int], Sequence[int]] | None = greedy_of(agent, task)
        self._changed: Callable[[int], Iterable[int]] = getattr(agent, "changed", None) or self._all
        situations = task.num_states * (getattr(agent, "horizon", None) or 1)  # each step of an episode has its own
        self.bits: list[int] | None = None
        if self._greedy is not None and task.num_actions < 63:
            self.bits = [as_bits(self._greedy(s)) for s in range(situations)]
        self.first: list[int] = list(self.bits or [])
        self.first_V: list[float] | None = list(agent.V) if isinstance(agent, Prediction) else None
        self.learned: list[tuple[int, int, float]] = []

    def take(self, s: int, a: Any, r: float, s2: int, terminated: Any, truncated: Any) -> None:
        """One step, from which the agent has learned."""
        if self.bits is not None and self._greedy is not None:
            for state in self._changed(s):
                bits = as_bits(self._greedy(state))
                if bits != self.bits[state]:
                    self.bits[state] = bits
                    self.changes.append((len(self.steps), state, bits))
        elif self.first_V is not None:
            for state in self._changed(s):
                self.learned.append((len(self.steps), state, self.agent.V[state]))
        self.steps.append((s, a, r, s2, terminated, truncated))

    def _all(self, _: int) -> Iterable[int]:
        """Every state of an agent that does not say which ones have changed."""
        return range(len(self.bits or ()))

    def played(self) -> Played:
        """All of it."""
        columns: Any = list(zip(*self.steps, strict=True)) or [()] * 6
        kinds: Any = (np.int64, np.int64, np.float64, np.int64, np.bool_, np.bool_)
        arrays: Any = (np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True))
        record = StepRecord(*arrays)
        if self.first_V is not None:
            steps, states, values = zip(*self.learned, strict=True) if self.learned else ((), (), ())
            at, where = np.array(steps, dtype=np.int64), np.array(states, dtype=np.int64)
            estimates = Estimates(np.array(self.first_V), at, where, np.array(values, dtype=np.float64))
            return Played(record, None, estimates)
        if self.bits is None:
            return Played(record, None)
        first = np.array(self.first, dtype=np.int64)
        return Played(record, Changes(first, *np.array(self.changes, dtype=np.int64).reshape(-1, 3).T))


def play(
    task: Task, env: Any, agent: Any, *, steps: int, episodes: int, seed: int | None, report: Callable[[int], object]
) -> Played:
    """Let a learner make so many steps or, with `episodes` above 0, play so many episodes; Ctrl-C ends it."""
    notes, learn, number = Notes(task, agent), learning(agent), task.number
    try:
        observation, _ = env.reset(seed=seed)
        s = number(observation)
        for step in range(steps):
            action = agent.act(observation)
            seen, reward, terminated, truncated, _ = env.step(action)
            learn(observation, action, reward, seen, terminated, truncated)
            s2 = number(seen)
            notes.take(s, action, float(reward), s2, terminated, truncated)
            if step % 1024 == 0:
                report(step)
            observation, s = seen, s2
            if terminated or truncated:
                episodes -= 1
                if episodes == 0:
                    break
                observation, _ = env.reset()
                s = number(observation)
    except KeyboardInterrupt:
        if not notes.steps:
            raise
    return notes.played()


def learning(agent: Any) -> Callable[..., Any]:
    """The agent's `learn`, called with what it takes: with or without `truncated`."""
    try:
        inspect.signature(agent.learn).bind(*range(6))
    except TypeError:
        return lambda *step: agent.learn(*step[:5])
    except ValueError:  # no signature to look at
        pass
    return agent.learn


def greedy_of(agent: Any, task: Task) -> Callable[[int], Sequence[int]] | None:
    """Makes the greedy actions of a state; None where the agent does not say what it would do.

    The agents of this package take the number of the state; an agent from elsewhere its name, if states have names.
    """
    own = getattr(agent, "greedy", None)
    if own is not None:
        names = None if isinstance(agent, OnlineLearner) else getattr(task.model, "states", None)
        return own if names is None else lambda s: own(names[s])
    if getattr(agent, "action_values", None) is None:
        return None

    def greedy(s: int) -> Sequence[int]:
        values = np.asarray(agent.action_values)[s]
        return np.flatnonzero(values == values.max()).tolist()

    return greedy


def as_bits(actions: Sequence[int]) -> int:
    """Actions as bits.

    >>> as_bits([0, 2])
    5
    """
    return 1 << actions[0] if len(actions) == 1 else sum([1 << a for a in actions])
