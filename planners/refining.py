"""A few values that are very much larger than the others are not to spoil these.

Rounding is a part of the size of values. Where one state must pay a penalty of 1e12, no proof by one number for all
states is better than 1e-4, although most states never come near it. These are solved again, as a model of their own:

    rest = states that no action which can be optimal ever leads to the large values

Actions that are proven not to be optimal are left out, so V* of this model is V* of the whole one, and its optimal
policy is one of the whole one.

    lower bounds: for s outside of the rest, L(s) <= r + discount * P L still holds when L rises in the rest
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.from_model import make_problem
from planners.equations.graph import next_towards
from planners.models.tabular import TabularMDP
from planners.options import Tolerance, sizes
from planners.plans.plan import Plan
from planners.plans.policy import TabularPolicy

LARGE: Final = 1e3  # times a typical |V|
MOST_STATES: Final = 200_000


def unspoilt(plan: Plan) -> tuple[TabularMDP, NDArray[np.bool_]] | None:
    """The part of a model whose values are proven worse than they could be, as others are large; and (S,) its states.

    None: there is none, the plan is as good as was aimed at, or an error in units of reward was asked for.
    """
    aim = Tolerance(0.0, plan.relative_tolerance).target(plan.values).aim
    if not (plan.relative_tolerance and plan.discount < 1.0 and aim < plan.error_bound < np.inf):
        return None
    sized = np.abs(plan.values)
    large = sized > LARGE * max(sizes(plan.values)[1], 1.0)
    if not large.any() or len(large) > MOST_STATES:
        return None
    model = plan.model.tabular
    problem = make_problem(model, plan.discount)
    best = problem.action_values(plan.upper) + problem.rounding(plan.upper)
    possible = ~(best < plan.lower[problem.row_state])
    rest = ~large & (next_towards(problem.transitions, problem.row_state, possible, large) < 0)
    if not rest.any():
        return None
    feasible = np.zeros(model.feasible.size, dtype=bool)
    feasible[problem.row_pair[possible]] = True
    return _part(model, rest, feasible.reshape(model.feasible.shape)), rest


def _part(model: TabularMDP, rest: NDArray[np.bool_], feasible: NDArray[np.bool_]) -> TabularMDP:
    """The model of some states, which the feasible actions never leave."""
    pairs = np.flatnonzero(np.repeat(rest, model.num_actions))
    alive = sparse.diags_array(feasible[rest].ravel().astype(np.float64))
    return TabularMDP(
        transitions=sparse.csr_array(alive @ model.transitions[pairs][:, np.flatnonzero(rest)]),
        termination=np.where(feasible[rest], model.termination[rest], 0.0),
        rewards=np.where(feasible[rest], model.rewards[rest], 0.0),
        feasible=feasible[rest],
    )


def refined(plan: Plan, found: Plan, rest: NDArray[np.bool_]) -> Plan:
    """The plan with the values, bounds and actions that were found of the rest, if they are nowhere worse."""
    if not ((found.lower >= plan.lower[rest]).all() and (found.upper <= plan.upper[rest]).all()):
        return plan
    lower, upper, values, actions = (
        np.array(array) for array in (plan.lower, plan.upper, plan.values, plan.policy.actions)
    )
    lower[rest], upper[rest], values[rest] = found.lower, found.upper, found.values
    actions[rest] = found.policy.actions
    far = np.maximum(upper - values, values - lower).max(initial=0.0)
    return replace(
        plan,
        lower=lower,
        upper=upper,
        values=values,
        policy=TabularPolicy.from_actions(actions, plan.policy.num_actions),
        error_bound=float(np.nextafter(far, np.inf)),
        method=f"{plan.method}; {len(found.values)} states apart from the largest values again, by {found.method}",
    )
