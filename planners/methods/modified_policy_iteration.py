"""Modified policy iteration: between value iteration (0 sweeps) and policy iteration (endless sweeps).

    start with V_0 <= T V_0
    repeat:  policy = greedy for V_k;  V = T V_k                   the improvement, one full backup
             m times:  V = r_policy + discount * P_policy V        the evaluation, on one row a state
             V_{k+1} = V

A sweep of the evaluation reads one row of each state, and a full backup reads all rows, so the sweep costs a fraction
of the backup. From V_0 <= T V_0 the values rise to V* without ever passing it. Below discount 1 the method converges
from every start; at discount 1 a start without V_0 <= T V_0 is lowered until that holds, as otherwise the greedy policy
might never end the episode. Large models below discount 1 go through the same steps in `planners.sweeps.policy_sweeps`,
compiled.

Source: Puterman (2005), Section 6.5; Puterman and Shin (1978); Rothblum (1979) for any start.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.from_model import make_problem
from planners.equations.problem import Problem
from planners.errors import InvalidOptionError
from planners.iteration.certified_backups import certified
from planners.iteration.iterates import Backup, Iterate, Solving
from planners.iteration.loop import planner, run_iterates
from planners.iteration.progress import Progress
from planners.iteration.starting_points import ending_policy, start_values
from planners.models.convert import ModelLike, with_rows
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_run, check_tolerances
from planners.plans.plan import Plan
from planners.sweeps.policy_sweeps import PolicySweeps, compiled_sweeps

ENOUGH: Final = 3e-2  # of the change that the improvement made
NEAR_ONE: Final = 1e-6  # 1 - discount
FAR: Final = 1e-3  # from V*, as a part of V: less is left to the sweeps
FEW_CHANGES: Final = 0.2  # of the states; the policies that follow tell smaller differences apart
COMPILED_FROM: Final = 50_000  # states; below it compilation costs more than it saves


@planner
def modified_policy_iteration(
    model: ModelLike,
    *,
    discount: float,
    sweeps: int = 10,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    max_iterations: int = 1_000_000,
    start: Any = None,
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,  # the decorator sees to it: the method itself always maximises
) -> Plan:
    """Optimal values and policy by improving a policy and then backing it up a few times.

    Args:
        model: A model of S states, or an environment that has one.
        discount: 0 to 1. At 1, states where every policy may pay for ever get the value -inf.
        sweeps: Backups m of each policy after the one that chose it, 0 or more; 0 is value iteration. A policy whose
            values hardly change any more has fewer.
        tolerance: Largest error of any value, in units of reward; a value that float64 cannot prove is refused.
        relative_tolerance: The same as a fraction of the largest |V|. If both are given, the larger error is allowed;
            if neither is given, 1e-6 of the largest |V|.
        max_iterations: Number of policies after which to give up.
        start: V_0: a `Plan`, or (S,) values; None: a lower bound of V*.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: Raise when the tolerance is not reached; False: return the plan with its status.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `Plan` with proven bounds. After Ctrl-C: the plan so far.
        If a few values are very much larger than the others, `planners.solve(model, method=...)` solves the other
        states separately, and proves more about them than this function does.

    Raises:
        InvalidModelError: No model, or not an MDP.
        InvalidOptionError: Among others, `sweeps` below 0 or a start of another size.
        UnboundedValueError: At discount 1 reward can be collected for ever; `throw=False` gives inf there.
        NotConvergedError: See `throw`.

    Cost: ln(1 / tolerance) / (1 - discount) sweeps, as value iteration, all but one in m + 1 over the rows
    of one policy. At discount 1 also one sparse LU.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> modified_policy_iteration(stay_or_stop, discount=0.8).values.round(3)
    array([5.])
    """
    wanted = check_tolerances(tolerance, relative_tolerance)
    check_run(max_iterations, progress, throw)
    if not isinstance(sweeps, int | np.integer) or sweeps < 0:
        raise InvalidOptionError(f"sweeps is {sweeps!r}; expected a whole number of at least 0")
    problem = make_problem(with_rows(model), check_discount(discount))
    values = first_values(problem, start)
    solved: Solving = problem
    iterates: Iterator[Iterate] = certified(
        problem, evaluated_in_part(problem, values, int(sweeps)), wanted, refuses=throw
    )
    if problem.discount < 1.0 and len(values) >= COMPILED_FROM:
        solved = PolicySweeps(problem, values)
        iterates = compiled_sweeps(solved, int(sweeps), wanted, refuses=throw)
    return run_iterates(
        solved,
        iterates,
        method=f"modified policy iteration of {sweeps} sweeps",
        tolerance=wanted,
        max_iterations=max_iterations,
        progress=progress,
    )


def evaluated_in_part(problem: Problem, values: NDArray[np.float64], sweeps: int) -> Iterator[Backup]:
    """The iterates V_k from V_0.

    While the policy still changes in many states, sweeps of it end as soon as they hardly change the values. Where no
    episode ends and the discount is very near 1, all values are brought near V* by the same number, the middle of the
    bounds that the backup proves: that changes no policy, and a million iterations would not bring them there.
    """
    before = np.full(len(values), -1)
    while True:
        action_values = problem.action_values(values)
        policy = problem.greedy(action_values)
        yield Backup(values, action_values, greedy=policy)
        gains = action_values[policy] - values
        enough = ENOUGH * _spread(problem, gains)
        settles = np.count_nonzero(policy != before) <= FEW_CHANGES * len(policy)
        values, before = action_values[policy], policy  # T V_k
        if problem.never_ends and 1.0 - problem.discount < NEAR_ONE and len(values):
            lacking = 0.5 * (gains.min() + gains.max()) * problem.discount / (1.0 - problem.discount)
            values += lacking if FAR * np.abs(values).max() < abs(lacking) < np.inf else 0.0
        chain, rewards = problem.chain(policy), problem.rewards[policy]
        for _ in range(sweeps):
            later = chain @ values
            later *= problem.discount
            later += rewards
            ends = not settles and _spread(problem, later - values) <= enough
            values = later
            if ends:
                break


def _spread(problem: Problem, change: NDArray[np.float64]) -> float:
    """The largest change of a value; where no episode ends, all may change by the same, which changes no policy."""
    most, least = float(change.max(initial=-np.inf)), float(change.min(initial=np.inf))
    return most - least if problem.never_ends else max(most, -least)


def first_values(problem: Problem, start: Any) -> NDArray[np.float64]:
    """(n,) V_0: the start, or a lower bound of V*; at discount 1 one with V_0 <= T V_0.

    Let h be the expected number of steps to the end under some policy, h = 1 + P_policy h. With
    c = max(V - T_policy V, 0), V_0 = V - c h obeys T_policy V_0 = T_policy V - c (h - 1) >= V_0.
    """
    if problem.discount < 1.0:
        if start is not None:
            return start_values(problem, start)
        least = min(float(problem.rewards.min(initial=0.0)), 0.0)  # never more than 0, as the episode may end
        with np.errstate(over="ignore"):
            return np.full(problem.num_states, least / (1.0 - problem.discount))
    values = np.zeros(problem.num_states) if start is None else start_values(problem, start)
    action_values = problem.action_values(values)
    policy = ending_policy(problem, problem.greedy(action_values))
    steps = problem.evaluation(policy).solve(np.ones(problem.num_states))
    shortfall = float((values - action_values[policy]).max(initial=0.0))
    return values - shortfall * steps if np.isfinite(steps).all() else values
