"""What the states and actions of a model are called: words, tuples, observations of an environment."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import numpy as np

from planners.errors import InvalidPolicyError, PlannerError
from planners.names import hashable, in_names, is_hashable
from planners.options import refuse_unknown

Options = ParamSpec("Options")
Result = TypeVar("Result")
Key = Callable[[Any, Any], Hashable]


@dataclass(frozen=True, eq=False)
class StateNames:
    """The key of each state, by which a policy finds the number of a state; a sequence of them.

    Attributes:
        keys: (S,) what identifies each state.
        identify: (unwrapped environment, observation) to the key; None: the key is the observation.
        samples: How often each action was tried, where the tables are frequencies and means; None: they are exact.
        found: Whether `enumerate_env` found the states, so that there may be more of them.

    >>> names = StateNames((1, 0))
    >>> names.number(1)  # observation 1 is state 0
    0
    """

    keys: tuple[Hashable, ...]
    identify: Key | None = None
    samples: int | None = None
    found: bool = False
    _numbers: dict[Hashable, int] = field(init=False, repr=False)
    _counted: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Number the keys."""
        object.__setattr__(self, "_numbers", {key: number for number, key in enumerate(self.keys)})
        whole = any(isinstance(key, int | np.integer) for key in self.keys)
        object.__setattr__(self, "_counted", not whole and (self.identify is not None or not self.found))

    def __len__(self) -> int:
        """S."""
        return len(self.keys)

    def __iter__(self) -> Iterator[Hashable]:
        """The names in the order of the states."""
        return iter(self.keys)

    def __contains__(self, name: object) -> bool:
        """Whether a state has this name."""
        return name in self._numbers

    def __getitem__(self, state: Any) -> Any:
        """The name of a state."""
        return self.keys[state]

    def number(self, observation: Any) -> int:
        """The state of a name, or of an observation that is one.

        A number is the state's own where no name is a number, and observations are none.

        Raises:
            InvalidPolicyError: It is no state of the model.
        """
        key = observation if self.identify is not None and isinstance(observation, Hashable) else hashable(observation)
        state = self._numbers.get(key) if is_hashable(key) else None
        if state is not None:
            return state
        if self._counted and isinstance(observation, int | np.integer) and 0 <= observation < len(self.keys):
            return int(observation)
        what = "what its key function returns; rollout(env, plan) calls that" if self.identify else "one of their names"
        found = " that enumerate_env found" if self.found else ""
        more = ". States that are reached from other first states were not found" if self.found else ""
        raise InvalidPolicyError(
            f"{observation!r:.80} is none of the {len(self.keys)} states{found}, of which the first is "
            f"{self.keys[0]!r:.80}; expected {what}{more}"
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
            InvalidPolicyError: Always; the message says what to do.
        """
        raise InvalidPolicyError(
            f"this plan was loaded without its model, so it cannot tell which state {observation!r:.80} is: the states "
            "of its model are numbered as enumerate_env found them; planners.load_plan(path, model=model) has them"
        )

    def seen(self, env: Any, observation: Any) -> int:
        """Nobody knows either."""
        return self.number(observation)

    def key(self, env: Any, observation: Any) -> Hashable:
        """Nor does anybody know the function that makes keys of what an environment shows."""
        return self.number(observation)


def errors_in_names(question: Callable[Options, Result]) -> Callable[Options, Result]:
    """A function of a model, whose errors name states and actions as the model does; and options that it lacks."""
    taken = signature(question).parameters
    closed = all(each.kind is not each.VAR_KEYWORD for each in taken.values())

    @wraps(question)
    def call(*model: Options.args, **options: Options.kwargs) -> Result:
        if closed and not options.keys() <= taken.keys():
            refuse_unknown(options, taken, question.__name__)
        try:
            return question(*model, **options)
        except PlannerError as error:
            given: Any = model[0] if model else options.get("model")
            text = named_text(str(error), getattr(getattr(given, "unwrapped", given), "mdp", given))
            if not getattr(error, "named", False):
                error.args = (text,)
                error.named = True  # pyright: ignore[reportAttributeAccessIssue] - not a second time, further out
            raise

    return call


def named_text(text: str, model: Any) -> str:
    """A sentence about states and actions by number, with the names that a model gives them."""
    states = getattr(model, "states", None)
    return in_names(text, states.keys if states else None, getattr(model, "actions", None))
