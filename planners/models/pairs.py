"""A finite MDP as a list of its pairs of state and action, for models in which few of all possible pairs exist.

`TabularMDP` has a row for every action in every state. One state with 10,000 actions among 100,000 with one each would
take a thousand million rows. Here only pairs that exist are stored, in the order of the states, which is what the
equations are made of anyway (`planners.equations.problem`).
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import SUM_TOLERANCE, scaled_rows, seal
from planners.errors import InvalidModelError
from planners.memory import check_memory
from planners.models.starts import checked_initial
from planners.models.state_names import StateNames
from planners.names import checked_names


@dataclass(frozen=True, eq=False, repr=False)
class PairMDP:
    """L pairs of state and action, of S states and A actions; made by the constructors of `TabularMDP`.

    Below discount 1 the planners, `evaluate` and `certify` work on the pairs. Functions that need all pairs ask for
    `tabular`.

    Attributes:
        transitions: (L, S) CSR of continuing probabilities.
        termination: (L,) probability that the episode ends.
        rewards: (L,) expected immediate reward.
        pair_state: (L,) state of each pair, in non-decreasing order.
        pair_action: (L,) action of each pair, increasing within each state.
        num_actions: A.
        table: Makes a `TabularMDP` of its tables.
        initial: (S,) probabilities of the first state, or None if not known.
        states: The names of the states.
        actions: The names of the actions.
        rescaled: The largest distance of a row's sum from 1, before a reader scaled it with `normalise=True`.
        endings: (L, S) CSR, the probability that the episode ends in each state; None: it never ends.
    """

    transitions: sparse.csr_array
    termination: NDArray[np.float64]
    rewards: NDArray[np.float64]
    pair_state: NDArray[np.int64]
    pair_action: NDArray[np.int64]
    num_actions: int
    table: Callable[..., Any] = field(repr=False)
    initial: NDArray[np.float64] | None = None
    states: Any = None
    actions: tuple[Hashable, ...] | None = None
    rescaled: float = 0.0
    endings: sparse.csr_array | None = None

    def __post_init__(self) -> None:
        """Refuse what is not an MDP, then close the arrays for writing."""
        _check(self)
        names = self.states
        if names is not None and not isinstance(names, StateNames):
            object.__setattr__(self, "states", StateNames(checked_names("states", names, self.num_states)))
        object.__setattr__(self, "initial", checked_initial(self.initial, self.num_states))
        rows, ends = scaled_rows(self.transitions, self.termination, np.ones(len(self.rewards), dtype=bool))
        if self.endings is not None and ends is not self.termination:
            ratio = np.divide(ends, self.termination, out=np.ones_like(ends), where=self.termination > 0)
            object.__setattr__(self, "endings", sparse.csr_array(sparse.diags_array(ratio) @ self.endings))
        object.__setattr__(self, "transitions", rows)
        object.__setattr__(self, "termination", ends)
        seal(self)

    @property
    def num_states(self) -> int:
        """Number of states S."""
        return self.transitions.shape[1]

    @cached_property
    def first_row(self) -> NDArray[np.int64]:
        """(S + 1,) where the pairs of each state begin."""
        return np.searchsorted(self.pair_state, np.arange(self.num_states + 1))

    @property
    def longest_row(self) -> int:
        """Largest number of next states of one pair."""
        return int(np.diff(self.transitions.indptr).max(initial=0))

    @cached_property
    def nbytes(self) -> int:
        """Bytes that the pairs take."""
        csr = self.transitions
        parts = (csr.data, csr.indices, csr.indptr, self.termination, self.rewards, self.pair_state, self.pair_action)
        return sum(array.nbytes for array in parts)

    def rows_of(self, actions: NDArray[Any]) -> NDArray[np.int64]:
        """(S,) the row of each state's pair with its action in (S,) `actions`; -1 where there is none."""
        width = np.int64(self.num_actions)
        keys = self.pair_state * width + self.pair_action
        wanted = np.arange(self.num_states, dtype=np.int64) * width + actions
        rows = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[rows] == wanted, rows, -1)

    @cached_property
    def tabular(self) -> Any:
        """The same model as a `TabularMDP`, with a row for every action in every state.

        Raises:
            NotEnoughMemoryError: It does not fit.
        """
        S, A = self.num_states, self.num_actions
        advice = "Below discount 1 the planners, evaluate and certify take the pairs as they are"
        check_memory(34.0 * S * A + 40.0 * self.transitions.nnz, f"a table of {S} states and {A} actions", advice)
        places = self.pair_state * A + self.pair_action
        rows = _spread(self.transitions, places, S * A)
        endings = None if self.endings is None else _spread(self.endings, places, S * A)
        tables = {name: np.zeros((S, A)) for name in ("termination", "rewards")}
        feasible = np.zeros((S, A), dtype=bool)
        feasible.flat[places] = True
        tables["termination"].flat[places], tables["rewards"].flat[places] = self.termination, self.rewards
        names = {"states": self.states, "actions": self.actions, "rescaled": self.rescaled}
        names |= {"endings": endings, "initial": self.initial}
        return self.table(transitions=rows, feasible=feasible, **tables, **names)

    def __repr__(self) -> str:
        """Sizes in one line."""
        return (
            f"PairMDP({self.num_states} states, {len(self.rewards)} pairs of {self.num_actions} actions, "
            f"{self.transitions.nnz} transitions, {self.nbytes / 1e6:.1f} MB)"
        )


def _spread(matrix: sparse.csr_array, places: NDArray[np.int64], count: int) -> sparse.csr_array:
    """The rows at their places, which rise, among `count` rows."""
    length = np.zeros(count, dtype=np.int64)
    length[places] = np.diff(matrix.indptr)
    indptr = np.concatenate(([0], np.cumsum(length))).astype(matrix.indptr.dtype)
    return sparse.csr_array((matrix.data, matrix.indices, indptr), shape=(count, matrix.shape[1]))


def _check(mdp: PairMDP) -> None:
    count = len(mdp.rewards)
    for name in ("termination", "pair_state", "pair_action"):
        found = getattr(mdp, name).shape
        if found != (count,) or mdp.transitions.shape[0] != count:
            raise InvalidModelError(f"{name} has shape {found}; expected ({count},), as the rows of transitions")
    data, sums = mdp.transitions.data, np.asarray(mdp.transitions.sum(axis=1)).ravel() + mdp.termination
    negative = np.zeros(count, dtype=bool)
    if not (data >= 0).all():
        negative[np.repeat(np.arange(count), np.diff(mdp.transitions.indptr))[~(data >= 0)]] = True
    for wrong, what in (
        (negative | ~(mdp.termination >= 0), "has a probability that is negative or not a number; expected 0 to 1"),
        (~np.isfinite(mdp.rewards), "has a reward that is not finite; expected a finite number"),
        (~(np.abs(sums - 1.0) <= SUM_TOLERANCE), f"has probabilities that do not sum to 1 within {SUM_TOLERANCE:g}"),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            state, action = int(mdp.pair_state[row]), int(mdp.pair_action[row])
            found = f"they sum to {sums[row]:.12g}, the reward is {mdp.rewards[row]:g}"
            raise InvalidModelError(f"state {state}, action {action} {what}; {found}", state, action)
    stuck = np.flatnonzero(np.bincount(mdp.pair_state, minlength=mdp.num_states) == 0)
    if len(stuck):
        raise InvalidModelError(f"state {stuck[0]} has no feasible action; every state needs one", int(stuck[0]))
