"""A finite Markov decision process as tables.

Notation: S states, A actions, P(s'|s,a) the probability of going on in s', t(s,a) the probability that
the episode ends, r(s,a) the expected immediate reward. For each pair, sum_s' P(s'|s,a) + t(s,a) = 1.
The two are kept apart because ending is a matter of the transition, not of the state reached: a
transition may end the episode in a state that also has a life of its own (Taxi, CliffWalking). Nothing
is earned after the end, so only P is ever multiplied with values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arrays import SUM_TOLERANCE, scaled_rows, seal
from planners.errors import InvalidModelError
from planners.models.starts import checked_initial
from planners.models.state_names import StateNames


@dataclass(frozen=True, eq=False, repr=False)
class TabularMDP:
    """Tables of a finite MDP: continuing probabilities, ending probabilities, expected rewards.

    Attributes:
        transitions: (S*A, S) CSR, P(s'|s,a) of transitions after which the episode goes on; the row of
            the pair (s, a) is s*A + a.
        termination: (S, A) probability that the episode ends with this transition.
        rewards: (S, A) expected immediate reward r(s,a), the rewards of ending transitions included.
        feasible: (S, A) bool, the actions that exist; every state has one.
        initial: (S,) probabilities of the first state, or None if not known.
        states: What the states are called, as far as `enumerate_env` found them; None: observations are their numbers.
        endings: (S*A, S) CSR, the probability that the episode ends in each state, where the model tells; the rows
            sum to `termination`. It matters only to whoever asks which state was reached (`planners.goals`).
        paid: (S*A, S) CSR, the reward of going on to each state, where the model tells more than its expectation; NaN
            where several rewards lead to one state. At discount 1 it decides whether a loop is fair: expected rewards
            are rounded.
        labels: (S,) bool of each label: names of sets of states, such as "done", to be used as a goal.
        may_rest: At discount 1: whether staying for ever at no reward is worth 0; or else, as an episode that
            has to end does not end there, -inf.

    Source: Puterman (2005), "Markov Decision Processes", Section 2.1.
    """

    transitions: sparse.csr_array
    termination: NDArray[np.float64]
    rewards: NDArray[np.float64]
    feasible: NDArray[np.bool_]
    initial: NDArray[np.float64] | None = None
    states: StateNames | None = None
    endings: sparse.csr_array | None = None
    paid: sparse.csr_array | None = None
    labels: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    may_rest: bool = True

    def __post_init__(self) -> None:
        """Refuse what is not an MDP, then close the arrays for writing."""
        _check_tables(self)
        object.__setattr__(self, "initial", checked_initial(self.initial, self.num_states))
        for name, table in zip(("transitions", "termination", "endings"), _normalised(self), strict=True):
            object.__setattr__(self, name, table)
        seal(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The arrays of a copy are closed for writing too."""
        self.__dict__.update(state)
        seal(self)

    @property
    def num_states(self) -> int:
        """Number of states S."""
        return self.rewards.shape[0]

    @property
    def num_actions(self) -> int:
        """Number of actions A."""
        return self.rewards.shape[1]

    @property
    def tabular(self) -> "TabularMDP":
        """The model itself: it is tabular already."""
        return self

    @property
    def longest_row(self) -> int:
        """Largest number of next states of one pair."""
        return int(np.diff(self.transitions.indptr).max(initial=0))

    def expected_next(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(S, A) expected value of the next state, as far as the episode goes on: P V."""
        return np.asarray(self.transitions @ values).reshape(self.rewards.shape)

    @cached_property
    def nbytes(self) -> int:
        """Bytes that the tables take."""
        csr = self.transitions
        return sum(a.nbytes for a in (csr.data, csr.indices, csr.indptr, self.termination, self.rewards, self.feasible))

    def __repr__(self) -> str:
        """Sizes in one line."""
        return (
            f"TabularMDP({self.num_states} states, {self.num_actions} actions, "
            f"{self.transitions.nnz} transitions, {self.nbytes / 1e6:.1f} MB)"
        )

    def row(self, state: int, action: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Next states and their probabilities, of one pair (state, action), as long as the episode goes on."""
        row = state * self.num_actions + action
        first, last = self.transitions.indptr[row], self.transitions.indptr[row + 1]
        return self.transitions.indices[first:last], self.transitions.data[first:last]

    @classmethod
    def from_arrays(
        cls,
        P: Any,
        R: Any,
        terminal: ArrayLike | None = None,
        feasible: ArrayLike | None = None,
        *,
        axes: Literal["SAS", "ASS"] | None = None,
        initial: ArrayLike | None = None,
    ) -> Self:
        """Read dense or sparse arrays; see `planners.readers.arrays.read_arrays` for the shapes."""
        from planners.readers.arrays import read_arrays

        return cls(**read_arrays(P, R, terminal, feasible, axes), initial=_distribution(initial))

    @classmethod
    def from_state_action_pairs(
        cls,
        R: ArrayLike,
        Q: Any,
        states: ArrayLike,
        actions: ArrayLike,
        num_actions: int | None = None,
        terminal: ArrayLike | None = None,
    ) -> Self:
        """Read QuantEcon's list of (state, action) pairs; see `planners.readers.state_action_pairs.read_pairs`."""
        from planners.readers.state_action_pairs import read_pairs

        return cls(**read_pairs(R, Q, states, actions, num_actions, terminal))

    @classmethod
    def from_csv(cls, path: str | PathLike[str], base: int = 0, outcome: int | None = None) -> Self:
        """Read a file of transitions, as MDPs.jl has them; see `planners.readers.csv_file.read_csv`."""
        from planners.readers.csv_file import read_csv

        return cls(**read_csv(path, base, outcome))

    def to_csv(self, path: str | PathLike[str], base: int = 0) -> None:
        """Write what `from_csv` reads; see `planners.readers.csv_file.write_csv`."""
        from planners.readers.csv_file import write_csv

        tables = {name: getattr(self, name) for name in ("transitions", "termination", "rewards", "feasible")}
        write_csv(path, tables, base)

    @classmethod
    def from_drn(cls, path: str | PathLike[str], reward: str | None = None) -> Self:
        """Read Storm's explicit format, with its labels; see `planners.readers.drn_file.read_drn`."""
        from planners.readers.drn_file import read_drn

        return cls(**read_drn(path, reward))

    @classmethod
    def from_prism(
        cls,
        tra: str | PathLike[str],
        lab: str | PathLike[str] | None = None,
        srew: str | PathLike[str] | None = None,
        trew: str | PathLike[str] | None = None,
    ) -> Self:
        """Read the explicit files that PRISM exports, with labels; see `planners.readers.prism_files.read_prism`."""
        from planners.readers.prism_files import read_prism

        return cls(**read_prism(tra, lab, srew, trew))

    @classmethod
    def from_env(cls, env: Any) -> "TabularMDP":
        """Read the model of a Gymnasium environment, wrapped or not, with `mdp` or a toy_text `P`.

        Raises:
            InvalidModelError: There is no model in it, with what to pass instead.
        """
        inner = getattr(env, "unwrapped", env)
        for source in (env, getattr(inner, "mdp", None)):
            if isinstance(tables := getattr(source, "tabular", None), TabularMDP):
                return tables
        table = getattr(inner, "P", None)
        if table is not None and hasattr(table, "__getitem__"):
            return cls.from_gym_dict(table, getattr(inner, "initial_state_distrib", None))
        if isinstance(env, dict | list):
            raise InvalidModelError(
                f"a {type(env).__name__} is no model; P[s][a] = [(probability, next_state, reward, terminated), "
                "...] is read by planners.TabularMDP.from_gym_dict(P), arrays by TabularMDP.from_arrays(P, R)"
            )
        if hasattr(env, "rewards_lower"):
            raise InvalidModelError(
                f"a {type(env).__name__} stands for many models; planners.solve plans for all of them, "
                "planners.evaluate_bounds says what a policy earns, and its middle() is one of them"
            )
        raise InvalidModelError(
            f"a {type(env).__name__} has no tables to plan on; expected a TabularMDP, a MoveMDP, or an environment "
            "with `mdp` or a toy_text `P`. For arrays: planners.TabularMDP.from_arrays(P, R)"
        )

    @classmethod
    def from_gym_dict(cls, P: Any, initial: ArrayLike | None = None) -> Self:
        """Read `P[s][a] = [(probability, next_state, reward, terminated), ...]`, Gymnasium's toy_text form."""
        from planners.readers.toy_text import read_gym_dict

        return cls(**read_gym_dict(P), initial=_distribution(initial))


def _distribution(initial: ArrayLike | None) -> NDArray[np.float64] | None:
    return None if initial is None else np.array(initial)


def _check_tables(mdp: TabularMDP) -> None:
    shape = mdp.rewards.shape
    if len(shape) != 2 or 0 in shape:
        raise InvalidModelError(f"rewards have shape {shape}; expected (S, A) with at least one state and one action")
    pairs = shape[0] * shape[1]
    for name, found, expected in (
        ("termination", mdp.termination.shape, shape),
        ("feasible", mdp.feasible.shape, shape),
        ("transitions", mdp.transitions.shape, (pairs, shape[0])),
        ("endings", (pairs, shape[0]) if mdp.endings is None else mdp.endings.shape, (pairs, shape[0])),
        ("paid", (pairs, shape[0]) if mdp.paid is None else mdp.paid.shape, (pairs, shape[0])),
        *((f"label {name!r}", mask.shape, shape[:1]) for name, mask in mdp.labels.items()),
    ):
        if tuple(found) != tuple(expected):
            raise InvalidModelError(f"{name} has shape {tuple(found)}; expected {tuple(expected)}")
    _check_csr(mdp.transitions)
    data = mdp.transitions.data
    if not (data >= 0).all():  # also catches NaN
        entry = int(np.flatnonzero(~(data >= 0))[0])
        row = int(np.searchsorted(mdp.transitions.indptr, entry, side="right")) - 1
        _refuse(row, shape[1], f"has probability {data[entry]} of state {mdp.transitions.indices[entry]}")
    _check_each(~(mdp.termination >= 0), "has termination probability {}", mdp.termination)
    _check_each(~np.isfinite(mdp.rewards), "has reward {}", mdp.rewards)
    sums = np.asarray(mdp.transitions.sum(axis=1)).reshape(shape) + mdp.termination
    wrong = mdp.feasible & (np.abs(sums - 1.0) > SUM_TOLERANCE)
    if wrong.any():
        state, action = (int(i) for i in np.argwhere(wrong)[0])
        raise InvalidModelError(
            f"the probabilities of state {state}, action {action} sum to {sums[state, action]:.12g}; expected 1 within "
            f"{SUM_TOLERANCE:g}. Normalise the row, or add the missing outcome",
            state,
            action,
        )
    _check_endings(mdp)
    stuck = ~mdp.feasible.any(axis=1)
    if stuck.any():
        state = int(np.flatnonzero(stuck)[0])
        raise InvalidModelError(f"state {state} has no feasible action; every state needs one", state)


def _check_endings(mdp: TabularMDP) -> None:
    if mdp.endings is not None:
        told = np.asarray(mdp.endings.sum(axis=1)).reshape(mdp.termination.shape)
        differ = mdp.feasible & ~(np.abs(told - mdp.termination) <= SUM_TOLERANCE)
        _check_each(differ, "ends with probability {}, and `endings` say otherwise", mdp.termination)


def _check_csr(transitions: sparse.csr_array) -> None:
    """Refuse what is no matrix: SciPy does not look, and compiled loops would read beyond their arrays."""
    rows, columns = transitions.shape
    first, indices, data = transitions.indptr, transitions.indices, transitions.data
    if len(first) != rows + 1 or first[0] != 0 or first[-1] != len(indices) or (np.diff(first) < 0).any():
        raise InvalidModelError(
            f"transitions.indptr does not say where {rows} rows begin; expected {rows + 1} numbers that do not fall, "
            f"from 0 to the number of entries, {len(indices)}"
        )
    if len(data) != len(indices):
        raise InvalidModelError(f"transitions has {len(data)} numbers for {len(indices)} columns; expected as many")
    if indices.size and not (indices.min() >= 0 and indices.max() < columns):
        wrong = np.flatnonzero((indices < 0) | (indices >= columns))
        row = int(np.searchsorted(first, wrong[0], side="right")) - 1
        raise InvalidModelError(
            f"row {row} of transitions has an entry in column {indices[wrong[0]]}; expected states from 0 to "
            f"{columns - 1}"
        )


def _normalised(mdp: TabularMDP) -> tuple[sparse.csr_array, NDArray[np.float64], sparse.csr_array | None]:
    """The tables without stored zeros, and with rows scaled to sum to 1."""
    transitions, termination, endings = mdp.transitions, mdp.termination, mdp.endings
    if not transitions.data.all():
        transitions = transitions.copy()
        transitions.eliminate_zeros()
    transitions, scaled = scaled_rows(transitions, termination, mdp.feasible)
    if endings is not None and scaled is not termination:
        ratio = np.divide(scaled, termination, out=np.ones_like(scaled), where=termination > 0)
        endings = sparse.csr_array(sparse.diags_array(ratio.ravel()) @ endings)
    return transitions, scaled, endings


def _check_each(wrong: NDArray[np.bool_], what: str, table: NDArray[np.float64]) -> None:
    if wrong.any():
        state, action = (int(i) for i in np.argwhere(wrong)[0])
        _refuse(state * wrong.shape[1] + action, wrong.shape[1], what.format(table[state, action]))


def _refuse(row: int, num_actions: int, what: str) -> None:
    state, action = divmod(row, num_actions)
    wanted = "a finite number" if "reward" in what else "a number from 0 to 1"
    raise InvalidModelError(f"state {state}, action {action} {what}; expected {wanted}", state, action)
