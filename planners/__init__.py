"""Exact planning on finite Markov decision processes, with proven bounds.

    plan = planners.solve(env, discount=0.9)
    plan.values, plan.policy, plan.lower, plan.upper, plan.error_bound

Readers make models, models give equations, iteration turns equations into plans; sweeps make it fast, methods are
the algorithms, `solve` chooses among them, and evaluation judges. Where a model is known within bounds only, `interval`
plans for all that fit; `learning` gets such bounds from steps.

Read in this order: `models.tabular` (the tables), `equations.problem` (the Bellman equations),
`methods.value_iteration`, `methods.policy_iteration`, `equations.certificates` (what the bounds rest on),
`iteration.loop` (the loop around it all), `sweeps.rounds` (the same for sweeps that prove their own bounds).
"""

from planners import continuous as continuous
from planners import games as games
from planners.agent import Agent, Learner
from planners.enumeration.enumerate_env import enumerate_env
from planners.errors import (
    ImproperPolicyError,
    InfeasibleBoundsError,
    InvalidModelError,
    InvalidOptionError,
    InvalidPlanFileError,
    InvalidPolicyError,
    LostProcessError,
    MissingModelError,
    NotEnoughMemoryError,
    PlannerError,
    UnboundedValueError,
    UnprovenValueError,
)
from planners.evaluation.average_plan import AveragePlan
from planners.evaluation.average_reward import average_reward
from planners.evaluation.hitting import Hitting, hitting
from planners.evaluation.optimality import Certificate, Verdict, certify, is_optimal
from planners.evaluation.policy_bounds import evaluate_bounds
from planners.evaluation.policy_value import evaluate
from planners.evaluation.regret import Regret, regret
from planners.evaluation.return_distribution import ReturnDistribution
from planners.evaluation.returns import Returns, returns
from planners.evaluation.rollout import Episode, Transition, play_episode, rollout
from planners.evaluation.simulation import Simulation, simulate
from planners.evaluation.visits import Stationary, Visits, stationary, visits
from planners.games.exploitability import Exploitability, exploitability
from planners.games.game_plan import GamePlan
from planners.games.markov_game import MarkovGame
from planners.goals.reachability import reachability
from planners.goals.shortest_path import stochastic_shortest_path
from planners.interval.interval_mdp import IntervalMDP
from planners.interval.interval_plan import IntervalPlan
from planners.iteration.moment import Moment
from planners.learning.actor_critic import ActorCritic
from planners.learning.double_q_learning import DoubleQLearning
from planners.learning.dyna_q import DynaQ
from planners.learning.expected_sarsa import ExpectedSarsa
from planners.learning.experience import Experience
from planners.learning.exploration import Boltzmann, EpsilonGreedy
from planners.learning.gradient_bandit import GradientBandit
from planners.learning.horizon_run import HorizonRun
from planners.learning.lambda_return import LambdaReturn
from planners.learning.learn import learn
from planners.learning.learning_run import LearningRun
from planners.learning.linear.features import StateAggregation, TileCoding
from planners.learning.linear.least_squares_td import LSTD
from planners.learning.linear.linear_sarsa import LinearSarsa
from planners.learning.linear.linear_td import LinearTD
from planners.learning.monte_carlo import MonteCarlo
from planners.learning.monte_carlo_prediction import MonteCarloPrediction
from planners.learning.n_step_sarsa import NStepSarsa
from planners.learning.n_step_tree_backup import NStepTreeBackup
from planners.learning.off_policy_monte_carlo import OffPolicyMonteCarlo
from planners.learning.posterior_sampling import PosteriorSampling
from planners.learning.prediction_run import PredictionRun
from planners.learning.prioritized_sweeping import PrioritizedSweeping
from planners.learning.q_lambda import QLambda
from planners.learning.q_learning import QLearning
from planners.learning.r_max import RMax
from planners.learning.reinforce import Reinforce
from planners.learning.sarsa import Sarsa
from planners.learning.sarsa_lambda import SarsaLambda
from planners.learning.schedules import Decay
from planners.learning.td_lambda import TDLambda
from planners.learning.temporal_difference import TD
from planners.learning.thompson_sampling import ThompsonSampling
from planners.learning.true_online_sarsa import TrueOnlineSarsa
from planners.learning.true_online_td import TrueOnlineTD
from planners.learning.truth.linear_values import LinearValues, linear_values
from planners.learning.truth.spectrum import Spectrum, spectrum
from planners.learning.truth.value_error import ErrorCurves, value_error
from planners.learning.ucbvi import UCBVI
from planners.learning.ucrl2 import UCRL2
from planners.learning.uct import UCT
from planners.learning.upper_confidence_bound import UpperConfidenceBound
from planners.methods.backward_induction import backward_induction
from planners.methods.gauss_seidel import gauss_seidel
from planners.methods.linear_program import linear_program
from planners.methods.modified_policy_iteration import modified_policy_iteration
from planners.methods.policy_iteration import policy_iteration
from planners.methods.value_iteration import value_iteration
from planners.models.convert import as_model
from planners.models.moves import MoveMDP
from planners.models.pairs import PairMDP
from planners.models.tabular import TabularMDP
from planners.pareto import pareto
from planners.plans.constrained_plan import ConstrainedPlan
from planners.plans.finite_plan import FinitePlan
from planners.plans.load import load_plan
from planners.plans.pareto_front import ParetoFront
from planners.plans.plan import Iteration, NotConvergedError, Plan, Status
from planners.plans.policy import TabularPolicy
from planners.plans.soft_plan import SoftPlan
from planners.sensitivity import Sweep, sweep
from planners.solve import METHODS, solve
from planners.solve_many import solve_many

__all__ = [
    "LSTD",
    "METHODS",
    "TD",
    "UCBVI",
    "UCRL2",
    "UCT",
    "ActorCritic",
    "Agent",
    "AveragePlan",
    "Boltzmann",
    "Certificate",
    "ConstrainedPlan",
    "Decay",
    "DoubleQLearning",
    "DynaQ",
    "Episode",
    "EpsilonGreedy",
    "ErrorCurves",
    "ExpectedSarsa",
    "Experience",
    "Exploitability",
    "FinitePlan",
    "GamePlan",
    "GradientBandit",
    "Hitting",
    "HorizonRun",
    "ImproperPolicyError",
    "InfeasibleBoundsError",
    "IntervalMDP",
    "IntervalPlan",
    "InvalidModelError",
    "InvalidOptionError",
    "InvalidPlanFileError",
    "InvalidPolicyError",
    "Iteration",
    "LambdaReturn",
    "Learner",
    "LearningRun",
    "LinearSarsa",
    "LinearTD",
    "LinearValues",
    "LostProcessError",
    "MarkovGame",
    "MissingModelError",
    "Moment",
    "MonteCarlo",
    "MonteCarloPrediction",
    "MoveMDP",
    "NStepSarsa",
    "NStepTreeBackup",
    "NotConvergedError",
    "NotEnoughMemoryError",
    "OffPolicyMonteCarlo",
    "PairMDP",
    "ParetoFront",
    "Plan",
    "PlannerError",
    "PosteriorSampling",
    "PredictionRun",
    "PrioritizedSweeping",
    "QLambda",
    "QLearning",
    "RMax",
    "Regret",
    "Reinforce",
    "ReturnDistribution",
    "Returns",
    "Sarsa",
    "SarsaLambda",
    "Simulation",
    "SoftPlan",
    "Spectrum",
    "StateAggregation",
    "Stationary",
    "Status",
    "Sweep",
    "TDLambda",
    "TabularMDP",
    "TabularPolicy",
    "ThompsonSampling",
    "TileCoding",
    "Transition",
    "TrueOnlineSarsa",
    "TrueOnlineTD",
    "UnboundedValueError",
    "UnprovenValueError",
    "UpperConfidenceBound",
    "Verdict",
    "Visits",
    "as_model",
    "average_reward",
    "backward_induction",
    "certify",
    "continuous",
    "enumerate_env",
    "evaluate",
    "evaluate_bounds",
    "exploitability",
    "games",
    "gauss_seidel",
    "hitting",
    "is_optimal",
    "learn",
    "linear_program",
    "linear_values",
    "load_plan",
    "modified_policy_iteration",
    "pareto",
    "play_episode",
    "policy_iteration",
    "reachability",
    "regret",
    "returns",
    "rollout",
    "simulate",
    "solve",
    "solve_many",
    "spectrum",
    "stationary",
    "stochastic_shortest_path",
    "sweep",
    "value_error",
    "value_iteration",
    "visits",
]
