"""Several models in one order, swept together.

The models share a map: where moves lead, and which of them end the episode. What outcomes pay, how actions
mix moves, and the discount may differ. To the loop of `planners.iteration.loop` they look like one model that
consists of k parts without a way between them: the bounds of each part are proven by its own front.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.from_model import make_problem
from planners.models.moves import MoveMDP
from planners.plans.plan import Plan, Status
from planners.sweeps.move_sweeps import MoveSweeps
from planners.sweeps.ordered_sweeps import OrderedSweeps
from planners.sweeps.row_sweeps import RowSweeps
from planners.sweeps.variants import Variant


class BatchSweeps(OrderedSweeps):
    """k fronts that share their tables, as one.

    Attributes:
        values: (n, k) in the order of the fronts; NaN where no sweep has been.
        fronts: The k fronts; each proves the bounds of its own model.
    """

    def __init__(self, fronts: Sequence[MoveSweeps | RowSweeps]) -> None:
        """Take the order of the first."""
        lead = fronts[0]
        super().__init__(lead.order, np.stack([front.values for front in fronts], axis=1), lead.model.longest_row)
        self.fronts, self.model, self.span = fronts, lead.model, lead.span
        self.discount = max(front.discount for front in fronts)
        self.discounts = np.array([front.discount for front in fronts])
        self._tables: tuple[Any, ...] = ()

    @property
    def num_states(self) -> int:
        """Number of states of all models."""
        return self.values.size

    def _sweep_window(self, threshold: float, budget: int) -> tuple[int, bool]:
        from planners.kernels import batches

        moves = isinstance(self.fronts[0], MoveSweeps)
        self._tables = self._tables or (self._move_tables() if moves else self._row_tables())
        follow: Any = batches.sweep_window_of_many_moves if moves else batches.sweep_window_of_many_rows
        return follow(
            *self._tables, self.span, self.pending, self.cursor, self.block, self.order.computed, threshold, budget
        )

    def _move_tables(self) -> tuple[Any, ...]:
        fronts = [front for front in self.fronts if isinstance(front, MoveSweeps)]
        lead = fronts[0]
        mixture = np.stack([front.model.mixture for front in fronts], axis=-1)
        reward = np.stack([front.model.outcome_reward for front in fronts], axis=-1)
        onward = np.stack([front.onward for front in fronts], axis=-1)
        alike = len(lead.code) and (mixture == mixture[..., :1]).all()
        return (
            lead.successor,
            lead.outcome,
            lead.code,
            reward[lead.code] + onward[lead.code] * self.values if alike else np.zeros((0, 0)),
            reward,
            onward,
            mixture,
            mixture.any(axis=-1),
            lead.kind,
            self.values,
            self.discounts,
            np.array([front.per_step for front in fronts]),
        )

    def _row_tables(self) -> tuple[Any, ...]:
        lead = self.fronts[0]
        assert isinstance(lead, RowSweeps)
        tables = lead.indptr, lead.indices, lead.probability, lead.reward, lead.first
        return *tables, self.values, self.discounts, lead.per_step

    def prove(self, tolerance: float = 0.0) -> Bounds:
        """Bounds of all models, one after the other, each by its own front."""
        found = []
        for column, front in enumerate(self.fronts):
            front.values = self.values[:, column].copy()
            found.append(front.prove(tolerance))
        lower, upper, values = (
            np.concatenate([getattr(bounds, name) for bounds in found]) for name in ("lower", "upper", "values")
        )
        rows = np.concatenate([bounds.rows for bounds in found])
        return Bounds(lower, upper, values, max(bounds.error for bounds in found), rows)

    def expand(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(k * S,) for the models' states."""
        return np.concatenate([front.expand(part) for front, part in self._parts(values)])

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(k * S,) actions in the models' own numbering."""
        return np.concatenate([front.expand_policy(part) for front, part in self._parts(rows)])

    def split(self, plan: Plan) -> list[Plan]:
        """The plan of each model, from the plan of all."""
        from planners.plans.policy import TabularPolicy

        plans = []
        columns = zip(
            *(np.split(array, len(self.fronts)) for array in (plan.values, plan.lower, plan.upper)),
            np.split(plan.policy.actions, len(self.fronts)),
            strict=True,
        )
        for front, (values, lower, upper, actions) in zip(self.fronts, columns, strict=True):
            with np.errstate(invalid="ignore"):  # both may be -inf
                gap = np.where(upper == lower, 0.0, np.maximum(upper - values, values - lower))
            error = min(float(np.nextafter(gap.max(initial=0.0), np.inf)), plan.error_bound)
            plans.append(
                replace(
                    plan,
                    values=values,
                    lower=lower,
                    upper=upper,
                    policy=TabularPolicy.from_actions(actions, front.model.num_actions),
                    error_bound=error,
                    status=Status.CONVERGED if error <= plan.tolerance else plan.status,
                    discount=front.discount,
                    model=front.model,
                )
            )
        return plans

    def _parts(self, array: NDArray[Any]) -> "zip[tuple[Any, NDArray[Any]]]":
        return zip(self.fronts, np.split(array, len(self.fronts)), strict=True)


def make_lead(members: Sequence[Variant]) -> MoveSweeps | RowSweeps:
    """The front whose order and tables all of the models share; it is that of the one in the middle."""
    model, discount = members[len(members) // 2]
    if isinstance(model, MoveMDP) and discount < 1.0:
        return MoveSweeps(
            model, discount, [(each.model, each.discount) for each in members if isinstance(each.model, MoveMDP)]
        )
    return RowSweeps(make_problem(model.tabular, discount))


def sibling(lead: MoveSweeps | RowSweeps, member: Variant) -> MoveSweeps | RowSweeps:
    """The front of one of the models."""
    if isinstance(lead, MoveSweeps):
        assert isinstance(member.model, MoveMDP)
        return lead.sibling(member.model, member.discount)
    if member.discount == 1.0:
        return lead  # alone: its states may be merged
    return lead.sibling(make_problem(member.model.tabular, member.discount))
