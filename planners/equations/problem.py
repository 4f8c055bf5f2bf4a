"""What every method works on: the Bellman equations of a model at one discount, a row for each pair.

    Q(row) = r(row) + discount * sum over s' of P(s'|row) V(s')        V(s) = max over the rows of s

Each row is a state and one of its feasible actions. At a discount below 1 these are the model's own
states and actions. At discount 1 some states are taken out or merged first (`planners.equations.undiscounted`),
and `expand` and `expand_policy` lead back to the model.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arrays import take_rows
from planners.equations.linear_systems import Chain, EvaluationSystem
from planners.models.tabular import TabularMDP

if TYPE_CHECKING:
    from planners.equations.merging import Merging

Answer = TypeVar("Answer")
UNIT_ROUNDOFF: Final = float(np.finfo(np.float64).eps) / 2
SMALLEST_SUBNORMAL: Final = float(np.finfo(np.float64).smallest_subnormal)  # what a number near 0 is rounded by
WRITTEN_OUT: Final = 1 << 14  # numbers of a table
FEW: Final = 10_000  # states, of which the rows are compared state by state
OF_ROWS: Final = ("first_row", "rounding_terms", "_table", "_rows_each", "_column_by_column")


@dataclass(frozen=True, eq=False)
class Problem:
    """Bellman equations of `n` states with `L` rows, sorted by state.

    Attributes:
        model: The model it came from, of S states.
        discount: The discount.
        transitions: (L, n) CSR of continuing probabilities.
        rewards: (L,) expected immediate reward.
        termination: (L,) probability that the episode ends.
        row_state: (L,) state of each row.
        row_pair: (L,) s*A + a in the model of each row; -1 for "stay here for ever", which pays 0.
        merging: How the states here come from those of the model; None: they are the same.
        sizes: (L,) what the rewards are rounded by, as a part of it; None: |r|.
        waits: (L,) steps that a row lasts: more than 1 for those taken until they leave their state; None: 1.
    """

    model: TabularMDP
    discount: float
    transitions: sparse.csr_array
    rewards: NDArray[np.float64]
    termination: NDArray[np.float64]
    row_state: NDArray[np.int64]
    row_pair: NDArray[np.int64]
    merging: "Merging | None" = None
    sizes: NDArray[np.float64] | None = None
    waits: NDArray[np.float64] | None = None

    @property
    def num_states(self) -> int:
        """Number of states n of the equations."""
        return self.transitions.shape[1]

    @cached_property
    def first_row(self) -> NDArray[np.int64]:
        """(n,) first row of each state."""
        if self.row_state is getattr(self.model, "pair_state", None):
            return self.model.first_row[:-1]  # pyright: ignore[reportAttributeAccessIssue] - a `PairMDP`
        return np.searchsorted(self.row_state, np.arange(self.num_states))

    @cached_property
    def never_ends(self) -> bool:
        """Whether no episode ever ends, and all rows are discounted alike."""
        return self.discount < 1.0 and not self.termination.any()

    @cached_property
    def rounding_terms(self) -> int:
        """Roundings that can add up in one backup: one for each entry of the model's longest row, and a few more."""
        return int(np.diff(self.model.transitions.indptr).max(initial=0)) + 10

    @cached_property
    def largest_reward(self) -> float:
        """Largest |r| of any row."""
        return float(np.abs(self.rewards).max(initial=0.0))

    @cached_property
    def _table(self) -> sparse.csr_array | NDArray[np.float64]:
        """P, written out in full where it is so small that NumPy is quicker with it than SciPy."""
        rows, states = self.transitions.shape
        return self.transitions.toarray() if rows * states <= WRITTEN_OUT else self.transitions

    def with_rewards(self, model: TabularMDP, rewards: NDArray[np.float64]) -> "Problem":
        """The equations of a model with the same rows and (L,) other rewards; what is known of the rows stays known."""
        other = replace(self, model=model, rewards=rewards)
        known = {name: answer for name, answer in vars(self).items() if name in OF_ROWS}
        other.__dict__.update(known, _last_answers=self._last_answers)
        return other

    def expected_next(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(L,) P V."""
        return self._table @ values

    def chain(self, policy: NDArray[Any]) -> Chain:
        """(n, n) continuing probabilities of a policy of one row for each state."""
        table = self._table
        return table[policy] if isinstance(table, np.ndarray) else take_rows(table, policy)

    def evaluation(self, policy: NDArray[Any]) -> EvaluationSystem:
        """The linear system of a policy."""
        return self.remembered("linear system", policy, lambda: EvaluationSystem(self.chain(policy), self.discount))

    @property
    def evaluated(self) -> "tuple[NDArray[Any], EvaluationSystem] | None":
        """The last policy whose linear system was asked for, and the system."""
        return self._last_answers.get("linear system")

    def remembered(self, what: str, policy: NDArray[Any], compute: Callable[[], Answer]) -> Answer:
        """What was computed of a policy, of the last one that was asked: start, improvement and proof ask the same."""
        known = self._last_answers.get(what)
        if known is None or not np.array_equal(known[0], policy):
            known = self._last_answers[what] = policy, compute()  # policies are never written into
        return known[1]

    @cached_property
    def _last_answers(self) -> dict[str, tuple[NDArray[Any], Any]]:
        return {}

    def action_values(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(L,) r + discount * P V."""
        action_values = self.expected_next(values)
        action_values *= self.discount
        action_values += self.rewards
        return action_values

    def sweep(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) the largest of `action_values`, but for rounding: the discount is multiplied into P beforehand."""
        action_values = self._discounted_table @ values
        action_values += self.rewards
        return self.maximise(action_values)

    @cached_property
    def _discounted_table(self) -> sparse.csr_array | NDArray[np.float64]:
        """Discount * P."""
        table = self._table
        if self.discount == 1.0:
            return table
        if isinstance(table, np.ndarray):
            return self.discount * table
        return sparse.csr_array((self.discount * table.data, table.indices, table.indptr), shape=table.shape)

    def maximise(self, action_values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) the largest value among the rows of each state."""
        if not self._column_by_column:
            return np.maximum.reduceat(action_values, self.first_row)
        table = action_values.reshape(self.num_states, self._rows_each)
        best = table[:, 0].copy()
        for column in table.T[1:]:
            np.maximum(best, column, out=best)
        return best

    @cached_property
    def _rows_each(self) -> int:
        """Rows of each state, where all have the same number; else 0."""
        each = len(self.row_state) // max(self.num_states, 1)
        regular = np.array_equal(self.first_row, each * np.arange(self.num_states))
        return each if regular and each * self.num_states == len(self.row_state) else 0

    @cached_property
    def _column_by_column(self) -> bool:
        """Whether many states have the same few rows: NumPy is slow to go through many short rows."""
        return 0 < self._rows_each <= min(16, self.num_states // 8)

    def greedy(
        self, action_values: NDArray[np.float64], ties: float | NDArray[np.float64] | None = None
    ) -> NDArray[np.int64]:
        """(n,) the first row of each state within `ties`, one number or (n,), of the best; NaN is never the best."""
        best = self.maximise(action_values)
        if np.isnan(best).any():
            return self.greedy(np.where(np.isnan(action_values), -np.inf, action_values), ties)
        few = self._rows_each and self.num_states <= FEW
        if ties is None and few:
            return self.first_row + action_values.reshape(self.num_states, -1).argmax(axis=1)
        enough = best if ties is None else best - ties
        if ties is not None:
            enough = np.where(np.isnan(enough), best, enough)  # ties of infinite values
        if few:
            near = action_values.reshape(self.num_states, -1) >= enough[:, None]
            return self.first_row + near.argmax(axis=1)
        if self._column_by_column:
            table, first = action_values.reshape(self.num_states, self._rows_each), self.first_row.copy()
            missing = ~(table[:, 0] >= enough)
            for column in table.T[1:]:
                first += missing
                missing &= ~(column >= enough)
            return first
        near = np.flatnonzero(action_values >= enough[self.row_state])
        states = self.row_state[near]
        return near[np.concatenate(([True], states[1:] != states[:-1]))] if len(near) else near

    @cached_property
    def reward_sizes(self) -> NDArray[np.float64]:
        """(L,) |r|, or more where the rewards were rounded by more."""
        return np.abs(self.rewards) if self.sizes is None else self.sizes

    def rounding(self, values: NDArray[np.float64], rows: NDArray[Any] | None = None) -> NDArray[np.float64]:
        """(L,) bound of the rounding error of each backup of `values`, and of its difference from them.

        Args:
            values: (n,) V.
            rows: (k,) the rows that are asked for; None: all.

        Source: Higham (2002), "Accuracy and Stability of Numerical Algorithms", Section 3.1: a sum of k
        products is off by at most k u / (1 - k u) times the sum of the absolute products.
        """
        sizes = self.reward_sizes if rows is None else self.reward_sizes[rows]
        return self._rounding(sizes + 2.0 * float(np.abs(values).max(initial=0.0)))

    def most_rounding(self, values: NDArray[np.float64]) -> float:
        """The largest of these bounds."""
        largest = float(self.reward_sizes.max(initial=0.0)) + 2.0 * float(np.abs(values).max(initial=0.0))
        return float(self._rounding(np.array([largest]))[0])

    def sharp_rounding(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(L,) the same, from the values that each row reads: another product with the matrix."""
        sizes = np.abs(values)
        return self._rounding(self.reward_sizes + sizes[self.row_state] + self.discount * self.expected_next(sizes))

    def _rounding(self, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.rounding_terms * (UNIT_ROUNDOFF * (1 + 1e-9) * sizes + SMALLEST_SUBNORMAL)

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(S,) values of the model's states from those of the equations; bounds rounded `towards` -inf or inf."""
        return values if self.merging is None else self.merging.expand(values, towards)

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(S,) actions of the model's states from one row for each state of the equations."""
        if self.merging is None:
            return self.row_pair[rows] % self.model.num_actions
        return self.merging.expand_policy(self.model, self.row_pair[rows])
