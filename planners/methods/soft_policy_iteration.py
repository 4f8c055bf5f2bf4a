"""Planning with a price on certainty: policy iteration on the soft Bellman equation.

    V(s) = T log sum over a of reference(a|s) exp(Q(s,a) / T),   Q(s,a) = r(s,a) + discount * sum over s' of P V
    policy(a|s)  proportional to  reference(a|s) exp(Q(s,a) / T)

V is the most of expected reward plus T times entropy or, with a reference, less T times the relative entropy
KL(policy || reference). As T goes to 0 it is V*. The soft backup B is monotone, and for c > 0 B(V + c) lies between
B V and B V + discount * c, so that the bounds of the ordinary backup hold: with the least and the largest change l < 0
and k > 0 of one backup,

    B V + discount / (1 - discount) * l  <=  V*  <=  B V + discount / (1 - discount) * k

Each round evaluates the policy by one linear system, its entropy being part of the reward: Newton's method. Far from
the solution it need not be solved well: a residual that is a part of the last change will do.

Sources: Todorov (2007), "Linearly-solvable Markov decision problems"; Ziebart (2010), "Modeling Purposeful Adaptive
Behavior with the Principle of Maximum Causal Entropy"; Geist, Scherrer and Pietquin (2019), "A theory of regularized
Markov decision processes"; Puterman (2005), Section 6.3.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.arguments import as_float, check_switch
from planners.equations.linear_systems import TINY, EvaluationSystem, KrylovSystem
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.errors import InvalidOptionError, InvalidPolicyError
from planners.iteration.progress import reporting
from planners.models.convert import ModelLike, as_model
from planners.models.negated import negated
from planners.models.tabular import TabularMDP
from planners.options import Tolerance, check_discount
from planners.plans.plan import Iteration, NotConvergedError, Status, opposite
from planners.plans.policy import TabularPolicy, as_policy
from planners.plans.soft_plan import SoftPlan

MOST: Final = 1000  # policies
ROUGHLY: Final = 0.02  # residual of a linear system, as a part of what V changed by in the last backup
EASY: Final = ("nothing yet", "BiCGSTAB by the diagonal")  # what a `KrylovSystem` did where that was little
NO_BETTER: Final = 3  # policies in succession that prove nothing better, and are worth no more
STILL: Final = 1e-13  # what rounding changes in the mean of V

Floats = NDArray[np.float64]


def soft_policy_iteration(
    model: ModelLike,
    *,
    discount: float,
    temperature: float,
    reference: Any = None,
    tolerance: Tolerance,
    minimise: bool = False,
    progress: bool | Callable[[Iteration], object] = False,
    throw: bool = True,
) -> SoftPlan:
    """The policy that earns the most reward plus temperature times entropy, with proven bounds.

    Args:
        model: A model of S states and A actions, or an environment that has one.
        discount: From 0 to below 1.
        temperature: Above 0, in units of reward: what one nat of entropy is worth.
        reference: A policy; entropy is then replaced by minus the relative entropy to it. None: entropy, but in states
            where every action ends the episode at no reward: there it is over.
        tolerance: Largest error that is allowed.
        minimise: Rewards are costs: the least cost less temperature times entropy.
        progress: True for a progress bar, or a function to call with each `Iteration`.
        throw: Raise where the tolerance is not reached.

    Raises:
        InvalidOptionError: The discount is 1, or the temperature not above 0.
        InvalidPolicyError: The reference does not fit the model.
        NotConvergedError: See `throw`.

    Cost: one sparse LU of an (S, S) matrix for each policy, of which some ten are needed.
    """
    rate, price = check_discount(discount), _checked_temperature(temperature)
    if rate == 1.0:
        raise InvalidOptionError("temperature= needs a discount below 1: entropy is collected in every step, for ever")
    source = as_model(model)
    mdp: TabularMDP = source.tabular
    weights = _weights(mdp, reference)
    plan = _iterate(
        negated(mdp) if check_switch("minimise", minimise) else mdp, weights, rate, price, tolerance, progress
    )
    plan = opposite(plan, source) if minimise else replace(plan, model=source)
    if throw and plan.status not in (Status.CONVERGED, Status.INTERRUPTED):
        raise NotConvergedError(plan)
    return plan  # pyright: ignore[reportReturnType] - `opposite` keeps the class


def _checked_temperature(temperature: Any) -> float:
    price = as_float(temperature)
    if not 0.0 < price < math.inf:
        raise InvalidOptionError(
            f"temperature is {temperature!r:.80}; expected a number above 0, in units of reward. Leave it out for "
            "policies without entropy"
        )
    return price


def _weights(mdp: TabularMDP, reference: Any) -> Floats:
    """(S, A) logarithms of the reference's probabilities; 0 without one, -inf where there is no action.

    Where all actions end the episode at no reward, it is over: their weights sum to 1, so that V is 0.
    """
    if reference is None:
        over = (~mdp.feasible | ((mdp.termination == 1.0) & (mdp.rewards == 0.0))).all(axis=1)
        each = np.where(over, -np.log(mdp.feasible.sum(axis=1)), 0.0)
        return np.where(mdp.feasible, each[:, None], -np.inf)
    chosen = as_policy(reference, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    table = np.asarray(chosen.probabilities)
    wrong = (table > 0) & ~mdp.feasible
    if wrong.any():
        state = int(np.argmax(wrong.any(axis=1)))
        raise InvalidPolicyError(
            f"the reference takes action {int(np.argmax(wrong[state]))} in state {state}, where it does not exist"
        )
    with np.errstate(divide="ignore"):
        return np.log(table)


def _iterate(
    mdp: TabularMDP, weights: Floats, discount: float, price: float, tolerance: Tolerance, progress: Any
) -> SoftPlan:
    """Policies in succession, the first of them the reference; the best bounds that were proven."""
    begun, history, best, worse = time.perf_counter(), [], None, 0
    with reporting(
        progress, "soft policy iteration", lambda: tolerance.target(best.values).aim if best else 1.0
    ) as report:
        try:
            values, highest, hard = np.zeros(mdp.num_states), 0.0, mdp.num_states <= TINY
            for number in range(1, MOST + 1):
                plan, policy = _proven(mdp, weights, values, discount, price)
                history.append(
                    Iteration(
                        number, float(np.abs(plan.values - values).max()), plan.error_bound, time.perf_counter() - begun
                    )
                )
                report(history[-1])
                better = best is None or plan.error_bound < best.error_bound
                mean = float(values.mean())
                worse = 0 if better or mean > highest + STILL * (1.0 + abs(highest)) else worse + 1
                highest = mean if number <= 2 else max(highest, mean)  # the first V is no policy's
                best = plan if best is None or better else best
                if best.error_bound <= tolerance.target(best.values).aim or worse == NO_BETTER:
                    break
                residual = 0.0 if worse or hard else ROUGHLY * (1.0 - discount) * plan.error_bound
                values, hard = _value(mdp, weights, policy, plan.values, discount, price, residual)
                if not np.isfinite(values).all():
                    break
        except KeyboardInterrupt:
            if best is None:
                raise
            return _named(best, history, tolerance, Status.INTERRUPTED)
    assert best is not None
    enough = best.error_bound <= tolerance.target(best.values).allowed
    return _named(best, history, tolerance, Status.CONVERGED if enough else Status.ROUNDING_FLOOR)


def _named(plan: SoftPlan, history: list[Iteration], tolerance: Tolerance, status: Status) -> SoftPlan:
    return replace(
        plan, history=tuple(history), iterations=len(history), status=status,
        tolerance=tolerance.target(plan.values).allowed, relative_tolerance=tolerance.relative,
    )  # fmt: skip


def _proven(mdp: TabularMDP, weights: Floats, values: Floats, discount: float, price: float) -> tuple[SoftPlan, Floats]:
    """What one soft backup of V proves, and the (S, A) policy of that backup."""
    S, A = weights.shape
    action_values = mdp.rewards + discount * (mdp.transitions @ values).reshape(S, A)
    with np.errstate(all="ignore"):
        scores = np.where(np.isneginf(weights), -np.inf, action_values) / price + weights
        highest = scores.max(axis=1)
        shares = np.exp(scores - highest[:, None])
        sums = shares.sum(axis=1)
        backup = price * (highest + np.log(sums))
        policy = shares / sums[:, None]
        change = backup - values
        terms = int(np.diff(mdp.transitions.indptr).max(initial=0)) + 8
        reward = float(np.abs(np.where(mdp.feasible, mdp.rewards, 0.0)).max(initial=0.0))
        size = reward + float(np.abs(values).max(initial=0.0)) + price * (1.0 + math.log(A) + _largest(weights))
        doubt = (terms * 4.0 + A * 16.0) * UNIT_ROUNDOFF * size + A * (terms + price) * SMALLEST_SUBNORMAL
        low, high = float(change.min()) - doubt, float(change.max()) + doubt
        lower = np.nextafter(backup + _further(mdp, weights, discount, low, -1.0) - doubt, -np.inf)
        upper = np.nextafter(backup + _further(mdp, weights, discount, high, 1.0) + doubt, np.inf)
        estimate = np.clip(0.5 * (lower + upper), lower, upper)
        error = float(np.nextafter(np.maximum(upper - estimate, estimate - lower).max(initial=0.0), np.inf))
    if not np.isfinite(error):
        lower, upper, error = np.full(S, -np.inf), np.full(S, np.inf), math.inf
    plan = SoftPlan(
        values=np.nan_to_num(estimate), policy=TabularPolicy(policy), lower=lower, upper=upper, error_bound=error,
        status=Status.ROUNDING_FLOOR, iterations=0, history=(), discount=discount, tolerance=0.0, model=mdp,
        method=f"soft policy iteration at temperature {price:g}", temperature=price,
    )  # fmt: skip
    return plan, policy


def _further(mdp: TabularMDP, weights: Floats, discount: float, change: float, outwards: float) -> float:
    """What all further backups add at most, in the direction `outwards`, where each changes V by `change` and less.

    An episode that may end carries less of it on. So what points inwards counts with the least probability of going on.
    """
    used = np.isfinite(weights)
    going_on = 1.0 if change * outwards >= 0.0 else 1.0 - float(mdp.termination[used].max(initial=0.0))
    going_on = max(0.0, going_on * (1.0 - 8.0 * UNIT_ROUNDOFF)) if going_on < 1.0 else going_on
    share = discount * going_on / (1.0 - discount * going_on)
    return change * share * (1.0 + outwards * math.copysign(16.0 * UNIT_ROUNDOFF, change))


def _largest(weights: Floats) -> float:
    return float(np.abs(weights[np.isfinite(weights)]).max(initial=0.0))


def _value(
    mdp: TabularMDP, weights: Floats, policy: Floats, values: Floats, discount: float, price: float, residual: float
) -> tuple[Floats, bool]:
    """(S,) soft value of a policy, by one linear system: from V to a residual, or else as well as float64 allows.

    And whether that is better done by factors from now on.
    """
    S, A = policy.shape
    averaging = sparse.csr_array((policy.ravel(), np.arange(S * A), np.arange(S + 1) * A), shape=(S, S * A))
    with np.errstate(all="ignore"):
        surprise = np.where(policy > 0, np.log(np.where(policy > 0, policy, 1.0)) - weights, 0.0)
    earned = (policy * (np.where(mdp.feasible, mdp.rewards, 0.0) - price * surprise)).sum(axis=1)
    chain = sparse.csr_array(averaging @ mdp.transitions)
    if residual > 0.0:
        system = KrylovSystem(chain, discount)
        return system.solve(earned, start=values, residual=residual), system.used not in EASY
    return EvaluationSystem(chain, discount).solve(earned), True
