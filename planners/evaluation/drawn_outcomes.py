"""What simulated episodes are drawn from: the outcomes of what a policy does in each state."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.errors import ImproperPolicyError, InvalidPolicyError, UnprovenValueError
from planners.evaluation.policy_value import value_from
from planners.memory import check_memory
from planners.models.tabular import TabularMDP
from planners.plans.finite_plan import FinitePlan
from planners.plans.plan import Plan
from planners.plans.policy import as_policy
from planners.plans.policy_chain import policy_chain


class Outcomes(NamedTuple):
    """What can be drawn: N rows, each of a state, whose outcomes are continuing transitions and the end.

    Attributes:
        length: (N,) outcomes of each row.
        probability: (E,) of each outcome.
        pair: (E,) s*A + a of each.
        following: (E,) the row it leads to; -1: the end.
        worth: (N,) V of each row's state; NaN where it is not known.
        error: Largest error of them.
        horizon: The steps after which what is left is earned; 0: never.
    """

    length: NDArray[np.int64]
    probability: NDArray[np.float64]
    pair: NDArray[np.int64]
    following: NDArray[np.int64]
    worth: NDArray[np.float64]
    error: float = 0.0
    horizon: int = 0


def _outcomes(mdp: TabularMDP, pairs: NDArray[np.int64], weights: NDArray[np.float64]) -> Outcomes:
    """The outcomes of some pairs, sorted, each taken with a weight in its state."""
    rows, ends = mdp.transitions[pairs], mdp.termination.ravel()[pairs]
    inside = np.diff(rows.indptr)
    count = inside + (ends > 0)
    check_memory(64.0 * count.sum(), f"a table to draw from, with {count.sum()} outcomes")
    place = np.cumsum(count)
    probability, following = np.empty(count.sum()), np.full(count.sum(), -1, dtype=np.int64)
    goes_on = np.ones(len(probability), dtype=bool)
    goes_on[place[ends > 0] - 1] = False
    probability[goes_on], following[goes_on] = rows.data * np.repeat(weights, inside), rows.indices
    probability[~goes_on] = (ends * weights)[ends > 0]
    length = np.bincount(pairs // mdp.num_actions, count, minlength=mdp.num_states).astype(np.int64)
    return Outcomes(length, probability, np.repeat(pairs, count), following, np.zeros(mdp.num_states))


def of_policy(mdp: TabularMDP, policy: Any, discount: float, begin: NDArray[np.float64]) -> Outcomes:
    """A row for each state; `begin`, (S,), are the probabilities of the first one."""
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    policy_chain(mdp, chosen)  # refuses actions that are not feasible
    if chosen.is_deterministic:
        pairs = np.arange(mdp.num_states) * mdp.num_actions + chosen.actions
        weights = np.ones(mdp.num_states)
    else:
        pairs = np.flatnonzero(chosen.probabilities)
        weights = chosen.probabilities.ravel()[pairs]
    worth, error = _worth(mdp, policy, chosen, discount, begin)
    return _outcomes(mdp, pairs, weights)._replace(worth=worth, error=error)


def _worth(
    mdp: TabularMDP, policy: Any, chosen: Any, discount: float, begin: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """V of the policy where it comes, and its largest error: a plan has proven it already."""
    if isinstance(policy, Plan) and policy.discount == discount and getattr(policy.model, "tabular", None) is mdp:
        finite = np.isfinite(policy.values)
        error = np.maximum(policy.upper - policy.values, policy.values - policy.lower, where=finite, out=0.0 * begin)
        return policy.values, float(error.max())
    try:
        values, error = value_from(mdp, chosen, begin > 0, discount=discount)
    except (ImproperPolicyError, UnprovenValueError):
        return np.full(mdp.num_states, np.nan), math.nan
    return values, float(np.nanmax(error))


def of_finite_plan(mdp: TabularMDP, plan: FinitePlan, discount: float) -> Outcomes:
    """The rows of each step after those of the step before it; the last ones are where the steps are over."""
    S, horizon = mdp.num_states, plan.horizon
    if len(set(plan.models)) > 1 or plan.values.shape[1] != S:
        raise InvalidPolicyError(
            f"the plan is of {len(set(plan.models))} models, the first of {len(plan.values[0])} states; expected a "
            f"plan of the one model given, of {S} states"
        )
    parts = [
        _outcomes(mdp, np.arange(S) * mdp.num_actions + plan.actions[step].astype(np.int64), np.ones(S))
        for step in range(horizon)
    ]
    following = [np.where(part.following < 0, -1, part.following + (step + 1) * S) for step, part in enumerate(parts)]
    exact = plan.discount == discount
    return Outcomes(
        length=np.concatenate([*(part.length for part in parts), np.zeros(S, dtype=np.int64)]),
        probability=np.concatenate([part.probability for part in parts]),
        pair=np.concatenate([part.pair for part in parts]),
        following=np.concatenate(following),
        worth=np.concatenate([np.where(exact, plan.values[:-1], np.nan).ravel(), plan.values[-1]]),
        error=plan.error_bound,
        horizon=horizon,
    )
