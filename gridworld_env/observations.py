"""What a network sees of a map instead of the number of a state: coordinates, or the squares around the agent.

One-hot states are Gymnasium's `FlattenObservation`, and `gymnasium.wrappers.vector.FlattenObservation` of many.
"""

from contextlib import suppress
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorEnv, VectorObservationWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gridworld_env.errors import MapError
from gridworld_env.grid.grid import Grid
from gridworld_env.grid.legend import at_least_one


class MapObservation(gym.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """A wrapper that replaces the number of a state by its row in a table, which a subclass makes from the map.

    Args:
        env: A gridworld, or a vector environment of gridworlds, for which it becomes a vector wrapper.
        **options: Options of the subclass.

    Attributes:
        table: (S, ...) float32 observation of each state.

    Raises:
        MapError: The environment has no map, or a wrapper inside already changes observations.
    """

    def __new__(cls, env: Any = None, **options: Any) -> Any:
        """Return a vector wrapper with the same table for a vector environment."""
        return _VectorMapObservation(env, cls, options) if isinstance(env, VectorEnv) else super().__new__(cls)

    def __init__(self, env: gym.Env[Any, Any], **options: Any) -> None:
        """Make the table."""
        RecordConstructorArgs.__init__(self, **options)
        super().__init__(env)
        self.table: NDArray[np.float32] = self.make_table(_map_of(env, env.observation_space), **options)
        self.observation_space = space_of(self.table)

    def observation(self, observation: Any) -> NDArray[np.float32]:
        """The row of a state in the table."""
        return self.table[int(observation)].copy()

    @classmethod
    def make_table(cls, grid: Grid, **options: Any) -> NDArray[np.float32]:
        """The (S, ...) float32 table for a map."""
        raise NotImplementedError


class CoordinateObservation(MapObservation):
    """A wrapper with observations (row, column): two float32 that count from 0 at the upper left.

    Args:
        env: A gridworld, or a vector environment of gridworlds.
        scaled: Whether to divide by the largest row and column, so that both are between 0 and 1.

    Raises:
        MapError: The environment has no map.

    >>> env = CoordinateObservation(gym.make("GridWorld-v0"))
    >>> env.reset(seed=1)[0]
    array([2., 0.], dtype=float32)
    >>> envs = CoordinateObservation(gym.make_vec("GridWorld-v0", num_envs=2), scaled=True)
    >>> envs.reset(seed=1)[0].tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """

    def __init__(self, env: gym.Env[Any, Any], *, scaled: bool = False) -> None:
        """Make the table."""
        super().__init__(env, scaled=scaled)

    @classmethod
    def make_table(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, grid: Grid, *, scaled: bool = False
    ) -> NDArray[np.float32]:
        """(S, 2) float32."""
        cells = grid.cell_of_state.astype(np.float32)
        return cells / np.maximum([grid.height - 1, grid.width - 1], 1).astype(np.float32) if scaled else cells


class LocalViewObservation(MapObservation):
    """A wrapper with the squares around the agent as observations: (3, n, n) float32, n = 2 radius + 1.

    The agent is in the middle. Layer 0 is 1 on walls and outside the map, layer 1 is the square's own reward (0 if it
    has none), and layer 2 is 1 where the episode ends. Different states may look the same.

    Args:
        env: A gridworld, or a vector environment of gridworlds.
        radius: Number of squares that it sees in each direction, at least 1.

    Raises:
        MapError: The environment has no map, or the radius is not a whole number of at least 1.

    >>> env = LocalViewObservation(gym.make("GridWorld-v0"), radius=1)
    >>> env.reset(seed=1)[0][0].astype(int)
    array([[1, 0, 1],
           [1, 0, 0],
           [1, 1, 1]])
    """

    layers: ClassVar[tuple[str, ...]] = ("wall", "reward", "terminal")

    def __init__(self, env: gym.Env[Any, Any], *, radius: int = 2) -> None:
        """Make the table."""
        super().__init__(env, radius=radius)

    @classmethod
    def make_table(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, grid: Grid, *, radius: int = 2
    ) -> NDArray[np.float32]:
        """(S, 3, 2 radius + 1, 2 radius + 1) float32."""
        radius = at_least_one("radius", radius)
        padded = np.pad(layers_of(grid), ((0, 0), (radius, radius), (radius, radius)))
        padded[0, :radius], padded[0, -radius:] = 1.0, 1.0
        padded[0, :, :radius], padded[0, :, -radius:] = 1.0, 1.0
        side = 2 * radius + 1
        views = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
        return np.ascontiguousarray(np.moveaxis(views[:, grid.cell_of_state[:, 0], grid.cell_of_state[:, 1]], 1, 0))


class _VectorMapObservation(VectorObservationWrapper):
    """The same around a vector environment."""

    def __init__(self, env: Any, kind: type[MapObservation], options: dict[str, Any]) -> None:
        super().__init__(env)
        self.kind: type[MapObservation] = kind
        grid = _map_of(env, env.single_observation_space)
        self.table: NDArray[np.float32] = kind.make_table(grid, **options)
        self.single_observation_space = space_of(self.table)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def observations(self, observations: Any) -> NDArray[np.float32]:
        """(n, ...) rows of the states."""
        return self.table[observations]


def layers_of(grid: Grid) -> NDArray[np.float32]:
    """(3, H, W) float32: 1 on walls, the reward of each square, and 1 where the episode ends."""
    layers = np.zeros((3, grid.height, grid.width), dtype=np.float32)
    layers[0] = grid.wall
    layers[1][~grid.wall] = np.nan_to_num(grid.cell_reward)
    layers[2][~grid.wall] = grid.terminal
    return layers


def space_of(table: NDArray[np.float32]) -> gym.spaces.Box:
    """The space of the rows of a table, from its least to its largest number."""
    return gym.spaces.Box(float(table.min()), float(table.max()), table.shape[1:], dtype=np.float32)


def _map_of(env: Any, space: Any) -> Grid:
    """The map whose states an environment's observations are."""
    world = env.unwrapped
    grid = getattr(world, "grid", None)
    if grid is None and hasattr(world, "get_attr"):  # Gymnasium's own kinds of vector environments
        with suppress(AttributeError):
            grid = world.get_attr("grid")[0]
    if not isinstance(grid, Grid):
        raise MapError(f"{type(world).__name__} has no map; expected a GridWorld-v0 or one of its siblings")
    if not isinstance(space, gym.spaces.Discrete):
        raise MapError(f"observations are {space} already; put this wrapper directly around the gridworld")
    return grid
