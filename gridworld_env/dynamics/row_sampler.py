"""Drawing transitions, one or many at a time, from the results that tables list, as `Tabular-v0` does.

The results of a pair share [0, 1) in their order; the last takes what rounding leaves. A `move` is a result's number.
"""

from bisect import bisect_right
from math import fsum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.outcome_mdp import results_of
from planners.models.moves import Outcome
from planners.models.tabular import TabularMDP


class RowSampler:
    """Draws from the results of `mdp`, and from nothing else.

    Args:
        mdp: The model.

    Attributes:
        masks: (S, A) 1 for actions that exist.
        first: (S*A + 1,) where the results of each pair begin.
        cumulative: (L,) probability of a result and of those before it, of the same pair.
        there: (L,) probability of the state that a result leads to, whichever results lead there.
    """

    def __init__(self, mdp: TabularMDP) -> None:
        """Add up the probabilities of each pair."""
        self.mdp, self.results = mdp, results_of(mdp)
        self.masks: NDArray[np.int8] = mdp.feasible.astype(np.int8)
        pair, probability = self.results.pair, self.results.probability
        self.first: NDArray[np.int64] = np.searchsorted(pair, np.arange(mdp.rewards.size + 1))
        sums = np.concatenate(([0.0], np.cumsum(probability, dtype=np.longdouble)))
        self.cumulative: NDArray[np.float64] = (sums[1:] - sums[self.first[pair]]).astype(np.float64)
        _, place = np.unique(pair * mdp.num_states + self.results.next_state, return_inverse=True)
        self.there: NDArray[np.float64] = np.minimum(np.bincount(place, probability)[place], 1.0)
        # Views give Python numbers, twice as fast as arrays give NumPy's.
        columns: Any = (self.first, self.cumulative, self.there, *self.results[2:])
        views: list[Any] = [memoryview(column) for column in columns]
        self._first, self._cumulative, self._there, *self._result = views

    def __reduce__(self) -> tuple[type, tuple[TabularMDP]]:
        """The model from which a copy is made, as views cannot be copied."""
        return type(self), (self.mdp,)

    def outcomes(self, state: int, action: int) -> list[Outcome]:
        """All results of one action in one state; equal results are one entry."""
        first, last = self._pair(state, action)
        merged: dict[tuple[Any, ...], list[float]] = {}
        for probability, *result in zip(*(column[first:last].tolist() for column in self.results[1:]), strict=True):
            merged.setdefault(tuple(result), []).append(probability)
        return [Outcome(fsum(parts), *result) for result, parts in merged.items()]

    def draw(self, state: int, action: int, uniform: float) -> int:
        """The result of an action that exists, for a number drawn uniformly from [0, 1)."""
        first, last = self._pair(state, action)
        return bisect_right(self._cumulative, uniform, first, last - 1)

    def result(self, state: int, move: int) -> tuple[int, float, bool]:
        """Next state, reward and end."""
        next_state, reward, ends = self._result
        return next_state[move], reward[move], ends[move]

    def probability(self, state: int, action: int, move: int) -> float:
        """P(s'|s,a) of the state that was reached."""
        return self._there[move]

    def mask(self, state: int) -> NDArray[np.int8]:
        """(A,) 1 for actions that exist."""
        return self.masks[state].copy()

    def _pair(self, state: int, action: int) -> tuple[int, int]:
        pair = state * self.masks.shape[1] + action
        return self._first[pair], self._first[pair + 1]


class VectorRowSampler:
    """The draws of a `RowSampler` by arrays of n numbers, one for each of n environments."""

    def __init__(self, sampler: RowSampler) -> None:
        """Use the tables of the sampler."""
        self.masks: NDArray[np.int8] = sampler.masks
        self._first, self._last = sampler.first, sampler.first[1:] - 1
        self._cumulative, self._there, self._results = sampler.cumulative.copy(), sampler.there, sampler.results[2:]
        self._cumulative[self._last] = np.inf  # where a search ends, and goes on no more
        self._halvings = int(np.diff(sampler.first).max() - 1).bit_length()

    def draw(self, state: NDArray[Any], action: NDArray[Any], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
        """As `RowSampler.draw`."""
        pair = state * self.masks.shape[1] + action
        low, high = self._first.take(pair), self._last.take(pair)
        for _ in range(self._halvings):
            middle = (low + high) >> 1
            above = self._cumulative.take(middle) <= uniform
            low, high = np.where(above, middle + 1, low), np.where(above, high, middle)
        return low

    def result(self, state: NDArray[Any], move: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Next states, rewards and ends."""
        next_state, reward, ends = self._results
        return next_state.take(move), reward.take(move), ends.take(move)

    def probability(self, state: NDArray[Any], action: NDArray[Any], move: NDArray[Any]) -> NDArray[np.float64]:
        """P(s'|s,a) of the states that were reached."""
        return self._there.take(move)

    def mask(self, state: NDArray[Any]) -> NDArray[np.int8]:
        """(n, A) 1 for actions that exist."""
        return self.masks.take(state, axis=0)
