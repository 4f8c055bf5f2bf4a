"""The gridworld's continuous sibling: a disc that moves over a map of squares, in a chosen direction, with noise.

ahead     = position + step * direction + noise
position' = ahead, if the rectangle between `position` and `ahead`, widened by the radius of the disc, is free of walls;
            else `position`: the move does not take place

So the disc meets no wall on any way within the rectangle: it passes through no wall and around no corner.
The episode ends when the middle of the disc is in a terminal square. Every step pays `step_reward`, or the reward of
the square in which it ends, if that has one.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planners.arguments import as_float, check_whole, shown
from planners.continuous.interval import Interval, Number, cos, sin
from planners.continuous.system import Noise, State, System
from planners.continuous.systems.square_map import SquareMap
from planners.errors import InvalidOptionError

DIAGONAL: Final = math.sqrt(0.5)
DIRECTIONS: Final = (
    *((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)),
    *((DIAGONAL, DIAGONAL), (DIAGONAL, -DIAGONAL), (-DIAGONAL, -DIAGONAL), (-DIAGONAL, DIAGONAL)),
)
NEAR: Final = 1e-5  # how far a state may be inside a wall: what single precision does


class PointRobot(System):
    """The state is (x, y), x to the right and y upwards, in sides of a square; (0, 0) is the map's lower left corner.

    Args:
        desc: The map, and its squares as for `GridWorld-v0`: `#` wall, `.` free, `S` start, `+` and `-` the end and +1
            or -1. Or (H, W) bool, True on walls. The first row is the upper one.
        rewards: (H, W) the reward for arriving in a square, where NaN means `step_reward`; None: as the glyphs say.
        terminal: (H, W) whether the episode ends there; None: as the glyphs say.
        starts: (H, W) whether an episode can begin there; None: as the glyphs say.
        step: How long a move is, in sides of a square.
        radius: Radius of the disc, less than 0.5.
        noise: Added to each move, on both axes. A number is the standard deviation of a normal distribution. Bounded
            noise is drawn uniformly. None: no noise.
        directions: 4: up, right, down, left. 8: also the diagonals, clockwise from up and right. None: every direction;
            an action is then the angle from the x axis, counterclockwise, in half turns from -1 to 1.
        step_reward: The reward of any step.

    Attributes:
        squares: The map.

    Raises:
        InvalidOptionError: A bad map or number; the message says where and why.

    >>> robot = PointRobot(["...+", ".#.-", "S..."])
    >>> robot.step((0.5, 0.5), 0), robot.step((0.8, 1.5), 1)
    ((0.5, 1.0), (0.8, 1.5))
    """

    wraps = (False, False)
    axes = ("x", "y")
    low = (0.0, 0.0)

    def __init__(
        self,
        desc: Any,
        *,
        rewards: Any = None,
        terminal: Any = None,
        starts: Any = None,
        step: float = 0.5,
        radius: float = 0.25,
        noise: Noise | float | None = None,
        directions: int | None = 8,
        step_reward: float = -0.04,
    ) -> None:
        """Read the map."""
        for name, value, most in (
            ("step", step, np.inf),
            ("radius", radius, 0.5),
            ("step_reward", step_reward, np.inf),
        ):
            least = -np.inf if name == "step_reward" else 0.0
            if not least <= as_float(value) < most:
                raise InvalidOptionError(
                    f"{name} is {shown(value)}; expected a number of {least:g} or more, below {most:g}"
                )
        if directions is not None and check_whole("directions", directions, 4) not in (4, 8):
            raise InvalidOptionError(f"directions is {shown(directions)}; expected 4, 8, or None for all of them")
        self.directions = directions
        self.squares = SquareMap(desc, rewards, terminal, starts, float(step_reward))
        self.noise = _checked_noise(noise)
        self.length, self.radius, self.step_reward = float(step), float(radius), float(step_reward)
        self.high = tuple(map(float, self.squares.shape))
        self.ends = bool(self.squares.terminal.any())
        self.actions: tuple[float, ...] | Interval = (
            Interval(-1.0, 1.0) if directions is None else tuple(range(directions))
        )
        going = self.squares.rewards[~self.squares.walls & ~self.squares.terminal]
        paid = self.squares.rewards[self.squares.terminal]
        self.most = np.inf if (going > 0.0).any() else float(paid.max(initial=0.0))
        x, y = map(float, np.argwhere(self.squares.starts)[0])
        self.start = (x + self.radius, y + self.radius), (x + 1.0 - self.radius, y + 1.0 - self.radius)
        self._moves = self.length * np.array(DIRECTIONS)

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same robot on the same map."""
        if not isinstance(other, PointRobot):
            return NotImplemented
        mine, theirs = ({**vars(x), "squares": 0, "_moves": 0, "actions": 0} for x in (self, other))
        maps = [(x.squares.walls, x.squares.terminal, x.squares.rewards, x.squares.starts) for x in (self, other)]
        return mine == theirs and all(map(np.array_equal, *maps))

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    @property
    def continuous(self) -> bool:
        """Whether an action is an angle."""
        return isinstance(self.actions, Interval)

    def displacement(self, action: Number) -> State:
        """(x, y) the move of an action without noise and walls; for an `Interval` of angles, a box."""
        if isinstance(self.actions, Interval):
            return cos(action * math.pi) * self.length, sin(action * math.pi) * self.length
        found = self._moves[np.asarray(action, dtype=np.intp)]
        return (float(found[0]), float(found[1])) if found.ndim == 1 else (found[:, 0], found[:, 1])

    def step(self, state: State, action: Number, noise: tuple[Any, Any] = (0.0, 0.0)) -> State:
        """The next position, with the noise that is given."""
        move = self.displacement(action)
        ahead = tuple(x + d + w for x, d, w in zip(state, move, noise, strict=True))
        return self.squares.moved(state, ahead, self.radius)

    def sample(self, state: State, action: Number, rng: np.random.Generator) -> State:
        """The next position, with noise drawn at random."""
        first, second = self.draw_noise(rng)
        return self.step(state, action, (first, second))

    def box_step(self, box: State, action: Number) -> State:
        """A box that holds every next position, bounded noise included.

        Raises:
            InvalidOptionError: The noise has no bounds.
        """
        if self.noise is None:
            return self.step(box, action)
        if self.noise.kind != "bounded":
            return super().box_step(box, action)
        first, second = (Interval(-size, size) for size in self.noise.sizes)
        return self.step(box, action, (first, second))

    def reward(self, state: State, action: Number, next_state: State) -> Number:
        """The reward of the square in which the middle of the disc arrives."""
        return self.squares.reward(next_state)

    def ended(self, state: State) -> Any:
        """Whether the middle of the disc is in a terminal square."""
        return self.squares.ended(state)

    def checked_state(self, state: Any) -> NDArray[np.float64]:
        """(..., 2) positions.

        Raises:
            InvalidOptionError: As for any system; or the disc would overlap a wall.
        """
        points = super().checked_state(state)
        reach = self.radius - NEAR
        x, y = np.moveaxis(points, -1, 0)
        bad = self.squares.hits((x - reach, y - reach), (x + reach, y + reach))
        if np.any(bad):
            place = ", ".join(f"{part:g}" for part in points[bad][0])
            raise InvalidOptionError(
                f"state is ({place}); expected a position at which a disc of radius {self.radius:g} overlaps no wall, "
                "and the edge of the map is one"
            )
        return points


def _checked_noise(noise: Any) -> Noise | None:
    """The noise on both axes."""
    if noise is None:
        return None
    given = noise
    if not isinstance(noise, tuple) and as_float(noise) == as_float(noise):
        noise = Noise("gaussian", (as_float(noise), as_float(noise)))
    fine = (
        isinstance(noise, tuple)
        and len(noise) == 2
        and isinstance(noise[0], str)
        and noise[0] in ("bounded", "gaussian")
    )
    sizes = noise[1] if fine and isinstance(noise[1], tuple | list) and len(noise[1]) == 2 else ()
    if not sizes or not all(1e-3 <= as_float(x) < np.inf for x in sizes):
        raise InvalidOptionError(
            f"noise is {shown(given)}; expected a number, the standard deviation on both axes, of at least 0.001, or "
            "Noise('bounded', (0.1, 0.1)) or Noise('gaussian', (0.1, 0.1)), or None"
        )
    return Noise(noise[0], (float(sizes[0]), float(sizes[1])))
