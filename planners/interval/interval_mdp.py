"""A Markov decision process of which only bounds are known: sets of probabilities, and intervals of expected rewards.

Each pair of a state and an action has a set of distributions over the next states and the end of the episode:

    low <= p <= high,    sum p = 1,    and, where a radius is given, |p - centre| summed up <= radius

and an interval of expected rewards. The sets of different pairs have nothing to do with each other. So the model stands
for all the MDPs that take one distribution and one reward from each. `planners.solve` plans for the worst of them and
bounds the best.

Source: Givan, Leach and Dean (2000), "Bounded-parameter Markov decision processes", Artificial Intelligence 122; for
the radius: Strehl and Littman (2008), "An analysis of model-based interval estimation", JCSS 74.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from planners.arrays import seal
from planners.errors import InvalidModelError
from planners.interval.bounds_of_rows import SETS, bounds_around, bounds_containing, completed, read_bounds, tabular
from planners.models.convert import ModelLike
from planners.models.negated import negative
from planners.models.starts import checked_initial
from planners.models.state_names import StateNames
from planners.models.tabular import TabularMDP
from planners.readers.layouts import Axes
from planners.readers.npz_file import read_arrays, write_arrays

FORMAT = "gridworld-lab interval model"


@dataclass(frozen=True, eq=False, repr=False)
class IntervalMDP:
    """Bounds of a finite MDP of S states and A actions; column S of each matrix is the end of the episode.

    Attributes:
        low: (S*A, S + 1) CSR, the least probability of each outcome; the row of (s, a) is s*A + a.
        high: The largest probability of each outcome, at the same places. An outcome without a place is impossible.
        rewards_lower: (S, A) the least expected reward.
        rewards_upper: (S, A) the largest.
        feasible: (S, A) bool, the actions that exist.
        centre: A distribution of each set, at the same places; None: one is found.
        radius: (S, A) the largest L1 distance from the centre; inf, or None: no limit.
        initial: (S,) probabilities of the first state, or None if not known.
        states: The names of the states, as in a `TabularMDP`.

    >>> coin = IntervalMDP.from_arrays([[[0.5, 0.1]], [[0, 1]]], [[[0.9, 0.4]], [[0, 1]]], [[1], [0]], [[1], [0]])
    >>> coin
    IntervalMDP(2 states, 1 actions, 3 outcomes, 1 pairs uncertain)
    """

    low: sparse.csr_array
    high: sparse.csr_array
    rewards_lower: NDArray[np.float64]
    rewards_upper: NDArray[np.float64]
    feasible: NDArray[np.bool_]
    centre: sparse.csr_array | None = None
    radius: NDArray[np.float64] | None = None
    initial: NDArray[np.float64] | None = None
    states: StateNames | None = None

    def __post_init__(self) -> None:
        """Refuse what no MDP fits, find the centres, and close the arrays for writing."""
        self._check_shapes()
        tables = {name: getattr(self, name) for name in (*SETS, "feasible")}
        for name, table in completed(tables, self.shape).items():
            object.__setattr__(self, name, table)
        object.__setattr__(self, "initial", checked_initial(self.initial, self.num_states))
        seal(self)

    def _check_shapes(self) -> None:
        S, A = shape = self.rewards_lower.shape
        expected = {name: (S * A, S + 1) for name in SETS} | dict.fromkeys(
            ("rewards_upper", "feasible", "radius"), shape
        )
        for name, wanted in expected.items():
            table = getattr(self, name)
            if table is not None and table.shape != wanted:
                raise InvalidModelError(f"{name} has shape {table.shape}; expected {wanted}")
            if name in SETS and table is not None and not np.array_equal(table.indices, self.low.indices):
                raise InvalidModelError(f"{name} has other places than low; expected the same CSR pattern")
        if self.radius is not None and not (self.radius >= 0.0).all():
            raise InvalidModelError("radius has a number that is negative or NaN; expected L1 distances, inf for any")
        unordered = self.feasible & ~((self.rewards_lower <= self.rewards_upper) & np.isfinite(self.rewards_upper))
        unordered |= self.feasible & ~np.isfinite(self.rewards_lower)
        if unordered.any():
            state, action = (int(i) for i in np.argwhere(unordered)[0])
            raise InvalidModelError(
                f"state {state}, action {action} has a reward from {self.rewards_lower[state, action]:.12g} to "
                f"{self.rewards_upper[state, action]:.12g}; expected finite numbers, lower <= upper",
                state,
                action,
            )
        if not self.feasible.any(axis=1).all():
            state = int(np.flatnonzero(~self.feasible.any(axis=1))[0])
            raise InvalidModelError(f"state {state} has no feasible action; every state needs one", state)

    @property
    def shape(self) -> tuple[int, int]:
        """(S, A)."""
        return self.rewards_lower.shape[0], self.rewards_lower.shape[1]

    @property
    def num_states(self) -> int:
        """Number of states S."""
        return self.shape[0]

    @property
    def num_actions(self) -> int:
        """Number of actions A."""
        return self.shape[1]

    @cached_property
    def carried(self) -> NDArray[np.float64]:
        """(S*A,) the most probability that a distribution of the set has elsewhere than the centre; 0: it is known."""
        starts, spare = self.low.indptr[:-1], self.centre_or_fail.data - self.low.data
        room = self.high.data - self.centre_or_fail.data
        filled = np.diff(self.low.indptr) > 0
        found = np.zeros(len(filled))
        for movable in (spare, room):
            found[filled] += np.maximum.reduceat(movable, starts[filled]) > 0.0 if filled.any() else 0.0
        carried = np.where(found == 2.0, 1.0, 0.0)
        return carried if self.radius is None else np.minimum(carried, 0.5 * self.radius.ravel())

    @property
    def centre_or_fail(self) -> sparse.csr_array:
        """The centres, which every model has once it is made."""
        assert self.centre is not None
        return self.centre

    @property
    def is_known(self) -> bool:
        """Whether exactly one MDP lies within the bounds."""
        return not self.carried.any() and np.array_equal(self.rewards_lower, self.rewards_upper)

    def middle(self) -> TabularMDP:
        """The MDP of the centres and of the middles of the rewards: the only one that fits, if there is only one."""
        rewards = self.rewards_lower + 0.5 * (self.rewards_upper - self.rewards_lower)
        names = {"initial": self.initial, "states": self.states}
        return tabular(self.centre_or_fail, rewards, self.feasible, **names)

    def negated(self) -> "IntervalMDP":
        """The model with every reward negated, for planning in the other direction."""
        return replace(self, rewards_lower=negative(self.rewards_upper), rewards_upper=negative(self.rewards_lower))

    def __repr__(self) -> str:
        """Sizes in one line."""
        uncertain = int(((self.carried > 0) | (self.rewards_lower != self.rewards_upper).ravel()).sum())
        return (
            f"IntervalMDP({self.num_states} states, {self.num_actions} actions, {self.low.nnz} outcomes, "
            f"{uncertain} pairs uncertain)"
        )

    @classmethod
    def from_arrays(
        cls,
        P_lower: Any,
        P_upper: Any,
        R_lower: ArrayLike,
        R_upper: ArrayLike,
        terminal: ArrayLike | None = None,
        feasible: ArrayLike | None = None,
        *,
        axes: Axes | None = None,
        initial: ArrayLike | None = None,
    ) -> Self:
        """Bounds as dense or sparse arrays.

        Args:
            P_lower: The least probabilities, in any layout that `TabularMDP.from_arrays` reads: (S, A, S') or
                (A, S, S'), a list of A matrices (S, S'), or one (S*A, S') matrix with `axes`.
            P_upper: The largest probabilities; an outcome with 0 here is impossible.
            R_lower: (S, A) the least expected rewards.
            R_upper: (S, A) the largest.
            terminal: (S,) bool, states that end the episode when they are entered; None: no transition ends it. Their
                own rows are not read.
            feasible: (S, A) bool, the actions that exist; None: all.
            axes: "SAS" or "ASS", where shapes do not tell.
            initial: (S,) probabilities of the first state.

        Raises:
            InvalidModelError: Shapes that do not fit, a lower bound above an upper one, a row that no distribution
                fits, with the state, the action and the sums. One that misses 1 by at most 1e-9 is one distribution.
        """
        tables = read_bounds(P_lower, P_upper, R_lower, R_upper, terminal, feasible, axes)
        return cls(**tables, initial=None if initial is None else np.array(initial))

    @classmethod
    def around(
        cls,
        model: ModelLike,
        radius: ArrayLike,
        *,
        norm: Literal["l1", "max"] = "l1",
        reward_radius: ArrayLike = 0.0,
    ) -> Self:
        """All MDPs near a given one. An outcome that is impossible in it is impossible in all of them.

        Args:
            model: A `TabularMDP`, a `MoveMDP`, or an environment that has one.
            radius: How far the probabilities of a pair may be off, a number or (S, A).
            norm: "l1": the sum of a row's absolute differences is at most `radius`. "max": each of them is.
            reward_radius: How far the expected reward of a pair may be off, a number or (S, A).
        """
        return cls(**bounds_around(model, radius, norm, reward_radius))

    @classmethod
    def containing(cls, models: Sequence[ModelLike]) -> Self:
        """The narrowest bounds that contain some models, such as the same map with the least and the most slip.

        Args:
            models: `TabularMDP`s, `MoveMDP`s or environments of the same states and actions.

        >>> from planners.models.tabular import TabularMDP
        >>> low, high = (TabularMDP.from_arrays([[[p, 1 - p], [0, 1]]], [[1], [0]]) for p in (0.5, 0.75))
        >>> IntervalMDP.containing([low, high]).high.toarray()[0]
        array([0.75, 0.5 , 0.  ])
        """
        return cls(**bounds_containing(models))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the bounds to a file of exactly that name, for `IntervalMDP.load`: npz, without pickle."""
        arrays = {
            name: getattr(self, name) for name in ("rewards_lower", "rewards_upper", "feasible", "radius", "initial")
        }
        arrays |= {name: getattr(self, name).data for name in SETS}
        arrays |= {"indices": self.low.indices, "indptr": self.low.indptr}
        write_arrays(path, FORMAT, {name: table for name, table in arrays.items() if table is not None})

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: No such file.
            InvalidModelError: Not such a file, or a damaged one.
        """
        arrays: dict[str, Any] = dict(read_arrays(path, FORMAT))
        try:
            S, A = arrays["rewards_lower"].shape
            places = arrays.pop("indices"), arrays.pop("indptr")
            for name in SETS:
                arrays[name] = sparse.csr_array((arrays[name], *places), shape=(S * A, S + 1))
            return cls(**arrays)
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidModelError(f"{path} is damaged: {error}. Make the model again, and save it anew") from None
