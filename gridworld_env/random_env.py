"""`GridWorld/RandomMap-v0`: every episode is on another map, whose tables are open."""

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gridworld_env.dynamics.transition_table import TransitionTable
from gridworld_env.env import GridWorldEnv
from gridworld_env.errors import MapError
from gridworld_env.grid.grid import Grid
from gridworld_env.grid.legend import at_least_one
from gridworld_env.maps.random_maps import random_map
from gridworld_env.observations import layers_of
from planners.models.moves import MoveMDP


class RandomMapEnv(gym.Env[Any, Any]):
    """A gridworld with a new random map at each reset, to test whether an agent finds goals on maps it has not seen.

    An observation is the whole map and the agent, (4, H, W) float32. Its layers are 1 on walls, the reward of each
    square, 1 where the episode ends, and 1 where the agent is. The maps are those of `gridworld_env.random_map`: there
    is always a path to the goal.

    Args:
        height: Rows H, at least 1.
        width: Columns W, at least 1; H * W at least 2.
        walls: Probability of a wall on each square.
        maps: Numbers of the maps from which to draw, such as `range(200)` for learning and `range(200, 300)` for
            testing; each number is a seed of `random_map`. None: a new map each time.
        render_mode: As in `GridWorld-v0`.
        **rules: Other arguments of `GridWorld-v0`, such as slip and step_reward.

    Attributes:
        gridworld: The `GridWorldEnv` of the present episode. `P`, `R`, `mdp` and `grid` are those of this environment,
            so that `planners.solve(env, discount=...)` solves the present map.

    Every `info` is that of `GridWorld-v0`, with the number of the state (`state`) and of the map (`map`).
    `reset(options={"map": number})` chooses the map.

    Raises:
        MapError: A size, a probability, a rule or `maps` cannot be used.

    >>> import gridworld_env, planners
    >>> env = gym.make("GridWorld/RandomMap-v0", height=4, width=5, maps=range(100))
    >>> observation, info = env.reset(seed=1)
    >>> observation.shape, info["map"] in range(100)
    ((4, 4, 5), True)
    >>> plan = planners.solve(env, discount=0.9)
    >>> plan.action(info["state"]) in range(4)
    True
    """

    metadata: dict[str, Any] = GridWorldEnv.metadata
    options: ClassVar[tuple[str, ...]] = ("map",)
    new_tables_each_reset: ClassVar[bool] = True

    def __init__(
        self,
        *,
        height: int = 8,
        width: int = 8,
        walls: float = 0.2,
        maps: Any = None,
        render_mode: str | None = None,
        **rules: Any,
    ) -> None:
        """Make the map of number 0 or of the first of `maps`; no episode has begun."""
        self.size: tuple[int, int] = (at_least_one("height", height), at_least_one("width", width))
        self.walls, self.rules, self.render_mode = walls, rules, render_mode
        self.maps: tuple[int, ...] | None = None if maps is None else _numbers(maps)
        fixed = {"map_name", "desc", "exploring_starts"} & rules.keys()
        if fixed:
            raise MapError(f"the maps are drawn, so {sorted(fixed)} cannot be given; use GridWorld-v0 for one map")
        self.gridworld: GridWorldEnv = self._make(0 if self.maps is None else self.maps[0])
        self.action_space = self.gridworld.action_space
        low, high = np.zeros((4, *self.size), np.float32), np.ones((4, *self.size), np.float32)
        low[1], high[1] = self._layers[1].min(), self._layers[1].max()  # the goal pays the same on every map
        self.observation_space = gym.spaces.Box(low, high, dtype=np.float32)

    @property
    def P(self) -> TransitionTable:
        """The table of the present map."""
        return self.gridworld.P

    @property
    def R(self) -> NDArray[np.float64]:
        """(S, A) expected immediate reward on the present map."""
        return self.gridworld.R

    @property
    def mdp(self) -> MoveMDP:
        """The model of the present map."""
        return self.gridworld.mdp

    @property
    def grid(self) -> Grid:
        """The present map."""
        return self.gridworld.grid

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Draw a map and begin an episode on it.

        Args:
            seed: Seed for new random numbers, both for the maps and for the transitions.
            options: `{"map": number}` plays on this map.

        Raises:
            MapError: There are other options, or the number is not a whole number of at least 0.
        """
        super().reset(seed=seed)
        options = dict(options or {})
        number = options.pop("map", None)
        if options:
            raise MapError(f"reset options {sorted(options)} are unknown; expected {{'map': number}}")
        if number is None:
            drawn = int(self.np_random.integers(2**31 if self.maps is None else len(self.maps)))
            number = drawn if self.maps is None else self.maps[drawn]
        (self._number,) = _numbers([number])
        self.gridworld.close()
        self.gridworld = self._make(self._number)
        state, info = self.gridworld.reset(seed=int(self.np_random.integers(2**31)))
        return self._see(state), {**info, "state": state, "map": self._number}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """As in `GridWorld-v0`."""
        state, reward, terminated, truncated, info = self.gridworld.step(action)
        return self._see(state), reward, terminated, truncated, {**info, "state": state, "map": self._number}

    def render(self) -> Any:
        """As in `GridWorld-v0`, for the present map."""
        return self.gridworld.render()

    def close(self) -> None:
        """Close the window."""
        self.gridworld.close()

    def _make(self, number: int) -> GridWorldEnv:
        self._number = number
        drawn = random_map(*self.size, walls=self.walls, seed=number)
        world = GridWorldEnv(desc=drawn, render_mode=self.render_mode, **self.rules)
        self._layers = layers_of(world.grid)
        return world

    def _see(self, state: int) -> NDArray[np.float32]:
        """(4, H, W): the map, and the agent in the last layer."""
        agent = np.zeros((1, *self.size), dtype=np.float32)
        agent[0][self.gridworld.state_to_cell(state)] = 1.0
        return np.concatenate([self._layers, agent])


def _numbers(maps: Any) -> tuple[int, ...]:
    """Seeds of maps; `MapError` for what is none."""
    found = tuple(maps)
    wrong = [n for n in found if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0]
    if not found or wrong:
        raise MapError(f"maps has {wrong[0] if wrong else 'no number'!r}; expected whole numbers of at least 0")
    return tuple(int(n) for n in found)
