"""`ContinuousGridWorld-v0`: a robot that moves over a map in the plane, whose `step()` is `PointRobot`'s."""

from collections import deque
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from numpy.typing import NDArray

from gridworld_env.dynamics.sampled_env import checked_options
from gridworld_env.errors import MapError
from gridworld_env.grid.legend import at_least_one
from gridworld_env.maps.plane import robot_of
from gridworld_env.maps.textbook_worlds import read_map
from gridworld_env.rendering.display import png_of
from planners.arguments import check_switch
from planners.continuous import Interval, PointRobot
from planners.errors import InvalidOptionError


class ContinuousGridWorldEnv(gym.Env[NDArray[np.float64], Any]):
    """The continuous gridworld: a disc on a gridworld map, which moves in a direction, with noise.

    The observation is (x, y), the centre of the disc, in sides of a square from the map's lower left corner; y points
    upwards. A move that would meet a wall does not take place: `planners.continuous.PointRobot` defines it exactly.

    Args:
        map_name: A map of `gridworld_env.WORLDS`; its `step_reward` is the default here. None: `desc`, or "lecture".
        desc: A map of your own, as for `GridWorld-v0`.
        legend: Meaning of further glyphs, as for `GridWorld-v0`.
        step: Length of a move, in sides of a square.
        radius: Radius of the disc, less than 0.5.
        noise: Noise of each move: a standard deviation, a `planners.continuous.Noise`, or None.
        directions: 4 or 8: actions 0 to 3 are up, right, down, left, and 4 to 7 are the diagonals as in `GridWorld-v0`.
        continuous_actions: Whether an action is instead a (1,) angle, from the x axis anticlockwise, in half turns from
            -1 to 1.
        step_reward: Reward of a step; a terminal square pays its own reward instead.
        render_mode: "human", "rgb_array" or None.

    Attributes:
        system: The system on which `planners.continuous.solve` and `reachability` plan.

    Raises:
        MapError: A map that cannot be used here.
        InvalidOptionError: A number is out of range.

    >>> import gridworld_env
    >>> env = gym.make("ContinuousGridWorld-v0", map_name="lecture", noise=None)
    >>> env.reset(seed=1, options={"position": (0.5, 0.5)})[0], env.step(0)[0]
    (array([0.5, 0.5]), array([0.5, 1. ]))
    """

    metadata: dict[str, Any] = {"render_modes": ["human", "rgb_array"], "render_fps": 10}

    def __init__(
        self,
        *,
        map_name: str | None = None,
        desc: Any = None,
        legend: Any = None,
        step: float = 0.5,
        radius: float = 0.25,
        noise: Any = 0.1,
        directions: int = 8,
        continuous_actions: bool = False,
        step_reward: float | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Read the map."""
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise MapError(f"render_mode is {render_mode!r}; expected one of {self.metadata['render_modes']} or None")
        self.grid, rules = read_map(map_name, desc, legend)
        paid = rules.get("step_reward", -0.04) if step_reward is None else step_reward
        chosen = (
            None if check_switch("continuous_actions", continuous_actions) else at_least_one("directions", directions)
        )
        options = {"step": step, "radius": radius, "noise": noise, "directions": chosen, "step_reward": paid}
        self.system: PointRobot = robot_of(self.grid, options)
        self.render_mode = render_mode
        high = np.array(self.system.high)
        self.observation_space = gym.spaces.Box(np.zeros(2), high, dtype=np.float64)
        self.action_space: Any = (
            gym.spaces.Box(-1.0, 1.0, (1,), dtype=np.float32) if continuous_actions else gym.spaces.Discrete(directions)
        )
        self.path: deque[tuple[float, float]] = deque(maxlen=1000)
        self._picture: Any = None
        self._shown: dict[str, Any] = {"field": None, "drives": (), "title": ""}
        self._last = ""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Start an episode at a random position in a start square.

        Args:
            seed: Seed for new random numbers of the environment.
            options: `{"position": (x, y)}` starts at this position instead.

        Raises:
            MapError: An option is unknown, or the disc cannot be at the position.
        """
        super().reset(seed=seed)
        self.path.clear()
        self.path.append(self._first_position(dict(checked_options(options))))
        self._last = ""
        if self.render_mode == "human":
            self.render()
        return np.array(self.path[-1]), {}

    def step(self, action: Any) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Make a move.

        `info["noise"]` is the drawn noise, (2,), so that `system.step(position, action, info["noise"])` is this step.

        Raises:
            InvalidAction: `action` is not one of the environment.
            ResetNeeded: There is no episode yet.
        """
        if not self.path:
            raise ResetNeeded("step() before reset(): call env.reset() first, which starts an episode")
        chosen = self._checked_action(action)
        first, second = self.system.draw_noise(self.np_random)
        before = self.path[-1]
        x, y = self.system.step(before, chosen, (first, second))
        self.path.append((x, y))
        reward, terminated = self.system.reward(before, chosen, (x, y)), self.system.ended((x, y))
        stayed = ", stayed" if (x, y) == before else ""
        self._last = f"({x:.2f}, {y:.2f}){stayed}: reward {reward:g}{', the end' if terminated else ''}"
        if self.render_mode == "human":
            self.render()
        return np.array((x, y)), reward, terminated, False, {"noise": np.array((first, second))}

    def set_overlay(self, *, plan: Any = None, what: str = "lower", drives: Any = ()) -> None:
        """Draw what is proven of this map under the robot; without arguments, remove it.

        Args:
            plan: A plan of `planners.continuous` for this map; None: only the drives are drawn.
            what: "lower", "upper" or "gap".
            drives: (K, 2) positions of each drive.

        Raises:
            MapError: The plan is of another map, `what` is another word, or the drives are not positions.
        """
        if what not in ("lower", "upper", "gap"):
            raise MapError(f"what is {what!r}; expected 'lower', 'upper' or 'gap'")
        if plan is not None and getattr(plan, "system", None) != self.system:
            raise MapError("the plan is of another system; expected one of env.unwrapped.system")
        paths = [np.asarray(drive, dtype=np.float64) for drive in drives]
        if not all(path.ndim == 2 and path.shape[1] == 2 and np.isfinite(path).all() for path in paths):
            raise MapError("drives has an array that is not (K, 2) finite numbers; expected x and y of each position")
        field = None if plan is None else plan.field(what)
        titles = {"lower": "lower bound of V*", "upper": "upper bound of V*", "gap": "gap of the bounds"}
        self._shown = {"field": field, "drives": paths, "title": titles[what] if plan is not None else ""}
        self.close()

    def render(self) -> NDArray[np.uint8] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The picture of the present state: (height, width, 3) in the mode "rgb_array", a window in "human"."""
        if self.render_mode is None:
            gym.logger.warn("render() without a render mode shows nothing: gym.make(..., render_mode='rgb_array')")
            return None
        return self._drawn(self.render_mode)

    def _drawn(self, mode: str) -> NDArray[np.uint8] | None:
        if self._picture is None:
            from gridworld_env.rendering.plane import PlaneCanvas

            self._picture = PlaneCanvas(self.grid, self.system.radius, self.metadata["render_fps"], **self._shown)
        return self._picture.picture(list(self.path), self._last, window=mode == "human")

    def _repr_png_(self) -> bytes | None:
        """The picture of the present state, in a notebook, whatever the render mode."""
        return png_of(lambda: self._drawn("rgb_array"))

    def close(self) -> None:
        """Close the window of this environment; others stay open."""
        if self._picture is not None:
            self._picture.close()
            self._picture = None

    def __getstate__(self) -> dict[str, Any]:
        """The state without pictures: surfaces and windows cannot be copied, so that a copy makes its own."""
        return {**self.__dict__, "_picture": None}

    def _first_position(self, options: dict[str, Any]) -> tuple[float, float]:
        if not options:
            starts = np.argwhere(self.system.squares.starts)
            corner = starts[self.np_random.integers(len(starts))]
            room = 1.0 - 2.0 * self.system.radius
            x, y = corner + self.system.radius + room * self.np_random.random(2)
            return float(x), float(y)
        if options.keys() - {"position"}:
            raise MapError(f"reset options are {options!r}; expected {{'position': (x, y)}}")
        try:
            position = self.system.checked_state(options["position"])
        except InvalidOptionError as error:
            raise MapError(f"reset option 'position': {error}") from None
        if position.ndim != 1 or self.system.ended(tuple(map(float, position))):
            raise MapError(f"reset option 'position' is {options['position']!r}; expected (x, y), not at the end")
        return float(position[0]), float(position[1])

    def _checked_action(self, action: Any) -> Any:
        if isinstance(self.system.actions, Interval):
            given = np.asarray(action)
            if given.shape != (1,) or given.dtype.kind not in "fiu" or not np.isfinite(given).all():
                raise InvalidAction(f"action is {action!r}; expected (1,) numbers, an angle in half turns")
            return float(given[0])
        count = len(self.system.actions)
        if isinstance(action, bool | np.bool_) or np.ndim(action) or not self.action_space.contains(action):
            raise InvalidAction(f"action is {action!r}; expected an integer from 0 to {count - 1}")
        return int(action)
