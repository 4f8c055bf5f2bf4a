"""A policy as a table: for each state, how likely each action is."""

import copy
import operator
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_numbers, check_seed, check_whole
from planners.arrays import rounding_of, scaled_mixture, sum_tolerance
from planners.errors import InvalidPolicyError

if TYPE_CHECKING:
    from planners.models.state_names import ForgottenNames, StateNames


@final
class TabularPolicy:
    """A policy over S states and A actions, deterministic or not; an `Agent`.

    Made from (S, A) probabilities, or by `TabularPolicy.from_actions` from one action for each state. Rows have to sum
    to 1 within 1e-9, or within some roundings of the type they are given in (float32: 1.9e-6); they are then scaled to
    sum to 1.

    Raises:
        InvalidPolicyError: A row that is not a distribution, with the state and what was found.

    >>> policy = TabularPolicy([[0.0, 1.0], [0.5, 0.5]])
    >>> policy.act(0)
    1
    >>> TabularPolicy.from_actions([1, 0], num_actions=2).probabilities
    array([[0., 1.],
           [1., 0.]])
    """

    num_states: int
    num_actions: int

    def __init__(self, probabilities: ArrayLike, *, seed: int | None = None) -> None:
        """Check the (S, A) table; `seed` makes the draws of a policy that is not deterministic repeatable."""
        table = np.array(check_numbers("probabilities", probabilities, InvalidPolicyError))
        kind = np.asarray(probabilities).dtype
        if table.ndim != 2 or 0 in table.shape:
            raise InvalidPolicyError(f"a policy has shape {table.shape}; expected (S, A) probabilities")
        table[(table < 0) & (table >= -rounding_of(kind))] = 0.0
        sums = table.sum(axis=1)
        wrong = ~((table >= 0).all(axis=1) & (np.abs(sums - 1.0) <= sum_tolerance(kind)))
        if wrong.any():
            state = int(np.flatnonzero(wrong)[0])
            raise InvalidPolicyError(
                f"the policy's probabilities of state {state} are {table[state]}, which sum to {sums[state]:.12g}; "
                "expected numbers from 0 to 1 that sum to 1"
            )
        table = scaled_mixture(table)
        self.num_states, self.num_actions = table.shape
        self.actions: NDArray[np.int64] = table.argmax(axis=1)
        self.is_deterministic: bool = bool((table.max(axis=1) == 1.0).all())
        if seed is not None:
            self._rng = np.random.default_rng(check_seed(seed))
        self.states: StateNames | ForgottenNames | None = None
        self.actions.setflags(write=False)
        if not self.is_deterministic:
            table.setflags(write=False)
            self.__dict__["probabilities"] = table

    @classmethod
    def from_actions(cls, actions: ArrayLike, num_actions: int) -> Self:
        """The deterministic policy that takes `actions[s]`, (S,) integers from 0 to `num_actions` - 1, in state s."""
        num_actions = check_whole("num_actions", num_actions)
        try:
            chosen = np.array(actions)
        except ValueError as error:
            raise InvalidPolicyError(f"actions have no one shape; expected (S,) integers: {error}") from None
        if chosen.ndim != 1 or not np.issubdtype(chosen.dtype, np.integer):
            raise InvalidPolicyError(f"actions have shape {chosen.shape} of {chosen.dtype}; expected (S,) integers")
        wrong = (chosen < 0) | (chosen >= num_actions)
        if wrong.any():
            state = int(np.flatnonzero(wrong)[0])
            raise InvalidPolicyError(
                f"the policy takes action {chosen[state]} in state {state}; "
                f"expected an action from 0 to {num_actions - 1}"
            )
        dtype = np.min_scalar_type(num_actions) if len(chosen) > 10**6 else np.int64
        return cls.of_checked_actions(chosen.astype(dtype), num_actions)

    @classmethod
    def of_checked_actions(cls, actions: NDArray[np.integer], num_actions: int) -> Self:
        """As `from_actions`, for an array that is neither checked nor copied, such as an array in a file."""
        policy = cls.__new__(cls)
        policy.num_states, policy.num_actions = len(actions), num_actions
        policy.actions = actions  # pyright: ignore[reportAttributeAccessIssue] - any integers do
        policy.is_deterministic = True
        policy.states = None
        policy.actions.setflags(write=False)
        return policy

    @classmethod
    def uniform(cls, num_states: int, num_actions: int, *, seed: int | None = None) -> Self:
        """The policy that takes every action with the same probability."""
        shape = check_whole("num_states", num_states), check_whole("num_actions", num_actions)
        return cls(np.full(shape, 1.0 / num_actions), seed=seed)

    @cached_property
    def _rng(self) -> np.random.Generator:
        return np.random.default_rng()

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """(S, A) probability of each action in each state."""
        table = np.zeros((self.num_states, self.num_actions))
        table[np.arange(self.num_states), self.actions] = 1.0
        table.setflags(write=False)
        return table

    def on_states(self, states: "StateNames | ForgottenNames | None") -> "TabularPolicy":
        """The same policy, which finds the numbers of its states by their names."""
        named = copy.copy(self)
        named.states = states
        return named

    def act(self, observation: Any, rng: np.random.Generator | None = None) -> int:
        """The action to take on an observation, drawn from its probabilities.

        An observation is the number of a state or, in a plan of a model whose states have names, a name. The action is
        a number, as an environment takes it.

        Raises:
            InvalidPolicyError: `observation` is not a state of the policy.
        """
        state = state_of(observation, self.states, self.num_states)
        if self.is_deterministic:
            return int(self.actions[state])
        cumulative = np.cumsum(self.probabilities[state])
        draw = (rng or self._rng).random() * cumulative[-1]
        return int(np.searchsorted(cumulative, draw, side="right"))

    def reseed(self, seed: int | None) -> None:
        """Start the draws of `act` anew from `seed`."""
        self._rng = np.random.default_rng(check_seed(seed))

    def __repr__(self) -> str:
        """Size and kind in one line."""
        kind = "deterministic" if self.is_deterministic else "stochastic"
        return f"TabularPolicy({self.num_states} states, {self.num_actions} actions, {kind})"


def state_of(observation: Any, states: "StateNames | ForgottenNames | None", num_states: int) -> int:
    """The number of the state of an observation.

    Raises:
        InvalidPolicyError: It is none.
    """
    if states is not None:
        return states.number(observation)
    try:
        state = operator.index(observation.item() if isinstance(observation, np.ndarray | np.generic) else observation)
    except (TypeError, ValueError):
        state = None
    if state is None or not 0 <= state < num_states:
        shown = observation if state is None else state
        raise InvalidPolicyError(
            f"state {shown!r:.80} is not in the policy; expected 0 to {num_states - 1}. If states have names, make the "
            "model with states="
        )
    return state


def _by_name(
    policy: Mapping[Any, Any],
    num_states: int,
    states: "StateNames | ForgottenNames | None",
    actions: Sequence[Hashable] | None,
) -> NDArray[np.int64]:
    """(S,) actions of a dictionary of states to actions."""
    chosen, told = np.zeros(num_states, dtype=np.int64), np.zeros(num_states, dtype=bool)
    expected = f"the policy is {policy!r:.80}; expected a policy, a plan, or an action of each state"
    for state, action in policy.items():
        number = action if actions is None or action not in actions else actions.index(action)
        if not isinstance(number, int | np.integer):
            raise InvalidPolicyError(f"{expected}: {action!r:.80} is none of the actions {actions!r:.400}")
        try:
            where = state_of(state, states, num_states)
        except InvalidPolicyError as error:
            raise InvalidPolicyError(f"{expected}: {error}") from None
        chosen[where], told[where] = number, True
    if not told.all():
        raise InvalidPolicyError(f"{expected}: it says nothing of state {int(np.argmin(told))}")
    return chosen


def as_policy(
    policy: Any,
    num_states: int,
    num_actions: int,
    states: "StateNames | ForgottenNames | None" = None,
    actions: Sequence[Hashable] | None = None,
) -> TabularPolicy:
    """A `TabularPolicy` of a policy, a plan, (S,) actions or (S, A) probabilities, checked against the sizes.

    Args:
        policy: Any of these.
        num_states: S.
        num_actions: A.
        states: The names of the model's states: a policy that has other ones is put in their order.
        actions: The names of its actions; a dictionary of states to actions may use names for both.
    """
    policy = getattr(policy, "policy", policy)
    if isinstance(policy, Mapping):
        policy = _by_name(policy, num_states, states, actions)
    if not isinstance(policy, TabularPolicy):
        try:
            table = np.asarray(policy)
            if table.dtype.kind not in "biuf":
                raise TypeError("not an array of numbers")
        except (TypeError, ValueError):
            raise InvalidPolicyError(
                f"the policy is {policy!r:.80}; expected a policy, a plan, (S,) numbers of actions or (S, A) "
                "probabilities; an agent is played by `rollout` and `regret`, and has a method act(observation)"
            ) from None
        policy = TabularPolicy.from_actions(table, num_actions) if table.ndim == 1 else TabularPolicy(table)
    if policy.states is not None and policy.states is not states:
        names = range(num_states) if states is None else states.keys
        order = [policy.states.number(name) for name in names]
        policy = TabularPolicy(policy.probabilities[order]).on_states(states)
    if (policy.num_states, policy.num_actions) != (num_states, num_actions):
        raise InvalidPolicyError(
            f"the policy has {policy.num_states} states and {policy.num_actions} actions; "
            f"the model has {num_states} states and {num_actions} actions"
        )
    return policy
