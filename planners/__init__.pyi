"""The public names, and where each comes from; `planners` reads it too, and imports a name when it is first used."""

from planners import continuous as continuous
from planners import games as games
from planners.agent import Agent as Agent
from planners.agent import Learner as Learner
from planners.enumeration.enumerate_env import enumerate_env as enumerate_env
from planners.errors import (
    ImproperPolicyError as ImproperPolicyError,
)
from planners.errors import (
    InfeasibleBoundsError as InfeasibleBoundsError,
)
from planners.errors import (
    InvalidModelError as InvalidModelError,
)
from planners.errors import (
    InvalidOptionError as InvalidOptionError,
)
from planners.errors import (
    InvalidPlanFileError as InvalidPlanFileError,
)
from planners.errors import (
    InvalidPolicyError as InvalidPolicyError,
)
from planners.errors import (
    LostProcessError as LostProcessError,
)
from planners.errors import (
    MissingModelError as MissingModelError,
)
from planners.errors import (
    NotEnoughMemoryError as NotEnoughMemoryError,
)
from planners.errors import (
    PlannerError as PlannerError,
)
from planners.errors import (
    UnboundedValueError as UnboundedValueError,
)
from planners.errors import (
    UnprovenValueError as UnprovenValueError,
)
from planners.evaluation.average_plan import AveragePlan as AveragePlan
from planners.evaluation.average_reward import average_reward as average_reward
from planners.evaluation.hitting import Hitting as Hitting
from planners.evaluation.hitting import hitting as hitting
from planners.evaluation.optimality import (
    Certificate as Certificate,
)
from planners.evaluation.optimality import (
    Verdict as Verdict,
)
from planners.evaluation.optimality import (
    certify as certify,
)
from planners.evaluation.optimality import (
    is_optimal as is_optimal,
)
from planners.evaluation.policy_bounds import evaluate_bounds as evaluate_bounds
from planners.evaluation.policy_value import evaluate as evaluate
from planners.evaluation.regret import Regret as Regret
from planners.evaluation.regret import regret as regret
from planners.evaluation.return_distribution import ReturnDistribution as ReturnDistribution
from planners.evaluation.returns import Returns as Returns
from planners.evaluation.returns import returns as returns
from planners.evaluation.rollout import (
    Episode as Episode,
)
from planners.evaluation.rollout import (
    Transition as Transition,
)
from planners.evaluation.rollout import (
    play_episode as play_episode,
)
from planners.evaluation.rollout import (
    rollout as rollout,
)
from planners.evaluation.simulation import Simulation as Simulation
from planners.evaluation.simulation import simulate as simulate
from planners.evaluation.visits import (
    Stationary as Stationary,
)
from planners.evaluation.visits import (
    Visits as Visits,
)
from planners.evaluation.visits import (
    stationary as stationary,
)
from planners.evaluation.visits import (
    visits as visits,
)
from planners.games.exploitability import Exploitability as Exploitability
from planners.games.exploitability import exploitability as exploitability
from planners.games.game_plan import GamePlan as GamePlan
from planners.games.markov_game import MarkovGame as MarkovGame
from planners.goals.reachability import reachability as reachability
from planners.goals.shortest_path import stochastic_shortest_path as stochastic_shortest_path
from planners.interval.interval_mdp import IntervalMDP as IntervalMDP
from planners.interval.interval_plan import IntervalPlan as IntervalPlan
from planners.iteration.moment import Moment as Moment
from planners.learning.actor_critic import ActorCritic as ActorCritic
from planners.learning.double_q_learning import DoubleQLearning as DoubleQLearning
from planners.learning.dyna_q import DynaQ as DynaQ
from planners.learning.expected_sarsa import ExpectedSarsa as ExpectedSarsa
from planners.learning.experience import Experience as Experience
from planners.learning.exploration import Boltzmann as Boltzmann
from planners.learning.exploration import EpsilonGreedy as EpsilonGreedy
from planners.learning.gradient_bandit import GradientBandit as GradientBandit
from planners.learning.horizon_run import HorizonRun as HorizonRun
from planners.learning.lambda_return import LambdaReturn as LambdaReturn
from planners.learning.learn import learn as learn
from planners.learning.learning_run import LearningRun as LearningRun
from planners.learning.linear.features import StateAggregation as StateAggregation
from planners.learning.linear.features import TileCoding as TileCoding
from planners.learning.linear.least_squares_td import LSTD as LSTD
from planners.learning.linear.linear_sarsa import LinearSarsa as LinearSarsa
from planners.learning.linear.linear_td import LinearTD as LinearTD
from planners.learning.monte_carlo import MonteCarlo as MonteCarlo
from planners.learning.monte_carlo_prediction import MonteCarloPrediction as MonteCarloPrediction
from planners.learning.n_step_sarsa import NStepSarsa as NStepSarsa
from planners.learning.n_step_tree_backup import NStepTreeBackup as NStepTreeBackup
from planners.learning.off_policy_monte_carlo import OffPolicyMonteCarlo as OffPolicyMonteCarlo
from planners.learning.posterior_sampling import PosteriorSampling as PosteriorSampling
from planners.learning.prediction_run import PredictionRun as PredictionRun
from planners.learning.prioritized_sweeping import PrioritizedSweeping as PrioritizedSweeping
from planners.learning.q_lambda import QLambda as QLambda
from planners.learning.q_learning import QLearning as QLearning
from planners.learning.r_max import RMax as RMax
from planners.learning.reinforce import Reinforce as Reinforce
from planners.learning.sarsa import Sarsa as Sarsa
from planners.learning.sarsa_lambda import SarsaLambda as SarsaLambda
from planners.learning.schedules import Decay as Decay
from planners.learning.td_lambda import TDLambda as TDLambda
from planners.learning.temporal_difference import TD as TD
from planners.learning.thompson_sampling import ThompsonSampling as ThompsonSampling
from planners.learning.true_online_sarsa import TrueOnlineSarsa as TrueOnlineSarsa
from planners.learning.true_online_td import TrueOnlineTD as TrueOnlineTD
from planners.learning.truth.linear_values import LinearValues as LinearValues
from planners.learning.truth.linear_values import linear_values as linear_values
from planners.learning.truth.spectrum import Spectrum as Spectrum
from planners.learning.truth.spectrum import spectrum as spectrum
from planners.learning.truth.value_error import ErrorCurves as ErrorCurves
from planners.learning.truth.value_error import value_error as value_error
from planners.learning.ucbvi import UCBVI as UCBVI
from planners.learning.ucrl2 import UCRL2 as UCRL2
from planners.learning.uct import UCT as UCT
from planners.learning.upper_confidence_bound import UpperConfidenceBound as UpperConfidenceBound
from planners.methods.backward_induction import backward_induction as backward_induction
from planners.methods.gauss_seidel import gauss_seidel as gauss_seidel
from planners.methods.linear_program import linear_program as linear_program
from planners.methods.modified_policy_iteration import modified_policy_iteration as modified_policy_iteration
from planners.methods.policy_iteration import policy_iteration as policy_iteration
from planners.methods.value_iteration import value_iteration as value_iteration
from planners.models.convert import as_model as as_model
from planners.models.moves import MoveMDP as MoveMDP
from planners.models.pairs import PairMDP as PairMDP
from planners.models.tabular import TabularMDP as TabularMDP
from planners.pareto import pareto as pareto
from planners.plans.constrained_plan import ConstrainedPlan as ConstrainedPlan
from planners.plans.exact_plan import ExactPlan as ExactPlan
from planners.plans.finite_plan import FinitePlan as FinitePlan
from planners.plans.load import load_plan as load_plan
from planners.plans.pareto_front import ParetoFront as ParetoFront
from planners.plans.plan import (
    Iteration as Iteration,
)
from planners.plans.plan import (
    NotConvergedError as NotConvergedError,
)
from planners.plans.plan import (
    Plan as Plan,
)
from planners.plans.plan import (
    Status as Status,
)
from planners.plans.policy import TabularPolicy as TabularPolicy
from planners.plans.soft_plan import SoftPlan as SoftPlan
from planners.sensitivity import Sweep as Sweep
from planners.sensitivity import sweep as sweep
from planners.solve import METHODS as METHODS
from planners.solve import solve as solve
from planners.solve_many import solve_many as solve_many
