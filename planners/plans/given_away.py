"""What each action gives away against the best one, by a plan."""

import numpy as np
from numpy.typing import NDArray

from planners.arrays import sealed
from planners.models.negated import negated
from planners.plans.plan import Plan, opposite


def maximising(plan: Plan) -> Plan:
    """The plan, or where it minimises costs the same that maximises their negatives."""
    return opposite(plan, negated(plan.model)) if plan.minimise else plan


def given_away(plan: Plan) -> NDArray[np.float64]:
    """(S, A) V*(s) - Q*(s,a), what an action gives away; 0 where V* is -inf, as no more can be lost there."""
    plan = maximising(plan)
    known = plan.values > -np.inf
    values = np.where(known, plan.values, 0.0)[:, None]
    return sealed(np.where(known[:, None], np.maximum(values - plan.action_values, 0.0), 0.0))
