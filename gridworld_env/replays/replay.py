"""Replays of planning: what each sweep made of the map, and an episode of the policy, as a page or an animation."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.env import GridWorldEnv
from gridworld_env.errors import MapError
from gridworld_env.rendering.overlay import Overlay
from gridworld_env.rendering.scene import build_scene
from gridworld_env.replays.page import document_of, episode_captions, sweep_caption
from gridworld_env.replays.recording import Recording, Step, SweepFrame
from gridworld_env.ui.files.whole_file import check_place
from gridworld_env.ui.pages.page import write_page
from planners import Iteration, Moment, Plan, play_episode
from planners.models.backups import greedy_actions

MOST_SQUARES: Final = 62_500
MOST_STEPS: Final = 400  # of the episode
RATE: Final = 4.0  # pictures of an animation a second
MOST_PICTURES: Final = 120
SIDE: Final = 640  # pixels of the longer side
LARGEST: Final = 96  # pixels of a square
METHODS: Final = ("value_iteration", "policy_iteration")  # that hold the values of all states after each iteration


class Replay(Recording):
    """A recorder of frames of a planning run on a gridworld; give it to a planner as `progress`.

    Long runs are thinned evenly: at most 240 frames and at most 6 MB of them are kept, always including the last.

    Args:
        env: The `GridWorld-v0` for which the planner plans, wrapped or not.
        title: Title of the page.

    Attributes:
        sweeps: The thinned frames.
        history: The numbers of every iteration.
        plan: The plan that the planner returned.
        steps: The episode.
        seed: Seed of the episode.

    Raises:
        MapError: The environment is another one, or the map has more than 62 500 squares.

    >>> import gymnasium as gym, planners
    >>> env = gym.make("GridWorld-v0")
    >>> replay = Replay(env)
    >>> plan = planners.value_iteration(env, discount=0.9, progress=replay)
    >>> replay.play(plan, seed=7)
    >>> print(replay)
    all 6 sweeps, an episode of 5 steps
    """

    steps: tuple[Step, ...]
    start: int

    def __init__(self, env: Any, title: str = "A gridworld, planned") -> None:
        """Keep the map and begin with an empty recording."""
        world = getattr(env, "unwrapped", env)
        if not isinstance(world, GridWorldEnv):
            raise MapError(f"env is a {type(world).__name__}; a replay needs the GridWorld-v0 that is planned on")
        super().__init__(world.grid, world.rules, title)
        self.env = world
        check_size(self.grid.height, self.grid.width)

    def __call__(self, moment: Moment) -> None:
        """Record an iteration; planners call it."""
        self.history.append(Iteration(*moment))
        self.sweeps.add(lambda: self._frame(moment))

    def _frame(self, moment: Moment) -> SweepFrame:
        with np.errstate(over="ignore"):
            values, lower, upper = (
                numbers.astype(np.float32) for numbers in (moment.values, moment.lower, moment.upper)
            )
        return SweepFrame(Iteration(*moment), values, lower, upper, self._arrows(moment.action_values))

    def _arrows(self, action_values: NDArray[np.float64]) -> NDArray[np.uint16]:
        best = greedy_actions(action_values) & np.isfinite(action_values) & ~self.grid.terminal[:, None]
        bits = np.array([1 << move for move in self.rules.action_moves], dtype=np.uint16)
        return (best * bits).sum(axis=1, dtype=np.uint16)

    def play(self, plan: Plan, *, seed: int | None = None, max_steps: int = MOST_STEPS) -> None:
        """Add the plan that the planner returned, and an episode of its policy.

        Args:
            plan: The plan.
            seed: Seed of the episode; None: a drawn seed, which the page shows.
            max_steps: Number of steps after which the episode is truncated.
        """
        world = deepcopy(self.env)  # the caller's own episode goes on undisturbed
        world.render_mode = None
        self.seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
        self.plan, steps = plan, []
        for transition in play_episode(world, plan.policy, seed=self.seed, max_steps=max_steps):
            assert world.trace.last is not None
            action, move, *_ = world.trace.last
            made = self.rules.all_moves[move % len(self.rules.all_moves)]
            steps.append(Step(self.rules.action_moves[action], made, transition))
        self.steps, self.start = tuple(steps), int(steps[0].transition.observation)

    def html(self, path: str | Path) -> int:
        """Write the page as one file that any browser shows without a network; returns its size in bytes.

        Raises:
            MapError: Nothing was recorded.
            ValueError: The name does not end in .html.
            OSError: The file cannot be written; a file that was there before is then unchanged.
        """
        self._check_recorded()
        return write_page(path, document_of(self))

    def gif(self, path: str | Path) -> int:
        """Write the animation, of at most 120 pictures; returns its size in bytes.

        Raises:
            MapError: Nothing was recorded.
            ValueError: The name does not end in .gif.
            OSError: The file cannot be written.
            DependencyNotInstalled: pygame or Pillow is missing.
        """
        from gridworld_env.ui.files.pictures import save_gif

        self._check_recorded()
        return save_gif(check_place(path, ".gif"), _pictures(self), RATE).stat().st_size

    def _check_recorded(self) -> None:
        if not self.sweeps.seen:
            raise MapError(
                "this replay has recorded nothing: give it to a planner first, as in "
                "planners.value_iteration(env, discount=0.9, progress=replay)"
            )


def check_size(height: int, width: int) -> None:
    """Refuse a map that is too large for a page.

    Raises:
        MapError: It has more than 62 500 squares.
    """
    if height * width > MOST_SQUARES:
        raise MapError(
            f"the map has {height} rows and {width} columns, {height * width} squares; a replay shows at most "
            f"{MOST_SQUARES}. Take a part of the map, or a picture of the plan: gridworld plan --png FILE"
        )


def _pictures(recording: Recording) -> Iterator[NDArray[np.uint8]]:
    """(H, W, 3) pictures of the sweeps, thinned evenly, and of the episode, drawn by the environment's renderer."""
    from gridworld_env.rendering.pygame_canvas import Canvas

    grid, frames, visited = recording.grid, recording.sweeps.frames, recording.visited
    episode = episode_captions(recording)[: MOST_PICTURES // 2]
    shown = np.unique(np.linspace(0, len(frames) - 1, MOST_PICTURES - len(episode) - 1).round().astype(int))
    width = 9 if any(frame.arrows.max(initial=0) >= 16 for frame in frames) else 4
    cell = max(1, min(LARGEST, SIDE // max(grid.height, grid.width)))
    canvas = Canvas(grid, 8 if width == 9 else 4, cell_size=cell)
    for index in shown:
        overlay = _overlay(frames[index], width)
        yield canvas.frame(build_scene(grid, overlay=overlay, caption=sweep_caption(recording, frames[index])))
    last = _overlay(frames[-1], width)
    for step, caption in enumerate(["", *episode] if visited else []):
        yield canvas.frame(build_scene(grid, visited[step], visited[: step + 1], last, caption))


def _overlay(frame: SweepFrame, width: int) -> Overlay:
    policy = (frame.arrows[:, None] >> np.arange(width) & 1).astype(np.float32)
    return Overlay(values=frame.values.astype(np.float64), policy=policy)
