"""How much an agent loses against the best policy: exactly for a policy, within bounds for episodes.

    regret = sum over s of initial(s) * (V*(s) - V^pi(s))
           = E[ sum over t < T of discount^t * (V*(s_t) - Q*(s_t, a_t)) ]  +  E[ discount^T * (V*(s_T) - V^pi(s_T)) ]

Episodes are judged by the second form (the performance difference lemma). Each step contributes the loss of its action,
so luck with the transitions, which makes most of the spread of returns, does not count. The last term is 0 if the
episode has ended at T. If it was cut off, V^pi(s_T) is unknown: it lies between the least that any policy earns from
there and V*, and the result leaves this difference open. At discount 1 an agent that goes round for free loses nothing
with any step, and all of its regret is in that term.

Source: Kakade and Langford (2002), "Approximately optimal approximate reinforcement learning", Lemma 6.1.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.arguments import shown
from planners.equations.problem import UNIT_ROUNDOFF
from planners.errors import InvalidModelError, InvalidOptionError, MissingModelError, UnboundedValueError
from planners.evaluation.policy_value import value_from
from planners.evaluation.rollout import Episode, can_act, rollout, rollout_in_names
from planners.evaluation.vector_rollout import is_vector, one_of_many
from planners.models.convert import Model, ModelLike, as_model
from planners.models.state_names import errors_in_names
from planners.models.tabular import TabularMDP
from planners.models.wrappers import refuse_changes
from planners.options import check_discount
from planners.plans.finite_plan import FinitePlan
from planners.plans.given_away import given_away, maximising
from planners.plans.model_identity import is_same_model
from planners.plans.plan import Plan
from planners.plans.policy import state_of
from planners.solve import solve


class Regret(NamedTuple):
    """The loss of an agent against the best policy, from the first state on.

    Attributes:
        value: The regret in units of reward, 0 for an optimal policy. For episodes that were cut off: the loss until
            then, which is the least that the regret can be.
        error: How far the regret may be from `value`. For a policy: a bound, from the bounds of V* and of V^pi. For
            episodes: twice the standard error of the mean (NaN for one episode), plus the width that the bounds of V*
            leave open, plus `left_open`.
        optimal: V* of the first state, on average.
        episodes: Number of episodes that were judged; 0 for an exact regret.
        left_open: The most that may be lost on average after the episodes were cut off: the discounted V* of the last
            state minus the least that any policy earns from there; inf where at discount 1 one can pay for ever.
    """

    value: float
    error: float
    optimal: float
    episodes: int = 0
    left_open: float = 0.0

    @property
    def upper(self) -> float:
        """The largest value that the regret can have. For episodes, the standard error of the mean is not included."""
        return self.value + (self.left_open if self.episodes else self.error)

    def __repr__(self) -> str:
        """The regret, or its bounds, in one line."""
        if not self.episodes:
            return f"Regret({self.value:.6g}, proven to {self.error:.3g}; V* is {self.optimal:.6g})"
        spread = self.error - self.left_open if self.left_open < np.inf else np.nan
        what = f"{self.value:.6g} to {self.upper:.6g}" if self.left_open else f"{self.value:.6g}"
        why = ", as some were cut off" if self.left_open else ""
        spreads = f" +/- {spread:.3g}" if np.isfinite(spread) else ""
        return f"Regret({what}{spreads}; {self.episodes} episodes{why}; V* is {self.optimal:.6g})"


@errors_in_names
def regret(
    env: ModelLike,
    agent: Any,
    *,
    discount: float,
    episodes: int = 100,
    seed: int | None = None,
    plan: Plan | None = None,
    minimise: bool = False,
) -> Regret:
    """The regret of a policy, of an agent or of episodes that were played.

    Args:
        env: An environment with tables, or a model. To play an agent, an environment, or a vector environment.
        agent: A policy in any form that `evaluate` takes, or a `Plan`: exact. A list of `Episode`: these are
            judged. Anything else that `rollout` plays, with `act(observation)` or `predict`: it is played; so is a
            `FinitePlan`, for as many steps as it has.
        discount: 0 to 1.
        episodes: How many to play.
        seed: Seed of the episodes.
        plan: A plan of this model at that discount; None: it is solved here.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Raises:
        InvalidOptionError: `agent` is none of these, there are no episodes, or `plan` is of another model or discount.
        InvalidModelError: No tables, or a wrapper changes what is played; or, for an exact regret, it is not known
            where episodes begin.
        ImproperPolicyError: At discount 1 the policy has no total reward.

    >>> import gymnasium as gym, gridworld_env
    >>> env = gym.make("GridWorld-v0", map_name="lecture")
    >>> round(regret(env, [0] * 11, discount=0.9).value, 3)     # always UP, from the start in the corner
    0.919
    >>> class Left:
    ...     def act(self, state): return 3
    >>> regret(gym.make("FrozenLake-v1", is_slippery=False), Left(), discount=0.99, episodes=5)
    Regret(0.602897 to 0.95099 +/- ...; 5 episodes, as some were cut off; V* is 0.95099)
    """
    model = model_of(env, plan)
    best = plan_of(model, plan, discount, minimise)
    found = _judged(env, agent, maximising(best), episodes, seed)
    return found._replace(optimal=0.0 - found.optimal) if best.minimise else found


def _judged(env: Any, agent: Any, best: Plan, episodes: int, seed: int | None) -> Regret:
    """The regret beside a plan that maximises."""
    discount = best.discount
    if isinstance(agent, Sequence) and len(agent) and isinstance(agent[0], Episode):
        return _of_episodes(best, agent, discount)
    if isinstance(agent, Sequence) and not len(agent):
        raise InvalidOptionError("there are no episodes to judge; expected one or more")
    policy = agent.policy if isinstance(agent, Plan) else agent
    if can_act(policy) and not hasattr(policy, "probabilities"):
        if not hasattr(env, "step"):
            raise InvalidOptionError(f"a {type(env).__name__} cannot be played; expected an environment, or a policy")
        limit: dict[str, Any] = {"max_steps": policy.horizon} if isinstance(policy, FinitePlan) else {}
        names = getattr(best.model, "states", None)
        if names is None or names.identify is None or is_vector(env):
            return _of_episodes(best, rollout(env, policy, episodes=episodes, seed=seed, **limit), discount)
        played = rollout_in_names(env, policy, names=names, episodes=episodes, seed=seed, **limit)
        return _of_episodes(best, played, discount)
    return _of_policy(best.model, best, policy, discount)


def model_of(env: Any, plan: Plan | None) -> Model:
    """The model of an environment; where it has no tables, the one that was enumerated and that the plan is of."""

    def check(one: Any) -> None:
        refuse_changes(one, "this regret", advice=INSIDE)

    if plan is not None and not isinstance(plan, Plan):
        raise InvalidOptionError(f"plan is {shown(plan)}; expected a plan of planners.solve, or None")
    check(env)
    if is_vector(env):
        return one_of_many(env, check)
    inner = getattr(env, "unwrapped", env)
    tables = (getattr(inner, name, None) for name in ("mdp", "P", "transitions", "successor"))
    if plan is not None and getattr(plan.model, "states", None) is not None and all(table is None for table in tables):
        return plan.model
    return as_model(env)


INSIDE = "Judge the environment inside it; for a learner, put gridworld_env.GroundTruth inside"


def plan_of(model: Model, plan: Plan | None, discount: float, minimise: bool = False) -> Plan:
    """The plan given, or one that is solved here.

    Raises:
        InvalidOptionError: The plan is of another size, discount, direction or model, or does not know its model.
    """
    checked = check_discount(discount)
    if plan is None:
        return solve(model, discount=checked, minimise=minimise)
    if plan.minimise != minimise:
        raise InvalidOptionError(f"plan has minimise={plan.minimise}; expected one with minimise={minimise}, or None")
    if plan.discount != checked or len(plan.values) != model.num_states:
        raise InvalidOptionError(
            f"plan is of {len(plan.values)} states at discount {plan.discount}; expected one of {model.num_states} "
            f"states at discount {checked}, or None"
        )
    try:
        same = is_same_model(plan.model, model)
    except MissingModelError:
        raise InvalidOptionError(
            "plan does not know its model; expected one with it: planners.load_plan(path, model=env)"
        ) from None
    if not same:
        raise InvalidOptionError(
            "plan is of another model: it has the same number of states, and other numbers in its tables; expected a "
            "plan of this one, planners.solve(env, discount=...), or None"
        )
    return plan


def least_values(model: Model, discount: float) -> NDArray[np.float64]:
    """(S,) not above what any policy earns: the least that one can earn.

    All are -inf where at discount 1 one can pay for ever.
    """
    try:
        return solve(model, discount=discount, minimise=True, throw=False).lower
    except UnboundedValueError:
        return np.full(model.num_states, -np.inf)


def _of_policy(model: Model, best: Plan, policy: Any, discount: float) -> Regret:
    first = _first_states(model)
    begins = np.flatnonzero(first > 0)
    achieved, doubt = (array[begins] for array in value_from(model, policy, first > 0, discount=discount))
    optimal, weight = best.values[begins], first[begins]
    alike = optimal == achieved  # -inf too: what cannot be had is not lost
    lost = np.where(alike, 0.0, np.where(alike, 0.0, optimal) - np.where(alike, 0.0, achieved))
    finite = np.isfinite(optimal) & np.isfinite(achieved)
    rounding = (len(begins) + 4) * UNIT_ROUNDOFF * np.where(finite, np.abs(optimal) + np.abs(achieved), 0.0)
    error = best.error_bound + float(weight @ (np.where(finite, doubt, 0.0) + rounding))
    return Regret(max(float(weight @ lost), 0.0), error, float(weight @ optimal))


def _of_episodes(best: Plan, episodes: Sequence[Episode], discount: float) -> Regret:
    lost, number = given_away(best), partial(state_number, best.model)
    sums = np.array([_given_away_in(episode, lost, number, discount) for episode in episodes])
    first = np.array([best.values[number(episode.transitions[0].observation)] for episode in episodes])
    weights = [0.0 if episode.terminated else discount ** len(episode) for episode in episodes]
    left_open = 0.0
    if any(weights):
        spread, earning = np.zeros(len(best.upper)), best.upper > -np.inf
        spread[earning] = best.upper[earning] - least_values(best.model, discount)[earning]
        last = [number(episode.transitions[-1].next_observation) for episode in episodes]
        parts = [weight * max(float(spread[state]), 0.0) for weight, state in zip(weights, last, strict=True) if weight]
        left_open = float(sum(parts)) / len(episodes)
    error = 2.0 * float(sums.std(ddof=1)) / len(sums) ** 0.5 if len(sums) > 1 else float("nan")
    steps = np.mean([sum(discount**t for t in range(len(episode))) for episode in episodes])
    error += (1.0 + discount) * best.error_bound * float(steps)  # of V* and of Q*, step by step
    return Regret(float(sums.mean()), error + left_open, float(first.mean()), len(episodes), left_open)


def _given_away_in(episode: Episode, lost: NDArray[np.float64], number: Callable[[Any], int], discount: float) -> float:
    steps = [(number(step.observation), int(step.action)) for step in episode.transitions]
    return float(sum(discount**t * float(lost[pair]) for t, pair in enumerate(steps) if discount or not t))


def state_number(model: Model, observation: Any, env: Any = None) -> int:
    """The number of the state of an observation, which `env` shows just now if it is given.

    Raises:
        InvalidPolicyError: It is none.
    """
    names = model.states if isinstance(model, TabularMDP) else None
    if names is not None and env is not None:
        return names.seen(env, observation)
    return state_of(observation, names, model.num_states)


def _first_states(model: Model) -> NDArray[np.float64]:
    if model.initial is None:
        raise InvalidModelError(
            "this model does not say where episodes begin; expected `initial`, (S,) probabilities: "
            "from_arrays(P, R, initial=...)"
        )
    return model.initial
