"""The largest or the smallest probability with which a policy reaches a goal.

    V(s) = 1                                             in the goal
    V(s) = max over a of  sum over s' of P(s'|s,a) V(s')   elsewhere

These equations alone have many solutions. So the graph is searched first. The transitions that exist, and not their
probabilities, decide in which states the probability is 0 and in which it is 1; these answers are exact. The other
states form an ordinary model, in which an episode ends with 1 or with 0, and `planners.solve` proves its bounds.

Sources: Baier and Katoen (2008), "Principles of Model Checking", Section 10.6.1; Puterman (2005), Chapter 7.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import check_switch
from planners.arrays import only_rows, take_rows
from planners.equations.reaching import Arena, is_compiled
from planners.goals.topological import Rest, by_components
from planners.iteration.loop import finish
from planners.iteration.progress import Progress
from planners.models.convert import ModelLike, labelled
from planners.models.goals import Goal, entering, goal_states
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP, with_known_rows
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_tolerances
from planners.plans.plan import Iteration, Plan, Status
from planners.plans.policy import TabularPolicy
from planners.solve import solve


@errors_in_names
def reachability(
    model: ModelLike,
    goal: Goal,
    *,
    discount: float = 1.0,
    minimise: bool = False,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    method: str = "auto",
    progress: Progress = False,
    throw: bool = True,
) -> Plan:
    """The largest or the least probability of ever reaching a goal, and a policy that attains it.

    Rewards do not matter. An episode that ends in a goal state reaches it; one that ends elsewhere does not.

    Args:
        model: A model of S states, or an environment that has one.
        goal: A label of the model, a state, a list of states, an (S,) bool mask, or a function of a state.
        discount: 0 to 1. Below 1, the value is the expected discount^T, with T the number of steps to the goal.
        minimise: False: the largest probability of all policies. True: the least one.
        tolerance: As for `solve`; here the largest |V| is 1.
        relative_tolerance: As for `solve`.
        method: As for `solve`.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: As for `solve`.

    Returns:
        A `Plan` whose values are probabilities, with proven bounds from 0 to 1. At discount 1, a value of 0 or 1 that
        the graph decides is exact. Its model is the one that pays 1 in the goal and ends there.

    Raises:
        InvalidModelError: No model; or one that does not say in which states its episodes end.
        InvalidOptionError: An unknown label or state, or no state at all.
        NotConvergedError: See `throw`.

    Cost: some searches of the graph, and one `solve` of the states that they do not decide.

    >>> import gymnasium as gym
    >>> plan = reachability(gym.make("FrozenLake-v1"), 15)      # slippery ice; the goal is the last square
    >>> plan.values[0].round(4)
    np.float64(0.8235)
    """
    discount, wanted = check_discount(discount), check_tolerances(tolerance, relative_tolerance)
    check_switch("minimise", minimise)
    check_switch("throw", throw)
    mdp = labelled(model)
    target = goal_states(mdp, goal)
    paying = paid_at(mdp, target)
    arena = Arena(paying.transitions, mdp.feasible.ravel(), (paying.termination > 0).ravel(), target)
    known, rows = _decided(arena, minimise, discount)
    plan = solve_undecided(
        paying,
        known,
        rows,
        discount=discount,
        minimise=minimise,
        tolerance=wanted,
        method=method,
        progress=progress,
    )
    lower, upper, values = (np.clip(array, 0.0, 1.0) for array in (plan.lower, plan.upper, plan.values))
    return finish(replace(plan, lower=lower, upper=upper, values=values), throw=throw)


def paid_at(mdp: TabularMDP, goal: NDArray[np.bool_]) -> TabularMDP:
    """The model that pays 1 when the episode ends in the goal, where it always ends, and nothing else."""
    transitions, elsewhere = entering(mdp, goal)
    going_on = only_rows(transitions, np.repeat(~goal, mdp.num_actions))
    return TabularMDP(
        **with_known_rows(going_on, np.where(goal[:, None], 1.0, elsewhere), mdp.feasible),
        rewards=np.where(goal[:, None] & mdp.feasible, 1.0, 0.0),
        initial=mdp.initial,
        states=mdp.states,
        actions=mdp.actions,
    )


def _decided(arena: Arena, minimise: bool, discount: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(S,) the values that the graph decides, NaN elsewhere; and a row for each of these states, -1 where all do."""
    zero = ~(arena.must_reach_perhaps if minimise else arena.can_reach())
    one = arena.goal
    if discount == 1.0:
        one = arena.cannot_miss() if minimise else arena.surely_reaches()
    rows = np.full(len(zero), -1)
    if minimise:
        avoiding = np.asarray(arena.transitions @ (~zero).astype(np.float64)) == 0
        safe = np.flatnonzero(arena.free & avoiding & zero[arena.row_state])[::-1]
        rows[arena.row_state[safe]] = safe  # the first of each state
    else:
        towards = arena.rows_to_goal(arena.staying(one))
        rows = np.where(one & ~arena.goal, towards, rows)
    return np.where(zero, 0.0, np.where(one, 1.0, np.nan)), rows


def solve_undecided(
    paying: TabularMDP,
    known: NDArray[np.float64],
    rows: NDArray[np.int64],
    *,
    tolerance: Tolerance,
    discount: float,
    minimise: bool,
    method: str,
    progress: Progress,
) -> Plan:
    """The plan of a model in which some values are known: the others are solved, and then all put together.

    The states that are known and next to others stay in what is solved, and end there with what they are worth; so
    nothing is added up, and no rounding is left out of the proof.

    Args:
        paying: A model of S states.
        known: (S,) the values that are known, NaN elsewhere.
        rows: (S,) a row s*A + a for states that are known, -1: any.
        tolerance: What error is allowed.
        discount: 0 to 1.
        minimise: The direction.
        method: As for `solve`.
        progress: As for `reachability`.
    """
    actions = paying.feasible.argmax(axis=1)
    actions[rows >= 0] = rows[rows >= 0] % paying.num_actions
    decided = Plan(
        values=known.copy(),
        policy=TabularPolicy.from_actions(actions, paying.num_actions),
        lower=known.copy(),
        upper=known.copy(),
        error_bound=0.0,
        status=Status.CONVERGED,
        iterations=0,
        history=(),
        method="search of the graph",
        discount=discount,
        tolerance=tolerance.target(known).allowed,
        relative_tolerance=tolerance.relative,
        model=paying,
        minimise=minimise,
    )
    if not np.isnan(known).any():
        return decided
    rest = None
    if is_compiled(len(known)) and method == "auto" and discount == 1.0:
        rest = by_components(paying, known, minimise=minimise, tolerance=tolerance)
        if rest is not None and callable(progress):
            progress(rest.history[0])  # pyright: ignore[reportArgumentType] - told without values
    if rest is None:
        options = {"discount": discount, "minimise": minimise, "tolerance": tolerance, "method": method}
        rest = _by_solve(undecided_part(paying, known), progress, options)
    return _put_together(decided, rest)


def _by_solve(part: "Part", progress: Progress, options: dict[str, Any]) -> Rest:
    """What `solve` finds of the open states."""
    return Rest.of(solve(part.model, **options, progress=_numbers_only(progress), throw=False), part.solved)


def _numbers_only(progress: Progress) -> Progress:
    """Told without values: those at the moment are of a part of the states."""
    told: Any = progress
    return (lambda moment: told(Iteration(*moment))) if callable(told) else progress


def _put_together(decided: Plan, rest: Rest) -> Plan:
    """The plan of all states from what the graph decided, and from what was found of the others."""
    is_open = np.isnan(decided.values)

    def filled(known: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
        whole = known.copy()
        whole[is_open] = others
        return whole

    actions = filled(decided.policy.actions, rest.actions)
    return replace(
        decided,
        values=filled(decided.values, rest.values),
        lower=filled(decided.lower, rest.lower),
        upper=filled(decided.upper, rest.upper),
        policy=TabularPolicy.from_actions(actions, decided.policy.num_actions),
        error_bound=rest.error_bound,
        tolerance=rest.tolerance,
        status=rest.status,
        iterations=len(rest.history),
        history=rest.history,
        method=f"{decided.method}, then {rest.method}",
    )


class Part(NamedTuple):
    """What is solved: the states that are open, and those next to them that are known."""

    model: TabularMDP
    solved: NDArray[np.bool_]  # of the part's states, those that are open


def undecided_part(paying: TabularMDP, known: NDArray[np.float64]) -> Part:
    """The open states of a model, those whose value is not known, and the known ones that they lead to."""
    A, is_open = paying.num_actions, np.isnan(known)
    rows = np.repeat(is_open, A) & paying.feasible.ravel()
    kept = is_open.copy()
    alive = only_rows(paying.transitions, rows)
    kept[alive.indices] = True
    solved, worth = is_open[kept], known[kept]
    inside = take_rows(alive, np.flatnonzero(np.repeat(kept, A)))
    number = (np.cumsum(kept) - 1).astype(inside.indices.dtype)
    shape = (inside.shape[0], len(solved))
    transitions = sparse.csr_array((inside.data, number[inside.indices], inside.indptr), shape=shape)
    ends = ~solved[:, None]
    model = TabularMDP(
        **with_known_rows(transitions, np.where(ends, 1.0, paying.termination[kept]), paying.feasible[kept]),
        rewards=np.where(ends, np.where(np.isnan(worth), 0.0, worth)[:, None], paying.rewards[kept]),
        may_rest=paying.may_rest,
    )
    return Part(model, solved)
