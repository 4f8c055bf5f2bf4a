"""Every argument of the public functions refuses what it cannot be, with a sentence that names it."""

import inspect
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from planners import continuous
from tests.oracles.bad_arguments import accepted

P = np.array([[[0, 1, 0], [0.5, 0, 0.5]], [[0, 0, 1]] * 2, [[0, 0, 1]] * 2], dtype=np.float64)
R = np.array([[-1.0, -2.0], [-1.0, -3.0], [0.0, 0.0]])
ENDS = np.array([False, False, True])
MODEL = planners.TabularMDP.from_arrays(P, R, terminal=ENDS, initial=[1.0, 0.0, 0.0])
POLICY = np.array([0, 1, 0])
BOUNDS = planners.IntervalMDP.around(MODEL, 0.1)
PLAN = planners.solve(MODEL, discount=0.9)
LAW = planners.returns(MODEL, POLICY, discount=0.9).distribution(atoms=50, steps=20)
FRONT = planners.pareto(MODEL, {"a": R, "b": -np.ones((3, 2))}, discount=0.9, tolerance=1e-2)
CAR = continuous.MountainCar()
RUN = {"tolerance": "number", "relative_tolerance": "number?", "throw": "switch", "minimise": "switch"}
PLANNER = {"discount": "discount", "max_iterations": "whole", "progress": "progress", "start": "numbers", **RUN}
START = {"start": np.zeros(3), "relative_tolerance": None}

CALLS: dict[str, tuple[Any, dict[str, Any], dict[str, str]]] = {
    "solve": (planners.solve, {"model": MODEL, "discount": 0.9, "temperature": None},
              {**RUN, "discount": "discount", "method": "choice", "temperature": "number?", "exact": "switch",
               "distributed": "switch", "progress": "progress"}),
    **{name: (getattr(planners, name), {"model": MODEL, "discount": 0.9, **START}, PLANNER)
       for name in ("value_iteration", "gauss_seidel", "modified_policy_iteration")},
    "solve_many": (planners.solve_many, {"model": [MODEL], "discount": 0.9}, {**RUN, "discount": "discount"}),
    "sweep": (planners.sweep, {"model": lambda _: MODEL, "values": [1], "discount": 0.9}, {"values": "list"}),
    "pareto": (planners.pareto, {"model": MODEL, "rewards": [R, R + 1.0], "discount": 0.9, "tolerance": 0.1},
               {"discount": "discount", "tolerance": "number", "throw": "switch"}),
    "certify": (planners.certify, {"model": MODEL, "values": np.zeros(3), "discount": 0.9},
                {"values": "numbers", "discount": "discount", "minimise": "switch"}),
    "simulate": (planners.simulate, {"model": MODEL, "policy": POLICY, "discount": 0.9, "episodes": 10, "steps": 5},
                 {"discount": "discount?", "episodes": "whole", "steps": "whole?", "seed": "seed"}),
    "rollout": (planners.rollout, {"env": gym.make("FrozenLake-v1"), "agent": planners.TabularPolicy.uniform(16, 4)},
                {"episodes": "whole", "max_steps": "whole", "seed": "seed"}),
    "enumerate_env": (planners.enumerate_env, {"env": gym.make("FrozenLake-v1")},
                      {"key": "function", "reward": "function", "hidden": "function", "seed": "seed",
                       "samples": "whole?", "max_states": "whole", "max_outcomes": "whole", "progress": "progress"}),
    "reachability": (planners.reachability, {"model": MODEL, "goal": [2]}, {**RUN, "discount": "discount"}),
    "stochastic_shortest_path": (planners.stochastic_shortest_path, {"model": MODEL, "goal": [2]},
                                 {**RUN, "missing": "choice"}),
    "average_reward": (planners.average_reward, {"model": MODEL}, RUN),
    "around": (planners.IntervalMDP.around, {"model": MODEL, "radius": 0.1}, {"norm": "choice", "radius": "numbers"}),
    "containing": (planners.IntervalMDP.containing, {"models": [MODEL]}, {"models": "list"}),
    "from_arrays": (planners.TabularMDP.from_arrays, {"P": P, "R": R, "terminal": ENDS},
                    {"P": "numbers", "R": "numbers", "axes": "choice", "normalise": "switch"}),
    "from_functions": (planners.TabularMDP.from_functions,
                       {"start": 0, "actions": lambda s: [0], "outcomes": lambda s, a: [(1.0, s, 0.0)]},
                       {"max_states": "whole", "progress": "progress", "normalise": "switch"}),
    "TabularPolicy": (planners.TabularPolicy, {"probabilities": [[0.5, 0.5]]},
                      {"probabilities": "numbers", "seed": "seed"}),
    "uniform": (planners.TabularPolicy.uniform, {"num_states": 3, "num_actions": 2},
                {"num_states": "whole", "num_actions": "whole", "seed": "seed"}),
    "row": (MODEL.row, {"state": 0, "action": 0}, {"state": "whole", "action": "whole"}),
    "at_most": (LAW.at_most, {"returns": 0.0}, {"returns": "numbers"}),
    "quantile": (LAW.quantile, {"probability": 0.5}, {"probability": "number"}),
    "best": (FRONT.best, {"weights": [0.5, 0.5]}, {"weights": "numbers"}),
    "linear_values": (planners.linear_values,
                      {"env_or_model": MODEL, "policy": POLICY, "features": np.eye(3), "discount": 0.9},
                      {"features": "numbers", "discount": "discount", "trace_decay": "number"}),
    "learn": (planners.learn,
              {"env_or_model": MODEL, "agent": planners.QLearning(), "steps": 3, "discount": 0.9},
              {"steps": "whole?", "discount": "discount", "compiled": "switch", "progress": "progress"}),
    "LSTD": (planners.LSTD, {"features": planners.StateAggregation(3, 3), "discount": 0.9},
             {"trace_decay": "number", "regularisation": "number", "discount": "discount"}),
    "save": (lambda path: None if path is None else PLAN.save(path), {"path": None}, {"path": "path"}),
    "load_plan": (lambda path: None if path is None else planners.load_plan(path), {"path": None}, {"path": "path"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_no_argument_takes_what_it_cannot_be(name: str) -> None:
    call, valid, kinds = CALLS[name]
    assert accepted(call, valid, kinds, planners.PlannerError) == []


SETTINGS = {"rate": "number", "initial": "number", "trace_decay": "number", "planning_steps": "whole",
            "kappa": "number",
            "threshold": "number", "prior": "number", "noise": "number", "known_after": "whole", "n": "whole",
            "largest_reward": "number", "bonus": "number", "scale": "number", "delta": "number", "confidence": "number",
            "simulations": "whole", "depth": "whole", "horizon": "whole?", "replacing": "switch", "baseline": "switch",
            "first_visit": "switch", "exploring_starts": "switch", "weighted": "switch", "start": "number",
            "by": "choice", "critic_rate": "number"}  # fmt: skip
LEARNERS = ("ActorCritic", "Decay", "DoubleQLearning", "DynaQ", "ExpectedSarsa", "GradientBandit", "MonteCarlo",
            "MonteCarloPrediction", "NStepSarsa", "NStepTreeBackup", "OffPolicyMonteCarlo", "PosteriorSampling",
            "PrioritizedSweeping", "QLambda", "QLearning", "RMax", "Reinforce", "Sarsa", "SarsaLambda", "TD",
            "TDLambda",
            "ThompsonSampling", "TrueOnlineSarsa", "TrueOnlineTD", "UCBVI", "UCRL2", "UCT",
            "UpperConfidenceBound")  # fmt: skip


@pytest.mark.parametrize("name", LEARNERS)
def test_no_learner_takes_a_setting_that_it_cannot_use(name: str) -> None:
    maker = getattr(planners, name)
    settings = {each: kind for each, kind in SETTINGS.items() if each in inspect.signature(maker).parameters}
    valid = {"Decay": {"start": 0.5}, "UCBVI": {"horizon": 3}}.get(name, {})
    assert settings
    assert accepted(maker, valid, settings, planners.InvalidOptionError) == []


def test_a_feature_whose_square_is_no_float_is_refused() -> None:
    features = np.eye(3)
    features[0, 0] = 1e300  # least squares of infinite numbers do not end
    with pytest.raises(planners.InvalidOptionError, match="features has 1e\\+300; expected"):
        planners.linear_values(MODEL, POLICY, features, discount=0.9)
