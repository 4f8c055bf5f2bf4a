"""The tables of an environment that has none, found by trying everything.

For environments that can be copied (`copy.deepcopy`) and whose steps are deterministic, such as an empty
MiniGrid room: from every state that is reached, every action is taken once, on a copy. The state is what a
key function says, by default the observation; if two copies in one state behave differently, the key does
not tell all there is to know, and that is an error, not a table that lies.
"""

import copy
from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from planners.errors import InvalidModelError, InvalidOptionError
from planners.mdp import TabularMDP


def enumerate_env(
    env: Any,
    *,
    key: Callable[[Any, Any], Hashable] | None = None,
    seed: int | None = 0,
    max_states: int = 100_000,
) -> tuple[TabularMDP, list[Hashable]]:
    """Every state that can be reached from the first one, as a `TabularMDP`.

    Args:
        env: A Gymnasium environment with A discrete actions, deterministic once it is reset.
        key: (unwrapped environment, observation) to what identifies the state; None: the observation.
        seed: Of the first `reset`, which chooses the first state.
        max_states: Where to stop: the environment may have endlessly many states.

    Returns:
        The model, with the first state as its only start; and the S keys of its states.

    Raises:
        InvalidOptionError: The actions are not discrete, or there are more than `max_states` states.
        InvalidModelError: The environment cannot be copied, or does not do the same thing twice in what the key
            takes for one state, with state and action.

    Cost: A copies and steps a state, twice for those states that are reached in two ways.

    >>> import gymnasium as gym
    >>> model, keys = enumerate_env(gym.make("CliffWalking-v1"))
    >>> model
    TabularMDP(37 states, 4 actions, 147 transitions, 0.0 MB)
    """
    inner = getattr(env, "unwrapped", env)
    actions = getattr(inner.action_space, "n", None)
    if actions is None:
        raise InvalidOptionError(f"the actions are {inner.action_space}; expected Discrete")
    identify = key or (lambda _, observation: _hashable(observation))
    observation, _ = env.reset(seed=seed)
    waiting = {identify(inner, observation): inner}
    results: dict[Hashable, list[_Result]] = {}
    again: dict[Hashable, Any] = {}  # a second copy of states that are reached in two ways
    while waiting:
        state = next(iter(waiting))
        results[state] = []
        for result, copied in _steps(waiting.pop(state), int(actions), identify):
            results[state].append(result)
            if result.ends:
                continue
            if result.state not in results and result.state not in waiting:
                if len(results) + len(waiting) == max_states:
                    raise InvalidOptionError(f"there are more than max_states={max_states} states: raise it")
                waiting[result.state] = copied
            else:
                again.setdefault(result.state, copied)
    for state, copied in again.items():
        _compare(state, results[state], [result for result, _ in _steps(copied, int(actions), identify)])
    return _model(results, int(actions)), list(results)


class _Result(NamedTuple):
    state: Hashable
    reward: float
    ends: bool


def _steps(inner: Any, actions: int, identify: Callable[[Any, Any], Hashable]) -> Iterator[tuple[_Result, Any]]:
    """What each action leads to, each on a copy of its own."""
    for action in range(actions):
        try:
            copied = copy.deepcopy(inner)
        except Exception as error:
            raise InvalidModelError(f"a {type(inner).__name__} cannot be copied: {error}") from error
        observation, reward, ends, _, _ = copied.step(action)
        yield _Result(identify(copied, observation), float(reward), bool(ends)), copied


def _compare(state: Hashable, first: list[_Result], second: list[_Result]) -> None:
    for action, (one, other) in enumerate(zip(first, second, strict=True)):
        if one != other:
            raise InvalidModelError(
                f"in state {state!r:.80}, action {action} led to {one!r:.80} and then to {other!r:.80}: steps are "
                "drawn at random, or the key does not tell all that matters. Pass key=, or plan on tables",
                action=action,
            )


def _model(results: dict[Hashable, list[_Result]], actions: int) -> TabularMDP:
    number = {state: index for index, state in enumerate(results)}
    rows = [result for found in results.values() for result in found]
    goes_on = np.flatnonzero([not row.ends for row in rows])
    columns = [number[rows[row].state] for row in goes_on]
    shape = (len(rows), len(number))
    transitions = sparse.csr_array((np.ones(len(goes_on)), (goes_on, columns)), shape=shape)
    initial = np.zeros(len(number))
    initial[0] = 1.0
    return TabularMDP(
        transitions=transitions,
        termination=np.array([float(row.ends) for row in rows]).reshape(-1, actions),
        rewards=np.array([row.reward for row in rows]).reshape(-1, actions),
        feasible=np.ones((len(number), actions), dtype=bool),
        initial=initial,
    )


def _hashable(observation: Any) -> Hashable:
    """The observation, or what is equal where it is: arrays by their bytes, dictionaries by their items."""
    if isinstance(observation, dict):
        return tuple((name, _hashable(observation[name])) for name in sorted(observation))
    if isinstance(observation, tuple | list):
        return tuple(map(_hashable, observation))
    if isinstance(observation, np.ndarray):
        return (observation.shape, observation.dtype.str, observation.tobytes())
    return observation.item() if isinstance(observation, np.generic) else observation
