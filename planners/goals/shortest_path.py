"""The stochastic shortest path problem: the expected cost, or reward, until a goal is reached.

    V(s) = 0                                                           in the goal
    V(s) = min over a of  r(s,a) + sum over s' of P(s'|s,a) V(s')        elsewhere (or max)

A policy may miss the goal, and `missing` says how that counts. Textbooks and tools differ:

- "forbidden": only policies that reach the goal with probability 1 count (Bertsekas and Tsitsiklis: proper ones).
- "infinite": missing the goal costs infinitely much, for the least and for the largest expected cost, as PRISM and
  Storm read R[F goal]. For the least it is the same as "forbidden".
- "as paid": missing it counts what is paid on the way; so waiting for ever for nothing counts 0.

Sources: Bertsekas and Tsitsiklis (1991), "An Analysis of Stochastic Shortest Path Problems"; de Alfaro (1999),
"Computing minimum and maximum reachability times in probabilistic systems"; Baier and Katoen (2008), Section 10.5.
"""

from dataclasses import replace
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import check_choice, check_switch
from planners.arrays import only_rows, state_list
from planners.equations.reaching import Arena
from planners.errors import UnboundedValueError
from planners.goals.reachability import solve_undecided
from planners.iteration.loop import finish_bounded
from planners.iteration.progress import Progress
from planners.models.convert import ModelLike, labelled
from planners.models.goals import Goal, entering, goal_states
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP, with_known_rows
from planners.options import BY_DEFAULT, Tolerance, check_tolerances, named_states
from planners.plans.plan import Plan
from planners.solve import solve

Missing = Literal["forbidden", "infinite", "as paid"]
MISSING: Final = get_args(Missing)


@errors_in_names
def stochastic_shortest_path(
    model: ModelLike,
    goal: Goal,
    *,
    minimise: bool = False,
    missing: Missing = "forbidden",
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    method: str = "auto",
    progress: Progress = False,
    throw: bool = True,
) -> Plan:
    """The best expected total reward until a goal is reached, or with `minimise` the least expected cost.

    What is earned on the way into the goal counts, and nothing after.

    Args:
        model: A model of S states, or an environment that has one.
        goal: A label of the model, a state, a list of states, an (S,) bool mask, or a function of a state.
        minimise: False: rewards, to be maximised. True: costs, to be minimised.
        missing: How missing the goal counts. "forbidden": policies that may miss it do not count; where all may,
            the value is -inf (with `minimise`, inf). "infinite": it costs infinitely much, also where costs are
            maximised: inf wherever some policy may miss the goal, as in PRISM and Storm. "as paid": what was paid.
        tolerance: As for `solve`.
        relative_tolerance: As for `solve`.
        method: As for `solve`.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: As for `solve`.

    Returns:
        A `Plan` with proven bounds. Its model is the one whose episodes end in the goal.

    Raises:
        InvalidModelError: No model; or one that does not say in which states its episodes end.
        InvalidOptionError: An unknown label, state or `missing`, or no state at all.
        UnboundedValueError: Reward can be collected for ever on the way.
        NotConvergedError: See `throw`.

    Cost: some searches of the graph, and one `solve` at discount 1.

    >>> wait_or_go = TabularMDP.from_gym_dict({
    ...     0: {0: [(1.0, 0, 0.0, False)], 1: [(0.5, 1, 3.0, False), (0.5, 0, 3.0, False)]},
    ...     1: {0: [(1.0, 1, 0.0, False)]}})
    >>> stochastic_shortest_path(wait_or_go, 1, minimise=True).values.round(9)
    array([6., 0.])
    >>> stochastic_shortest_path(wait_or_go, 1, minimise=True, missing="as paid").values
    array([0., 0.])
    """
    wanted = check_tolerances(tolerance, relative_tolerance)
    check_choice("missing", missing, MISSING)
    check_switch("throw", throw)
    mdp = labelled(model)
    target = goal_states(mdp, goal)
    check_switch("minimise", minimise)
    transitions, elsewhere = entering(mdp, target)
    arena = Arena(transitions, mdp.feasible.ravel(), (elsewhere > 0).ravel(), target)
    known, rows, reaching = _decided(arena, missing, minimise)
    until = _until(mdp, arena, elsewhere, reaching)
    options: dict[str, Any] = {"discount": 1.0, "minimise": minimise, "tolerance": wanted, "method": method}
    try:
        plan = solve_undecided(until, known, rows, progress=progress, **options)
    except UnboundedValueError:
        solve(_ended(until, ~np.isnan(known)), **options)  # the same error, which names states of the whole model
        raise
    endless = np.isnan(known) & (plan.values == (-np.inf if minimise else np.inf))
    if throw and endless.any():
        found = state_list(endless)
        raise UnboundedValueError(
            f"reward can be collected for ever on the way to the goal from states {named_states(found)}; throw=False "
            "returns the plan",
            found,
        )
    plan = replace(plan, method=f"{plan.method}; missing the goal: {missing}")
    return finish_bounded(plan, throw=throw)


def _decided(
    arena: Arena, missing: Missing, minimise: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_] | None]:
    """(S,) values that the graph decides, NaN elsewhere; (S,) rows where missing is infinite; who is bound to reach."""
    known, rows = np.where(arena.goal, 0.0, np.nan), np.full(len(arena.goal), -1)
    if missing == "as paid":
        return known, rows, None
    if missing == "infinite" and not minimise:
        known[~arena.cannot_miss()] = np.inf
        if np.isinf(known).any():
            rows = np.where(np.isinf(known), arena.rows_to_miss(), -1)
        return known, rows, None
    reaching = arena.surely_reaches()
    known[~reaching] = np.inf if minimise else -np.inf
    return known, rows, reaching


def _until(
    mdp: TabularMDP, arena: Arena, elsewhere: NDArray[np.float64], reaching: NDArray[np.bool_] | None
) -> TabularMDP:
    """The model whose episodes end in the goal, which pays nothing.

    With `reaching`, states that can reach the goal surely keep the actions that keep it so. Elsewhere an episode that
    ended outside the goal stays where it was for ever, so that all there is -inf.
    """
    S, A, goal = mdp.num_states, mdp.num_actions, arena.goal[:, None]
    transitions, feasible, ends = arena.transitions, mdp.feasible, np.where(goal, 1.0, elsewhere)
    going_on, lost = np.repeat(~arena.goal, A), np.zeros((S, A), dtype=bool)
    if reaching is not None:
        feasible = np.where(reaching[:, None] & ~goal, arena.staying(reaching).reshape(S, A), feasible)
        lost = (arena.leaks & arena.free).reshape(S, A) & ~reaching[:, None]
        going_on &= (~lost & feasible).ravel()
        ends = np.where(lost | ~feasible, 0.0, ends)
    transitions = only_rows(transitions, going_on)
    if lost.any():
        stays = np.flatnonzero(lost)
        loops = sparse.coo_array((np.ones(len(stays)), (stays, stays // A)), shape=transitions.shape)
        transitions = sparse.csr_array(transitions + loops)
    return TabularMDP(
        **with_known_rows(transitions, ends, feasible),
        rewards=np.where(goal, 0.0, mdp.rewards),
        initial=mdp.initial,
        states=mdp.states,
        actions=mdp.actions,
        may_rest=reaching is None,
    )


def _ended(model: TabularMDP, states: NDArray[np.bool_]) -> TabularMDP:
    """The model with the given states as ends that pay nothing."""
    return replace(
        model,
        transitions=only_rows(model.transitions, np.repeat(~states, model.num_actions)),
        termination=np.where(states[:, None], 1.0, model.termination),
        rewards=np.where(states[:, None], 0.0, model.rewards),
    )
