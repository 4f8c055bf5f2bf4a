"""Plans of models one after the other that differ in their rewards alone, as they do where a price is varied.

Their equations have the same rows. So a policy has the same linear system in all of them, which is factored once, and
nothing that depends on rows alone is computed again. Each plan is policy iteration from the policy before it, and is
proven as any other: by a backup of its values, with the rewards of its own model.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.from_model import make_problem
from planners.equations.problem import Problem
from planners.iteration.loop import run
from planners.iteration.starting_points import start_policy
from planners.methods.policy_iteration import improvements
from planners.models.negated import negative
from planners.models.pairs import PairMDP
from planners.models.tabular import TabularMDP
from planners.options import Tolerance
from planners.plans.plan import Plan, Status, opposite

MOST_STATES: Final = 2_000  # beyond, factors are made only where the plan before had made them
MOST_POLICIES: Final = 4  # a policy that is further away is found by the method that suits the model
ROWS: Final = ("termination", "feasible", "pair_state", "pair_action")


class KnownRows:
    """The rows of the model of a plan, and the policy of the last plan of them.

    Attributes:
        helped: Whether they led to a plan.
    """

    problem: Problem
    plan: Plan
    helped = False

    def __init__(self, plan: Plan) -> None:
        """Of a plan below discount 1, of tables or of pairs."""
        model: Any = plan.model
        self.problem, self.plan = make_problem(model, plan.discount), plan
        self.policy: NDArray[np.int64] = start_policy(self.problem, plan)

    @classmethod
    def of(cls, plan: Plan) -> "KnownRows | None":
        """Those of a plan; None where to factor its linear system is not worth it."""
        suits = isinstance(plan.model, TabularMDP | PairMDP) and plan.discount < 1.0 and plan.converged
        if not (suits and (len(plan.values) <= MOST_STATES or plan.method.startswith("policy iteration"))):
            return None
        known = cls(plan)
        return known if known.problem.evaluation(known.policy).has_factors else None

    def plan_of(self, model: Any, discount: Any, tolerance: Tolerance) -> Plan | None:
        """The plan of another model, whose policy is the first one of the next; None: other rows, or a far policy."""
        if discount != self.problem.discount or not _has_rows_of(self.plan.model, model):
            return None
        rewards = model.rewards.ravel()
        rewards = rewards if len(rewards) == len(self.problem.row_pair) else rewards[self.problem.row_pair]
        problem = self.problem.with_rewards(model, negative(rewards) if self.plan.minimise else rewards)
        plan = run(
            problem,
            improvements(problem, self.policy),
            method="policy iteration from the plan before, on the same rows",
            tolerance=tolerance,
            max_iterations=MOST_POLICIES,
            progress=False,
            throw=False,
        )
        if plan.status is not Status.CONVERGED:
            return None
        if not np.array_equal(plan.policy.actions, self.plan.policy.actions):
            self.policy = start_policy(problem, plan)
        self.plan, self.helped = opposite(plan, model) if self.plan.minimise else plan, True
        return self.plan


def _has_rows_of(before: Any, model: Any) -> bool:
    """Whether two models have the same actions with the same probabilities; most often they are the same arrays."""
    if type(before) is not type(model) or before.transitions.shape != model.transitions.shape:
        return False
    tables: list[Any] = [(getattr(before, name, None), getattr(model, name, None)) for name in ROWS]
    one, other = before.transitions, model.transitions
    if one is not other:
        tables += [(one.indptr, other.indptr), (one.indices, other.indices), (one.data, other.data)]
    return all(first is second or np.array_equal(first, second) for first, second in tables)
