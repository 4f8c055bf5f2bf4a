"""The value of a policy over a given number of steps, from the last one back.

    V_H(s) = final_values(s),        V_t(s) = r_policy(s) + discount * sum over s' of P_policy(s'|s) V_{t+1}(s')

Source: Puterman (2005), Section 4.2.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.errors import InvalidOptionError, UnprovenValueError
from planners.models.stages import FinalValues, Stages
from planners.models.stages import final_values as worth_at_end
from planners.models.tabular import TabularMDP
from planners.options import check_discount, named_states
from planners.plans.finite_plan import FinitePlan
from planners.plans.policy import TabularPolicy, as_policy
from planners.plans.policy_chain import policy_chain

DIGITS = 1e-6  # largest error, as a part of the value or of the largest reward


def value_over_horizon(
    model: Any, policy: Any, *, discount: float, horizon: int | None, final_values: FinalValues = None
) -> NDArray[np.float64]:
    """(S,) expected total of H steps; see `planners.evaluate`."""
    if isinstance(policy, FinitePlan) and horizon is None:
        horizon = policy.horizon
    stages, rate = Stages.of(model, horizon), check_discount(discount)
    impossible = np.inf if isinstance(policy, FinitePlan) and policy.minimise else -np.inf
    values = worth_at_end(final_values, stages.models[-1], impossible)
    unit, error = float(np.abs(values[np.isfinite(values)]).max(initial=1e-300)), np.zeros(len(values))
    for step in range(len(stages) - 1, -1, -1):
        mdp = stages.models[step]
        chosen = _policy_of_step(mdp, policy, step, len(stages))
        chain, rewards, _ = policy_chain(mdp, chosen)
        onward, off = stages.onward(step, values), stages.onward(step, error)
        possible = np.isfinite(onward)
        finite = np.where(possible, onward, 0.0)
        values = rewards + rate * (chain @ finite)
        terms = int(np.diff(chain.indptr).max(initial=0)) + 10 + (0 if chosen.is_deterministic else mdp.num_actions)
        largest = _largest_rewards(mdp)
        sizes = 2.0 * largest + rate * (chain @ np.abs(finite)) + np.abs(values)
        error = rate * (chain @ off) * (1.0 + 1e-9) + terms * (UNIT_ROUNDOFF * sizes + SMALLEST_SUBNORMAL)
        if not possible.all() and rate > 0:
            values[chain @ (~possible).astype(np.float64) > 0] = impossible
        unit = max(unit, float(largest.max()))
    wrong = np.flatnonzero(np.isfinite(values) & ~(error <= DIGITS * np.maximum(np.abs(values), unit)))
    if len(wrong):
        raise UnprovenValueError(
            f"over {len(stages)} steps rounding keeps the value from being proven to {DIGITS:g} of itself in "
            f"{len(wrong)} states ({named_states(wrong)}). Use a shorter horizon",
            wrong.tolist(),
        )
    return values


def _largest_rewards(mdp: Any) -> NDArray[np.float64]:
    """(S,) the largest |r| of any action of each state; of a model of pairs, of those that exist."""
    sizes = np.abs(mdp.rewards)
    return sizes.max(axis=1) if sizes.ndim == 2 else np.maximum.reduceat(sizes, mdp.first_row[:-1])


def _policy_of_step(mdp: TabularMDP, policy: Any, step: int, horizon: int) -> TabularPolicy:
    """What a policy does at a step: a plan of steps, a list of policies, or one for all steps."""
    one: Any = policy
    if isinstance(policy, FinitePlan):
        if policy.horizon != horizon:
            raise InvalidOptionError(
                f"the plan is for {policy.horizon} steps and horizon is {horizon}; expected the same"
            )
        one = policy.policy_at(step)
    elif isinstance(policy, list | tuple) and policy and all(isinstance(each, TabularPolicy) for each in policy):
        if len(policy) != horizon:
            raise InvalidOptionError(f"there are {len(policy)} policies and horizon is {horizon}; expected one a step")
        one = policy[step]
    return as_policy(one, mdp.num_states, mdp.num_actions, mdp.states, mdp.actions)
