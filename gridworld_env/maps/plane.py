"""From a map to a robot that moves over it in the plane."""

from typing import Any, Final

import numpy as np

from gridworld_env.errors import MapError
from gridworld_env.grid.grid import Grid
from gridworld_env.grid.legend import Cell, mean_reward
from gridworld_env.maps.textbook_worlds import read_map
from planners.continuous import PointRobot

PLAIN: Final = ("wall", "terminal", "start", "start_weight", "reward")  # what squares of a plane can have


def point_robot(map_name: str | None = None, *, desc: Any = None, legend: Any = None, **options: Any) -> PointRobot:
    """Make the robot of a map, for `planners.continuous`.

    A square's reward is paid on arrival in it. The `slip` of the map has no meaning here; use `noise`.

    Args:
        map_name: As in `GridWorld-v0`.
        desc: As in `GridWorld-v0`.
        legend: As in `GridWorld-v0`.
        options: `step`, `radius`, `noise`, `directions` and `step_reward` of `planners.continuous.PointRobot`;
            `step_reward` is that of the map by default.

    Raises:
        MapError: The map cannot be used, or a square has more properties than wall, start, end and reward.
        InvalidOptionError: An option is out of range.

    >>> point_robot("lecture", noise=0.1).step((0.5, 0.5), 0)
    (0.5, 1.0)
    """
    grid, rules = read_map(map_name, desc, legend)
    return robot_of(grid, {"step_reward": rules.get("step_reward", -0.04), **options})


def robot_of(grid: Grid, options: dict[str, Any]) -> PointRobot:
    """The robot of a map that was read."""
    plain = [_is_plain(kind) for kind in grid.kinds]
    for row, column in np.argwhere(~np.array(plain)[grid.kind])[:1]:
        raise MapError(
            f"the square {grid.rows[row][column]!r} at row {row}, column {column} teleports, blows, slips, is one-way "
            "or draws its reward; expected a map of walls, starts, ends and rewards, as the plane has nothing else"
        )
    paid = np.array([mean_reward(kind.reward) for kind in grid.kinds], dtype=np.float64)[grid.kind]
    ends, starts, walls = (
        np.array([getattr(kind, name) for kind in grid.kinds])[grid.kind] for name in ("terminal", "start", "wall")
    )
    return PointRobot(walls, rewards=paid, terminal=ends, starts=starts, **options)


def _is_plain(kind: Cell) -> bool:
    usual = Cell()
    same = all(getattr(kind, name) == getattr(usual, name) for name in Cell.__slots__ if name not in PLAIN)
    return same and not isinstance(kind.reward, tuple)
