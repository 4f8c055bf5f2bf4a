"""Several models in one order, swept together.

The models share a map: where moves lead, and which of them end the episode. What outcomes pay, how actions
mix moves, and the discount may differ. To the loop of `planners.iteration.loop` they look like one model that
consists of k parts without a way between them: the bounds of each part are proven by sweeps of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds
from planners.equations.from_model import make_problem
from planners.models.convert import Model
from planners.models.moves import MoveMDP
from planners.options import Target, Tolerance
from planners.plans.plan import Plan, Status
from planners.sweeps.move_sweeps import MoveSweeps
from planners.sweeps.ordered_sweeps import OrderedSweeps
from planners.sweeps.row_sweeps import RowSweeps
from planners.sweeps.variants import Variant


class BatchSweeps(OrderedSweeps):
    """Sweeps of k models that share their tables, as one.

    Attributes:
        values: (n, k) in the order of the sweeps; NaN where no sweep has been.
        members: The sweeps of each model, which prove its bounds.
    """

    members: Sequence[MoveSweeps | RowSweeps]
    model: Model
    span: NDArray[np.int32]

    def __init__(self, members: Sequence[MoveSweeps | RowSweeps]) -> None:
        """Take the order of the first."""
        lead = members[0]
        values, entries = np.stack([member.values for member in members], axis=1), len(members) * lead.entries
        super().__init__(lead.order, values, lead.model.longest_row, entries)
        self.members, self.model, self.span = members, lead.model, lead.span
        self.discount: float = max(member.discount for member in members)
        self.discounts: NDArray[np.float64] = np.array([member.discount for member in members])
        self.per_step: NDArray[np.float64] = np.array([member.per_step for member in members])

    @property
    def num_states(self) -> int:
        """Number of states of all models."""
        return self.values.size

    @cached_property
    def swept_tables(self) -> Any:
        """The tables of all members, in the form in which a sweep takes them."""
        return self._move_tables() if isinstance(self.members[0], MoveSweeps) else self._row_tables()

    def _move_tables(self) -> Any:
        from planners.kernels import batches

        members = [member for member in self.members if isinstance(member, MoveSweeps)]
        lead = members[0]
        mixture = np.stack([member.model.mixture for member in members], axis=-1)
        reward = np.stack([member.model.outcome_reward for member in members], axis=-1)
        onward = np.stack([member.onward for member in members], axis=-1)
        moves = lead.tables._replace(reward=reward, onward=onward, mixture=mixture, discount=self.discounts)
        if len(lead.code) and (mixture == mixture[..., :1]).all():
            arrival = reward[lead.code] + onward[lead.code] * self.values
            return batches.ManyArrivals(moves, lead.code, arrival, lead.model.mixture)
        used: Any = mixture.any(axis=-1)
        return batches.ManyMoves(moves, used)

    def _row_tables(self) -> Any:
        from planners.kernels.batches import ManyRows

        lead = self.members[0]
        assert isinstance(lead, RowSweeps)
        return ManyRows(lead.tables._replace(discount=self.discounts))

    def prove(self, tolerance: float = 0.0) -> Bounds:
        """Bounds of all models, one after the other, each by its own sweeps."""
        found = []
        for column, member in enumerate(self.members):
            member.values = self.values[:, column].copy()
            found.append(member.prove(tolerance))
        lower, upper, values = (
            np.concatenate([getattr(bounds, name) for bounds in found]) for name in ("lower", "upper", "values")
        )
        rows = np.concatenate([bounds.rows for bounds in found])
        return Bounds(lower, upper, values, max(bounds.error for bounds in found), rows)

    def reward_size(self) -> float:
        """Largest |r| of the model in which it is least."""
        return min(member.reward_size() for member in self.members)

    def target(self, tolerance: Tolerance, bounds: Bounds) -> Target:
        """What is aimed at and allowed of every model."""
        found = [tolerance.target(part) for _, part in self._parts(bounds.values)]
        return Target(min(each.aim for each in found), min(each.allowed for each in found))

    def expand(self, values: NDArray[np.float64], towards: float = 0.0) -> NDArray[np.float64]:
        """(k * S,) for the models' states."""
        return np.concatenate([member.expand(part, towards) for member, part in self._parts(values)])

    def expand_policy(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(k * S,) actions in the models' own numbering."""
        return np.concatenate([member.expand_policy(part) for member, part in self._parts(rows)])

    def split(self, plan: Plan, tolerance: Tolerance) -> list[Plan]:
        """The plan of each model, from the plan of all."""
        from planners.plans.policy import TabularPolicy

        plans = []
        columns = zip(
            *(np.split(array, len(self.members)) for array in (plan.values, plan.lower, plan.upper)),
            np.split(plan.policy.actions, len(self.members)),
            strict=True,
        )
        for member, (values, lower, upper, actions) in zip(self.members, columns, strict=True):
            with np.errstate(invalid="ignore"):  # both may be -inf
                gap = np.where(upper == lower, 0.0, np.maximum(upper - values, values - lower))
            aim, allowed = tolerance.target(values)
            error = min(float(np.nextafter(gap.max(initial=0.0), np.inf)), plan.error_bound)
            plans.append(
                replace(
                    plan,
                    values=values,
                    lower=lower,
                    upper=upper,
                    policy=TabularPolicy.from_actions(actions, member.model.num_actions),
                    error_bound=error,
                    status=Status.CONVERGED if error <= aim else plan.status,
                    tolerance=allowed,
                    discount=member.discount,
                    model=member.model,
                )
            )
        return plans

    def _parts(self, array: NDArray[Any]) -> "zip[tuple[Any, NDArray[Any]]]":
        return zip(self.members, np.split(array, len(self.members)), strict=True)


def make_lead(variants: Sequence[Variant]) -> MoveSweeps | RowSweeps:
    """The sweeps whose order and tables all of the models share; they are those of the one in the middle."""
    model, discount = variants[len(variants) // 2]
    if isinstance(model, MoveMDP) and discount < 1.0:
        return MoveSweeps(
            model, discount, [(each.model, each.discount) for each in variants if isinstance(each.model, MoveMDP)]
        )
    return RowSweeps(make_problem(model.tabular, discount))


def sibling(lead: MoveSweeps | RowSweeps, variant: Variant) -> MoveSweeps | RowSweeps:
    """The sweeps of one of the models."""
    if isinstance(lead, MoveSweeps):
        assert isinstance(variant.model, MoveMDP)
        return lead.sibling(variant.model, variant.discount)
    if variant.discount == 1.0:
        return lead  # alone: its states may be merged
    return lead.sibling(make_problem(variant.model.tabular, variant.discount))
