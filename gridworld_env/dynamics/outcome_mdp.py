"""Tables that list every result of every action, each with its own reward: p(s', r | s, a).

A `TabularMDP` keeps the expected reward of each pair, which is all that planning needs. An `OutcomeMDP` is one that
also knows the law of the reward, and `Tabular-v0` draws from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.errors import InvalidOptionError
from planners.models.tabular import TabularMDP
from planners.readers.toy_text import read_gym_dict

Table = dict[int, dict[int, list[tuple[float, int, float, bool]]]]  # toy_text: (probability, next state, reward, end)


class Results(NamedTuple):
    """L results in the order of their pairs: (L,) pair s*A + a, probability, next state, reward, end of the episode."""

    pair: NDArray[np.int64]
    probability: NDArray[np.float64]
    next_state: NDArray[np.int64]
    reward: NDArray[np.float64]
    ends: NDArray[np.bool_]

    @classmethod
    def of(cls, *columns: ArrayLike) -> Self:
        """From columns in any order; what has probability 0 is left out."""
        types = (np.int64, np.float64, np.int64, np.float64, np.bool_)
        arrays: list[Any] = [
            np.asarray(column, dtype=kind).ravel() for column, kind in zip(columns, types, strict=True)
        ]
        order = np.argsort(arrays[0], kind="stable")
        return cls(*(array[order[arrays[1][order] > 0]] for array in arrays))


@dataclass(frozen=True, eq=False, repr=False)
class OutcomeMDP(TabularMDP):
    """A `TabularMDP` that also stores every outcome: probability, next state, reward and end.

    >>> coin = OutcomeMDP.from_gym_dict({0: {0: [(0.5, 0, 1.0, True), (0.5, 0, 0.0, True)]}})
    >>> coin.rewards.tolist(), coin.results.reward.tolist()
    ([[0.5]], [1.0, 0.0])
    """

    results: Results | None = None

    @classmethod
    def from_gym_dict(cls, P: Any, initial: ArrayLike | None = None, **options: Any) -> Self:
        """Read `P[s][a] = [(probability, next_state, reward, terminated), ...]`, and keep the reward of each entry.

        Raises:
            InvalidOptionError: Further options of `TabularMDP.from_gym_dict` are given, which are not accepted here.
            InvalidModelError: As in `TabularMDP.from_gym_dict`.
        """
        if options:
            raise InvalidOptionError(
                f"OutcomeMDP.from_gym_dict takes no {next(iter(options))}; TabularMDP.from_gym_dict does"
            )
        try:
            rows = [P[s] if isinstance(P[s], Mapping) else dict(enumerate(P[s])) for s in range(len(P))]
            lists: Any = {s: {a: list(entries) for a, entries in row.items()} for s, row in enumerate(rows)}
        except (KeyError, TypeError):
            lists = P  # which is refused next, in words
        tables = read_gym_dict(lists)
        A = tables["rewards"].shape[1]
        flat = [(s * A + a, *entry) for s, row in lists.items() for a, entries in row.items() for entry in entries]
        results = Results.of(*zip(*flat, strict=True))
        return cls(**tables, initial=None if initial is None else np.array(initial), results=results)


def results_of(mdp: TabularMDP) -> Results:
    """Every result of a model; one that knows no more pays the expected reward of the pair."""
    if isinstance(mdp, OutcomeMDP) and mdp.results is not None:
        return mdp.results
    tables = (mdp.transitions, endings_of(mdp))
    pair = np.concatenate([np.repeat(np.arange(mdp.rewards.size), np.diff(rows.indptr)) for rows in tables])
    return Results.of(
        pair,
        np.concatenate([rows.data for rows in tables]) * mdp.feasible.ravel()[pair],
        np.concatenate([rows.indices for rows in tables]),
        mdp.rewards.ravel()[pair],
        np.repeat([False, True], [rows.nnz for rows in tables]),
    )


def endings_of(mdp: TabularMDP) -> sparse.csr_array:
    """(S*A, S) probability of ending in each state; where the model does not tell, in the state itself."""
    if mdp.endings is not None:
        return mdp.endings
    pairs = np.flatnonzero(mdp.termination.ravel() > 0)
    entries = (mdp.termination.ravel()[pairs], (pairs, pairs // mdp.num_actions))
    return sparse.csr_array(sparse.coo_array(entries, shape=mdp.transitions.shape))
