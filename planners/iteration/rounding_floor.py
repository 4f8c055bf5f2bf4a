"""The smallest error that float64 can prove of a model."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.from_model import make_problem
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF, Problem
from planners.iteration.last_proof import may_be_proven_further
from planners.models.pairs import PairMDP
from planners.models.tabular import TabularMDP
from planners.plans.plan import Plan

FLOOR: Final = 0.25  # a residual below this part of the rounding of a backup hardly changes the bounds


def floors(problem: Problem, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> tuple[float, float]:
    """Numbers that the least error which can be proven lies between, from (n,) bounds of V*, which tell its size.

    A backup is off by up to e = `problem.sharp_rounding`. With an action of the margin m (see `certificates`) that
    leaves e / m between V* and its bounds, and some action of each state leaves so much. Only those count that can be
    optimal within the bounds. A margin is off by up to `doubt`.
    """
    if problem.discount == 1.0 or not len(lower):  # nobody knows the margins beforehand
        return 0.0, np.inf
    margin = (1.0 - problem.discount) + problem.discount * problem.termination
    doubt = 2.0 * problem.rounding_terms * UNIT_ROUNDOFF
    size = np.maximum(lower, -upper)  # of V*, at least
    with np.errstate(over="ignore", invalid="ignore"):
        possible = ~(problem.action_values(upper) + problem.rounding(upper) < lower[problem.row_state])
        least = problem.sharp_rounding(np.where(np.isfinite(size), np.maximum(size, 0.0), 0.0)) / (margin + 4.0 * doubt)
        most = problem.rounding(np.maximum(upper, -lower)) / margin
    told = margin > doubt
    least = -problem.maximise(np.where(possible, np.where(told, -least, -np.inf), -np.inf))
    most = np.where(told, most, np.inf)[possible]
    return float(least.max()), float(most.max())


def is_surely_provable(problem: Problem, lower: NDArray[np.float64], upper: NDArray[np.float64], wanted: float) -> bool:
    """Whether the lower of the `floors` is at most `wanted`, told by the largest numbers alone: no row is looked at."""
    if problem.discount == 1.0 or not len(lower):
        return wanted >= 0.0
    margin = 1.0 - problem.discount
    if margin <= 2.0 * problem.rounding_terms * UNIT_ROUNDOFF:
        return False
    size = float(problem.reward_sizes.max(initial=0.0)) + 2.0 * max(float(lower.max()), -float(upper.min()), 0.0)
    backup = problem.rounding_terms * (1.01 * UNIT_ROUNDOFF * size + SMALLEST_SUBNORMAL)
    return backup <= wanted * margin


def advice(plan: Plan) -> str:
    """What rounding allows to prove of a plan's model, in a sentence."""
    least = enough = plan.error_bound  # that one is proven, and where more was tried not less
    if plan.discount < 1.0 and isinstance(plan.model, TabularMDP | PairMDP) and not may_be_proven_further(plan):
        below, above = floors(make_problem(plan.model, plan.discount), plan.lower, plan.upper)
        least, enough = min(least, below), min(enough, 2.0 * above)
    if enough == np.inf:
        return "Rounding keeps float64 from proving any error here: use a smaller discount."
    other = (
        "" if "Gauss-Seidel" in plan.method else "; where episodes end, method='gauss_seidel' may prove a smaller error"
    )
    return (
        f"Rounding keeps the provable error above {least:.2g}: ask for tolerance={2.0 * enough:.2g} or more. "
        f"That is what this method can prove{other}."
    )
