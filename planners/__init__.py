"""Exact planning on finite Markov decision processes, with proven bounds.

    plan = planners.solve(env, discount=0.9)
    plan.values, plan.policy, plan.lower, plan.upper, plan.error_bound

Read in this order: `mdp` (the tables), `problem` (the Bellman equations), `value_iteration`,
`policy_iteration`, `certificates` (what the bounds rest on), `planner` (the loop around it all).
"""

from planners.agent import Agent, Learner
from planners.backward_induction import FinitePlan, backward_induction
from planners.enumeration import enumerate_env
from planners.errors import (
    ImproperPolicyError,
    InvalidModelError,
    InvalidOptionError,
    InvalidPlanFileError,
    InvalidPolicyError,
    LostProcessError,
    MissingModelError,
    NotEnoughMemoryError,
    PlannerError,
    UnboundedValueError,
)
from planners.evaluation import evaluate
from planners.gauss_seidel import gauss_seidel
from planners.linear_program import linear_program
from planners.mdp import TabularMDP
from planners.models import as_model
from planners.modified_policy_iteration import modified_policy_iteration
from planners.moment import Moment
from planners.moves import MoveMDP
from planners.optimality import Certificate, Verdict, certify, is_optimal
from planners.policy import TabularPolicy
from planners.policy_iteration import policy_iteration
from planners.regret import Regret, regret
from planners.result import Iteration, NotConvergedError, Plan, Status
from planners.rollout import Episode, Transition, play_episode, rollout
from planners.saving import load_plan
from planners.solve import solve
from planners.solve_many import solve_many
from planners.value_iteration import value_iteration

__all__ = [
    "Agent",
    "Certificate",
    "Episode",
    "FinitePlan",
    "ImproperPolicyError",
    "InvalidModelError",
    "InvalidOptionError",
    "InvalidPlanFileError",
    "InvalidPolicyError",
    "Iteration",
    "Learner",
    "LostProcessError",
    "MissingModelError",
    "Moment",
    "MoveMDP",
    "NotConvergedError",
    "NotEnoughMemoryError",
    "Plan",
    "PlannerError",
    "Regret",
    "Status",
    "TabularMDP",
    "TabularPolicy",
    "Transition",
    "UnboundedValueError",
    "Verdict",
    "as_model",
    "backward_induction",
    "certify",
    "enumerate_env",
    "evaluate",
    "gauss_seidel",
    "is_optimal",
    "linear_program",
    "load_plan",
    "modified_policy_iteration",
    "play_episode",
    "policy_iteration",
    "regret",
    "rollout",
    "solve",
    "solve_many",
    "value_iteration",
]
