"""Bounds of the value of a given policy, when only bounds of the model are known."""

from functools import partial
from typing import Any

from planners.errors import InvalidModelError
from planners.interval.interval_mdp import IntervalMDP
from planners.interval.within_bounds import PolicyBounds, policy_within_bounds
from planners.options import check_discount, check_tolerance
from planners.plans.policy import as_policy
from planners.plans.policy_chain import policy_chain
from planners.solve import plan_known


def evaluate_bounds(model: IntervalMDP, policy: Any, discount: float, *, tolerance: float = 1e-6) -> PolicyBounds:
    """Bounds of the value of following `policy` for ever, in every model within the bounds.

    Args:
        model: An `IntervalMDP` of S states and A actions.
        policy: A `TabularPolicy`, a `Plan`, (S,) actions, or (S, A) probabilities.
        discount: 0 to 1.
        tolerance: Largest distance of each bound from the best one there is, in units of reward.

    Returns:
        (S,) `lower` and (S,) `upper`. If the tolerance cannot be proven, the bounds still hold and are further apart.

    Raises:
        InvalidModelError: `model` is no `IntervalMDP`.
        InvalidPolicyError: The policy does not fit the model.

    Source: Givan, Leach and Dean (2000), Section 3 (interval policy evaluation).

    >>> stay = IntervalMDP.from_arrays([[[1.0]]], [[[1.0]]], [[1.0]], [[2.0]])
    >>> lower, upper = evaluate_bounds(stay, [0], discount=0.5)
    >>> lower.round(6), upper.round(6)
    (array([2.]), array([4.]))
    """
    if not isinstance(model, IntervalMDP):
        raise InvalidModelError(
            f"model is a {type(model).__name__}; expected an IntervalMDP. For the value of a policy in one model: "
            "planners.evaluate(model, policy, discount=)"
        )
    chosen = as_policy(policy, model.num_states, model.num_actions, model.states)
    policy_chain(model.middle(), chosen)  # refuses actions that do not exist
    gamma = check_discount(discount)
    return policy_within_bounds(model, chosen, partial(plan_known, discount=gamma), gamma, check_tolerance(tolerance))
