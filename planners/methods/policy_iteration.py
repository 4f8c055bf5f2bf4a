"""Policy iteration (the lecture's Algorithm 5).

    start with a random policy
    repeat:  V = the solution of the linear system (I - discount * P_policy) V = r_policy
             in each state, take an action that is better than the policy's own, if there is one
    until no action is better

"Better" means better by more than the errors of V can explain, so the policy never alternates between two actions
of the same value. If the bounds are then too wide, actions that are better for this V are taken too, as long as that
at least halves their gain. At last V is swept as in value iteration, until only rounding errors are left.

At discount 1 a random policy may never end the episode, and the system then has no solution; where it does not end, the
policy first takes a shortest way to the end.

On large models the linear systems can be solved by a Krylov method instead of exactly, each only as accurately as
necessary: to a small part of the gain of the next improvement. It then stops as soon as the error is proven to be
within the tolerance ("inexact policy iteration").

Source: Howard (1960); Puterman (2005), Section 6.4. Inexact: Gargiani, Liao-McPherson, Zanelli and Lygeros
(2022), arXiv 2211.04299.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arrays import take_rows
from planners.equations.from_model import make_problem
from planners.equations.linear_systems import EvaluationSystem, KrylovSystem
from planners.equations.policy_ends import surely_ends
from planners.equations.problem import Problem
from planners.errors import InvalidOptionError
from planners.iteration.iterates import Backup
from planners.iteration.loop import planner, run
from planners.iteration.progress import Progress
from planners.iteration.rounding_floor import FLOOR
from planners.iteration.starting_points import good_policy, random_policy, start_policy, start_values
from planners.methods.value_iteration import sweeps
from planners.models.convert import ModelLike, with_rows
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_run, check_tolerances
from planners.plans.plan import Plan

EVALUATIONS: Final = ("auto", "direct", "krylov")
DIRECT_LIMIT: Final = 200_000
FORCING: Final = 1e-2  # residual of an evaluation, as a part of the last improvement


@planner
def policy_iteration(
    model: ModelLike,
    *,
    discount: float,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    max_iterations: int = 10_000,
    seed: int | None = None,
    start: Any = None,
    evaluation: str = "auto",
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,  # the decorator sees to it: the method itself always maximises
) -> Plan:
    """Optimal values and policy by solving a linear system for each policy and improving it (Algorithm 5).

    Args:
        model: A model of S states, or an environment that has one.
        discount: 0 to 1. At 1, states where every policy may pay for ever get the value -inf.
        tolerance: Largest error of any value, in units of reward; a value that float64 cannot prove is refused.
        relative_tolerance: The same as a fraction of the largest |V|. If both are given, the larger error is allowed;
            if neither is given, 1e-6 of the largest |V|. With direct evaluation the method goes on until no action is
            better, and so the bound is mostly far smaller.
        max_iterations: Number of policies after which to give up.
        seed: Seed of the random first policy.
        start: A `Plan`, to start from its policy; (S,) values, to start from their greedy policy; None: a random
            policy; "sweeps": a policy found by sweeps, which saves most of the linear systems.
        evaluation: "direct" (as exactly as float64 allows), "krylov" (BiCGSTAB to the residual that suits), or
            "auto": direct, but below discount 1 Krylov above 200,000 states and where factors would fill in
            because the states lead all over the model.
        progress: True for a progress bar, or a function to call with each `Moment`, an `Iteration` with values.
        throw: Raise when the tolerance is not reached, as soon as it is known; False: return the best plan there
            is, with its status.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `Plan` with proven bounds. After Ctrl-C: the plan so far.
        If a few values are very much larger than the others, `planners.solve(model, method=...)` solves the other
        states separately, and proves more about them than this function does.

    Raises:
        InvalidModelError: No model, or not an MDP.
        InvalidOptionError: Among others, a start of another size.
        UnboundedValueError: At discount 1 reward can be collected for ever; `throw=False` gives inf there.
        NotConvergedError: See `throw`.

    Cost: a few to a few dozen linear systems of S unknowns.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> policy_iteration(stay_or_stop, discount=0.8).values.round(12)
    array([5.])
    """
    wanted = check_tolerances(tolerance, relative_tolerance)
    check_run(max_iterations, progress, throw)
    if isinstance(start, str) and start != "sweeps":
        raise InvalidOptionError(f"start is {start!r}; expected a plan, values, 'sweeps' or None")
    if evaluation not in EVALUATIONS:
        raise InvalidOptionError(f"evaluation is {evaluation!r}; expected {', '.join(map(repr, EVALUATIONS))}")
    problem = make_problem(with_rows(model), check_discount(discount))
    values: NDArray[np.float64] | None = None
    if isinstance(start, str):
        policy = good_policy(problem)
    elif start is None:
        policy = random_policy(problem, np.random.default_rng(seed))
    else:
        policy, values = start_policy(problem, start), start_values(problem, start)
    if evaluation == "auto":
        evaluation = "krylov" if problem.discount < 1.0 and _is_large(problem, policy) else "direct"
    direct = evaluation == "direct"
    return run(
        problem,
        improvements(problem, policy) if direct else inexact_improvements(problem, policy, values, wanted),
        method="policy iteration" if direct else "policy iteration with Krylov evaluation",
        tolerance=wanted,
        max_iterations=max_iterations,
        progress=progress,
        throw=throw,
    )


def _is_large(problem: Problem, policy: NDArray[np.int64]) -> bool:
    """Whether factors of the linear systems would take too much: there are many states, or they are entangled."""
    return problem.num_states > DIRECT_LIMIT or not problem.evaluation(policy).has_factors


def improvements(problem: Problem, policy: NDArray[np.int64]) -> Iterator[Backup]:
    """The iterates of Algorithm 5, from a first policy of one row for each state; then sweeps, without an end.

    It cannot cycle: a certified improvement never leads back, and the others halve `least` each time.
    """
    least = np.inf
    while True:
        system = problem.evaluation(policy)
        values = system.solve(problem.rewards[policy])
        action_values = problem.action_values(values)
        best = problem.greedy(action_values)
        better = certified_improvement(problem, policy, values, action_values, system, best)
        done = np.array_equal(better, policy)
        rows = _settled(problem, policy, values, action_values, best) if done else policy
        yield Backup(values, action_values, rows, done)
        if done:
            better, gain = _doubtful_improvement(problem, policy, values, action_values, best)
            if not 0.0 < gain < 0.5 * least:
                break
            least = gain
        policy = better
    yield from sweeps(problem, problem.maximise(action_values))


def certified_improvement(
    problem: Problem,
    policy: NDArray[np.int64],
    values: NDArray[np.float64],
    action_values: NDArray[np.float64],
    system: EvaluationSystem,
    best: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """(n,) the policy with a better row wherever one is better by more than the errors of V and Q.

    The error of V is at most (residual + rounding) * w, with w = 1 + discount * P_policy w the expected
    discounted number of steps; that of a difference of two Q at most twice as much, and their rounding.
    """
    rounding = float(problem.rounding(values, policy).max(initial=0.0))
    residual = float(np.abs(action_values[policy] - values).max(initial=0.0))
    best = problem.greedy(action_values) if best is None else best
    doubt = 2.0 * (residual + rounding) + problem.rounding(values, best)
    if not (action_values[best] > action_values[policy] + doubt).any():  # whatever the number of steps
        return policy
    steps = float(system.solve(np.ones(problem.num_states)).max(initial=0.0))
    doubt += 2.0 * (residual + rounding) * steps
    return np.where(action_values[best] > action_values[policy] + doubt, best, policy)


def _doubtful_improvement(
    problem: Problem,
    policy: NDArray[np.int64],
    values: NDArray[np.float64],
    action_values: NDArray[np.float64],
    best: NDArray[np.int64],
) -> tuple[NDArray[np.int64], float]:
    """(n,) the policy with every row that is better for V, however wrong V is, and the most that one gains."""
    gain = action_values[best] - action_values[policy]
    counts = gain > FLOOR * np.maximum(problem.rounding(values, best), problem.rounding(values, policy))
    better = np.where(counts, best, policy)
    if problem.discount == 1.0 and not surely_ends(problem, better):
        return policy, 0.0
    return better, float(gain[counts].max(initial=0.0))


def _settled(
    problem: Problem,
    policy: NDArray[np.int64],
    values: NDArray[np.float64],
    action_values: NDArray[np.float64],
    best: NDArray[np.int64],
) -> NDArray[np.int64]:
    """(n,) the first of the equally good rows of each state, so that the answer does not depend on the start."""
    first = problem.greedy(action_values, ties=4.0 * problem.rounding(values, best))
    return first if problem.discount < 1.0 or surely_ends(problem, first) else policy


def inexact_improvements(
    problem: Problem, policy: NDArray[np.int64], values: NDArray[np.float64] | None, tolerance: float | Tolerance
) -> Iterator[Backup]:
    """The iterates of inexact policy iteration, from a first policy and a guess of its values; None: 0.

    Below discount 1 a residual e of the last evaluation makes an error of e / (1 - discount) at most. A
    policy that comes back shows that residuals are too large to tell which action is better: they go down
    to what the tolerance asks for, or rounding allows. If that does not help, exact evaluation takes over,
    or sweeps where it is rounding that keeps the bounds apart.
    """
    wanted, seen = check_tolerances(tolerance), set[int]()
    values = np.zeros(problem.num_states) if values is None else values
    gain, thorough = float((problem.maximise(problem.action_values(values)) - values).max(initial=0.0)), False
    while True:
        system = KrylovSystem(take_rows(problem.transitions, policy), problem.discount)
        rounding = float(problem.rounding(values, policy).max(initial=0.0))
        needed = max(0.1 * wanted.target(values).aim / _longest(problem, system), FLOOR * rounding)
        aim = needed if thorough else max(needed, FORCING * gain)
        values = system.solve(problem.rewards[policy], start=values, residual=aim)
        action_values = problem.action_values(values)
        yield Backup(values, action_values)
        residual = float(np.abs(action_values[policy] - values).max(initial=0.0))
        best = problem.greedy(action_values)
        better = action_values[best] - action_values[policy]
        gain = float(better.max(initial=0.0))
        doubt = 2.0 * residual + (FLOOR if thorough else 2.0) * problem.rounding(values, best)
        next_policy = np.where(better > doubt, best, policy)
        mark = hash(next_policy.tobytes())
        if (mark in seen and thorough) or (problem.discount == 1.0 and not surely_ends(problem, next_policy)):
            break
        if mark in seen:
            thorough = True
            seen.clear()
        seen.add(mark)
        policy = next_policy
    if needed > FLOOR * rounding or problem.discount == 1.0:
        yield from improvements(problem, policy)
    yield from sweeps(problem, problem.maximise(action_values))


def _longest(problem: Problem, system: KrylovSystem) -> float:
    """Largest expected discounted number of steps to the end: how much an error of one step can add up to."""
    if problem.discount < 1.0:
        return 1.0 / (1.0 - problem.discount)
    return max(2.0 * float(system.solve(np.ones(problem.num_states), residual=0.5).max(initial=1.0)), 1.0)
