"""Where a method starts: a random policy, or values and a policy that somebody has already (a warm start).

A warm start may be a plan, of this model or of one like it, or an array of values. It is checked for its
size only: no start, however bad, makes a bound wrong.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import check_numbers
from planners.equations.ends import NEVER, delays, typical_step, until_the_end
from planners.equations.graph import likeliest, next_towards, rows_towards, soonest_towards, steps_to_soonest
from planners.equations.linear_systems import TINY
from planners.equations.policy_ends import SMALL, may_end
from planners.equations.problem import Problem
from planners.errors import InvalidOptionError
from planners.plans.plan import Plan

FEW: Final = 500  # states, of which sweeps over everything cost next to nothing, if the transitions are few too
MOST_SWEEPS: Final = 48
SWEEPS_AT_ONCE: Final = 8  # before it is looked whether they have settled
FIRST_SWEEPS: Final = 2 * SWEEPS_AT_ONCE  # which reach half of the states, or it takes many more
CHEAP_SWEEP: Final = 10_000  # transitions
MOST_ROUNDS: Final = 20
FEW_SYSTEMS: Final = 6
SWEEPS_A_ROUND: Final = 20
LEAST_GAIN: Final = 1e-9  # of a round, as a part of the largest reward
NO_GAIN: Final = 1e-13  # of a linear system, as a part of the largest value
LONGEST_START: Final = 1e9  # expected steps to the end of a first policy at discount 1


def start_values(problem: Problem, start: Any) -> NDArray[np.float64]:
    """(n,) values of the equations' states from a warm start.

    Args:
        problem: Equations of a model of S states.
        start: A `Plan`, or (S,) values. The infinite values of a plan become its smallest finite one.

    Raises:
        InvalidOptionError: Wrong shape, or a number that is not finite where V* is.
    """
    if problem.merging is None:
        return model_values(problem.model.num_states, start)
    return problem.merging.gather(model_values(problem.model.num_states, start, problem.merging.index >= 0))


def model_values(count: int, start: Any, needed: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """(S,) values of a model's states from a warm start, finite where they are `needed`; see `start_values`."""
    given = np.array(start.values if isinstance(start, Plan) else check_numbers("start", start))
    if given.shape != (count,):
        raise InvalidOptionError(
            f"start has shape {given.shape}; expected a plan of this model, or ({count},) values, one for each state"
        )
    if isinstance(start, Plan):
        finite = np.isfinite(given)
        given = np.where(finite, given, given[finite].min(initial=0.0))
    wrong = np.flatnonzero(~np.isfinite(given) if needed is None else needed & ~np.isfinite(given))
    if len(wrong):
        raise InvalidOptionError(f"start is {given[wrong[0]]} in state {wrong[0]}; expected finite numbers")
    return given


def start_policy(problem: Problem, start: Any) -> NDArray[np.int64]:
    """(n,) first policy: that of a plan, or the greedy one of its values; at discount 1, one that surely ends.

    Raises:
        InvalidOptionError: As for `start_values`; or the plan takes an action that does not exist here.
    """
    values = start_values(problem, start)
    if not isinstance(start, Plan) or problem.merging is not None:
        return ending_policy(problem, problem.greedy(problem.action_values(values)))
    A = problem.model.num_actions
    actions = start.policy.actions.astype(np.int64)
    pairs = np.arange(len(actions)) * A + actions
    rows = np.minimum(np.searchsorted(problem.row_pair, pairs), len(problem.row_pair) - 1)
    wrong = np.flatnonzero((actions >= A) | (problem.row_pair[rows] != pairs))
    if len(wrong):
        raise InvalidOptionError(
            f"start takes action {actions[wrong[0]]} in state {wrong[0]}, which this model does not have there; "
            "start from its values instead: start=plan.values"
        )
    return ending_policy(problem, rows)


def good_policy(problem: Problem) -> NDArray[np.int64]:
    """(n,) a policy from which a few linear systems lead to the best one.

    A few states are swept; where they are very few, linear systems take less than many sweeps and go on from there.
    Where sweeps do not settle, as in a long corridor, and for more states, the policy that goes straight to a good end
    is improved: by linear systems and sweeps in turn or, where factors take long, by sweeps.
    """
    if problem.num_states <= TINY:
        values, _ = _swept(problem, FIRST_SWEEPS)
        policy, _ = _improved_by_systems(problem, _policy_for(problem, values), MOST_ROUNDS)
        return ending_policy(problem, policy)
    if problem.num_states <= FEW and problem.transitions.nnz <= max(problem.num_states**2, CHEAP_SWEEP):
        values, arrives = _swept(problem, MOST_SWEEPS)
        if arrives:
            policy, found = _improved_by_systems(problem, _policy_for(problem, values), FEW_SYSTEMS)
            if found:
                return ending_policy(problem, policy)
    if problem.num_states <= SMALL:
        policy = _policy_for(problem, _a_few_times(problem, _values_by_distance(problem)))
        return ending_policy(problem, _improved_by_systems(problem, policy, MOST_ROUNDS, sweeps_between=True)[0])
    return ending_policy(problem, _improved_in_rounds(problem, _straight_anywhere(problem)))


def _swept(problem: Problem, most: int) -> tuple[NDArray[np.float64], bool]:
    """(n,) values after sweeps of value iteration: until they settle, or `most`; False: it would take many more."""
    values, heard = np.zeros(problem.num_states), list[int]()
    for number in range(1, most + 1):
        before, values = values, problem.sweep(values)
        if number % SWEEPS_AT_ONCE:
            continue
        change = np.abs(values - before)
        settled = 1e-6 * float(np.abs(values).max(initial=0.0))
        if not change.max(initial=0.0) > settled:
            break
        if number <= FIRST_SWEEPS < most:
            # where nothing is heard of an end yet, each sweep changes V by the same: one more step
            usual = float(np.partition(change, len(change) // 2)[len(change) // 2])  # np.median takes ten times as long
            heard.append(int((np.abs(change - usual) > 1e-9 * usual).sum()))
            if number == FIRST_SWEEPS and usual > settled and _spreads_slowly(problem, *heard):
                return values, False
    return values, True


def _spreads_slowly(problem: Problem, before: int, heard: int) -> bool:
    """Whether twice the sweeps reach about twice the states, as along corridors; on an open map it is four times."""
    if not before <= heard < min(3 * before, problem.num_states // 4):
        return False
    return 0 < len(np.unique(problem.row_state[problem.termination > 0])) < problem.num_states // 8


def _policy_for(problem: Problem, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) the policy that is greedy for V, and surely ends at discount 1."""
    return ending_policy(problem, problem.greedy(problem.action_values(values)))


def _improved_by_systems(
    problem: Problem, policy: NDArray[np.int64], rounds: int, *, sweeps_between: bool = False
) -> tuple[NDArray[np.int64], bool]:
    """(n,) the policy after rounds of policy iteration without any proofs, and whether no more of them help.

    Sweeps in between improve the policy at more states than one improvement does, for less than a linear system.
    """
    for _ in range(rounds):
        values = problem.evaluation(policy).solve_once(problem.rewards[policy])
        action_values = problem.action_values(values)
        better, gain = _better(problem, policy, action_values)
        if not gain > NO_GAIN * float(np.abs(values).max(initial=0.0)):
            return policy, True
        policy = better
        if sweeps_between:
            policy = _policy_for(problem, _a_few_times(problem, action_values[better]))
    return policy, False


def _a_few_times(problem: Problem, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) values after a few sweeps of value iteration: as many as a square map has rows, for less than a system."""
    for _ in range(math.isqrt(problem.num_states)):
        values = problem.sweep(values)
    return values


def _values_by_distance(problem: Problem) -> NDArray[np.float64]:
    """(n,) V if each action led for sure where it may lead: the typical step all the way to the best end."""
    ending = problem.termination > 0
    if not ending.any():
        return np.zeros(problem.num_states)
    worth, step = until_the_end(problem, ending), typical_step(problem, ending)
    late = _joins(problem, ending, worth, step)
    steps = steps_to_soonest(problem.transitions, problem.row_state, np.where(late < NEVER, late, np.inf))
    steps = np.minimum(steps, NEVER)
    left = problem.discount**steps
    paid = steps if problem.discount == 1.0 else (1.0 - left) / (1.0 - problem.discount)
    return float(worth.max()) * left + step * paid


def _joins(problem: Problem, ending: NDArray[np.bool_], worth: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """(n,) how many steps late an end that a state has counts, by its worth; NEVER: it has none."""
    joins = np.full(problem.num_states, float(NEVER))
    late = delays(worth, worth == worth, step, problem.discount)
    np.minimum.at(joins, problem.row_state[ending], late)
    return joins


def _better(
    problem: Problem, policy: NDArray[np.int64], action_values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], float]:
    """(n,) the policy with the best row where one is better than its own, and the most that one gains."""
    best = problem.greedy(action_values)
    gain = action_values[best] - action_values[policy]
    return np.where(gain > 0.0, best, policy), float(gain.max(initial=0.0))


def _straight_anywhere(problem: Problem) -> NDArray[np.int64]:
    """(n,) the policy that goes straight to a good end; where there is no way to one, the greedy one for rewards."""
    greedy = problem.greedy(problem.rewards)
    if not (problem.termination > 0).any():
        return greedy
    way = _straight_to_a_good_end(problem)
    return np.where(way < 0, greedy, way)


def _straight_to_a_good_end(problem: Problem) -> NDArray[np.int64]:
    """(n,) for each state the row that most likely leads on to the end that is worth most from there.

    An end counts as so many steps further away as make a better one worth no more than it.
    """
    ending = problem.termination > 0
    ends, worth = np.flatnonzero(ending), until_the_end(problem, ending)
    late = delays(worth, worth == worth, typical_step(problem, ending), problem.discount)
    if late.min() == late.max():
        return _straight_to_the_end(problem)
    joins = np.full(problem.num_states, NEVER)
    np.minimum.at(joins, problem.row_state[ends], late)
    every_row = np.ones(len(problem.row_state), dtype=bool)
    towards = soonest_towards(problem.transitions, problem.row_state, np.where(joins < NEVER, joins, np.inf))
    here = towards == np.arange(problem.num_states)
    way = rows_towards(problem.transitions, problem.row_state, every_row, np.where(here, -1, towards))
    return np.where(here, likeliest(ends, worth, problem.row_state, problem.num_states), way)


def _improved_in_rounds(problem: Problem, policy: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the policy after rounds of modified policy iteration that begin with its exact values.

    These are known all over the model at once, however far the end is; the rounds, which go only some steps far,
    make the policy avoid what is bad nearby.
    """
    values = problem.evaluation(policy).solve(problem.rewards[policy])
    for _ in range(MOST_ROUNDS):
        action_values = problem.action_values(values)
        better, gain = _better(problem, policy, action_values)
        if not gain > LEAST_GAIN * problem.largest_reward:
            break
        policy = better
        chain, rewards = problem.chain(policy), problem.rewards[policy]
        values = action_values[policy]
        for _ in range(SWEEPS_A_ROUND):
            values = rewards + problem.discount * (chain @ values)
    return policy


def random_policy(problem: Problem, rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) a random row for each state; at discount 1, one that surely ends the episode."""
    last_row = np.append(problem.first_row[1:], len(problem.row_state))
    policy = ending_policy(problem, rng.integers(problem.first_row, last_row))
    if problem.discount == 1.0:
        # a random walk can take longer to the end than float64 can count: then go there at once instead
        steps = problem.evaluation(policy).solve(np.ones(problem.num_states))
        if not (np.abs(steps) < LONGEST_START).all():
            return _straight_to_the_end(problem)
    return policy


def ending_policy(problem: Problem, policy: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the policy; at discount 1, where it may never end, sent along a shortest way to the end."""
    if problem.discount < 1.0:
        return policy
    lost = ~may_end(problem, policy)
    return np.where(lost, _straight_to_the_end(problem), policy) if lost.any() else policy


def _straight_to_the_end(problem: Problem) -> NDArray[np.int64]:
    """(n,) for each state the row that most likely ends, or else leads to the next state on a shortest way."""
    every_row = np.ones(len(problem.row_state), dtype=bool)
    ending = problem.termination > 0
    can_end = np.zeros(problem.num_states, dtype=bool)
    can_end[problem.row_state[ending]] = True
    towards = next_towards(problem.transitions, problem.row_state, every_row, can_end)
    way = rows_towards(problem.transitions, problem.row_state, every_row & ~ending, towards)
    ends = np.flatnonzero(ending)
    return np.where(can_end, likeliest(ends, problem.termination[ends], problem.row_state, problem.num_states), way)
