"""A finite MDP whose actions are mixtures of a few deterministic moves.

In a gridworld an action is "this move with probability .8, that one with .1, ...", and a move leads
from a square to exactly one other. So the model is a table of successors and a small table of mixtures:

    P(s'|s,a) = sum over d of mixture[a, d] * [successor[s, d] == s' and the episode goes on]
    r(s,a)    = sum over d of mixture[a, d] * outcome_reward[outcome[s, d]]

S states, A actions, D moves, K different outcomes (a reward, and whether the episode ends), C kinds of
squares that mix moves differently. It takes about 5 D bytes a state, where tables of probabilities take
hundreds.
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import fsum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arrays import SUM_TOLERANCE, scaled_mixture, seal, sealed
from planners.errors import InvalidModelError
from planners.exact_sums import expectations
from planners.models.starts import checked_initial
from planners.models.tables_of_moves import tables_of_moves
from planners.models.tabular import TabularMDP
from planners.told_outcomes import MoveOutcomes

CHUNK: Final = 1 << 12  # numbers that are averaged at once


class Outcome(NamedTuple):
    """One possible result of an action: what Gymnasium's toy_text tables hold."""

    probability: float
    next_state: int
    reward: float
    terminated: bool


@dataclass(frozen=True, eq=False, repr=False)
class MoveMDP:
    """A finite MDP of deterministic moves, mixed by the actions.

    Attributes:
        successor: (S, D) int32, the state that each move leads to.
        outcome: (S, D) small unsigned integers, index into the two tables of outcomes.
        outcome_reward: (K,) reward of each outcome.
        outcome_ends: (K,) bool, whether the episode ends with it.
        mixture: (C, A, D) probability of each move under each action, for each kind of square.
        kind: (S,) small unsigned integers, index into `mixture`; None where there is one kind.
        initial: (S,) probabilities of the first state, or None if not known.
        shares: The probability of each of L levels at which the same D / L moves pay other rewards; `mixture` may then
            be given as (C, A, D / L), of one level. Expected rewards are those of these fractions. None: one level.
        unscaled: (C, A, D) the mixture as it was given; `mixture` itself is scaled to sum to 1, which rounds it.
            Expected rewards and terminations are those of the given numbers. The model sets this attribute.
    """

    successor: NDArray[np.int32]
    outcome: NDArray[np.unsignedinteger]
    outcome_reward: NDArray[np.float64]
    outcome_ends: NDArray[np.bool_]
    mixture: NDArray[np.float64]
    kind: NDArray[np.unsignedinteger] | None = None
    initial: NDArray[np.float64] | None = None
    shares: tuple[Fraction, ...] | None = None
    unscaled: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Refuse what is not an MDP, then close the arrays for writing."""
        for name, given in vars(self).items():
            if given is not None and not isinstance(given, np.ndarray) and name != "shares":
                object.__setattr__(self, name, _as_array(name, given))
        given, shares = self.mixture, self.shares
        if shares is not None and given.ndim == 3 and given.shape[2] * len(shares) == self.num_moves:
            object.__setattr__(self, "mixture", at_levels(given, shares))
            object.__setattr__(self, "unscaled", given)
        _check(self)
        unscaled = None if self.unscaled is None else scaled_mixture(at_levels(self.unscaled, shares))
        if unscaled is None or not np.array_equal(unscaled, scaled_mixture(self.mixture)):
            object.__setattr__(self, "unscaled", self.mixture)  # else a copy of a model with other rewards is made
            object.__setattr__(self, "shares", None)
        object.__setattr__(self, "mixture", scaled_mixture(self.mixture))
        object.__setattr__(self, "initial", checked_initial(self.initial, self.num_states))
        seal(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The arrays of a copy are closed for writing too."""
        self.__dict__.update(state)
        seal(self)

    @property
    def num_states(self) -> int:
        """Number of states S."""
        return self.successor.shape[0]

    @property
    def num_actions(self) -> int:
        """Number of actions A."""
        return self.mixture.shape[1]

    @property
    def given_mixture(self) -> NDArray[np.float64]:
        """(C, A, D) `unscaled`, which the model has set; or (C, A, D / L), where there are L `shares`."""
        return self.mixture if self.unscaled is None else self.unscaled

    @property
    def num_moves(self) -> int:
        """Number of moves D."""
        return self.successor.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes that the model takes."""
        return self.successor.nbytes + self.outcome.nbytes + (0 if self.kind is None else self.kind.nbytes)

    def __repr__(self) -> str:
        """Sizes in one line."""
        return (
            f"MoveMDP({self.num_states} states, {self.num_actions} actions, "
            f"{self.num_moves} moves, {self.nbytes / 1e6:.1f} MB)"
        )

    @property
    def longest_row(self) -> int:
        """Largest number of next states of one pair."""
        return self.num_moves

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """(S, A) True: every action exists everywhere."""
        return np.broadcast_to(np.True_, (self.num_states, self.num_actions))

    def expected_next(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S, A) expected value of the next state, if the episode goes on, else 0: P V."""
        after = values.take(self.successor)
        after[self.outcome_ends.take(self.outcome)] = 0.0
        return self._mixed(after)

    @cached_property
    def rewards(self) -> NDArray[np.float64]:
        """(S, A) expected immediate reward."""
        return self._rewards_and_termination[0]

    @cached_property
    def termination(self) -> NDArray[np.float64]:
        """(S, A) probability that the episode ends."""
        return self._rewards_and_termination[1]

    @cached_property
    def _rewards_and_termination(self) -> NDArray[np.float64]:
        return sealed(self._means(np.arange(self.num_states), self.outcome_reward, self.outcome_ends))

    @cached_property
    def tabular(self) -> TabularMDP:
        """The same model as tables of probabilities, made on first use."""
        from planners.memory import check_memory, tabular_bytes

        states, actions = self.num_states, self.num_actions
        advice = "At a discount below 1, gauss_seidel takes a MoveMDP as it is"
        check_memory(tabular_bytes(self), f"the tables of probabilities of {states} states", advice)
        onward, ending = tables_of_moves(self)
        return TabularMDP(
            transitions=onward,
            termination=self.termination,
            rewards=self.rewards,
            feasible=np.ones((states, actions), dtype=bool),
            initial=self.initial,
            endings=ending,
            told=self._told(),
        )

    def _told(self) -> MoveOutcomes | None:
        """What knows the reward of each move, where they are not all the same."""
        rewards = self.outcome_reward
        several = len(rewards) > 1 and (rewards != rewards[0]).any()
        moves = (self.successor, self.outcome, rewards, self.outcome_ends, self.given_mixture, self.kind)
        return MoveOutcomes(*moves, shares=self.shares) if several else None

    def outcomes(self, state: int, action: int) -> list[Outcome]:
        """All results of one action in one state; equal results are one entry, and probabilities sum to 1.

        >>> two_squares = MoveMDP(
        ...     successor=np.array([[1, 0], [1, 1]], dtype=np.int32), outcome=np.zeros((2, 2), dtype=np.uint8),
        ...     outcome_reward=np.array([-1.0]), outcome_ends=np.array([False]), mixture=np.array([[[0.8, 0.2]]]))
        >>> two_squares.outcomes(0, 0)[0]
        Outcome(probability=0.8, next_state=1, reward=-1.0, terminated=False)
        >>> two_squares.outcomes(1, 0)
        [Outcome(probability=1.0, next_state=1, reward=-1.0, terminated=False)]
        """
        mixture = self.mixture[0 if self.kind is None else self.kind[state], action]
        merged: dict[tuple[int, float, bool], list[float]] = {}
        for move in np.flatnonzero(mixture):
            outcome = self.outcome[state, move]
            result = (
                int(self.successor[state, move]),
                float(self.outcome_reward[outcome]),
                bool(self.outcome_ends[outcome]),
            )
            merged.setdefault(result, []).append(float(mixture[move]))
        return [Outcome(fsum(parts), *result) for result, parts in merged.items()]

    def mean_rewards(self, states: NDArray[Any]) -> NDArray[np.float64]:
        """(n, A) expected immediate rewards in n states, rounded once."""
        return self._means(states, self.outcome_reward)[0]

    def _means(self, states: NDArray[Any], *tables: NDArray[Any]) -> NDArray[np.float64]:
        """(tables, n, A) the means of what outcomes have, (K,), in n states.

        Few states differ in their outcomes and in how moves are mixed; one of each sort is computed.
        """
        outcome = self.outcome[states]
        kinds = np.zeros(len(states), dtype=np.uint8) if self.kind is None else self.kind[states]
        sort: NDArray[Any] | slice = slice(None)
        if len(self.mixture) * float(len(self.outcome_ends)) ** self.num_moves < 2.0**62:
            code = kinds.astype(np.int64)
            for move in range(self.num_moves):
                code = code * len(self.outcome_ends) + outcome[:, move]
            _, first, sort = np.unique(code, return_index=True, return_inverse=True)
            outcome, kinds = outcome[first], kinds[first]
        by_move = np.concatenate([table[outcome].astype(np.float64, copy=False) for table in tables])
        kinds, mixture = np.tile(kinds, len(tables)), self.given_mixture
        if self.shares is None:
            means = move_means(by_move, mixture, kinds)
        else:  # a mean over the levels is two floats, of which each has half of the weight
            means = 2.0 * move_means(_over_levels(by_move, self.shares), np.tile(mixture, 2), kinds)
        return means.reshape(len(tables), -1, self.num_actions)[:, sort]

    def _mixed(self, by_move: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S, A) the average over moves, under each action, of an (S, D) table."""
        if self.kind is None:
            return by_move @ self.mixture[0].T
        mixed = np.empty((self.num_states, self.num_actions))
        for kind in range(len(self.mixture)):
            here = self.kind == kind
            mixed[here] = by_move[here] @ self.mixture[kind].T
        return mixed


def at_levels(mixture: NDArray[np.float64], shares: Sequence[Fraction] | None) -> NDArray[np.float64]:
    """(C, A, D) mixture of moves that come once for each level, from the (C, A, D / L) mixture of one."""
    return mixture if shares is None else np.concatenate([float(share) * mixture for share in shares], axis=2)


def _over_levels(by_move: NDArray[np.float64], shares: Sequence[Fraction]) -> NDArray[np.float64]:
    """(n, 2 D / L) the means over L levels of (n, D) numbers: (n, D / L) floats, and as many of what they leave."""
    cells = by_move.reshape(len(by_move), len(shares), -1).transpose(0, 2, 1)
    different, index = np.unique(cells.reshape(-1, len(shares)), axis=0, return_inverse=True)
    exact = [sum(map(operator.mul, shares, map(Fraction, row)), Fraction()) for row in different.tolist()]
    means = np.array([float(mean) for mean in exact])
    left = np.array([float(mean - Fraction(near)) for mean, near in zip(exact, means.tolist(), strict=True)])
    places = index.reshape(cells.shape[:2])
    return np.hstack((means[places], left[places]))


def move_means(by_move: NDArray[np.float64], mixture: NDArray[np.float64], kinds: NDArray[Any]) -> NDArray[np.float64]:
    """(n, A) the mean under each action of what moves earn, (n, D), in states of the given kinds, rounded once."""
    actions, moves = mixture.shape[1:]
    means = np.empty((len(kinds), actions))
    size = max(CHUNK // (actions * moves), 1)
    for first in range(0, len(kinds), size):
        part = slice(first, first + size)
        weights = mixture[kinds[part]]
        amounts = np.broadcast_to(by_move[part, None, :], weights.shape)
        rows = np.repeat(np.arange(len(weights) * actions), moves)
        means[part] = expectations(weights.ravel(), amounts.ravel(), rows, len(weights) * actions).reshape(-1, actions)
    return means


def _as_array(name: str, given: Any) -> NDArray[Any]:
    """An array from lists, of the type that the field has."""
    try:
        array = np.array(given)
    except ValueError:
        raise InvalidModelError(f"{name} has rows of different lengths; expected an array") from None
    if name in ("outcome", "kind") and array.dtype.kind in "iu" and array.size:
        return array.astype(np.min_scalar_type(int(array.max() if array.min() >= 0 else array.min())))
    return array.astype(np.int32) if name == "successor" and array.dtype.kind in "iu" else array


def _check(model: MoveMDP) -> None:
    states, moves = model.successor.shape
    expected: list[tuple[str, Any, Any]] = [
        ("outcome", model.outcome.shape, (states, moves)),
        ("outcome_ends", model.outcome_ends.shape, model.outcome_reward.shape),
        ("mixture", model.mixture.shape, (*model.mixture.shape[:-1][:2], moves)),
    ]
    if model.kind is not None:
        expected.append(("kind", model.kind.shape, (states,)))
    for name, found, wanted in expected:
        if name == "mixture" and len(found) != 3:
            raise InvalidModelError(
                f"mixture has shape {found}; expected (C, A, {moves}): kinds of squares, actions, moves"
            )
        if tuple(found) != tuple(wanted):
            raise InvalidModelError(f"{name} has shape {found}; expected {wanted}")
    if model.successor.min() < 0 or model.successor.max() >= states:
        state, move = (int(i) for i in np.argwhere((model.successor < 0) | (model.successor >= states))[0])
        raise InvalidModelError(
            f"state {state}, move {move} leads to state {model.successor[state, move]}; "
            f"expected a state from 0 to {states - 1}",
            state,
        )
    _check_indices(model)
    if not np.isfinite(model.outcome_reward).all():
        raise InvalidModelError(f"rewards of outcomes are {model.outcome_reward}; expected finite numbers")
    sums = model.mixture.sum(axis=2)
    wrong = ~((model.mixture >= 0).all(axis=2) & (np.abs(sums - 1.0) <= SUM_TOLERANCE))
    if wrong.any():
        kind, action = (int(i) for i in np.argwhere(wrong)[0])
        raise InvalidModelError(
            f"the moves of action {action} on squares of kind {kind} have probabilities {model.mixture[kind, action]}, "
            f"which sum to {sums[kind, action]:.12g}; expected numbers from 0 to 1 that sum to 1",
            action=action,
        )


def _check_indices(model: MoveMDP) -> None:
    """Refuse an index into the outcomes, or into the kinds of squares, that points nowhere."""
    indices = [("outcome", model.outcome, "outcomes", len(model.outcome_reward))]
    if model.kind is not None:
        indices.append(("kind", model.kind, "kinds of squares in mixture", len(model.mixture)))
    for name, index, what, count in indices:
        if index.size and not (index.min() >= 0 and index.max() < count):
            state = int(np.argwhere((index < 0) | (index >= count))[0][0])
            found, expected = index[state].tolist(), f"numbers from 0 to {count - 1}, as many as there are {what}"
            raise InvalidModelError(f"{name} of state {state} is {found}; expected {expected}", state)
