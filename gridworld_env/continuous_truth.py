"""Proven bounds beside a learner on continuous states, step by step: a wrapper that adds them to `info`."""

from typing import Any, Final

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from planners.continuous import ContinuousPlan, StochasticPlan, System
from planners.errors import InvalidModelError
from planners.models.wrappers import changes

KNOWN: Final[
    dict[str, tuple[str, dict[str, float]]]
] = {  # Gymnasium's environments, and the numbers they are planned with
    "MountainCarEnv": ("MountainCar", {"goal_velocity": 0}),
    "Continuous_MountainCarEnv": ("MountainCarContinuous", {"goal_velocity": 0}),
    "PendulumEnv": ("Pendulum", {"g": 10.0}),
    "CartPoleEnv": ("CartPole", {}),
}


class ContinuousTruth(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A wrapper that adds proven bounds to the `info` of an environment with continuous states.

    `info["optimal_value_bounds"]`: (2,) bounds of V* of the reached state; 0 at the end. `info["lost_bounds"]`: (2,)
    bounds of V*(first state) - (the return so far + V* of this state), all discounted to the beginning: the loss of the
    episode so far against the best policy. If the system has noise, this number includes luck, and only its mean over
    episodes is the loss.

    Args:
        env: `ContinuousGridWorld-v0`, `MountainCar-v0`, `MountainCarContinuous-v0` or `Pendulum-v1`; or an environment
            of your own whose `unwrapped.system` is that of the plan.
        plan: A plan of `planners.continuous.solve` for this system.

    Raises:
        InvalidModelError: The plan is of another system or of probabilities, or a wrapper changes what is played.

    >>> import gridworld_env, planners
    >>> env = gym.make("ContinuousGridWorld-v0", map_name="lecture")
    >>> plan = planners.continuous.solve(env.unwrapped.system, cells=(16, 12), discount=0.9)
    >>> lower, upper = ContinuousTruth(env, plan).reset(seed=1)[1]["optimal_value_bounds"]
    >>> bool(lower < upper)
    True
    """

    same_mdp = True  # what is played is as it was

    def __init__(self, env: gym.Env[Any, Any], plan: ContinuousPlan | StochasticPlan) -> None:
        """Check that the plan is of this environment."""
        RecordConstructorArgs.__init__(self, plan=plan)
        super().__init__(env)
        if not isinstance(plan, ContinuousPlan | StochasticPlan):
            raise InvalidModelError(f"plan is a {type(plan).__name__}; expected one of planners.continuous.solve")
        if getattr(plan, "steps", None) is not None:
            raise InvalidModelError("the plan is of probabilities; expected one of rewards: planners.continuous.solve")
        for wrapper, what in changes(env):
            raise InvalidModelError(
                f"{wrapper} changes {what}, so that the plan is not of what is played. Put ContinuousTruth inside: "
                f"{wrapper}(ContinuousTruth(env, plan)); or say that it changes nothing: {wrapper}.same_mdp = True"
            )
        _check_system(env.unwrapped, plan.system)
        self.plan = plan
        self._first = np.zeros(2)
        self._earned, self._weight = 0.0, 1.0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As in the environment, with the bounds in `info`."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._first, self._earned, self._weight = self._bounds(observation), 0.0, 1.0
        return observation, {**info, "optimal_value_bounds": self._first.copy()}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """As in the environment, with the bounds in `info`."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._earned += self._weight * float(reward)
        self._weight *= self.plan.discount
        bounds = np.zeros(2) if terminated else self._bounds(observation)
        later = self._weight * bounds if self._weight > 0.0 else np.zeros(2)
        lost = self._first - (self._earned + later[::-1])
        if self.plan.system.noise is None:
            lost = np.maximum(lost, 0.0)
        return observation, reward, terminated, truncated, {**info, "optimal_value_bounds": bounds, "lost_bounds": lost}

    def _bounds(self, observation: Any) -> NDArray[np.float64]:
        return np.array(self.plan.bounds(self.plan.system.state_of(observation)))


def _check_system(env: Any, system: System) -> None:
    """`InvalidModelError` for a plan of another system than the environment's."""
    name, planned = type(env).__name__, type(system).__name__
    own = getattr(env, "system", None)
    if own is not None:
        if own != system:
            raise InvalidModelError(
                f"the plan is of another {planned} than the environment's {type(own).__name__}; expected a plan of "
                "env.unwrapped.system"
            )
        return
    expected, numbers = KNOWN.get(name, ("", {}))
    if expected != planned:
        wanted = f"a plan of {expected}" if expected else f"env.unwrapped.system, as nothing is known of {name}"
        raise InvalidModelError(f"the plan is of {planned}, and the environment is a {name}; expected {wanted}")
    for attribute, value in numbers.items():
        if getattr(env, attribute, value) != value:
            raise InvalidModelError(
                f"{name} has {attribute}={getattr(env, attribute)!r}, and the plan is of {attribute}={value:g}; "
                "expected the environment as Gymnasium makes it"
            )
