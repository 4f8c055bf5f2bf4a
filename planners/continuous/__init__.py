"""Continuous states and actions, with proven bounds: cells, boxes of states, and outward rounding.

Read in this order: interval (numbers), system (what is planned on), systems.mountain_car.
"""

from planners.continuous.interval import Interval
from planners.continuous.system import Noise, System, box
from planners.continuous.systems.cart_pole import CartPole
from planners.continuous.systems.double_integrator import DoubleIntegrator
from planners.continuous.systems.mountain_car import MountainCar
from planners.continuous.systems.mountain_car_continuous import MountainCarContinuous
from planners.continuous.systems.pendulum import Pendulum

__all__ = [
    "CartPole",
    "DoubleIntegrator",
    "Interval",
    "MountainCar",
    "MountainCarContinuous",
    "Noise",
    "Pendulum",
    "System",
    "box",
]
