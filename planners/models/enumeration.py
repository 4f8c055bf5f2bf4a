"""The tables of an environment that has none, found by trying everything.

For environments that can be copied (`copy.deepcopy`), such as a MiniGrid room: in every state that is reached,
every action is taken on a copy. If steps are deterministic, once; if they are drawn at random, as often
as `samples` says, each time with other random numbers, and the model is then an estimate. The state is what a
key function says, by default the observation. If two copies in one state behave differently although steps
should be deterministic, the key does not tell all there is to know, or the step is drawn: an error, not a table
that lies. A step that draws random numbers is therefore taken again with others.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from planners.agent import Environment
from planners.arrays import merge_rows
from planners.errors import InvalidModelError, InvalidOptionError
from planners.exact_sums import exact_sums, expectations
from planners.models.random_numbers import copy_of, position, redrawn, reseed
from planners.models.state_names import Key, StateNames
from planners.models.tabular import TabularMDP
from planners.models.wrappers import refuse_changes
from planners.names import hashable

Reward = Callable[[Any, float], float]


def enumerate_env(
    env: Environment,
    *,
    key: Key | None = None,
    reward: Reward | None = None,
    seed: int | None = 0,
    samples: int | None = None,
    max_states: int = 100_000,
) -> tuple[TabularMDP, list[Hashable]]:
    """Every state that can be reached from the first one, as a `TabularMDP`.

    Args:
        env: A Gymnasium environment with A discrete actions.
        key: (unwrapped environment, observation) to what identifies the state; None: the observation.
        reward: (unwrapped environment, its reward) to the reward of the model, where the environment's own
            depends on more than state and action, as MiniGrid's does on the number of steps; None: its own.
        seed: Of the first `reset`, which chooses the first state; and of the random numbers that are tried.
        samples: How often each action is tried in each state, where steps are drawn at random: probabilities and
            rewards are then frequencies and means, off by about 1 / (2 sqrt(samples)), and what is rarer than
            1 / samples may be missed; a plan says that its model is an estimate. None: steps are deterministic, and
            are checked to be: a step that draws random numbers is tried with the smallest, the largest and 14 others.
        max_states: Where to stop: the environment may have endlessly many states.

    Returns:
        The model, with the first state as its only start; and the S keys of its states, which its `states` has too:
        a plan of it acts on observations, not on the numbers of states.

    Raises:
        InvalidOptionError: The actions are not discrete, `samples` or `max_states` is not 1 or more, what `key`
            returns cannot be hashed, or there are more than `max_states` states.
        InvalidModelError: The environment cannot be copied, or a wrapper changes what is played; or, without
            `samples`, a step leads elsewhere with other random numbers or from another copy of the same state.

    Cost: A copies and steps a state, times `samples`; without them 17 times as many where steps draw random numbers.

    >>> import gymnasium as gym
    >>> model, keys = enumerate_env(gym.make("FrozenLake-v1", is_slippery=False))
    >>> model
    TabularMDP(11 states, 4 actions, 34 transitions, 0.0 MB)
    """
    inner = getattr(env, "unwrapped", env)
    actions = _number_of_actions(inner, samples, max_states)
    refuse_changes(env, "its tables", advice="Enumerate the environment inside it")
    identify = key or (lambda _, observation: hashable(observation))
    trial = _Trial(actions, identify, reward or (lambda _, own: own), samples, np.random.SeedSequence(seed))
    observation, _ = env.reset(seed=seed)
    getattr(inner, "np_random", None)  # Gymnasium makes it when first asked, and copies should have it
    first = identify(inner, observation)
    if not isinstance(first, Hashable):
        raise InvalidOptionError(f"key returned {first!r:.80}; expected what can be hashed, such as a tuple")
    waiting = {first: inner}
    results: dict[Hashable, list[Counter[_Result]]] = {}
    again: dict[Hashable, Any] = {}  # a second copy of states that are reached in two ways
    while waiting:
        state = next(iter(waiting))
        results[state] = [Counter() for _ in range(trial.actions)]
        for action, result, copied in trial.steps(state, waiting.pop(state)):
            results[state][action][result] += 1
            if result.ends:
                continue
            if result.state not in results and result.state not in waiting:
                if len(results) + len(waiting) == max_states:
                    raise InvalidOptionError(f"there are more than max_states={max_states} states: raise it")
                waiting[result.state] = copied
            elif samples is None:
                again.setdefault(result.state, copied)
    for state, copied in again.items():
        _compare(state, results[state], trial.steps(state, copied))
    names = StateNames(tuple(results), key, samples, found=True)
    return replace(_model(results, trial.actions), states=names), list(results)


def _number_of_actions(inner: Any, samples: Any, max_states: Any) -> int:
    """A, after the options have been checked."""
    space = getattr(inner, "action_space", None)
    actions = getattr(space, "n", None)
    if actions is None:
        raise InvalidOptionError(f"the actions of the {type(inner).__name__} are {space}; expected Discrete")
    if samples is not None and (isinstance(samples, bool) or not isinstance(samples, int) or samples < 1):
        raise InvalidOptionError(f"samples is {samples!r}; expected a whole number of at least 1, or None")
    if isinstance(max_states, bool) or not isinstance(max_states, int) or max_states < 1:
        raise InvalidOptionError(f"max_states is {max_states!r}; expected a whole number of at least 1")
    return int(actions)


class _Result(NamedTuple):
    """What a step leads to."""

    state: Hashable
    reward: float
    ends: bool

    def __str__(self) -> str:
        """It in words."""
        return f"state {self.state!r:.60} with reward {self.reward:g}{', the end' if self.ends else ''}"


class _Trial(NamedTuple):
    """How actions are tried."""

    actions: int
    identify: Key
    reward: Reward
    samples: int | None
    seeds: np.random.SeedSequence

    def steps(self, state: Hashable, inner: Any) -> Iterator[tuple[int, _Result, Any]]:
        """What each action leads to, each time on a copy of its own."""
        for action in range(self.actions):
            for _ in range(self.samples or 1):
                copied, generators = copy_of(inner)
                if self.samples is not None:
                    reseed(generators, self.seeds)
                before = None if self.samples else position(generators)
                result = self._step(copied, action)
                if before is not None and position(generators) != before:
                    self._check_redrawn(state, action, result, inner)
                yield action, result, copied

    def _step(self, copied: Any, action: int) -> _Result:
        observation, own, ends, _, _ = copied.step(action)
        reward = float(self.reward(copied, float(own)))
        return _Result(self.identify(copied, observation), reward, bool(ends))

    def _check_redrawn(self, state: Hashable, action: int, result: _Result, inner: Any) -> None:
        """`InvalidModelError` if a step that drew random numbers leads elsewhere with others."""
        for copied in redrawn(inner, self.seeds):
            other = self._step(copied, action)
            if other != result:
                raise InvalidModelError(
                    f"in state {state!r:.80}, action {action} draws random numbers, and leads to {result} or to "
                    f"{other}: steps are drawn at random, or the key does not tell all that matters. Pass "
                    "samples= or key=, or plan on tables",
                    action=action,
                )


def _compare(state: Hashable, first: list[Counter[_Result]], second: Iterator[tuple[int, _Result, Any]]) -> None:
    for action, other, _ in second:
        (one,) = first[action]
        if one != other:
            raise InvalidModelError(
                f"in state {state!r:.80}, action {action} led to {one} and then to {other}: steps are "
                "drawn at random, or the key does not tell all that matters. Pass samples= or key=, or plan on tables",
                action=action,
            )


def _model(results: dict[Hashable, list[Counter[_Result]]], actions: int) -> TabularMDP:
    number = {state: index for index, state in enumerate(results)}
    pairs = [counts for found in results.values() for counts in found]
    rows = np.repeat(np.arange(len(pairs)), [len(counts) for counts in pairs])
    found = [(result, count / counts.total()) for counts in pairs for result, count in counts.items()]
    probabilities = np.array([probability for _, probability in found])
    ends = np.array([result.ends for result, _ in found])
    columns = np.array([number[result.state] for result, _ in found if not result.ends], dtype=np.int64)
    rewards = expectations(probabilities, np.array([result.reward for result, _ in found]), rows, len(pairs))
    termination = exact_sums(probabilities[ends], rows[ends], len(pairs))
    transitions = merge_rows(rows[~ends], columns, probabilities[~ends], (len(pairs), len(number)))
    initial = np.zeros(len(number))
    initial[0] = 1.0
    return TabularMDP(
        transitions=transitions,
        termination=termination.reshape(-1, actions),
        rewards=rewards.reshape(-1, actions),
        feasible=np.ones((len(number), actions), dtype=bool),
        initial=initial,
    )
