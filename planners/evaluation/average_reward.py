"""The best mean reward a step in the long run, for every form of model, with proven bounds for every state.

Maximal end components are sets of states in which a policy can stay for ever and go anywhere within. Each has one best
gain. If there is only one of them, its gain is the gain of every state. If there are several, the rest is a problem of
total reward: a policy that decides to stay in one is paid its gain once, and `planners.solve` solves this model at
discount 1.

Source: Puterman (2005), Chapters 8 and 9; Ashok, Chatterjee, Daca, Kretinsky and Meggendorfer (2017), "Value iteration
for long-run average reward in Markov decision processes", Section 4.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import check_switch
from planners.arrays import take_rows
from planners.equations.from_model import make_problem
from planners.equations.graph import EndComponents, end_components
from planners.equations.mean_rewards import Component
from planners.equations.problem import Problem
from planners.evaluation.average_plan import AveragePlan, turned
from planners.evaluation.component_gain import ComponentGain, component_gain
from planners.evaluation.gain_and_bias import gain_and_bias, outwards
from planners.evaluation.policy_value import averaging
from planners.models.convert import ModelLike, as_model, with_rows
from planners.models.negated import negated
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP
from planners.options import BY_DEFAULT, LEAST, Tolerance, check_tolerances
from planners.plans.plan import NotConvergedError, Status
from planners.plans.policy import TabularPolicy, as_policy
from planners.plans.policy_chain import policy_chain
from planners.solve import solve

Floats = NDArray[np.float64]


class Best(NamedTuple):
    """The best policy of a model of S states, and what bounds its gain from above."""

    actions: NDArray[np.int64]
    upper: Floats
    policies: int
    settled: bool
    method: str


@errors_in_names
def average_reward(
    model: ModelLike,
    policy: Any = None,
    *,
    minimise: bool = False,
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    throw: bool = True,
) -> AveragePlan:
    """The gain: the mean reward a step in the long run, of the best policy or of a given one; and its bias.

    There is no discount. Nothing is earned after an episode has ended, so a state from which it surely ends has the
    gain 0.

    Args:
        model: A model of S states, or an environment that has one.
        policy: None: the best one. A `TabularPolicy`, a plan, (S,) actions or (S, A) probabilities: that one.
        minimise: False: the largest gain. True: rewards are costs, and it is the least.
        tolerance: Largest error of any gain, in units of reward.
        relative_tolerance: The same as a fraction of the largest |reward| of the policy; given both, the larger
            error is allowed. Given neither: 1e-6 of it.
        throw: Raise when the tolerance is not reached; False: return the result with its true bounds.

    Returns:
        An `AveragePlan`: gain, bounds and bias of every state. The gain can differ between states if not every state
        can be reached from every other.

    Raises:
        InvalidModelError: No model, or not an MDP.
        InvalidOptionError: An option that cannot be used.
        InvalidPolicyError: The policy does not fit the model.
        NotConvergedError: See `throw`.

    Cost: policy iteration, a few linear systems for each of usually 3 to 20 policies; with S states that lead near ones
    up to some 100,000.

    >>> from planners import TabularMDP
    >>> tour = TabularMDP.from_gym_dict({                       # stay for 1, or go and come back for 5
    ...     0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 0, 5.0, False)]}})
    >>> plan = average_reward(tour)
    >>> plan.gain, plan.policy.actions, plan.bias
    (array([2.5, 2.5]), array([1, 0]), array([-1.25,  1.25]))
    >>> average_reward(tour, [0, 0]).gain
    array([1., 1.])
    """
    wanted = check_tolerances(tolerance, relative_tolerance)
    check_switch("throw", throw)
    source = as_model(model)
    if check_switch("minimise", minimise):
        plan = turned(_plan(with_rows(negated(source)), policy, wanted), source)
    else:
        plan = replace(_plan(with_rows(source), policy, wanted), model=source)
    if throw and not plan.converged:
        raise NotConvergedError(plan)  # pyright: ignore[reportArgumentType] - it has what is told of a plan
    return plan


def _plan(mdp: Any, given: Any, wanted: Tolerance) -> AveragePlan:
    """The plan that maximises, or that of the given policy."""
    best = None
    if given is None:
        best = _best(mdp, wanted)
        policy = TabularPolicy.from_actions(best.actions, mdp.num_actions)
    else:
        policy = as_policy(given, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
        mdp = mdp if policy.is_deterministic else mdp.tabular
    chain, rewards, termination = policy_chain(mdp, policy)
    inexact = averaging(mdp, policy)
    gain, bias = gain_and_bias(chain, termination, rewards, off=inexact.off, roundings=inexact.roundings)
    lower = outwards(gain.values - gain.error, gain.error, -np.inf)
    upper = outwards(gain.values + gain.error, gain.error) if best is None else best.upper
    estimate = np.clip(gain.values, lower, upper)
    far = np.maximum(upper - estimate, estimate - lower).max(initial=0.0)
    error = float(outwards(far, far))
    allowed = max(wanted.absolute, wanted.relative * float(np.abs(rewards).max(initial=0.0)), LEAST)
    status = Status.ITERATION_LIMIT if best is not None and not best.settled else Status.ROUNDING_FLOOR
    return AveragePlan(
        gain=estimate,
        lower=lower,
        upper=upper,
        error_bound=error,
        bias=bias.values,
        bias_error=bias.error,
        policy=policy,
        status=Status.CONVERGED if error <= allowed else status,
        iterations=1 if best is None else best.policies,
        method="linear systems of the given policy" if best is None else best.method,
        tolerance=allowed,
        model=mdp,
    )


def _best(mdp: Any, wanted: Tolerance) -> Best:
    """The best policy."""
    problem = make_problem(mdp, 0.5)  # for its rows: the discount is not used
    whole, ends = _with_end(problem)
    parts = end_components(whole.transitions, whole.row_state, np.ones(len(whole.row_state), dtype=bool))
    actions, gains = np.zeros(problem.num_states + ends, dtype=np.int64), np.zeros(problem.num_states + ends)
    found: list[ComponentGain] = []
    for states, component, rows in _components(whole, parts):
        found.append(component_gain(component))
        gains[states] = found[-1].gain
        actions[states] = np.append(problem.row_pair, 0)[rows[found[-1].rows]] % mdp.num_actions
    most, policies = max(each.upper for each in found), sum(each.policies for each in found)
    settled, upper = all(each.settled for each in found), np.full(problem.num_states, most)
    actions, gains, label = (
        actions[: problem.num_states],
        gains[: problem.num_states],
        parts.label[: problem.num_states],
    )
    if len(found) == 1:
        if not parts.internal.all():  # on the way to it the policy is to gain the most, too
            more = component_gain(whole, parts.internal)
            actions, policies = problem.row_pair[more.rows[: problem.num_states]] % mdp.num_actions, more.policies
        return Best(actions, upper, policies, settled, "policy iteration")
    aim = wanted._replace(absolute=0.25 * wanted.absolute, relative=0.25 * wanted.relative)
    plan = solve(_once(mdp.tabular, label, gains), discount=1.0, tolerance=aim, throw=False)
    chosen = plan.policy.actions.astype(np.int64)
    stays = np.isin(label, label[chosen == mdp.num_actions])
    off = max(each.upper - each.gain for each in found)
    off = max(off, 0.0) * (1.0 + 1e-9)
    upper = np.minimum(upper, outwards(plan.upper + off, off))
    how = f"policy iteration in each of {len(found)} sets of states, then {plan.method}"
    return Best(np.where(stays, actions, chosen), upper, policies, settled, how)


def _with_end(problem: Problem) -> tuple[Component, int]:
    """The rows of a model, in which an episode that ends goes on in a state of its own, for nothing; 1 if there is."""
    P, count = problem.transitions, problem.num_states
    if not problem.termination.any():
        return Component(P, problem.row_state, problem.rewards), 0
    ending = sparse.csr_array(problem.termination[:, None])
    last = sparse.csr_array(([1.0], ([0], [count])), shape=(1, count + 1))
    P = sparse.csr_array(sparse.vstack([sparse.hstack([P, ending]), last]))
    return Component(P, np.append(problem.row_state, count), np.append(problem.rewards, 0.0)), 1


def _components(whole: Component, parts: EndComponents) -> Iterator[tuple[NDArray[Any], Component, NDArray[Any]]]:
    """The states of each component, the component by itself, and its rows in the whole."""
    rows = np.flatnonzero(parts.internal)
    label = parts.label[whole.row_state[rows]]
    order = np.argsort(label, kind="stable")
    for each in np.split(rows[order], np.flatnonzero(np.diff(label[order])) + 1):
        states, row_state = np.unique(whole.row_state[each], return_inverse=True)
        P = take_rows(whole.transitions, each)
        inner = sparse.csr_array((P.data, np.searchsorted(states, P.indices), P.indptr), shape=(len(each), len(states)))
        yield states, Component(inner, row_state, whole.rewards[each]), each


def _once(mdp: TabularMDP, label: NDArray[np.int64], gains: Floats) -> TabularMDP:
    """The model whose only reward is the gain of a component, paid once, for the decision to stay there for ever."""
    S, A = mdp.num_states, mdp.num_actions
    length = np.zeros((S, A + 1), dtype=np.int64)
    length[:, :A] = np.diff(mdp.transitions.indptr).reshape(S, A)
    indptr = np.concatenate(([0], np.cumsum(length))).astype(mdp.transitions.indptr.dtype)
    stays = label >= 0
    return TabularMDP(
        transitions=sparse.csr_array((mdp.transitions.data, mdp.transitions.indices, indptr), shape=(S * (A + 1), S)),
        termination=np.column_stack((mdp.termination, stays.astype(np.float64))),
        rewards=np.column_stack((np.zeros((S, A)), np.where(stays, gains, 0.0))),
        feasible=np.column_stack((mdp.feasible, stays)),
        may_rest=False,
    )
