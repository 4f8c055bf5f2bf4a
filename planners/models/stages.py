"""A model for each step: how the states of one are found again in the next.

A state of one model is the state of the same name in the next one or, where states have no names, of the same number.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidModelError, InvalidOptionError
from planners.memory import check_memory
from planners.models.convert import with_rows
from planners.models.negated import negated
from planners.models.tabular import TabularMDP
from planners.names import hashable


class Stages:
    """H models, one for each step; they may be one and the same.

    Attributes:
        models: The H models.
    """

    models: tuple[TabularMDP, ...]

    def __init__(self, models: tuple[TabularMDP, ...]) -> None:
        """Check that each leads to states that the next one has."""
        self.models = models
        for step in range(1, len(models)):
            self._check(step)

    @classmethod
    def of(cls, source: Any, horizon: Any) -> "Stages":
        """Of one model and a number of steps, or of a list with a model for each step.

        Raises:
            InvalidOptionError: The horizon is no number of steps, or another one than there are models.
            InvalidModelError: One of them is no model, or leads to a state that the next one does not have.
        """
        listed: list[Any] | None = (
            list(source) if isinstance(source, Sequence) and not isinstance(source, str | bytes) else None
        )
        if listed is not None and not listed:
            raise InvalidOptionError("there are no models; expected one for each step")
        if horizon is None and listed is not None:
            horizon = len(listed)
        if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
            raise InvalidOptionError(f"horizon is {horizon!r}; expected a whole number of steps, at least 1")
        if listed is None:
            model = with_rows(source)  # pyright: ignore[reportArgumentType] - refuses a string
            _check_memory(int(horizon), model)
            return cls((model,) * int(horizon))
        if len(listed) != horizon:
            raise InvalidOptionError(f"horizon is {horizon} and there are {len(listed)} models; expected one a step")
        return cls(tuple(with_rows(model) for model in listed))

    def __len__(self) -> int:
        """H."""
        return len(self.models)

    @cached_property
    def alike(self) -> bool:
        """Whether all have the same number of states, so that values are one table."""
        return len({model.num_states for model in set(self.models)}) == 1

    @property
    def action_type(self) -> np.dtype[Any]:
        """The type that holds an action of any step."""
        return np.min_scalar_type(max(model.num_actions for model in set(self.models)))

    def negated(self) -> "Stages":
        """The same with every reward negated; a model that comes twice is negated once."""
        found = {id(model): negated(model) for model in self.models}
        return Stages(tuple(found[id(model)] for model in self.models))

    def onward(self, step: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values of the next step's states, (S_{t+1},), by the states of step t, (S_t,); 0 where there is none."""
        places = self._places(step + 1)
        return values if places is None else np.where(places < 0, 0.0, values[places])

    def _places(self, step: int) -> NDArray[np.int64] | None:
        """(S,) the number that each state of the step before has in this one, or -1; None: its own."""
        if step >= len(self.models):
            return None
        earlier, later = self.models[step - 1], self.models[step]
        if later is earlier:
            return None
        if earlier.states is not None and later.states is not None:
            numbers = {name: number for number, name in enumerate(later.states.keys)}
            return np.array([numbers.get(name, -1) for name in earlier.states.keys])
        if earlier.num_states == later.num_states:
            return None
        own = np.arange(earlier.num_states)
        return np.where(own < later.num_states, own, -1)

    def _check(self, step: int) -> None:
        places, earlier = self._places(step), self.models[step - 1]
        if places is None or not (places < 0).any():
            return
        lost = np.flatnonzero((places < 0)[earlier.transitions.indices])
        if len(lost):
            row = int(np.searchsorted(earlier.transitions.indptr, lost[0], side="right")) - 1
            state, action = divmod(row, earlier.num_actions)
            to = int(earlier.transitions.indices[lost[0]])
            names = range(earlier.num_states) if earlier.states is None else earlier.states.keys
            raise InvalidModelError(
                f"in the model of step {step - 1}, state {names[state]!r:.80}, action {action} leads to state "
                f"{names[to]!r:.80}, which the model of step {step} does not have; expected one of its "
                f"{self.models[step].num_states} states",
                state,
                action,
            )


def _check_memory(horizon: int, model: TabularMDP) -> None:
    each = model.num_states * (8 + np.min_scalar_type(model.num_actions).itemsize)
    what = f"a plan of {horizon} steps for {model.num_states} states"
    check_memory(float(horizon + 1) * (each + 8), what, "Use a shorter horizon")


FinalValues = Any  # (S,) numbers, a function of a state, or a dictionary of numbers by state


def final_values(given: FinalValues, model: TabularMDP, impossible: float = -np.inf) -> NDArray[np.float64]:
    """(S,) worth of each state when the steps are over.

    Args:
        given: (S,) numbers; a function of a state, or of its name; a dictionary by states or names, where the others
            are worth 0; None: 0. A function is not asked in states that end the episode on entering them.
        model: The model of the last step.
        impossible: The infinity that means: the steps must not end here.

    Raises:
        InvalidOptionError: Another shape, an unknown state, NaN, the other infinity; or a dictionary that names a state
            which ends the episode, where nobody would earn it.
    """
    count, names = model.num_states, range(model.num_states) if model.states is None else model.states.keys
    if given is None:
        return np.zeros(count)
    if isinstance(given, Mapping):
        numbers, over = {name: number for number, name in enumerate(names)}, _where_it_is_over(model)
        listed = [0.0] * count
        for name, worth in given.items():
            state = numbers.get(hashable(name))
            if state is None:
                raise InvalidOptionError(f"final_values name the state {name!r:.80}; the model has none of that name")
            if over[state] and worth != 0.0:
                raise _named_already(
                    f"final_values are {worth!r:.40} in state {name!r:.80}, and the episode ends on entering it, so "
                    "that no episode is there when the steps are over; expected 0. Pay it on the transitions into the "
                    "state, or leave the state out of terminal=, with an action that stays there"
                )
            listed[state] = worth
        given = listed
    elif isinstance(given, Callable):
        over = _where_it_is_over(model)
        given = [0.0 if over[number] else given(name) for number, name in enumerate(names)]
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidOptionError(
            f"final_values are {given!r:.80}; expected ({count},) numbers, a function of a state, or a dictionary"
        ) from None
    if values.shape != (count,):
        raise InvalidOptionError(f"final_values have shape {values.shape}; expected ({count},), one for each state")
    wrong = np.flatnonzero(~(np.isfinite(values) | (values == impossible)))
    if len(wrong):
        raise _named_already(
            f"final_values are {values[wrong[0]]} in state {names[wrong[0]]!r:.80}; expected finite numbers, or "
            f"{impossible} where the steps must not end"
        )
    return values


def _named_already(text: str) -> InvalidOptionError:
    """An error whose states are called by their names, which are not to be named again."""
    error = InvalidOptionError(text)
    error.named = True  # pyright: ignore[reportAttributeAccessIssue]
    return error


def _where_it_is_over(model: Any) -> NDArray[np.bool_]:
    """(S,) whether the episode ends on entering a state, as far as the model tells, so that it never goes on there."""
    over, endings = np.zeros(model.num_states, dtype=bool), getattr(model, "endings", None)
    if endings is None:
        return over
    if hasattr(model, "pair_state"):
        of_state, goes_on = model.pair_state, model.termination < 1.0
    else:
        of_state = np.repeat(np.arange(model.num_states), model.num_actions)
        goes_on = (model.feasible & (model.termination < 1.0)).ravel()
    alive = np.zeros_like(over)
    alive[of_state[goes_on]] = True
    over[endings.indices[np.repeat(alive[of_state], np.diff(endings.indptr))]] = True
    over[model.transitions.indices] = False
    return over & ~alive
