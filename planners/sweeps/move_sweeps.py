"""A `MoveMDP` in the order in which values reach its states."""

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arrays import action_type
from planners.equations.certificates import Bounds
from planners.equations.ends import NEVER, delays
from planners.models.moves import MoveMDP
from planners.sweeps.certified_values import CertifiedValues
from planners.sweeps.ordered_sweeps import arrange, closed_value, sorted_seeds

if TYPE_CHECKING:
    from planners.kernels.moves import Arrivals, Moves


COUNTED_AT_ONCE: Final = 1 << 18  # states


class MoveSweeps(CertifiedValues):
    """A `MoveMDP` at a discount below 1, in order."""

    closed: NDArray[np.integer]
    finals: NDArray[np.intp]
    model: MoveMDP
    discount: float
    known_rows: NDArray[np.integer]
    successor: NDArray[np.int32]
    outcome: NDArray[np.unsignedinteger]
    columns: NDArray[np.float64]

    def __init__(self, model: MoveMDP, discount: float, beside: Sequence[tuple[MoveMDP, float]] = ()) -> None:
        """Find the order and arrange the tables in it; `beside` are models of the same map that will share them."""
        from planners.kernels import ordering

        ends = model.outcome_ends
        counts = np.where(ends, 0, _times_of(model.outcome, len(ends)))
        step = float(model.outcome_reward[counts.argmax()]) if counts.any() else 0.0
        delay = np.where(ends, delays(model.outcome_reward, ends, step, discount), NEVER)
        joins = np.full(model.num_states, NEVER, dtype=np.int32)
        for move in range(model.num_moves):
            joins = np.minimum(joins, delay[model.outcome[:, move]])
        order, reached, layers = ordering.order_moves(model.successor, ends, model.outcome, *sorted_seeds(joins))
        final: NDArray[np.bool_] = np.all(ends[model.outcome], axis=1)
        closed = order[reached:]
        known = final.copy()
        known[closed] |= all(
            closed_value(_best_reward(each, closed), gamma) is not None for each, gamma in ((model, discount), *beside)
        )
        arranged = arrange(order, known, layers)
        self.closed, self.finals = closed[known[closed]], np.flatnonzero(final)
        read = model.num_states * model.num_actions * model.num_moves
        super().__init__(arranged, np.full(model.num_states, np.nan), model.num_moves, read)
        self.row_type: type[np.integer[Any]] = action_type(model.num_actions)
        self._take(model, discount)
        self._arrange_tables(ordering)

    def sibling(self, model: MoveMDP, discount: float) -> "MoveSweeps":
        """The sweeps of another model that was named as `beside` this one, with the same tables."""
        other = copy(self)
        other.values, other.rows = np.full_like(self.values, np.nan), np.zeros(0, dtype=self.row_type)
        other.entering = other.arrival = np.zeros(0)
        other._take(model, discount)
        return other

    def _take(self, model: MoveMDP, discount: float) -> None:
        """Numbers of one model: the values that are known beforehand, and what outcomes pay."""
        ends, rank = model.outcome_ends, self.order.rank
        self.model, self.discount = model, discount
        known = self.order.order[self.order.computed :]
        earned = model.mean_rewards(known)
        self.known_rows, best = earned.argmax(axis=1), np.full(model.num_states, np.nan)
        best[known] = earned.max(axis=1, initial=-np.inf)
        lasting = closed_value(best[self.closed], discount)
        self.values[rank[self.closed]] = np.nan if lasting is None else lasting
        self.values[rank[self.finals]] = best[self.finals]
        self.columns = np.ascontiguousarray(model.mixture.transpose(0, 2, 1))
        self.onward: NDArray[np.float64] = np.where(ends, 0.0, discount)
        self.best_end: float = float(model.outcome_reward.max(initial=0.0))
        self.per_step: float = float(min(model.outcome_reward[~ends].min(initial=0.0), 0.0))

    def reward_size(self) -> float:
        """Largest |r| of any outcome."""
        return float(np.abs(self.model.outcome_reward).max(initial=0.0))

    def _arrange_tables(self, compiled: Any) -> None:
        model, order = self.model, self.order
        self.successor, self.outcome = compiled.permute_moves(model.successor, model.outcome, order.order, order.rank)
        self.kind: NDArray[np.unsignedinteger] = (
            np.zeros(1, dtype=np.uint8) if model.kind is None else model.kind[order.order]
        )
        known = np.arange(model.num_states) >= order.computed
        self.entering = self.arrival = np.zeros(0)
        self.code: NDArray[np.unsignedinteger] = np.zeros(0, dtype=np.uint8)
        if model.mixture.shape[1:] == (4, 4) and self.outcome.dtype == np.uint8 and len(model.outcome_ends) < 256:
            code = compiled.entering_codes(self.successor, self.outcome, known)
            if code is not None and self._goes_on(code[: order.computed]):
                code[code == 255] = 0
                self.code = code
                self.entering: NDArray[np.float64] = model.outcome_reward[code]
                self.arrival: NDArray[np.float64] = self.entering + self.onward[code] * self.values
        self.span: NDArray[np.int32] = compiled.moves_between_blocks(
            self.successor, self.block, self.blocks, self.order.computed
        )

    def _goes_on(self, code: NDArray[np.unsignedinteger]) -> bool:
        """Whether the episode goes on after every move into these states; 255: there is none."""
        return not (self.onward[code[code < 255]] == 0.0).any()

    def begin_at(self, values: NDArray[np.float64]) -> None:
        """Take first values; what it earns to arrive follows them."""
        super().begin_at(values)
        self._arrive()

    def after_proof(self, bounds: Bounds) -> None:
        """As any sweeps; what it earns to arrive follows the values."""
        super().after_proof(bounds)
        self._arrive()

    def _arrive(self) -> None:
        if len(self.arrival):
            computed = slice(self.order.computed)
            self.arrival[computed] = self.entering[computed] + self.discount * self.values[computed]

    @property
    def tables(self) -> "Moves":
        """The tables in the order of the sweeps."""
        from planners.kernels.moves import Moves

        model = self.model
        return Moves(
            self.successor, self.outcome, model.outcome_reward, self.onward, model.mixture, self.kind, self.discount
        )

    @property
    def swept_tables(self) -> "Moves | Arrivals":
        """The tables; by what it earns to arrive, where the state alone says that."""
        from planners.kernels.moves import Arrivals

        return Arrivals(self.tables, self.arrival, self.entering, self.columns) if len(self.arrival) else self.tables

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(S,) actions in the model's own numbering."""
        return rows[self.order.rank]


def _times_of(outcome: NDArray[np.unsignedinteger], count: int) -> NDArray[np.int64]:
    """(count,) how many moves have each outcome; part by part, as counting takes eight bytes a move."""
    parts = range(0, len(outcome), COUNTED_AT_ONCE)
    counted = (np.bincount(outcome[first : first + COUNTED_AT_ONCE].ravel(), minlength=count) for first in parts)
    return sum(counted, np.zeros(count, dtype=np.int64))


def _best_reward(model: MoveMDP, states: NDArray[Any]) -> NDArray[np.float64]:
    """(len(states),) largest expected immediate reward in each of the states."""
    return model.mean_rewards(states).max(axis=1, initial=-np.inf)
