"""Tables that list every result of every action, each with its own reward: p(s', r | s, a).

A `TabularMDP` keeps the expected reward of each pair, which is all that planning needs. An `OutcomeMDP` is one that
also knows the law of the reward, and `Tabular-v0` draws from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arrays import seal
from planners.models.moves import Outcome
from planners.models.tabular import TabularMDP
from planners.readers.toy_text import read_gym_dict

Table = dict[int, dict[int, list[tuple[float, int, float, bool]]]]  # toy_text: (probability, next state, reward, end)

SCALED: Final = 1e-14  # rows whose sum is further from 1 are scaled to it


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The L results of all pairs (s, a), one pair after the other.

    Attributes:
        first: (S*A + 1,) where the results of the pair s*A + a begin; pairs without any do not exist.
        probability: (L,) above 0; those of a pair sum to 1.
        next_state: (L,) the state reached, also by what ends the episode.
        reward: (L,) what it pays.
        ends: (L,) bool, whether the episode ends with it.
        num_actions: A.
    """

    first: NDArray[np.int64]
    probability: NDArray[np.float64]
    next_state: NDArray[np.int64]
    reward: NDArray[np.float64]
    ends: NDArray[np.bool_]
    num_actions: int

    def __post_init__(self) -> None:
        """Close the arrays for writing."""
        seal(self)

    @classmethod
    def of_pairs(
        cls, pair: Any, probability: Any, next_state: Any, reward: Any, ends: Any, shape: tuple[int, ...]
    ) -> Self:
        """Results in any order, each with its pair s*A + a; `shape` is (S, A)."""
        pair, probability = np.asarray(pair, dtype=np.int64), np.asarray(probability, dtype=np.float64)
        order = np.argsort(pair, kind="stable")
        order = order[probability[order] > 0]
        pair, probability = pair[order], probability[order]
        sums = np.bincount(pair, probability, minlength=shape[0] * shape[1])
        sums[np.abs(sums - 1.0) <= SCALED] = 1.0
        return cls(
            np.searchsorted(pair, np.arange(len(sums) + 1)),
            probability / sums[pair],
            np.asarray(next_state, dtype=np.int64)[order],
            np.asarray(reward, dtype=np.float64)[order],
            np.asarray(ends, dtype=bool)[order],
            shape[1],
        )

    def row(self, state: int, action: int) -> slice:
        """Where the results of a pair are."""
        pair = state * self.num_actions + action
        return slice(int(self.first[pair]), int(self.first[pair + 1]))

    def listed(self, state: int, action: int) -> list[Outcome]:
        """The results of a pair; equal ones are one entry."""
        row, merged = self.row(state, action), dict[tuple[int, float, bool], list[float]]()
        results = zip(self.next_state[row].tolist(), self.reward[row].tolist(), self.ends[row].tolist(), strict=True)
        for result, probability in zip(results, self.probability[row].tolist(), strict=True):
            merged.setdefault(result, []).append(probability)
        return [Outcome(fsum(parts), *result) for result, parts in merged.items()]


@dataclass(frozen=True, eq=False, repr=False)
class OutcomeMDP(TabularMDP):
    """A `TabularMDP` that also knows every result: probability, next state, reward and end.

    >>> coin = OutcomeMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, True), (0.5, 0, 0.0, True)]}})
    >>> coin.rewards, coin.outcomes(0, 0)[0]
    (array([[0.5]]), Outcome(probability=0.5, next_state=0, reward=1.0, terminated=True))
    """

    results: Outcomes | None = None

    @classmethod
    def from_gym_dict(cls, P: Any, initial: ArrayLike | None = None) -> Self:
        """Read `P[s][a] = [(probability, next_state, reward, terminated), ...]`, and keep each entry's reward.

        Raises:
            InvalidModelError: As `TabularMDP.from_gym_dict`.
        """
        try:
            rows = [P[s] if isinstance(P[s], Mapping) else dict(enumerate(P[s])) for s in range(len(P))]
            lists: Any = {s: {a: list(entries) for a, entries in row.items()} for s, row in enumerate(rows)}
        except (KeyError, TypeError):
            lists = P  # which is refused next, in words
        tables = read_gym_dict(lists)
        S, A = tables["rewards"].shape
        flat = [(s * A + a, *entry) for s, row in lists.items() for a, entries in row.items() for entry in entries]
        pair, probability, next_state, reward, ends = zip(*flat, strict=True)
        results = Outcomes.of_pairs(pair, _numbers(probability), next_state, _numbers(reward), ends, (S, A))
        return cls(**tables, initial=None if initial is None else np.array(initial), results=results)

    def outcomes(self, state: int, action: int) -> list[Outcome]:
        """All results of one action in one state; equal results are one entry."""
        return outcomes_of(self).listed(state, action)


def _numbers(column: tuple[Any, ...]) -> NDArray[np.float64]:
    """(L,) numbers, some of which may be arrays of one."""
    try:
        return np.asarray(column, dtype=np.float64).reshape(len(column))
    except ValueError:
        return np.concatenate([np.ravel(number) for number in column])


def outcomes_of(mdp: TabularMDP) -> Outcomes:
    """Every result of a model; one that knows no more pays the expected reward of the pair."""
    if isinstance(mdp, OutcomeMDP) and mdp.results is not None:
        return mdp.results
    tables = (mdp.transitions, endings_of(mdp))
    pair = np.concatenate([np.repeat(np.arange(mdp.rewards.size), np.diff(rows.indptr)) for rows in tables])
    exists = mdp.feasible.ravel()[pair]
    return Outcomes.of_pairs(
        pair,
        np.where(exists, np.concatenate([rows.data for rows in tables]), 0.0),
        np.concatenate([rows.indices for rows in tables]),
        mdp.rewards.ravel()[pair],
        np.repeat([False, True], [rows.nnz for rows in tables]),
        mdp.rewards.shape,
    )


def endings_of(mdp: TabularMDP) -> sparse.csr_array:
    """(S*A, S) probability of ending in each state; where the model does not tell, in the state itself."""
    if mdp.endings is not None:
        return mdp.endings
    pairs = np.flatnonzero(mdp.termination.ravel() > 0)
    entries = (mdp.termination.ravel()[pairs], (pairs, pairs // mdp.num_actions))
    return sparse.csr_array(sparse.coo_array(entries, shape=mdp.transitions.shape))
