"""Many gridworlds in step: what `gym.make_vec("GridWorld-v0", num_envs=...)` returns."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from gridworld_env.dynamics.rules_to_tables import Rules
from gridworld_env.dynamics.sampled_env import SampledEnv
from gridworld_env.dynamics.sampled_vector_env import SampledVectorEnv
from gridworld_env.env import GridWorldEnv
from gridworld_env.grid.grid import Grid
from planners.models.moves import MoveMDP


class GridWorldVectorEnv(SampledVectorEnv):
    """A vector of `num_envs` gridworlds on one map; see `SampledVectorEnv` for the arguments.

    Attributes:
        grid: The map as arrays.
        rules: Slip, rewards and moves.

    >>> import gymnasium as gym, gridworld_env, numpy as np
    >>> envs = gym.make_vec("GridWorld-v0", num_envs=3, map_name="lecture")
    >>> states, info = envs.reset(seed=1)
    >>> states, rewards, terminated, truncated, info = envs.step(np.array([0, 0, 1]))
    >>> states.tolist(), rewards.tolist()
    ([4, 4, 8], [-0.04, -0.04, -0.04])
    """

    mdp: MoveMDP
    single: ClassVar[type[SampledEnv]] = GridWorldEnv
    metadata: dict[str, Any] = {**GridWorldEnv.metadata, "autoreset_mode": AutoresetMode.NEXT_STEP}

    @property
    def grid(self) -> Grid:
        """The map as arrays."""
        return self._single.grid

    @property
    def rules(self) -> Rules:
        """Slip, rewards and moves."""
        return self._single.rules

    @property
    def labels(self) -> dict[str, NDArray[np.bool_]]:
        """As in `GridWorld-v0`."""
        return self._single.labels

    @property
    def action_names(self) -> tuple[str, ...]:
        """(A,) name of each action."""
        return self._single.action_names

    def state_to_cell(self, state: int) -> tuple[int, int]:
        """(row, column) of a state; `MapError` for a number that is not a state."""
        return self._single.state_to_cell(state)

    def cell_to_state(self, cell: Sequence[int]) -> int:
        """The state at (row, column); `MapError` outside the map and on walls."""
        return self._single.cell_to_state(cell)

    def set_overlay(self, **overlay: Any) -> None:
        """Set the overlay of a single environment for all pictures."""
        self._single.set_overlay(**overlay)
