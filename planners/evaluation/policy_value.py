"""The value of a given policy, by one linear system.

    V(s) = r_policy(s) + discount * sum over s' of P_policy(s'|s) V(s')        |S| equations, |S| unknowns

At discount 1 the system has one solution where the policy surely ends the episode. If the policy may go round for ever
in a set of states that it never leaves, the total reward is infinite if the mean reward there is not 0, and 0 if no
reward is paid there. If rewards are paid and their mean is 0, the total reward is the limit of the expected total or,
where that goes up and down for ever, its average over time: 1/2 for +1, -1, +1, ... That is also the limit of V as the
discount goes up to 1. Fractions decide whether the mean is 0 where floats cannot tell.

Every answer is proven to six digits (`planners.equations.proven_systems`), or refused.

Source: Puterman (2005), Section 6.1; Kemeny and Snell (1960), "Finite Markov Chains", Chapter 3.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards, recurrent_classes
from planners.equations.mean_rewards import Component, class_values
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.equations.proven_systems import Total, total_reward
from planners.equations.rational_systems import Row, TooLargeError, pair_row
from planners.errors import ImproperPolicyError, InvalidOptionError, UnprovenValueError
from planners.evaluation.horizon import value_over_horizon
from planners.models.convert import ModelLike, as_model, discount_of_pairs, with_rows
from planners.models.stages import FinalValues
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP
from planners.options import check_discount, named_states
from planners.plans.finite_plan import FinitePlan
from planners.plans.policy import TabularPolicy, as_policy
from planners.plans.policy_chain import policy_chain

DIGITS: Final = 1e-6  # largest error, as a part of the value or of the largest reward
NEAR_ZERO: Final = 1e-290  # rewards that float64 may keep too few digits of


@errors_in_names
@discount_of_pairs
def evaluate(
    model: ModelLike | Sequence[ModelLike],
    policy: Any,
    *,
    discount: float | NDArray[np.float64],
    horizon: int | None = None,
    final_values: FinalValues = None,
) -> NDArray[np.float64]:
    """V of following `policy` for ever, by one linear system, correct to at least six digits.

    Args:
        model: A model of S states, or an environment that has one.
        policy: A `TabularPolicy`, a `Plan`, (S,) actions, or (S, A) probabilities.
        discount: 0 to 1, or (S, A) of them, one for each pair.
        horizon: None: the policy is followed for ever. A number H: it is followed for H steps, and may then also be a
            `FinitePlan` or a list of H `TabularPolicy`; the model may be a list of H models.
        final_values: With a horizon, the worth of each state when the steps are over, as for `backward_induction`.

    Returns:
        (S,) expected discounted total reward from each state. At discount 1: -inf (or +inf) where the
        policy may go round for ever and pays (or is paid) on average.

    Raises:
        InvalidPolicyError: The policy does not fit the model.
        ImproperPolicyError: At discount 1 the total reward does not exist, as both infinities are possible; or it
            cannot be told whether the average is 0; the states are named.
        UnprovenValueError: Rounding keeps float64 from proving six digits: the policy hardly ends the episode, or
            rewards are below 1e-290, where float64 has fewer digits.
        InvalidOptionError: Final values without a horizon, or a horizon that is no number of steps.

    Cost: one sparse LU of an (S, S) matrix; where that does not prove it and S <= 800, S^3 operations.

    >>> from planners import TabularMDP
    >>> stay = TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}})
    >>> evaluate(stay, [0], discount=0.8).round(12)  # 1 + .8 + .64 + ...
    array([5.])
    >>> evaluate(stay, [0], discount=1.0)
    array([inf])
    >>> evaluate(stay, [0], discount=1.0, horizon=7)
    array([7.])
    """
    if horizon is not None or isinstance(policy, FinitePlan) or isinstance(model, list | tuple):
        return value_over_horizon(
            model, policy, discount=check_discount(discount), horizon=horizon, final_values=final_values
        )
    if final_values is not None:
        raise InvalidOptionError("final_values are given without a horizon; expected horizon=, a number of steps")
    mdp: Any = with_rows(model)  # pyright: ignore[reportArgumentType] - a sequence is gone by now
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    rate = check_discount(discount)
    if hasattr(mdp, "pair_state") and (rate == 1.0 or not chosen.is_deterministic):
        mdp = mdp.tabular
    return _evaluated(mdp, chosen, rate, averaging(mdp, chosen)).values


class Inexact(NamedTuple):
    """How far the numbers of a chain of n states are from those of the model."""

    off: NDArray[np.float64]  # (n,) each reward, at most
    roundings: int = 0  # of each probability


def averaging(mdp: TabularMDP, policy: TabularPolicy) -> Inexact:
    """What averages over actions are rounded by."""
    if policy.is_deterministic:
        return Inexact(np.zeros(mdp.num_states))
    roundings = mdp.num_actions + 1
    paid = ((policy.probabilities > 0) & (mdp.rewards != 0)).any(axis=1)
    sizes = (policy.probabilities * np.abs(mdp.rewards)).sum(axis=1)
    return Inexact(2.0 * roundings * UNIT_ROUNDOFF * sizes + roundings * SMALLEST_SUBNORMAL * paid, roundings)


def _evaluated(mdp: TabularMDP, policy: TabularPolicy, discount: float, inexact: Inexact) -> Total:
    """V of a policy and how far it may be off."""
    if discount == 1.0:
        return _total_reward(mdp, policy, inexact)
    chain, rewards, termination = policy_chain(mdp, policy)
    return _proven(chain, termination, rewards, discount, np.arange(mdp.num_states), inexact)


def value_from(model: Any, policy: Any, begins: NDArray[np.bool_], *, discount: float) -> Total:
    """As `evaluate`, of the states that the policy can reach from those where it begins, (S,) bool; else NaN.

    Where it never comes it may have no value, which then does not matter. It says how far each value may be off.
    """
    mdp = as_model(model).tabular
    chosen = as_policy(policy, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
    chain, rewards, termination = policy_chain(mdp, chosen)
    steps = sparse.csr_array(chain.T)
    reached = np.flatnonzero(next_towards(steps, np.arange(mdp.num_states), np.ones(mdp.num_states, bool), begins) >= 0)
    part = TabularMDP(
        transitions=sparse.csr_array(chain[reached][:, reached]),
        termination=termination[reached, None],
        rewards=rewards[reached, None],
        feasible=np.ones((len(reached), 1), dtype=bool),
    )
    only = TabularPolicy.from_actions(np.zeros(len(reached), dtype=np.int64), 1)
    off, roundings = averaging(mdp, chosen)
    found = _evaluated(part, only, check_discount(discount), Inexact(off[reached], roundings))
    values, error = np.full(mdp.num_states, np.nan), np.full(mdp.num_states, np.nan)
    values[reached], error[reached] = found
    return Total(values, error)


def _proven(
    chain: sparse.csr_array,
    termination: NDArray[np.float64],
    rewards: NDArray[np.float64],
    discount: float,
    states: NDArray[np.int64],
    inexact: Inexact,
    unit: float | None = None,
) -> Total:
    """(n,) V of a chain of these states of the model, in which it is proven, where `unit` is the largest |reward|.

    Raises:
        UnprovenValueError: It is not.
    """
    found = total_reward(chain, termination, rewards, discount, off=inexact.off, roundings=inexact.roundings)
    unit = float(np.abs(rewards).max(initial=0.0)) if unit is None else unit
    wrong = np.flatnonzero(~(found.relative(unit) <= DIGITS))
    if not len(wrong):
        return found
    worst = int(wrong[0])
    why = "From there the policy hardly ends the episode, or rewards are too large. "
    why += "Use a smaller discount, or another policy"
    if unit < NEAR_ZERO:
        why = f"Near 0 float64 has fewer digits, and no reward is above {unit:.3g}. Multiply all rewards by 1e300"
    raise UnprovenValueError(
        f"at discount {discount:.15g} the value of this policy cannot be proven to {DIGITS:g} of itself in "
        f"{len(wrong)} states ({named_states(states[wrong])}): float64 gives {found.values[worst]:.3g} in state "
        f"{states[worst]}, off by up to {found.error[worst]:.3g}. {why}",
        states[wrong].tolist(),
    )


def _total_reward(mdp: TabularMDP, policy: TabularPolicy, inexact: Inexact) -> Total:
    """V at discount 1, and how far it may be off."""
    chain, rewards, termination = policy_chain(mdp, policy)
    count = chain.shape[0]
    everything, each = np.ones(count, dtype=bool), np.arange(count)
    closed = next_towards(chain, each, everything, termination > 0) < 0  # may never end from here...
    values, settled = np.zeros(count), np.zeros(count, dtype=bool)
    gains, losses, labels = np.zeros(count, bool), np.zeros(count, bool), recurrent_classes(chain, closed)
    recurrent = np.flatnonzero(labels >= 0)
    recurrent = recurrent[np.argsort(labels[recurrent], kind="stable")]
    for states in np.split(recurrent, np.flatnonzero(np.diff(labels[recurrent])) + 1):
        sign, values[states] = _of_class(mdp, policy, chain, rewards, states)
        settled[states], gains[states], losses[states] = sign == 0, sign > 0, sign < 0
    wins = next_towards(chain, each, everything, gains) >= 0
    pays = next_towards(chain, each, everything, losses) >= 0
    if (wins & pays).any():
        states = np.flatnonzero(wins & pays)
        raise ImproperPolicyError(
            f"at discount 1 this policy may win for ever or pay for ever from states {named_states(states)}, "
            "so its total reward does not exist. Use a discount below 1",
            [int(state) for state in states],
        )
    finite = np.flatnonzero(~(wins | pays | settled))
    error = 2.0 * UNIT_ROUNDOFF * np.abs(values) + SMALLEST_SUBNORMAL * (values != 0)  # rounded fractions
    if len(finite):
        onward, later = chain[finite], np.where(settled, values, 0.0)
        known = rewards[finite] + onward @ later
        leaves = termination[finite] + onward @ settled.astype(np.float64)
        added = int(np.diff(onward.indptr).max()) + 2 if settled.any() else 0
        sizes = np.abs(rewards[finite]) + onward @ np.abs(later)
        off = inexact.off[finite] + 2.0 * (added + inexact.roundings) * UNIT_ROUNDOFF * sizes * later.any()
        inexact = Inexact(off, inexact.roundings + added)
        unit = float(np.abs(rewards).max())  # `known` may have cancelled to less than any reward
        values[finite], error[finite] = _proven(onward[:, finite], leaves, known, 1.0, finite, inexact, unit)
    values[wins], values[pays] = np.inf, -np.inf
    error[wins | pays] = 0.0
    return Total(values, error)


def _of_class(
    mdp: TabularMDP,
    policy: TabularPolicy,
    chain: sparse.csr_array,
    rewards: NDArray[np.float64],
    states: NDArray[np.int64],
) -> tuple[int, NDArray[np.float64] | float]:
    """The sign of the mean reward in a recurrent class, and the values of its states where it is 0."""
    inside = rewards[states]
    if (inside >= 0).all() or (inside <= 0).all():
        return int(inside.any() and np.sign(inside[np.abs(inside).argmax()])), 0.0
    component = Component(sparse.csr_array(chain[states][:, states]), np.arange(len(states)), inside)
    try:
        sign, values = class_values(component, lambda: _exact_rows(mdp, policy, states))
    except TooLargeError:
        raise ImproperPolicyError(
            f"at discount 1 it cannot be told whether this policy is paid or pays on average in {len(states)} states "
            f"({named_states(states)}), which it never leaves: the mean reward a step is too near 0 for float64, and "
            "there are too many states for fractions. Use a discount below 1",
            states.tolist(),
        ) from None
    return sign, np.array([float(value) for value in values]) if values else 0.0


def _exact_rows(mdp: TabularMDP, policy: TabularPolicy, states: NDArray[np.int64]) -> list[Row]:
    """The policy's rows of a recurrent class in fractions, its states numbered as they come."""
    place = {state: number for number, state in enumerate(states.tolist())}
    rows = []
    for state in place:
        reward, nexts, total = Fraction(), dict[int, Fraction](), Fraction()
        chosen = (
            policy.actions[state : state + 1] if policy.is_deterministic else policy.probabilities[state].nonzero()[0]
        )
        for action in chosen.tolist():
            weight = Fraction(1) if policy.is_deterministic else Fraction(float(policy.probabilities[state, action]))
            row = pair_row(mdp, state * mdp.num_actions + action)
            reward, total = reward + weight * row.reward, total + weight
            for after, p in row.nexts.items():
                nexts[place[after]] = nexts.get(place[after], Fraction()) + weight * p
        rows.append(Row(reward / total, {after: p / total for after, p in nexts.items()}))
    return rows
