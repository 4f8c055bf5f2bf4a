"""Policy iteration (the lecture's Algorithm 5).

    start with a random policy
    repeat:  V = the solution of the linear system (I - discount * P_policy) V = r_policy
             in each state, take an action that is better than the policy's own, if there is one
    until no action is better

"Better" means by more than rounding can feign, so two actions of the same value never take turns. At
discount 1 a random policy may never end the episode, and the system then has no solution; where it does
not end, the policy is sent along a shortest way to the end first.

Source: Howard (1960); Puterman (2005), Section 6.4.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.certificates import steps_towards_end, surely_ends
from planners.errors import check_discount, check_tolerance
from planners.graph import rows_towards, steps_towards
from planners.linear import EvaluationSystem
from planners.models import as_model
from planners.planner import Iterate, run
from planners.problem import Problem, make_problem
from planners.progress import Progress
from planners.result import Plan


def policy_iteration(
    model: Any,
    *,
    discount: float,
    tolerance: float = 1e-6,
    max_iterations: int = 10_000,
    seed: int | None = None,
    progress: Progress = False,
    throw: bool = True,
) -> Plan:
    """Optimal values and policy by solving a linear system for each of ever better policies (Algorithm 5).

    Args:
        model: A model of S states, or an environment that has one.
        discount: 0 to 1. At 1, states from which no policy surely ends the episode get the value -inf.
        tolerance: Largest error of the values, in units of reward. The method goes on until no action is
            better, and so the bound is mostly far smaller.
        max_iterations: Number of policies after which to give up.
        seed: Of the random first policy.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: Raise when the tolerance is not reached; False: return the plan with its status.

    Returns:
        A `Plan` with proven bounds. After Ctrl-C: the plan so far.

    Raises:
        InvalidModelError: No model, or not an MDP.
        UnboundedValueError: At discount 1, reward can be collected for ever.
        NotConvergedError: See `throw`.

    Cost: a few to a few dozen linear systems of S unknowns.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> policy_iteration(stay_or_stop, discount=0.8).values.round(12)
    array([5.])
    """
    tolerance = check_tolerance(tolerance)
    problem = make_problem(as_model(model).tabular, check_discount(discount))
    return run(
        problem,
        improvements(problem, random_policy(problem, np.random.default_rng(seed))),
        method="policy iteration",
        tolerance=tolerance,
        max_iterations=max_iterations,
        progress=progress,
        throw=throw,
    )


def improvements(problem: Problem, policy: NDArray[np.int64]) -> Iterator[Iterate]:
    """The iterates of Algorithm 5, from a first policy of one row for each state."""
    while True:
        system = EvaluationSystem(problem.transitions[policy], problem.discount)
        values = system.solve(problem.rewards[policy])
        action_values = problem.action_values(values)
        better = certified_improvement(problem, policy, values, action_values, system)
        done = np.array_equal(better, policy)
        yield Iterate(values, action_values, _settled(problem, policy, values, action_values) if done else policy, done)
        if done:
            return
        policy = better


def certified_improvement(
    problem: Problem,
    policy: NDArray[np.int64],
    values: NDArray[np.float64],
    action_values: NDArray[np.float64],
    system: EvaluationSystem,
) -> NDArray[np.int64]:
    """(n,) the policy with a better row wherever one is better by more than the errors of V and Q.

    The error of V is at most (residual + rounding) * w, with w = 1 + discount * P_policy w the expected
    discounted number of steps; that of a difference of two Q at most twice as much, and their rounding.
    """
    rounding = problem.rounding(values)
    residual = float(np.abs(action_values[policy] - values).max(initial=0.0))
    steps = float(system.solve(np.ones(problem.num_states)).max(initial=0.0))
    doubt = 2.0 * (residual + rounding) * (1.0 + steps)
    best = problem.greedy(action_values)
    return np.where(action_values[best] > action_values[policy] + doubt, best, policy)


def _settled(
    problem: Problem, policy: NDArray[np.int64], values: NDArray[np.float64], action_values: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(n,) the first of the equally good rows of each state, so that the answer does not depend on the start."""
    first = problem.greedy(action_values, ties=4.0 * problem.rounding(values))
    return first if problem.discount < 1.0 or surely_ends(problem, first) else policy


def random_policy(problem: Problem, rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) a random row for each state; at discount 1, one that surely ends the episode."""
    last_row = np.append(problem.first_row[1:], len(problem.row_state))
    policy = rng.integers(problem.first_row, last_row)
    if problem.discount < 1.0:
        return policy
    lost = steps_towards_end(problem, policy) < 0
    every_row = np.ones(len(problem.row_state), dtype=bool)
    ending = problem.termination > 0
    can_end = np.zeros(problem.num_states, dtype=bool)
    can_end[problem.row_state[ending]] = True
    towards = steps_towards(problem.transitions, problem.row_state, every_row, can_end)
    way = rows_towards(problem.transitions, problem.row_state, every_row & ~ending, towards)
    first_ending = np.full(problem.num_states, -1, dtype=np.int64)
    first_ending[problem.row_state[ending][::-1]] = np.flatnonzero(ending)[::-1]
    return np.where(lost, np.where(can_end, first_ending, way), policy)
