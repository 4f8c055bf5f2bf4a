"""Bellman backups over whole maps, by arrays without compilation: fast from the first one on.

    Q(s,a) = sum over moves d of mixture[a, d] * (reward(s,d) + discount * [the episode goes on] * V(s after d))

A large map is swept in a few milliseconds by taking one move after the other as a whole column.
"""

import numpy as np
from numpy.typing import NDArray

from planners.models.moves import MoveMDP


class Backups:
    """The backups of one model.

    Args:
        mdp: Of S states, A actions and D moves.
    """

    def __init__(self, mdp: MoveMDP) -> None:
        """Lay the tables out by move."""
        self.mdp = mdp
        self._next = [np.ascontiguousarray(column) for column in mdp.successor.T]  # of each move
        outcomes = [np.ascontiguousarray(column) for column in mdp.outcome.T]
        self._rewards = [mdp.outcome_reward[outcome] for outcome in outcomes]
        self._ends = [mdp.outcome_ends[outcome] for outcome in outcomes]

    def action_values(self, values: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
        """(S, A) Q of (S,) V; an infinite V(s') makes every Q infinite from which s' can be reached."""
        finite = np.isfinite(values)
        if finite.all():
            return self._mixed([self._earned(move, values, discount) for move in range(len(self._next))])
        q = self.action_values(np.where(finite, values, 0.0), discount)
        if discount > 0:
            for infinity in (np.inf, -np.inf):
                there = values == infinity
                touched = [~ends & there[to] for to, ends in zip(self._next, self._ends, strict=True)]
                q[self._mixed([part.astype(np.float64) for part in touched]) > 0] = infinity
        return q

    def state_action_values(self, state: int, values: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
        """(A,) Q of one state."""
        mdp = self.mdp
        mixture = mdp.mixture[0 if mdp.kind is None else mdp.kind[state]]
        outcome = mdp.outcome[state]
        after = np.where(mdp.outcome_ends[outcome] | (discount == 0), 0.0, values[mdp.successor[state]])
        earned = mdp.outcome_reward[outcome] + (discount or 1.0) * after
        return (mixture * np.where(mixture > 0, earned, 0.0)).sum(axis=1)

    def _earned(self, move: int, values: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
        """(S,) what a move earns, and what is worth where it leads."""
        after = values[self._next[move]]
        after[self._ends[move]] = 0.0
        after *= discount
        after += self._rewards[move]
        return after

    def _mixed(self, by_move: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """(S, A) averages of (S,) columns, one for each move, under each action."""
        mixture, kind = self.mdp.mixture, self.mdp.kind
        q = np.zeros((self.mdp.num_actions, self.mdp.num_states))
        for action in range(self.mdp.num_actions):
            for move, column in enumerate(by_move):
                weights = mixture[:, action, move]
                if not weights.any():
                    continue
                q[action] += (weights[0] if kind is None else weights[kind]) * column
        return q.T


def greedy_weights(action_values: NDArray[np.float64]) -> NDArray[np.float32]:
    """(S, A) the policy that takes all best actions alike; values that differ by rounding alone are tied."""
    largest = action_values.max(axis=1, keepdims=True)
    near = 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(largest), largest, 0.0)))
    best = (action_values >= largest - near).astype(np.float32)
    return best / best.sum(axis=1, keepdims=True)
