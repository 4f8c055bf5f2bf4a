"""The exact truth beside a learner, step by step: a wrapper that adds it to `info`."""

from typing import Any

import gymnasium as gym
import numpy as np

import planners
from planners.evaluation.regret import plan_of
from planners.models.convert import as_model


class GroundTruth(gym.Wrapper[Any, Any, Any, Any]):
    """Adds what is optimal to the `info` of an environment with tables.

    `info["optimal_value"]`: V* of the state that was reached; `info["optimal_actions"]`: (A,) int8, 1 for every
    action that can be optimal there; and after a step `info["regret"]`: `V*(s) - Q*(s, a)` of the action just
    taken, which is 0 for optimal actions, and where V* is -inf, as no more can be lost there. The discounted sum
    of the regrets of an episode is, on average, what the agent loses against the best policy (the performance
    difference lemma; Kakade and Langford, 2002).

    Args:
        env: An environment that `planners` can solve.
        discount: 0 to 1.
        plan: A plan of this environment at that discount; None: it is solved here.
        minimise: Whether rewards are costs, of which V* is the least; the regret is then `Q*(s, a) - V*(s)`.

    Raises:
        PlannerError: The environment has no tables, or they cannot be solved, or the plan is of another model or
            discount.

    >>> import gridworld_env
    >>> env = GroundTruth(gym.make("GridWorld-v0", map_name="lecture"), discount=0.9)
    >>> state, info = env.reset(seed=1)
    >>> round(info["optimal_value"], 3), info["optimal_actions"].tolist()
    (0.519, [1, 1, 0, 0])
    """

    def __init__(
        self, env: gym.Env[Any, Any], *, discount: float, plan: planners.Plan | None = None, minimise: bool = False
    ) -> None:
        """Solve the environment."""
        super().__init__(env)
        self.plan = plan_of(as_model(env), plan, discount, minimise)
        self._optimal = self.plan.optimal_actions.astype(np.int8)
        self._state = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As the environment's."""
        state, info = self.env.reset(seed=seed, options=options)
        self._state = int(state)
        return state, {**info, **self._truth()}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """As the environment's."""
        before = self._state
        state, reward, terminated, truncated, info = self.env.step(action)
        self._state = int(state)
        best = float(self.plan.values[before])
        lost = best - float(self.plan.action_values[before, int(action)]) if np.isfinite(best) else 0.0
        regret = max(-lost if self.plan.minimise else lost, 0.0)
        return state, reward, terminated, truncated, {**info, **self._truth(), "regret": regret}

    def _truth(self) -> dict[str, Any]:
        return {
            "optimal_value": float(self.plan.values[self._state]),
            "optimal_actions": self._optimal[self._state].copy(),
        }
