"""Drawing transitions, one or many at a time, from the results that tables list, as `Tabular-v0` does.

The results of a pair share [0, 1) in their order; the last takes what rounding leaves.
"""

from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.outcome_mdp import outcomes_of
from planners.models.moves import Outcome
from planners.models.tabular import TabularMDP


class RowSampler:
    """Draws from the results of `mdp`, and from nothing else; a `move` is here the number of a result.

    Args:
        mdp: The model.

    Attributes:
        masks: (S, A) 1 for actions that exist.
        cumulative: (L,) probability of a result and of those before it, of the same pair.
        there: (L,) probability of the state that a result leads to, whichever results lead there.
    """

    def __init__(self, mdp: TabularMDP) -> None:
        """Add up the probabilities of each pair."""
        self.mdp, self.results = mdp, outcomes_of(mdp)
        self.masks: NDArray[np.int8] = mdp.feasible.astype(np.int8)
        first, probability = self.results.first, self.results.probability
        pair = np.repeat(np.arange(len(first) - 1), np.diff(first))
        sums = np.concatenate(([0.0], np.cumsum(probability, dtype=np.longdouble)))
        self.cumulative: NDArray[np.float64] = (sums[1:] - sums[first[pair]]).astype(np.float64)
        _, place = np.unique(pair * mdp.num_states + self.results.next_state, return_inverse=True)
        self.there: NDArray[np.float64] = np.minimum(np.bincount(place, probability)[place], 1.0)
        # Views give Python numbers, twice as fast as arrays give NumPy's.
        self._first, self._cumulative, self._there = map(_view, (first, self.cumulative, self.there))
        results = (self.results.next_state, self.results.reward, self.results.ends)
        self._next_state, self._reward, self._ends = map(_view, results)

    def __reduce__(self) -> tuple[type, tuple[TabularMDP]]:
        """Copies are made of copies of the model: views cannot be copied."""
        return type(self), (self.mdp,)

    def outcomes(self, state: int, action: int) -> list[Outcome]:
        """All results of one action in one state."""
        return self.results.listed(state, action)

    def draw(self, state: int, action: int, uniform: float) -> int:
        """The result of an action that exists, for a number drawn uniformly from [0, 1)."""
        pair = state * self.results.num_actions + action
        return bisect_right(self._cumulative, uniform, self._first[pair], self._first[pair + 1] - 1)

    def result(self, state: int, move: int) -> tuple[int, float, bool]:
        """Next state, reward and end."""
        return self._next_state[move], self._reward[move], self._ends[move]

    def probability(self, state: int, action: int, move: int) -> float:
        """P(s'|s,a) of the state that was reached."""
        return self._there[move]

    def mask(self, state: int) -> NDArray[np.int8]:
        """(A,) 1 for actions that exist."""
        return self.masks[state].copy()


def _view(array: Any) -> Any:
    return memoryview(array)


class VectorRowSampler:
    """The draws of a `RowSampler` by arrays, one for each of n environments."""

    def __init__(self, sampler: RowSampler) -> None:
        """The same tables."""
        self._results, self._there = sampler.results, sampler.there
        self.masks: NDArray[np.int8] = sampler.masks
        self._last = sampler.results.first[1:] - 1
        self._cumulative = sampler.cumulative.copy()
        self._cumulative[self._last] = np.inf  # where a search ends, and goes on no more
        self._halvings = int(np.diff(sampler.results.first).max() - 1).bit_length()

    def draw(
        self, state: NDArray[np.int64], action: NDArray[np.integer], uniform: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """(n,) results, for (n,) numbers drawn uniformly from [0, 1)."""
        pair = state * self._results.num_actions + action
        low, high = self._results.first.take(pair), self._last.take(pair)
        for _ in range(self._halvings):
            middle = (low + high) >> 1
            above = self._cumulative.take(middle) <= uniform
            low, high = np.where(above, middle + 1, low), np.where(above, high, middle)
        return low

    def result(
        self, state: NDArray[np.int64], move: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """(n,) next states, rewards and ends."""
        results = self._results
        return results.next_state.take(move), results.reward.take(move), results.ends.take(move)

    def probability(
        self, state: NDArray[np.int64], action: NDArray[np.integer], move: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """(n,) P(s'|s,a) of the states that were reached."""
        return self._there.take(move)

    def mask(self, state: NDArray[np.int64]) -> NDArray[np.int8]:
        """(n, A) 1 for actions that exist."""
        return self.masks.take(state, axis=0)
