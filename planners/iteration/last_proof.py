"""A last attempt of every method where rounding keeps it from proving the tolerance: values around known numbers.

Near discount 1, and at the start of long ways, values may be large, and nearly the same in states that lead to each
other. A backup of V is off by a part of V. But rows sum to 1, so that with V = C + h, and t the probability that the
episode ends,

    r + discount * P V - V  =  r'  +  discount * P h - h,
    r' (s, a)  =  r - (1 - discount + discount * t) C(s) + discount * sum over s' of P(s'|s,a) (C(s') - C(s)).

h are values of the same model with the rewards r', whatever C is. Where C is the same in all states of a class that
lead to each other, r' and a backup of h are off by a part of what differs between states, and not of V. Policy
iteration on this model goes on from the plan's policy. What it finds is proven with weights of 1, at discount 1 with
expected steps; then with the expected sum of the rounding errors on the way (`planners.equations.certificates`). Where
that is not enough, gains of C + h are computed in twice the digits (`planners.equations.compensated`), for small models
then in fractions (`planners.equations.exact_gains`), and with them h is made better.

Source: Puterman (2005), Section 6.6 (relative values, spans).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planners.equations.certificates import Bounds, Certifier, weights_of_doubts
from planners.equations.compensated import Gains, compensated_gains, may_be_compensated
from planners.equations.exact_gains import exact_gains, may_be_exact
from planners.equations.from_model import make_problem
from planners.equations.linear_systems import EvaluationSystem
from planners.equations.policy_ends import surely_ends
from planners.equations.problem import Problem
from planners.exact_sums import exact_sum
from planners.iteration.iterates import told_of_model
from planners.iteration.starting_points import good_policy, start_policy, start_values
from planners.models.moves import MoveMDP
from planners.models.tabular import TabularMDP
from planners.options import Tolerance
from planners.plans.plan import Plan, Status
from planners.plans.policy import TabularPolicy

STOPPED: Final = (Status.ROUNDING_FLOOR, Status.NON_FINITE)
MOST_STATES: Final = 200_000  # for which linear systems are solved before a tolerance is refused
MOST_POLICIES: Final = 30
MOST_REFINEMENTS: Final = 8
MOST_WORK: Final = 1_000_000  # states of all policies


@np.errstate(over="ignore", invalid="ignore")  # what overflows proves nothing
def proven_further(plan: Plan) -> Plan:
    """The plan, or where rounding or an overflow stopped it one of smaller error, if there is one.

    >>> from planners import TabularMDP, value_iteration
    >>> tour = TabularMDP.from_gym_dict({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 3.0, False)]}})
    >>> (value_iteration(tour, discount=1 - 2.0**-30, tolerance=1e-4).values - 2.0**31).round(3)
    array([-0.5,  0.5])
    """
    if not may_be_proven_further(plan):
        return plan
    problem = make_problem(plan.model.tabular, plan.discount)
    values, rows = _start(problem, plan)
    if not len(values):
        return plan
    centre, found = class_middles(problem, rows, values), None
    for _ in range(min(MOST_POLICIES, max(MOST_WORK // len(values), 4))):
        shifted = around(problem, centre)
        h = EvaluationSystem(shifted.transitions[rows], shifted.discount).solve(shifted.rewards[rows])
        action_values = shifted.action_values(h)
        if not np.isfinite(action_values).all():
            break
        best, rounding = shifted.greedy(action_values), shifted.sharp_rounding(h)
        better = np.where(action_values[best] > action_values[rows] + rounding[best] + rounding[rows], best, rows)
        if problem.discount == 1.0 and not surely_ends(problem, better):
            break
        if np.array_equal(better, rows):
            more = _proven(shifted, h, action_values, rows, centre, plan.tolerance)
            helps = found is None or more.error < 0.5 * found.error
            found = better_of(found, more)
            if found.error <= plan.tolerance or not helps:
                break
        rows, centre = better, class_middles(problem, better, centre + h)
    if found is None or found.error > plan.tolerance:
        more = _by_steps_to_the_end(problem, rows)
        found = found if more is None else better_of(found, more)
    if (found is None or found.error > plan.tolerance) and may_be_compensated(problem):
        found = better_of(found, _by_exact_gains(problem, rows, centre, plan.tolerance, compensated_gains))
        if found.error > plan.tolerance and may_be_exact(problem):
            found = better_of(found, _by_exact_gains(problem, rows, centre, plan.tolerance, exact_gains))
    return plan if found is None else _plan_with(plan, problem, found)


def _start(problem: Problem, plan: Plan) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(n,) values and (n,) policy to go on from; where values overflowed, those of a policy that sweeps find.

    V of the policy itself is taken where it is far smaller: a method that was stopped may have been far off.
    """
    if plan.status is Status.NON_FINITE:
        values, rows = np.full(problem.num_states, np.inf), good_policy(problem)
    else:
        values, rows = start_values(problem, plan), start_policy(problem, plan)
    own = problem.evaluation(rows).solve(problem.rewards[rows])
    far = np.abs(own).max(initial=0.0) < 1e-3 * np.abs(values).max(initial=0.0)
    return own if far else np.nan_to_num(values, posinf=0.0), rows


def may_be_proven_further(plan: Plan) -> bool:
    """Whether rounding or an overflow stopped it, and linear systems of the model are cheap enough."""
    small = isinstance(plan.model, TabularMDP | MoveMDP) and plan.model.num_states <= MOST_STATES
    known = plan.discount == 1.0 or plan.status is Status.NON_FINITE or np.isfinite(plan.values).all()
    return bool(small and plan.status in STOPPED and known)


def class_middles(problem: Problem, rows: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) C: half-way between the least and the largest value of the states that lead to each other by the policy."""
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(problem.transitions[rows], directed=True, connection="strong")
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, label, values)
    np.maximum.at(most, label, values)
    return (0.5 * least + 0.5 * most)[label]


def around(problem: Problem, centre: NDArray[np.float64]) -> Problem:
    """The equations of h = V - C, for (n,) C."""
    here, out = centre[problem.row_state], (1.0 - problem.discount) + problem.discount * problem.termination
    P = problem.transitions
    away = P.copy()
    away.data = P.data * (centre[P.indices] - np.repeat(here, np.diff(P.indptr)))
    onward = problem.discount * away.sum(axis=1)
    sizes = np.abs(here) * out + problem.discount * abs(away).sum(axis=1)
    rewards = problem.rewards - here * out + onward
    return replace(problem, rewards=rewards, sizes=problem.reward_sizes + 2.0 * sizes)


def moved(bounds: Bounds, by: NDArray[np.float64]) -> Bounds:
    """Bounds of V = h + `by` from those of h, rounded outwards."""
    lower, upper = _sum(bounds.lower, by, -np.inf), _sum(bounds.upper, by, np.inf)
    values = np.clip(bounds.values + by, lower, upper)
    error = float(np.maximum(upper - values, values - lower).max(initial=0.0))
    return Bounds(lower, upper, values, float(np.nextafter(error, np.inf)), bounds.rows)


def _sum(a: NDArray[np.float64], b: NDArray[np.float64], towards: float) -> NDArray[np.float64]:
    """(n,) the float next to a + b that is not on the other side of it; infinite where one of them is."""
    total, left = exact_sum(a, b)
    short = np.isnan(left) | (np.copysign(1.0, towards) * left > 0.0)
    return np.where(short, np.nextafter(total, towards), total)


def _proven(
    problem: Problem,
    values: NDArray[np.float64],
    action_values: NDArray[np.float64],
    rows: NDArray[np.int64],
    centre: NDArray[np.float64],
    tolerance: float,
) -> Bounds:
    """The better bounds of two kinds of weights, of C + h; the first, where rounding cannot make them too wide."""
    certifier = Certifier(problem)
    bounds = moved(certifier.bounds(values, action_values, rows), centre)
    if bounds.error <= 0.5 * tolerance:  # at discount 1 they are rounded once more, for the model's states
        return bounds
    gains = Gains(action_values - values[problem.row_state], problem.sharp_rounding(values))
    other = _by_doubts(certifier, values, gains, rows)
    return bounds if other is None else better_of(bounds, moved(other, centre))


def _by_doubts(
    certifier: Certifier, values: NDArray[np.float64], gains: Gains, rows: NDArray[np.int64]
) -> Bounds | None:
    """Bounds from weights that grow with what the gains may be off; None if there are no such weights."""
    weights = weights_of_doubts(certifier.problem, *gains, rows)
    return None if weights is None else certifier.of_gains(values, *gains, rows, weights)


def better_of(found: Bounds | None, other: Bounds) -> Bounds:
    """The bounds of smaller error, of those that there are."""
    return other if found is None or other.error < found.error else found


def _by_steps_to_the_end(problem: Problem, rows: NDArray[np.int64]) -> Bounds | None:
    """Bounds from V of a policy itself, where episodes end so soon that V is small; below discount 1."""
    if problem.discount == 1.0:
        return None
    values = problem.evaluation(rows).solve(problem.rewards[rows])
    return Certifier(problem).by_steps(values, problem.action_values(values), rows)


def _by_exact_gains(
    problem: Problem,
    rows: NDArray[np.int64],
    centre: NDArray[np.float64],
    tolerance: float,
    gains_of: Callable[[Problem, NDArray[np.float64], NDArray[np.float64]], Gains],
) -> Bounds:
    """The best bounds of C + h, whose gains are known in more digits: they make h better, too, and the policy."""
    shifted, best = around(problem, centre), None
    certifier, system = Certifier(shifted), EvaluationSystem(problem.transitions[rows], problem.discount)
    h = system.solve(shifted.rewards[rows])
    for _ in range(MOST_REFINEMENTS):
        centre, h = exact_sum(centre, h)  # h is what the nearest floats to V leave, so that it can be made much better
        if not np.isfinite(h).all():
            break
        gains = gains_of(problem, centre, h)
        if not (np.isfinite(gains.values).all() and np.isfinite(gains.off).all()):
            break
        bounds = moved(_of_gains(certifier, h, gains, rows, tolerance), centre)
        helps = best is None or bounds.error < 0.5 * best.error
        best = better_of(best, bounds)
        greedy, (values, off) = problem.greedy(gains.values), gains
        better = np.where(values[greedy] - off[greedy] > values[rows] + off[rows], greedy, rows)
        changes = bool((better != rows).any())
        if best.error <= tolerance or not (helps or changes):
            break
        if changes:
            if problem.discount == 1.0 and not surely_ends(problem, better):
                break
            rows, system = better, EvaluationSystem(problem.transitions[better], problem.discount)
        h = h + system.solve(values[rows])
    return best if best is not None else certifier.unknown(centre + h, rows)


def _of_gains(
    certifier: Certifier, values: NDArray[np.float64], gains: Gains, rows: NDArray[np.int64], tolerance: float
) -> Bounds:
    """Bounds by weights of 1, where there are any; if they are too wide, by those that grow with what is in doubt."""
    found = certifier.of_gains(values, *gains, rows) if certifier.problem.discount < 1.0 else None
    if found is not None and found.error <= 0.5 * tolerance:  # the sum with C is rounded, too
        return found
    other = _by_doubts(certifier, values, gains, rows)
    if other is None:
        return found or certifier.unknown(values, rows)
    return better_of(found, other)


def _plan_with(plan: Plan, problem: Problem, found: Bounds) -> Plan:
    """The plan, or that of these bounds if their error is smaller."""
    told = told_of_model(problem, found)
    if not told.error < plan.error_bound:
        return plan
    allowed = plan.tolerance
    if plan.status is Status.NON_FINITE:  # it was of values that had overflowed
        allowed = max(allowed, Tolerance(0.0, plan.relative_tolerance).target(told.values).allowed)
    return replace(
        plan,
        values=told.values,
        lower=told.lower,
        upper=told.upper,
        error_bound=told.error,
        policy=TabularPolicy.from_actions(told.rows, plan.model.num_actions),
        status=Status.CONVERGED if told.error <= allowed else Status.ROUNDING_FLOOR,
        tolerance=allowed,
        method=f"{plan.method}, proven by linear systems",
    )
