"""Plans that hold for every model within bounds, and the bounds of a given policy."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_switch
from planners.errors import InvalidPolicyError
from planners.interval.bounds_of_rows import SETS
from planners.interval.interval_mdp import IntervalMDP
from planners.interval.interval_plan import IntervalPlan, joined, turned
from planners.interval.nature import BEST, WORST, Nature, PlanOf, answers
from planners.iteration.direction import turned_progress
from planners.iteration.loop import accepted, refuse_unbounded, run_iterates
from planners.iteration.progress import Progress
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_run, check_tolerances
from planners.plans.plan import NotConvergedError, Plan, Status
from planners.plans.policy import TabularPolicy


def plan_within_bounds(
    sets: IntervalMDP,
    plan_of: PlanOf,
    *,
    discount: float,
    tolerance: float | Tolerance = BY_DEFAULT,
    max_iterations: int = 1000,
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,
) -> IntervalPlan:
    """The plan of an interval model, converged or not.

    Args:
        sets: The model.
        plan_of: Solves one MDP: `plan_of(model, tolerance=, start=)`.
        discount: 0 to 1.
        tolerance: Largest distance of `lower` and of `upper` from the best numbers that hold for the whole set.
        max_iterations: Models that nature may choose, for each of the two, after which to give up.
        progress: True for a progress bar, or a function to call with each `Moment`; one for each of nature's models.
        throw: Checked only.
        minimise: Whether rewards are costs.
    """
    discount, wanted = check_discount(discount), check_tolerances(tolerance)
    check_run(max_iterations, progress, throw)
    if check_switch("minimise", minimise):
        turned_plan = plan_within_bounds(
            sets.negated(),
            plan_of,
            discount=discount,
            tolerance=wanted,
            max_iterations=max_iterations,
            progress=turned_progress(progress),
        )
        return turned(turned_plan, sets)
    with np.errstate(over="ignore", invalid="ignore"):
        if sets.is_known:
            plan = plan_of(sets.middle(), tolerance=wanted, start=None)
            return joined(sets, plan, plan)
        if discount == 1.0:
            from planners.interval.undiscounted_bounds import undiscounted_plans

            return joined(sets, *undiscounted_plans(sets, plan_of, wanted, int(max_iterations), progress))
        pessimistic = _side(Nature(sets, discount, WORST), plan_of, wanted, int(max_iterations), progress)
        limit = 1 if pessimistic.status is Status.INTERRUPTED else int(max_iterations)
        return joined(sets, pessimistic, _side(Nature(sets, discount, BEST), plan_of, wanted, limit, progress))


def _side(nature: Nature, plan_of: PlanOf, tolerance: Tolerance, max_iterations: int, progress: Progress) -> Plan:
    """The plan in nature's worst, or best, model, which is its `model`; a relative tolerance is of this V's size."""
    plan = run_iterates(
        nature,
        answers(nature, plan_of, tolerance),
        method=f"policy iteration of nature for the {'worst' if nature.sense == WORST else 'best'} model",
        tolerance=tolerance,
        max_iterations=max_iterations,
        progress=progress,
    )
    return accepted(plan)


def finish_within_bounds(plan: IntervalPlan, throw: bool) -> IntervalPlan:
    """The plan; with `throw`, what `planners.iteration.loop.finish` raises, of the two bounds."""
    if not throw or plan.status is Status.INTERRUPTED:
        return plan
    refuse_unbounded(plan)
    for side in (plan.pessimistic, plan.optimistic):
        if not side.converged:
            error = NotConvergedError(side)
            more = f"Rounding keeps float64 from proving less: ask for tolerance={2.0 * side.error_bound:.2g} or more."
            if side.status is Status.ROUNDING_FLOOR:
                error.args = (str(error).replace(side.status.value, more),)
            error.plan = plan
            raise error
    return plan


class PolicyBounds(NamedTuple):
    """What a policy earns in any model of a set.

    Attributes:
        lower: (S,) it earns at least this in every model; -inf where nothing is proven.
        upper: (S,) it earns at most this in every model; inf where nothing is proven.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def policy_within_bounds(
    sets: IntervalMDP, policy: TabularPolicy, plan_of: PlanOf, discount: float, tolerance: float
) -> PolicyBounds:
    """The bounds of one policy; see `planners.evaluate_bounds`."""
    with np.errstate(over="ignore", invalid="ignore"):
        if discount == 1.0:
            plan = plan_within_bounds(_of_policy(sets, policy), plan_of, discount=1.0, tolerance=tolerance)
            return PolicyBounds(plan.lower, plan.upper)
        worst, best = (
            _side(Nature(sets, discount, sense, policy), plan_of, Tolerance(tolerance), 1000, False)
            for sense in (WORST, BEST)
        )
    return PolicyBounds(worst.lower, best.upper)


def _of_policy(sets: IntervalMDP, policy: TabularPolicy) -> IntervalMDP:
    """The model of one action, the policy's.

    Raises:
        InvalidPolicyError: The policy draws its actions.
    """
    if not policy.is_deterministic:
        raise InvalidPolicyError(
            "at discount 1 only policies of one action for each state have bounds; for others use a discount below 1"
        )
    states = np.arange(sets.num_states)
    rows, pairs = states * sets.num_actions + policy.actions, (states, policy.actions)
    matrices = {name: getattr(sets, name)[rows] for name in SETS}
    tables = {name: getattr(sets, name)[pairs][:, None] for name in ("rewards_lower", "rewards_upper", "feasible")}
    radius = None if sets.radius is None else sets.radius[pairs][:, None]
    return IntervalMDP(**matrices, **tables, radius=radius, initial=sets.initial, states=sets.states)
