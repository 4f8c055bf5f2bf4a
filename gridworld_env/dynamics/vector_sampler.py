"""Drawing many transitions at a time from the tables of a `Sampler`."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.sampler import Sampler
from planners.models.moves import MoveMDP

TABLE_LIMIT: Final = 4_000_000  # states * actions * moves; the tables of larger maps are worked out as they come


class VectorSampler:
    """The draws of a `Sampler` as gathers from flat arrays, one for each of n environments."""

    mdp: MoveMDP
    masks: NDArray[np.int8]

    def __init__(self, sampler: Sampler) -> None:
        """Flatten the tables: rows of branches by (kind, action), results by (state, move)."""
        mdp = sampler.mdp
        self.mdp, self.masks = mdp, sampler.masks
        branches = [row for by_action in sampler.branches for row in by_action]
        self._width = max(map(len, branches))
        self._cumulative = np.full((self._width - 1, len(branches)), 2.0)  # 2: above every draw
        self._move = np.zeros((len(branches), self._width), dtype=np.intp)
        for row, found in enumerate(branches):
            for branch, (cumulative, _, move) in enumerate(found):
                self._move[row, branch] = move
                if branch + 1 < len(found):
                    self._cumulative[branch, row] = cumulative
        self._move_flat = self._move.ravel()
        self._successor, self._outcome = mdp.successor.ravel(), mdp.outcome.ravel()
        small = mdp.num_states * mdp.num_actions * mdp.num_moves <= TABLE_LIMIT
        self._merged = self._merged_table() if small else None
        self._results = self._result_tables() if small else None

    def draw(
        self, state: NDArray[np.int64], action: NDArray[np.integer], uniform: NDArray[np.float64]
    ) -> NDArray[np.intp]:
        """(n,) moves that the actions turn into, for (n,) numbers drawn uniformly from [0, 1)."""
        row = self._row(state, action)
        branch = row * self._width
        for bound in self._cumulative:
            branch += uniform >= bound.take(row)
        return self._move_flat.take(branch)

    def result(
        self, state: NDArray[np.int64], move: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """(n,) next states, rewards and ends of moves."""
        at = state * self.mdp.num_moves + move
        if self._results is not None:
            successor, reward, ends = self._results
            return successor.take(at), reward.take(at), ends.take(at)
        outcome = self._outcome.take(at)
        return (
            self._successor.take(at).astype(np.int64),
            self.mdp.outcome_reward.take(outcome),
            self.mdp.outcome_ends.take(outcome),
        )

    def mask(self, state: NDArray[np.int64]) -> NDArray[np.int8]:
        """(n, A) 1 for actions that may change something in each of (n,) states."""
        return self.masks.take(state, axis=0)

    def probability(
        self,
        state: NDArray[np.int64],
        action: NDArray[np.integer],
        move: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        """(n,) P(s'|s,a) of the states that moves lead to, whichever moves lead there."""
        if self._merged is not None:
            return self._merged.take((state * self.mdp.num_actions + action) * self.mdp.num_moves + move)
        weights = self.mdp.mixture[0 if self.mdp.kind is None else self.mdp.kind[state], action]
        successors = self.mdp.successor[state]
        there = successors == np.take_along_axis(successors, move[:, None], axis=1)
        return np.minimum((weights * there).sum(axis=1), 1.0)

    def _row(self, state: NDArray[np.int64], action: NDArray[np.integer]) -> NDArray[np.intp]:
        if self.mdp.kind is None:
            return action.astype(np.intp)
        return self.mdp.kind[state].astype(np.intp) * self.mdp.num_actions + action

    def _result_tables(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """(S * D,) next state, reward and end of every move."""
        mdp = self.mdp
        return self._successor.astype(np.int64), mdp.outcome_reward[self._outcome], mdp.outcome_ends[self._outcome]

    def _merged_table(self) -> NDArray[np.float64]:
        """(S * A * D,) P(s'|s,a) of the state that each move leads to."""
        mdp = self.mdp
        same = mdp.successor[:, :, None] == mdp.successor[:, None, :]  # (S, D, D)
        weights = mdp.mixture[np.zeros(mdp.num_states, dtype=np.intp) if mdp.kind is None else mdp.kind]
        return np.minimum(np.einsum("sae,sde->sad", weights, same.astype(np.float64)).ravel(), 1.0)
