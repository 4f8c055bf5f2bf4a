"""How much an agent loses against the best policy: exactly for a policy, estimated for episodes.

    regret = sum over s of initial(s) * (V*(s) - V^pi(s))
           = E[ sum over t of discount^t * (V*(s_t) - Q*(s_t, a_t)) ]      (performance difference lemma)

The second form is what episodes are judged by: each step contributes what its action gives away, so that
luck with the transitions, which is most of the spread of returns, does not enter.

Source: Kakade and Langford (2002), "Approximately optimal approximate reinforcement learning", Lemma 6.1.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planners.errors import InvalidModelError, InvalidOptionError
from planners.evaluation.policy_value import evaluate
from planners.evaluation.rollout import Episode, rollout
from planners.models.convert import Model, as_model
from planners.options import check_discount
from planners.plans.plan import Plan
from planners.solve import solve


class Regret(NamedTuple):
    """What an agent loses against the best policy, from the first state on.

    Attributes:
        value: The regret, 0 for an optimal policy; in units of reward.
        error: For a policy: a bound of the error, from the bounds of V*. For episodes: twice the standard error
            of the mean, NaN for one episode.
        optimal: V* of the first state, on average.
        episodes: Number of episodes that were judged; 0 for an exact regret.
    """

    value: float
    error: float
    optimal: float
    episodes: int = 0


def regret(
    env: Any,
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
        env: An environment with tables, or a model. To play an agent, an environment.
        agent: A policy in any form that `evaluate` takes, or a `Plan`: exact. A list of `Episode`: these are
            judged. Anything else with `act(observation)`: it is played.
        discount: 0 to 1.
        episodes: How many to play.
        seed: Of the episodes.
        plan: A plan of this model at that discount; None: it is solved here.
        minimise: False: V* is the most that can be earned. True: rewards are costs, and V* is the least.

    Raises:
        InvalidOptionError: `agent` is none of these, there are no episodes, or `plan` is of another model or discount.
        InvalidModelError: No tables, or, for an exact regret, no known distribution of first states.

    >>> import gymnasium as gym, gridworld_env
    >>> env = gym.make("GridWorld-v0", map_name="lecture")
    >>> round(regret(env, [0] * 11, discount=0.9).value, 3)     # always UP, from the start in the corner
    0.919
    """
    model = as_model(env)
    best = plan_of(model, plan, discount, minimise)
    if isinstance(agent, Sequence) and len(agent) and isinstance(agent[0], Episode):
        return _of_episodes(best, agent, discount)
    if isinstance(agent, Sequence) and not len(agent):
        raise InvalidOptionError("there are no episodes to judge; expected one or more")
    policy = agent.policy if isinstance(agent, Plan) else agent
    if hasattr(policy, "act") and not hasattr(policy, "probabilities"):
        if not hasattr(env, "step"):
            raise InvalidOptionError(f"a {type(env).__name__} cannot be played; expected an environment, or a policy")
        return _of_episodes(best, rollout(env, agent, episodes=episodes, seed=seed), discount)
    first = _first_states(model)
    achieved = evaluate(model, policy, discount=discount)
    lost = achieved - best.values if best.minimise else best.values - achieved
    return Regret(float(first @ lost), best.error_bound, float(first @ best.values))


def plan_of(model: Model, plan: Plan | None, discount: float, minimise: bool = False) -> Plan:
    """The plan given, or one solved here; `InvalidOptionError` for one of another size, discount or direction."""
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
    return plan


def _of_episodes(best: Plan, episodes: Sequence[Episode], discount: float) -> Regret:
    given_away = best.values[:, None] - best.action_values
    given_away = -given_away if best.minimise else given_away
    sums = np.array(
        [
            sum(
                discount**t * given_away[int(step.observation), int(step.action)]
                for t, step in enumerate(e.transitions)
            )
            for e in episodes
        ]
    )
    first = np.array([best.values[int(episode.transitions[0].observation)] for episode in episodes])
    error = 2.0 * float(sums.std(ddof=1)) / len(sums) ** 0.5 if len(sums) > 1 else float("nan")
    return Regret(float(sums.mean()), error, float(first.mean()), len(episodes))


def _first_states(model: Model) -> NDArray[np.float64]:
    if model.initial is None:
        raise InvalidModelError(
            "this model does not say where episodes begin; expected `initial`, (S,) probabilities: "
            "from_arrays(P, R, initial=...)"
        )
    return model.initial
