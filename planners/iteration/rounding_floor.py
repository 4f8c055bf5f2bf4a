"""The smallest error that float64 can prove of a model."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.from_model import make_problem
from planners.equations.problem import UNIT_ROUNDOFF, Problem
from planners.models.tabular import TabularMDP
from planners.plans.plan import Plan

FLOOR: Final = 0.25  # a residual below this part of the rounding of a backup hardly changes the bounds


def floors(problem: Problem, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> tuple[float, float]:
    """Numbers that the least error which can be proven lies between, from (n,) bounds of V*, which tell its size.

    A backup is off by up to e = `problem.rounding`. With an action of the margin m (see `certificates`) that leaves
    e / m between V* and its bounds. In some state no margin is wider than `wide`; each is off by up to `doubt`.
    """
    if problem.discount == 1.0:  # nobody knows the margins beforehand
        return 0.0, np.inf
    margin = (1.0 - problem.discount) + problem.discount * problem.termination
    wide, narrow = problem.maximise(margin).min(initial=1.0), margin.min(initial=1.0)
    doubt = 2.0 * problem.rounding_terms * UNIT_ROUNDOFF
    size = np.maximum(lower, -upper)  # of V*, at least
    least = problem.rounding(size.max(initial=0.0, keepdims=True, where=np.isfinite(size)))
    most = problem.rounding(np.maximum(upper, -lower).max(initial=0.0, keepdims=True))
    return (least / (wide + 4.0 * doubt) if wide > doubt else np.inf, most / narrow if narrow > doubt else np.inf)


def advice(plan: Plan) -> str:
    """What rounding allows to prove of a plan's model, in a sentence."""
    least = enough = plan.error_bound  # that one is proven
    if plan.discount < 1.0 and isinstance(plan.model, TabularMDP):
        below, above = floors(make_problem(plan.model, plan.discount), plan.lower, plan.upper)
        least, enough = min(least, below), min(enough, 2.0 * above)
    if enough == np.inf:
        return "Rounding keeps float64 from proving any error here: use a smaller discount."
    return f"Rounding keeps the provable error above {least:.2g}: ask for tolerance={1.25 * enough:.2g} or more."
