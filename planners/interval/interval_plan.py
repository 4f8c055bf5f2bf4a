"""The result of planning within bounds: one policy, and bounds that hold for every model of the set."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from planners.arrays import sealed
from planners.errors import InvalidOptionError
from planners.interval.interval_mdp import IntervalMDP
from planners.interval.nature import BEST, Nature
from planners.models.negated import negated, negative
from planners.models.tabular import TabularMDP
from planners.plans.plan import Plan, Status, certificate_rows, opposite
from planners.plans.policy import TabularPolicy


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class IntervalPlan(Plan):
    """A plan for all the models of an `IntervalMDP` at once.

    As for any `Plan`, `lower <= V* <= upper`, here in every model of the set, and `policy` earns at least `lower` in
    every model. `values` lie in the middle and `error_bound` is the largest distance to a bound, most of which comes
    from the width of the model's bounds. `tolerance` is how far `lower` and `upper` may be from the best such numbers.

    Attributes:
        pessimistic: The plan against the worst model, which is its `model`: `policy` and `lower` are its own.
        optimistic: The plan in the best model, which is its `model`; `upper` is its own.
        sets: The model that was planned on.

    Where costs are minimised, `policy` costs at most `upper` in every model; the worst model is the one of most cost.
    """

    pessimistic: Plan = field(repr=False)
    optimistic: Plan = field(repr=False)
    sets: IntervalMDP = field(repr=False)

    def worst_model(self) -> TabularMDP:
        """The model of the set in which `policy` earns least, and in which no policy earns more."""
        return self.pessimistic.model.tabular

    def best_model(self) -> TabularMDP:
        """The model of the set whose V* is largest (least, where costs are minimised)."""
        return self.optimistic.model.tabular

    @property
    def optimistic_policy(self) -> TabularPolicy:
        """The best policy of the best model: the policy to try first, if the agent can learn on the way."""
        return self.optimistic.policy

    @cached_property
    def action_values(self) -> NDArray[np.float64]:
        """(S, A) Q(s,a) of the pessimistic values in the worst model; -inf for actions that do not exist."""
        return self.pessimistic.action_values

    @cached_property
    def optimal_actions(self) -> NDArray[np.bool_]:
        """(S, A) True for every action that may be optimal in some model of the set."""
        if self.pessimistic is self.optimistic:
            return self.pessimistic.optimal_actions
        if self.discount == 1.0:
            return self.sets.feasible
        sets, upper, lower = self.sets, self.upper, self.lower
        if self.minimise:
            sets, upper, lower = sets.negated(), negative(lower), negative(upper)
        nature = Nature(sets, self.discount, BEST)
        reach = nature.answer(upper)
        rounding = (
            nature.rounding_terms * np.finfo(np.float64).eps * (np.abs(nature.rewards).max() + np.abs(upper).max())
        )
        return sealed((reach + rounding >= lower[:, None]) & sets.feasible)

    def save(self, path: str | PathLike[str]) -> None:
        """Refused: save the plans of the two models.

        Raises:
            InvalidOptionError: Always.
        """
        raise InvalidOptionError(
            f"a plan within bounds is two plans; save them, plan.pessimistic.save({str(path)!r}) and plan.optimistic, "
            "or the model, and plan again"
        )

    def __repr__(self) -> str:
        """A small table."""
        rows = dict(certificate_rows(self))
        told = "each bound is within the tolerance of the best one there is"
        rows["status"] = rows["status"] if self.status is not Status.CONVERGED else f"converged: {told}"
        rows["error bound"] = f"{self.error_bound:.3g} (upper - lower is at most {(self.upper - self.lower).max():.3g})"
        return "IntervalPlan\n" + "\n".join(f"  {name:<12}{text}" for name, text in rows.items())


def joined(sets: IntervalMDP, pessimistic: Plan, optimistic: Plan) -> IntervalPlan:
    """One plan of both."""
    lower, upper = pessimistic.lower, optimistic.upper
    with np.errstate(invalid="ignore", over="ignore"):
        middle = lower + 0.5 * (upper - lower)
        values = np.where(np.isfinite(middle), np.clip(middle, lower, upper), pessimistic.values)
        values = values if pessimistic is not optimistic else pessimistic.values
        far = np.nan_to_num(np.maximum(upper - values, values - lower), nan=0.0, posinf=np.inf)
    unfinished = [plan for plan in (pessimistic, optimistic) if not plan.converged]
    same = pessimistic is optimistic
    error = pessimistic.error_bound if same else float(np.nextafter(far.max(initial=0.0), np.inf))
    return IntervalPlan(
        values=values,
        policy=pessimistic.policy,
        lower=lower,
        upper=upper,
        error_bound=error,
        status=(unfinished or [pessimistic])[0].status,
        iterations=pessimistic.iterations + (0 if same else optimistic.iterations),
        history=pessimistic.history + (() if same else optimistic.history),
        method=pessimistic.method,
        discount=pessimistic.discount,
        tolerance=pessimistic.tolerance,
        model=pessimistic.model,
        pessimistic=pessimistic,
        optimistic=optimistic,
        sets=sets,
    )


def turned(plan: IntervalPlan, sets: IntervalMDP) -> IntervalPlan:
    """The plan that minimises on `sets`, from the one that maximises on the negated ones."""
    sides = [opposite(side, negated(side.model.tabular)) for side in (plan.pessimistic, plan.optimistic)]
    pessimistic, optimistic = (sides[0], sides[0]) if plan.pessimistic is plan.optimistic else sides
    both = joined(sets, pessimistic, optimistic)
    values, lower, upper = map(negative, (plan.values, plan.upper, plan.lower))
    return replace(both, values=values, lower=lower, upper=upper, error_bound=plan.error_bound, minimise=True)
