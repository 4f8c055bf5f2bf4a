"""A wrapper that counts the steps which are taken in an environment."""

from typing import Any

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

import planners
from planners.errors import InvalidModelError


class RecordExperience(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A wrapper that counts every step in `experience`, a `planners.Experience`, for any loop and any agent.

    Args:
        env: An environment whose observations and actions are `gymnasium.spaces.Discrete`, from 0 on.

    Raises:
        InvalidModelError: The spaces are others.

    >>> import gridworld_env
    >>> env = RecordExperience(gym.make("GridWorld-v0", map_name="lecture"))
    >>> state, info = env.reset(seed=1)
    >>> step = env.step(0)
    >>> env.experience
    Experience(1 steps, 1 of 44 pairs tried)
    """

    same_mdp = True  # what is played is as it was

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        """Begin with empty counts."""
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        sizes = []
        for name, space in (("observations", env.observation_space), ("actions", env.action_space)):
            if not isinstance(space, gym.spaces.Discrete) or space.start != 0:
                raise InvalidModelError(f"the {name} are {space}; expected gymnasium.spaces.Discrete, from 0 on")
            sizes.append(int(space.n))
        self.experience = planners.Experience(*sizes)
        self._state: Any = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As in the environment."""
        self._state, info = self.env.reset(seed=seed, options=options)
        return self._state, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """As in the environment; the step is counted in `experience`."""
        before = self._state
        self._state, reward, terminated, truncated, info = self.env.step(action)
        self.experience.add(before, action, float(reward), self._state, terminated)
        return self._state, reward, terminated, truncated, info
