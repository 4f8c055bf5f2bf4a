"""Discount 1 within bounds: nature's choices are listed, and `planners.equations.undiscounted` says what values mean.

The upper bound is V* of the MDP in which the actions and nature's vertices are chosen together. For the lower one:

    repeat:  M = nature's answer to the policy so far, and the policy = the best one for M
             lower = the least that nature leaves this policy, its own MDP
    until V* of M, which no policy beats against this nature, is not above `lower`

So each bound is proven, infinite values too, by what is proven of plain MDPs. A policy that some model keeps going
round for nothing earns 0 there.

Source: Givan, Leach and Dean (2000); for the improvement of policies against nature, Hoffman and Karp (1966).
"""

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planners.interval.interval_mdp import IntervalMDP
from planners.interval.nature import BEST, WORST, PlanOf
from planners.interval.vertices import Vertices, vertices_of
from planners.iteration.loop import accepted
from planners.iteration.moment import Moment
from planners.iteration.progress import Progress, reporting
from planners.models.negated import negated, negative
from planners.models.tabular import TabularMDP
from planners.options import Tolerance
from planners.plans.plan import Iteration, Plan, Status
from planners.plans.policy import TabularPolicy

METHOD = "policy iteration against nature, whose choices are listed"


def undiscounted_plans(
    sets: IntervalMDP, plan_of: PlanOf, tolerance: Tolerance, max_iterations: int, progress: Progress
) -> tuple[Plan, Plan]:
    """The plan for the worst model, which is its `model`, and that in the best one."""
    vertices = vertices_of(sets)
    pessimistic = _pessimistic(sets, vertices, plan_of, tolerance, max_iterations, progress)
    return pessimistic, _optimistic(sets, vertices, plan_of, tolerance)


def _optimistic(sets: IntervalMDP, vertices: Vertices, plan_of: PlanOf, tolerance: Tolerance) -> Plan:
    """The plan that chooses the vertices too."""
    every, (S, A) = np.ones(sets.feasible.size, dtype=bool), sets.shape
    joint, table = vertices.model(sets.rewards_upper, every)
    plan = plan_of(joint, tolerance=tolerance, start=None)
    taken = table[np.arange(S), plan.policy.actions]
    actions = vertices.row[taken] % A
    _, vertex = vertices.answer(sets.rewards_upper, plan.values, BEST)
    vertex[np.arange(S), actions] = taken
    model = _named(sets, vertices, vertex, sets.rewards_upper)
    return accepted(replace(plan, policy=TabularPolicy.from_actions(actions, A), model=model, method=METHOD))


def _pessimistic(
    sets: IntervalMDP,
    vertices: Vertices,
    plan_of: PlanOf,
    tolerance: Tolerance,
    max_iterations: int,
    progress: Progress,
) -> Plan:
    """The best plan against nature."""
    began, history, aim = time.perf_counter(), [], tolerance.target_of(1.0, 1.0).aim  # until there are values
    first = plan_of(sets.middle(), tolerance=tolerance, start=None)
    actions, found = first.policy.actions.astype(np.int64), None
    kept = np.full(sets.shape, -1, dtype=np.int64)
    with reporting(progress, METHOD, lambda: aim, sets.num_states) as report:
        while len(history) < max_iterations:
            found, better = _round(sets, vertices, actions, kept, plan_of, tolerance)
            seconds = time.perf_counter() - began
            aim = found.tolerance
            history.append(Iteration(len(history) + 1, _furthest(found.lower, found.upper), found.error_bound, seconds))
            try:
                report(Moment.of(history[-1], sets, None, None))  # pyright: ignore[reportArgumentType] - it has no values
            except KeyboardInterrupt:
                found = replace(found, status=Status.INTERRUPTED)
            if found.status in (Status.CONVERGED, Status.INTERRUPTED):
                break
            if np.array_equal(better, actions):
                found = accepted(replace(found, status=Status.ROUNDING_FLOOR))
                break
            actions = better
    assert found is not None
    return replace(found, iterations=len(history), history=tuple(history))


def _round(
    sets: IntervalMDP,
    vertices: Vertices,
    actions: NDArray[np.int64],
    kept: NDArray[np.int64],
    plan_of: PlanOf,
    tolerance: Tolerance,
) -> tuple[Plan, NDArray[np.int64]]:
    """What nature leaves a policy, as a plan in the model that answers it; and a better policy, if there is one.

    `kept`, (S, A), is what nature last did against each pair, -1 if nothing yet: it does so again where one backup
    cannot tell which of several ways makes the policy pay for ever.
    """
    (S, A), rewards = sets.shape, sets.rewards_lower
    each, rows = np.arange(S), np.zeros(S * A, dtype=bool)
    rows[each * A + actions] = True
    left, table = vertices.model(rewards, rows)
    against = plan_of(negated(left), tolerance=tolerance.times(0.25), start=None)
    values, lower = negative(against.values), negative(against.upper)
    backups, vertex = vertices.answer(rewards, values, WORST)
    kept[each, actions] = table[each, against.policy.actions]
    vertex = np.where((backups == -np.inf) & (kept >= 0), kept, vertex)
    vertex[each, actions] = kept[each, actions]
    model = _named(sets, vertices, vertex, rewards)
    reply = plan_of(model, tolerance=tolerance.times(0.25), start=None)
    upper = np.maximum(reply.upper, lower)
    with np.errstate(invalid="ignore"):
        middle = np.where(np.isfinite(lower) & np.isfinite(upper), lower + 0.5 * (upper - lower), lower)
    error = _furthest(lower, upper) if Status.INTERRUPTED not in (against.status, reply.status) else np.inf
    ended = [plan.status for plan in (against, reply) if plan.status in (Status.INTERRUPTED, Status.NON_FINITE)]
    target = tolerance.target(middle)
    status = ended[0] if ended else (Status.CONVERGED if error <= target.aim else Status.ITERATION_LIMIT)
    plan = replace(
        reply,
        values=middle,
        lower=lower,
        upper=upper,
        error_bound=error,
        status=status,
        policy=TabularPolicy.from_actions(actions, A),
        tolerance=target.allowed,
        relative_tolerance=tolerance.relative,
        method=METHOD,
    )
    return plan, _improved(actions, values, backups, reply, negative(against.lower))


def _improved(
    actions: NDArray[np.int64],
    values: NDArray[np.float64],
    backups: NDArray[np.float64],
    reply: Plan,
    most: NDArray[np.float64],
) -> NDArray[np.int64]:
    """(S,) better actions of a policy of these values, at most `most`; the reply to nature where no backup tells."""
    with np.errstate(invalid="ignore"):
        gains = backups.max(axis=1) > values + 1e-12 * np.maximum(np.abs(values), 1.0)
        rests = (reply.lower > most) & ~gains.any()  # to stay for nothing is no better for one step
    better = np.where(gains, backups.argmax(axis=1), actions)
    return np.where((values == -np.inf) | rests, reply.policy.actions, better)


def _furthest(lower: NDArray[np.float64], upper: NDArray[np.float64]) -> float:
    """The largest distance of the bounds; equal infinities are not apart."""
    apart = lower != upper
    return float(
        np.nextafter(np.subtract(upper, lower, out=np.zeros_like(upper), where=apart).max(initial=0.0), np.inf)
    )


def _named(
    sets: IntervalMDP, vertices: Vertices, vertex: NDArray[np.int64], rewards: NDArray[np.float64]
) -> TabularMDP:
    return replace(vertices.chosen(vertex, rewards), initial=sets.initial, states=sets.states)
