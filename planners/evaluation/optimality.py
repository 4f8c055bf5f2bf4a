"""Checks of given values and policies: how far values are from V*, and whether a policy is optimal."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planners.arguments import check_numbers, check_switch
from planners.equations.certificates import Certifier
from planners.equations.from_model import make_problem
from planners.errors import InvalidOptionError
from planners.evaluation.policy_value import evaluate
from planners.models.convert import ModelLike, as_model, discount_of_pairs, with_rows
from planners.models.negated import negated, negative
from planners.models.pair_discounts import folded, is_per_pair, rounding
from planners.models.state_names import errors_in_names, named_text
from planners.options import check_discount, check_tolerance
from planners.plans.policy import as_policy


class Certificate(NamedTuple):
    """Proven bounds of V*, for values from any source.

    Attributes:
        lower: (S,) not above V*; -inf where nothing is proven.
        upper: (S,) not below V*; +inf where nothing is proven.
        error_bound: Largest proven distance of the given values from V*; inf where nothing is proven.
        residual: Largest change of the given values by one Bellman backup. Not an error bound.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    error_bound: float
    residual: float

    def __repr__(self) -> str:
        """The error and the residual in one line."""
        return (
            f"Certificate({len(self.lower)} states, error_bound={self.error_bound:.3g}, residual={self.residual:.3g})"
        )


@errors_in_names
def certify(
    model: ModelLike, values: ArrayLike, *, discount: float | NDArray[np.float64], minimise: bool = False
) -> Certificate:
    """Bounds of V* from values of any source, by one Bellman backup.

    Args:
        model: A model of S states, or an environment that has one.
        values: (S,) estimate of V*.
        discount: 0 to 1, or (S, A) of them, one for each pair. At 1 the proof also solves linear systems, and may fail
            for values that are far off: the bounds are then infinite.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `Certificate`. The value of the policy that is greedy for `values` is at least `lower` too; with
        `minimise`, at most `upper`.

    Raises:
        InvalidOptionError: `values` of a wrong shape, or NaN.

    >>> from planners import TabularMDP
    >>> stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    >>> certify(stay, [4.9], discount=0.8).error_bound  # V* is 5
    0.1...
    """
    if is_per_pair(discount):
        mdp, rate = folded(as_model(model).tabular, discount)
        found = certify(mdp, values, discount=rate, minimise=minimise)
        off = rounding(float(np.abs([found.lower, found.upper]).max()), rate) if rate < 1.0 else 0.0
        return Certificate(found.lower - off, found.upper + off, found.error_bound + off, found.residual)
    mdp = with_rows(model)
    given = np.array(check_numbers("values", values))
    if given.shape != (mdp.num_states,) or np.isnan(given).any():
        found = f"shape {given.shape}" if given.shape != (mdp.num_states,) else "NaN in them"
        raise InvalidOptionError(f"values have {found}; expected ({mdp.num_states},) numbers, one for each state")
    if check_switch("minimise", minimise):
        lower, upper, *rest = certify(negated(mdp), negative(given), discount=discount)
        return Certificate(negative(upper), negative(lower), *rest)
    problem = make_problem(mdp, check_discount(discount))
    inner = given if problem.merging is None else problem.merging.gather(given)
    if not np.isfinite(inner).all():
        expanded = problem.expand(inner)
        finite_in_truth = np.isfinite(problem.expand(np.zeros(problem.num_states)))
        state = int(np.flatnonzero(finite_in_truth & ~np.isfinite(expanded))[0])
        raise InvalidOptionError(f"values are infinite in state {state}, where V* is finite; expected finite numbers")
    with np.errstate(over="ignore", invalid="ignore"):  # of what overflows nothing is proven: the bounds say so
        action_values = problem.action_values(inner)
        bounds = Certifier(problem).bounds(inner, action_values)
        residual = float(np.abs(problem.maximise(action_values) - inner).max(initial=0.0))
        lower, upper = problem.expand(bounds.lower, -np.inf), problem.expand(bounds.upper, np.inf)
        same = given == lower  # -inf in both
        distance = np.where(same, 0.0, np.maximum(upper - np.where(same, 0, given), given - np.where(same, 0, lower)))
    return Certificate(lower, upper, float(np.nextafter(distance.max(initial=0.0), np.inf)), residual)


@dataclass(frozen=True, eq=False)
class Verdict:
    """The answer to "is this policy optimal?"; true or false as a condition.

    Attributes:
        optimal: Whether the policy's value is V* in every state, within `tolerance`.
        worst_state: State with the largest loss, or None if the policy is optimal.
        regret: The loss there, V*(s) - V^pi(s), in units of reward; inf if V^pi is -inf.
        regrets: (S,) the loss in each state.
        better_action: Best action in the worst state, or None if the policy is optimal.
        tolerance: The largest loss that still counts as optimal.
        model: The model, which has the names of states and actions.
    """

    optimal: bool
    worst_state: int | None
    regret: float
    regrets: NDArray[np.float64]
    better_action: int | None
    tolerance: float
    model: Any = field(default=None, repr=False)

    def __bool__(self) -> bool:
        """Whether the policy is optimal."""
        return self.optimal

    @property
    def verdict(self) -> bool:
        """Whether the policy is optimal."""
        return self.optimal

    def __repr__(self) -> str:
        """The answer in one sentence."""
        if self.optimal:
            return f"optimal: no state loses more than {self.tolerance:g}"
        for_ever = " (the policy pays from there for ever)" if np.isinf(self.regret) else ""
        return named_text(
            f"not optimal: state {self.worst_state} loses {self.regret:.6g}{for_ever}; "
            f"action {self.better_action} is better there",
            self.model,
        )


@errors_in_names
@discount_of_pairs
def is_optimal(
    model: ModelLike,
    policy: Any,
    *,
    discount: float | NDArray[np.float64],
    tolerance: float | None = None,
    minimise: bool = False,
) -> Verdict:
    """Compare a policy's value with V* in every state: the lecture's "Is this policy optimal?".

    Args:
        model: A model of S states, or an environment that has one.
        policy: A `TabularPolicy`, a `Plan`, (S,) actions, or (S, A) probabilities.
        discount: 0 to 1, or (S, A) of them, one for each pair.
        tolerance: Loss of value, in units of reward, that still counts as optimal; None: 1e-9 times the
            largest of 1 and all |V*|.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Returns:
        A `Verdict`: whether the policy is optimal, the worst state, the regret.

    Raises:
        InvalidPolicyError: The policy does not fit the model.
        NotConvergedError: V* cannot be proven to within `tolerance`.

    Cost: one policy evaluation and one `policy_iteration`.

    >>> from planners import TabularMDP
    >>> stay_or_stop = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 0, 3.0, True)]}})
    >>> is_optimal(stay_or_stop, [1], discount=0.8)
    not optimal: state 0 loses 2; action 0 is better there
    """
    from planners.solve import solve

    mdp = with_rows(model)
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    if check_switch("minimise", minimise):
        mdp = negated(mdp)  # what costs more loses as much
    unit = max(1.0, float(np.abs(mdp.rewards).max()))
    asked = 1e-9 * unit if tolerance is None else check_tolerance(tolerance)
    plan = solve(mdp, discount=discount, tolerance=asked / 2, throw=False)
    if tolerance is None:
        tolerance = 1e-9 * max(1.0, float(np.abs(plan.values[np.isfinite(plan.values)]).max(initial=0.0)))
    if not plan.error_bound <= tolerance / 2:
        plan = solve(mdp, discount=discount, tolerance=tolerance / 2, start=plan)
    values = evaluate(mdp, chosen, discount=discount)
    with np.errstate(over="ignore", invalid="ignore"):
        regrets = np.where(values == plan.values, 0.0, plan.values - values)
    worst = int(np.argmax(regrets))
    optimal = bool(regrets[worst] <= tolerance)
    return Verdict(
        optimal=optimal,
        worst_state=None if optimal else worst,
        regret=max(float(regrets[worst]), 0.0),
        regrets=np.maximum(regrets, 0.0),
        better_action=None if optimal else int(plan.policy.actions[worst]),
        tolerance=tolerance,
        model=mdp,
    )
