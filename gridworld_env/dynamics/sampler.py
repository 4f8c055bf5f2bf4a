"""Drawing single transitions from a `MoveMDP`: what `step()` is made of."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planners.models.moves import MoveMDP, Outcome

Branch = tuple[float, float, int]  # cumulative probability, probability, move


class Sampler:
    """Draws from the tables of `mdp`, and from nothing else.

    Args:
        mdp: The model.
        order: (D,) where each move stands among the branches of an action: the moves that an action can turn
            into share the interval [0, 1) in this order; by default that of their numbers.

    Attributes:
        branches: For each mixture and action the moves it can turn into.
    """

    def __init__(self, mdp: MoveMDP, order: Sequence[Sequence[int]] | None = None) -> None:
        """Prepare the cumulative mixtures of the actions."""
        self.mdp = mdp
        self.branches: list[list[list[Branch]]] = [
            [_branches(mixture, None if order is None else order[action]) for action, mixture in enumerate(by_action)]
            for by_action in mdp.mixture
        ]
        self._successor, self._outcome, self._kind = mdp.successor, mdp.outcome, mdp.kind
        self._outcomes = list(zip(mdp.outcome_reward.tolist(), mdp.outcome_ends.tolist(), strict=True))

    @cached_property
    def masks(self) -> NDArray[np.int8]:
        """(S, A) 1 for actions that may leave the square, end the episode or be paid; all 1 if none may."""
        return _action_masks(self.mdp)

    def draw(self, state: int, action: int, uniform: float) -> int:
        """The move that an action turns into, for a number drawn uniformly from [0, 1)."""
        for cumulative, _, move in self._mixture(state, action):
            if uniform < cumulative:
                return move
        raise ValueError(f"uniform is {uniform}; expected a number below 1")

    def result(self, state: int, move: int) -> tuple[int, float, bool]:
        """Next state, reward and end of a move."""
        reward, ends = self._outcomes[self._outcome.item(state, move)]
        return self._successor.item(state, move), reward, ends

    def outcomes(self, state: int, action: int) -> list[Outcome]:
        """All results of one action in one state."""
        return self.mdp.outcomes(state, action)

    def probability(self, state: int, action: int, move: int) -> float:
        """P(s'|s,a) of the state that a move leads to, whichever moves lead there."""
        total, successor = 0.0, self._successor
        next_state = successor.item(state, move)
        for _, probability, other in self._mixture(state, action):
            if successor.item(state, other) == next_state:
                total += probability
        return total if total < 1.0 else 1.0  # which a sum of roundings may exceed

    def mask(self, state: int) -> NDArray[np.int8]:
        """(A,) 1 for actions that may leave the square, end the episode or be paid; all 1 if none may."""
        return self.masks[state].copy()

    def _mixture(self, state: int, action: int) -> list[Branch]:
        return self.branches[0 if self._kind is None else self._kind.item(state)][action]


class Starts:
    """Where episodes begin.

    Args:
        distribution: (S,) probability of each first state.
    """

    def __init__(self, distribution: NDArray[np.float64]) -> None:
        """Prepare the cumulative probabilities."""
        self._states = np.flatnonzero(distribution)
        self._cumulative = np.cumsum(distribution[self._states])
        self._cumulative[-1] = 1.0  # the draws are below 1, so that one state is always found

    def state(self, uniform: float) -> int:
        """The first state for a number drawn uniformly from [0, 1)."""
        return int(self._states[np.searchsorted(self._cumulative, uniform, side="right")])

    def states(self, uniform: NDArray[np.float64]) -> NDArray[np.int64]:
        """(n,) first states for (n,) such numbers."""
        return self._states[np.searchsorted(self._cumulative, uniform, side="right")]


def _branches(mixture: NDArray[np.float64], order: Sequence[int] | None) -> list[Branch]:
    """The moves that an action can turn into, in the order of the draws."""
    moves = np.flatnonzero(mixture)
    if order is not None:
        moves = moves[np.argsort(np.asarray(order)[moves], kind="stable")]
    cumulative = np.cumsum(mixture[moves])
    cumulative[-1] = 1.0  # the draws are below 1, so that one move is always found
    return list(zip(cumulative.tolist(), mixture[moves].tolist(), moves.tolist(), strict=True))


def _action_masks(mdp: MoveMDP) -> NDArray[np.int8]:
    """(S, A) 1 for actions that may change something or are paid for staying; a row without any is all 1."""
    stays = mdp.successor == np.arange(mdp.num_states, dtype=np.int32)[:, None]
    changes = ~stays | mdp.outcome_ends[mdp.outcome] | (mdp.outcome_reward > 0.0)[mdp.outcome]
    masks = np.zeros((mdp.num_states, mdp.num_actions), dtype=np.int8)
    for kind, by_action in enumerate(mdp.mixture):
        here = slice(None) if mdp.kind is None else mdp.kind == kind
        for action, mixture in enumerate(by_action):
            masks[here, action] = changes[here][:, mixture > 0].any(axis=1)
    masks[~masks.any(axis=1)] = 1
    return masks
