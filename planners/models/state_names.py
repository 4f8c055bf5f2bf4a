"""What the states of a model are called, where their numbers are not the observations of its environment."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from planners.errors import InvalidPolicyError

Key = Callable[[Any, Any], Hashable]


@dataclass(frozen=True, eq=False)
class StateNames:
    """The key of each state, by which a policy finds the number of a state.

    Attributes:
        keys: (S,) what identifies each state.
        identify: (unwrapped environment, observation) to the key; None: the key is the observation.
        samples: How often each action was tried, where the tables are frequencies and means; None: they are exact.

    >>> names = StateNames((1, 0))
    >>> names.number(1)  # observation 1 is state 0
    0
    """

    keys: tuple[Hashable, ...]
    identify: Key | None = None
    samples: int | None = None
    _numbers: dict[Hashable, int] = field(init=False, repr=False)
    _counted: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Number the keys."""
        object.__setattr__(self, "_numbers", {key: number for number, key in enumerate(self.keys)})
        whole = any(isinstance(key, int | np.integer) for key in self.keys)
        object.__setattr__(self, "_counted", self.identify is not None and not whole)

    def number(self, observation: Any) -> int:
        """The state of an observation or, where a function makes the keys, of a key; then a number is itself, too.

        Raises:
            InvalidPolicyError: It is no state of the model.
        """
        key = observation if self.identify is not None and isinstance(observation, Hashable) else hashable(observation)
        state = self._numbers.get(key)
        if state is not None:
            return state
        if self._counted and isinstance(observation, int | np.integer) and 0 <= observation < len(self.keys):
            return int(observation)
        what = "what its key function returns; rollout(env, plan) calls that" if self.identify else "an observation"
        raise InvalidPolicyError(
            f"{observation!r:.80} is none of the {len(self.keys)} states that enumerate_env found, of which the first "
            f"is {self.keys[0]!r:.80}; expected {what}. States that are reached from other first states were not found"
        )

    def seen(self, env: Any, observation: Any) -> int:
        """The state of what an environment has just shown."""
        if self.identify is None:
            return self.number(observation)
        return self.number(self.identify(getattr(env, "unwrapped", env), observation))


class ForgottenNames:
    """In a plan that was loaded without its model: its states have names, and they are not in the file."""

    keys: tuple[Hashable, ...] = ()
    identify: Key | None = None

    def __init__(self, samples: int | None) -> None:
        """Keep how often actions were tried."""
        self.samples = samples

    def number(self, observation: Any) -> int:
        """Nobody knows.

        Raises:
            InvalidPolicyError: Always, with what to do.
        """
        raise InvalidPolicyError(
            f"this plan was loaded without its model, so nobody knows which state {observation!r:.80} is: the states "
            "of its model are numbered as enumerate_env found them; planners.load_plan(path, model=model) has them"
        )

    def seen(self, env: Any, observation: Any) -> int:
        """Nobody knows either."""
        return self.number(observation)


def hashable(observation: Any) -> Hashable:
    """The observation, or what is equal where it is: arrays by their bytes, dictionaries by their items."""
    if isinstance(observation, dict):
        return tuple((name, hashable(observation[name])) for name in sorted(observation))
    if isinstance(observation, tuple | list):
        return tuple(map(hashable, observation))
    if isinstance(observation, np.ndarray):
        return (observation.shape, observation.dtype.str, observation.tobytes())
    return observation.item() if isinstance(observation, np.generic) else observation
