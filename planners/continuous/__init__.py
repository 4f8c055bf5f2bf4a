"""Continuous states and actions, with proven bounds: cells, boxes of states, and outward rounding.

Read in this order: interval (numbers), system (what is planned on), systems.mountain_car; sets, cells, walks (sets on
their way), programs; guaranteed (lower bounds), optimistic (upper bounds), solve; reach and proof (one start); nodes.
With random noise: systems.point_robot, step_probabilities, expected_values.
"""

from planners.continuous.continuous_plan import ContinuousPlan
from planners.continuous.goal_probability import reachability
from planners.continuous.interval import Interval
from planners.continuous.linear_quadratic import LinearQuadratic, linear_quadratic
from planners.continuous.load_plan import load_plan
from planners.continuous.nodes import node_states, nodes
from planners.continuous.proof import Proof, prove
from planners.continuous.safety import SafePlan, stay_safe
from planners.continuous.solve import solve
from planners.continuous.stochastic_plan import StochasticPlan
from planners.continuous.system import Noise, System, box
from planners.continuous.systems.cart_pole import CartPole
from planners.continuous.systems.double_integrator import DoubleIntegrator
from planners.continuous.systems.mountain_car import MountainCar
from planners.continuous.systems.mountain_car_continuous import MountainCarContinuous
from planners.continuous.systems.pendulum import Pendulum
from planners.continuous.systems.point_robot import PointRobot

__all__ = [
    "CartPole",
    "ContinuousPlan",
    "DoubleIntegrator",
    "Interval",
    "LinearQuadratic",
    "MountainCar",
    "MountainCarContinuous",
    "Noise",
    "Pendulum",
    "PointRobot",
    "Proof",
    "SafePlan",
    "StochasticPlan",
    "System",
    "box",
    "linear_quadratic",
    "load_plan",
    "node_states",
    "nodes",
    "prove",
    "reachability",
    "solve",
    "stay_safe",
]
