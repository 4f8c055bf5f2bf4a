"""The Bellman equations as a linear program, solved by HiGHS: the reference method for small models.

    minimise    sum over s of V(s)
    subject to  V(s) >= r(s,a) + discount * sum over s' of P(s'|s,a) V(s')        for every row (s, a)

V* is the least V that satisfies all rows. The dual variable x(s,a) is how often the row is taken when one
episode starts in each state; at a vertex one row of each state has x > 0, and those rows are an optimal
policy. HiGHS is accurate to about 1e-9. So the answer is the value of that policy, from a linear system; if there is
still a better action at this accuracy, policy iteration continues from there. The program always has a solution; where
HiGHS finds none, because it takes probabilities below 1e-9 for 0 or loses digits, policy iteration does all the work,
and `plan.method` says so.

Source: Puterman (2005), Section 6.9; d'Epenoux (1963). Solver: Huangfu and Hall (2018), HiGHS.
"""

from collections.abc import Iterator
from typing import Any, Final, cast

import numpy as np
from scipy import sparse

from planners.equations.from_model import make_problem
from planners.equations.problem import Problem
from planners.errors import InvalidOptionError
from planners.iteration.iterates import Backup
from planners.iteration.loop import planner, run
from planners.iteration.progress import Progress
from planners.iteration.starting_points import ending_policy, good_policy
from planners.methods.policy_iteration import improvements
from planners.models.convert import ModelLike, with_rows
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_run, check_tolerances
from planners.plans.plan import Plan

ROW_LIMIT: Final = 20_000
SOLVED: Final = "linear program (HiGHS)"
GAVE_UP: Final = "policy iteration (HiGHS could not solve the linear program: its numbers lie too far apart)"


@planner
def linear_program(
    model: ModelLike,
    *,
    discount: float,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    max_iterations: int = 100,
    progress: Progress = False,
    throw: bool = True,
    minimise: bool = False,  # the decorator sees to it: the method itself always maximises
) -> Plan:
    """Optimal values and policy by linear programming; for small models, as a reference for other methods.

    Args:
        model: A model of S states, or an environment that has one, with at most 20,000 feasible pairs.
        discount: 0 to 1. At 1, states where every policy may pay for ever get the value -inf.
        tolerance: Largest error of any value, in units of reward; a value that float64 cannot prove is refused.
        relative_tolerance: The same as a fraction of the largest |V|. If both are given, the larger error is allowed;
            if neither is given, 1e-6 of the largest |V|.
        max_iterations: Number of policies, that of the program and its improvements, after which to give up.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: Raise when the tolerance is not reached; False: return the plan with its status.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `Plan` with proven bounds.
        If a few values are very much larger than the others, `planners.solve(model, method=...)` solves the other
        states separately, and proves more about them than this function does.

    Raises:
        InvalidModelError: No model, or not an MDP.
        InvalidOptionError: Among others, too many rows: use `planners.solve`.
        UnboundedValueError: At discount 1 reward can be collected for ever; `throw=False` gives inf there.
        NotConvergedError: See `throw`.

    Cost: hardly predictable, some seconds for 20,000 rows.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> linear_program(stay_or_stop, discount=0.8).values.round(12)
    array([5.])
    """
    wanted = check_tolerances(tolerance, relative_tolerance)
    check_run(max_iterations, progress, throw)
    problem = make_problem(with_rows(model), check_discount(discount))
    rows = len(problem.row_pair)
    if rows > ROW_LIMIT:
        raise InvalidOptionError(
            f"linear_program is for at most {ROW_LIMIT} pairs of a state and an action; this model has {rows}. "
            "Use planners.solve(), whose bounds are proven as well"
        )
    backups, method = vertex(problem)
    return run(
        problem,
        backups,
        method=method,
        tolerance=wanted,
        max_iterations=max_iterations,
        progress=progress,
        throw=throw,
    )


def vertex(problem: Problem) -> tuple[Iterator[Backup], str]:
    """The policy of the optimal vertex, its improvements if HiGHS's precision left any, and what was done."""
    count, rows = problem.num_states, len(problem.row_state)
    if not count:
        return improvements(problem, np.zeros(0, dtype=np.int64)), SOLVED
    own = sparse.csr_array((np.ones(rows), (np.arange(rows), problem.row_state)), shape=(rows, count))
    scale = problem.largest_reward or 1.0  # HiGHS takes 1e20 for infinity
    from scipy.optimize import linprog  # takes a quarter of a second, so not before it is needed

    solution = linprog(
        c=np.ones(count),
        A_ub=cast(Any, problem.discount * problem.transitions - own),  # the stubs of SciPy know no sparse one
        b_ub=-problem.rewards / scale,
        bounds=(None, None),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solution.status != 0:
        return improvements(problem, good_policy(problem)), GAVE_UP
    taken = problem.greedy(-np.asarray(solution.ineqlin.marginals))
    return improvements(problem, ending_policy(problem, taken)), SOLVED
