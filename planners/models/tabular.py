"""A finite Markov decision process as tables.

Notation: S states, A actions, P(s'|s,a) the probability of going on in s', t(s,a) the probability that
the episode ends, r(s,a) the expected immediate reward. For each pair, sum_s' P(s'|s,a) + t(s,a) = 1.
The two are stored separately because the transition ends the episode, and not the state that it reaches: a transition
may end the episode in a state from which other episodes go on (Taxi, CliffWalking). Nothing is earned after the end, so
only P is ever multiplied with values.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arguments import check_whole
from planners.arrays import SUM_TOLERANCE, row_sums, scaled_rows, seal
from planners.errors import InvalidModelError, InvalidOptionError
from planners.models.constructors import Constructors
from planners.models.continuous_time import ContinuousTime
from planners.models.starts import checked_initial
from planners.models.state_names import StateNames
from planners.names import checked_names
from planners.told_outcomes import MoveOutcomes, RowOutcomes

PER_PAIR: Final = ("termination", "rewards", "feasible")  # (S, A) tables


@dataclass(frozen=True, eq=False, repr=False)
class TabularMDP(Constructors, ContinuousTime):
    """Tables of a finite MDP: continuing probabilities, ending probabilities, expected rewards.

    Attributes:
        transitions: (S*A, S) CSR, P(s'|s,a) of transitions after which the episode goes on; the row of
            the pair (s, a) is s*A + a.
        termination: (S, A) probability that the episode ends with this transition.
        rewards: (S, A) expected immediate reward r(s,a), the rewards of ending transitions included.
        feasible: (S, A) bool, the actions that exist; every state has one.
        initial: (S,) probabilities of the first state, or None if not known.
        states: The names of the states, a sequence of S; None: states are numbers, and so are observations.
        actions: The names of the actions, a tuple of A; None: actions are numbers.
        endings: (S*A, S) CSR, the probability that the episode ends in each state, where the model tells; the rows
            sum to `termination`. Only `planners.goals` needs it, which asks which state was reached.
        paid: (S*A, S) CSR, the reward of going on to each state, where the model tells more than its expectation; NaN
            where several rewards lead to one state. At discount 1 it decides whether the mean reward of a loop is
            exactly 0, as expected rewards are rounded.
        told: Holds the outcomes of pairs one by one, as they were read: of moves, of entries that lead to one state
            with several rewards, and of rows that were scaled to sum to 1.
        labels: (S,) bool of each label: names of sets of states, such as "done", to be used as a goal.
        may_rest: At discount 1: whether staying for ever at no reward is worth 0. If not, it is worth -inf, as an
            episode that has to end does not end there.
        rescaled: The largest distance of a row's sum from 1, before a reader scaled it with `normalise=True`.

    Source: Puterman (2005), "Markov Decision Processes", Section 2.1.
    """

    transitions: sparse.csr_array = None  # pyright: ignore[reportAssignmentType] - refused in words if it is missing
    termination: NDArray[np.float64] = None  # pyright: ignore[reportAssignmentType]
    rewards: NDArray[np.float64] = None  # pyright: ignore[reportAssignmentType]
    feasible: NDArray[np.bool_] = None  # pyright: ignore[reportAssignmentType]
    initial: NDArray[np.float64] | None = None
    states: StateNames | None = None
    actions: tuple[Hashable, ...] | None = None
    endings: sparse.csr_array | None = None
    paid: sparse.csr_array | None = None
    told: RowOutcomes | MoveOutcomes | None = None
    labels: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    may_rest: bool = True
    rescaled: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is not an MDP, then close the arrays for writing."""
        _check_types(self)
        known = _are_known(self)
        _check_tables(self, known)
        object.__setattr__(self, "initial", checked_initial(self.initial, self.num_states))
        _check_names(self, known)
        if not known:
            for name, table in zip(("transitions", "termination", "endings"), _normalised(self), strict=True):
                object.__setattr__(self, name, table)
        seal(self)
        self.transitions.rows_of = _rows(self)  # pyright: ignore[reportAttributeAccessIssue] - see `_are_known`

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
        """(S, A) expected value of the next state, if the episode goes on, else 0: P V."""
        return np.asarray(self.transitions @ values).reshape(self.rewards.shape)

    @cached_property
    def nbytes(self) -> int:
        """Bytes that the tables take."""
        csr = self.transitions
        return sum(a.nbytes for a in (csr.data, csr.indices, csr.indptr, self.termination, self.rewards, self.feasible))

    def __repr__(self) -> str:
        """Sizes in one line."""
        scaled = f", rows scaled that were off 1 by up to {self.rescaled:.1g}" if self.rescaled else ""
        return (
            f"TabularMDP({self.num_states} states, {self.num_actions} actions, "
            f"{self.transitions.nnz} transitions, {self.nbytes / 1e6:.1f} MB{scaled})"
        )

    def row(self, state: int, action: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Next states and their probabilities, of one pair (state, action), as long as the episode goes on.

        Raises:
            InvalidOptionError: There is no such pair.
        """
        state, action = check_whole("state", state, 0), check_whole("action", action, 0)
        if state >= self.num_states or action >= self.num_actions:
            raise InvalidOptionError(
                f"state {state}, action {action} is not in the model; expected states from 0 to "
                f"{self.num_states - 1} and actions from 0 to {self.num_actions - 1}"
            )
        row = state * self.num_actions + action
        first, last = self.transitions.indptr[row], self.transitions.indptr[row + 1]
        return self.transitions.indices[first:last], self.transitions.data[first:last]

    def discounted(self, discounts: ArrayLike) -> "TabularMDP":
        """The model that holds a discount for each pair, to be planned with `discount=1`.

        A discount of g means to go on with probability g, and to end with the rest. `planners.solve` takes
        the same table as `discount=`, without a model in between.

        Args:
            discounts: (S, A) from 0 to 1.

        Raises:
            InvalidOptionError: Another shape, or a number that is no discount.

        Source: Puterman (2005), Section 11.1.

        >>> stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
        >>> stay.discounted([[0.75]]).termination
        array([[0.25]])
        """
        from planners.models.pair_discounts import folded

        return folded(self, discounts, 1.0)[0]

    def to_csv(self, path: str | PathLike[str], base: int = 0) -> None:
        """Write what `from_csv` reads: lines of `idstatefrom, idaction, idstateto, probability, reward`, all numbers.

        Names and first states are not in the file: `from_csv(path, states=model.states, actions=model.actions,
        initial=model.initial)` gives them back. It also gives back a named state that has no line; that state is
        terminal.

        Args:
            path: The file, which is written whole or not at all.
            base: 1 to number states and actions from 1, as MDPs.jl does.

        Raises:
            OSError: It cannot be written; an older file of that name is then unchanged.
        """
        from planners.readers.csv_file import write_csv

        tables = {name: getattr(self, name) for name in ("transitions", *PER_PAIR, "endings")}
        write_csv(path, tables, base)

    @classmethod
    def from_env(cls, env: Any, *, normalise: bool = False) -> "TabularMDP":
        """Read the model of a Gymnasium environment, wrapped or not, with `mdp` or a toy_text `P`.

        Args:
            env: The environment, or its model.
            normalise: Scale rows of `P` whose sum differs from 1 by at most .01.

        Raises:
            InvalidModelError: There is no model in it, with what to pass instead.

        >>> import gymnasium as gym
        >>> TabularMDP.from_env(gym.make("CliffWalking-v1"))
        TabularMDP(48 states, 4 actions, 188 transitions, 0.0 MB)
        """
        inner = getattr(env, "unwrapped", env)
        for source in (env, getattr(inner, "mdp", None)):
            if isinstance(tables := getattr(source, "tabular", None), TabularMDP):
                return tables
        table = getattr(inner, "P", None)
        if table is not None and hasattr(table, "__getitem__"):
            initial = getattr(inner, "initial_state_distrib", None)
            return cls.from_gym_dict(table, initial, normalise=normalise)
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
            f"a {type(inner).__name__} has no tables to plan on; expected a TabularMDP, a MoveMDP, or an environment "
            "with `mdp` or a toy_text `P`. For arrays: planners.TabularMDP.from_arrays(P, R); for another environment: "
            "planners.enumerate_env(env), which tries everything on copies of it"
        )


def _check_names(mdp: TabularMDP, known: bool) -> None:
    """Names as they are kept: one for each state, one for each action."""
    names = mdp.states
    if names is not None:
        if not isinstance(names, StateNames):
            object.__setattr__(mdp, "states", StateNames(checked_names("states", names, mdp.num_states)))
        elif not known or len(names) != mdp.num_states:
            checked_names("states", names.keys, mdp.num_states)
    if mdp.actions is not None:
        object.__setattr__(mdp, "actions", checked_names("actions", mdp.actions, mdp.num_actions))


def _rows(mdp: TabularMDP) -> tuple[Any, ...]:
    matrix = mdp.transitions
    return matrix.data, matrix.indices, matrix.indptr, mdp.termination, mdp.feasible, mdp.endings


def _are_known(mdp: TabularMDP) -> bool:
    """Whether the rows are those of a model that was checked before, of which `replace` changed other parts.

    They are closed for writing, so that it is enough that they are the same arrays.
    """
    known = getattr(mdp.transitions, "rows_of", None)
    return known is not None and all(one is other for one, other in zip(known, _rows(mdp), strict=True))


def with_known_rows(
    transitions: sparse.csr_array, termination: NDArray[np.float64], feasible: NDArray[np.bool_]
) -> dict[str, Any]:
    """Tables for a `TabularMDP` that need no check: rows of a model that was checked, or rows that only end."""
    transitions.rows_of = transitions.data, transitions.indices, transitions.indptr, termination, feasible, None  # pyright: ignore[reportAttributeAccessIssue] - see `_are_known`
    return {"transitions": transitions, "termination": termination, "feasible": feasible}


def _check_types(mdp: TabularMDP) -> None:
    """Refuse tables that are of another kind: this constructor takes them as they are stored."""
    for name in ("transitions", "termination", "rewards", "feasible", "endings", "paid"):
        wanted = np.ndarray if name in PER_PAIR else sparse.csr_array
        table = getattr(mdp, name)
        if not isinstance(table, wanted) and not (table is None and name in ("endings", "paid")):
            raise InvalidModelError(
                f"{name} is {'missing' if table is None else f'a {type(table).__name__}'}; expected a "
                f"{wanted.__name__}. This constructor takes tables as they are stored; arrays of other kinds are read "
                "by TabularMDP.from_arrays(P, R)"
            )


def _check_tables(mdp: TabularMDP, known: bool) -> None:
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
    _check_each(~np.isfinite(mdp.rewards), "has reward {}", mdp.rewards)
    if not known:
        _check_rows(mdp, shape)


def _check_rows(mdp: TabularMDP, shape: tuple[int, ...]) -> None:
    _check_csr(mdp.transitions)
    data = mdp.transitions.data
    if not (data >= 0).all():  # also catches NaN
        entry = int(np.flatnonzero(~(data >= 0))[0])
        row = int(np.searchsorted(mdp.transitions.indptr, entry, side="right")) - 1
        _refuse(row, shape[1], f"has probability {data[entry]} of state {mdp.transitions.indices[entry]}")
    _check_each(~(mdp.termination >= 0), "has termination probability {}", mdp.termination)
    sums = row_sums(mdp.transitions).reshape(shape) + mdp.termination
    wrong = mdp.feasible & (np.abs(sums - 1.0) > SUM_TOLERANCE)
    if wrong.any():
        state, action = (int(i) for i in np.argwhere(wrong)[0])
        raise InvalidModelError(
            f"the probabilities of state {state}, action {action} sum to {sums[state, action]:.12g}; expected 1 within "
            f"{SUM_TOLERANCE:g}. Add the missing outcome; or, where that is the rounding of a table, normalise=True",
            state,
            action,
        )
    _check_endings(mdp)
    stuck = ~mdp.feasible.any(axis=1)
    if stuck.any():
        state = int(np.flatnonzero(stuck)[0])
        raise InvalidModelError(
            f"state {state} has no feasible action; every state needs one. If the episode ends there: terminal=", state
        )


def _check_endings(mdp: TabularMDP) -> None:
    if mdp.endings is not None:
        told = row_sums(mdp.endings).reshape(mdp.termination.shape)
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
    wanted = "a number from 0 to 1"
    if "reward" in what:
        wanted = (
            "a finite number. Where the action does not exist, say so by feasible=, or by -inf in R of shape (S, A)"
        )
    raise InvalidModelError(f"state {state}, action {action} {what}; expected {wanted}", state, action)
