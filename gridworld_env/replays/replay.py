"""Replays of planning: what each sweep made of the map, and an episode of the policy, as a page or an animation."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.env import GridWorldEnv
from gridworld_env.errors import MapError
from gridworld_env.replays.recording import Step, SweepFrame
from gridworld_env.ui.files.whole_file import check_place
from gridworld_env.ui.pages.page import write_page
from gridworld_env.ui.pages.thinning import Thinning
from planners import Iteration, Moment, Plan, play_episode
from planners.models.backups import greedy_actions

MOST_SQUARES: Final = 62_500
MOST_STEPS: Final = 400  # of the episode
METHODS: Final = ("value_iteration", "policy_iteration")  # that hold the values of all states after each iteration


class Replay:
    """Frames of a planning run on a gridworld; give it to a planner as `progress`.

    Long runs are thinned evenly: at most 240 frames are kept, and at most 6 MB of them, the last always.

    Args:
        env: The `GridWorld-v0` that is planned on, wrapped or not.
        title: Of the page.

    Attributes:
        sweeps: The frames, thinned.
        history: The numbers of every iteration.
        plan: What planning returned.
        steps: The episode.
        seed: Of the episode.

    Raises:
        MapError: Another environment, or a map of more than 62 500 squares.

    >>> import gymnasium as gym, planners
    >>> env = gym.make("GridWorld-v0")
    >>> replay = Replay(env)
    >>> plan = planners.value_iteration(env, discount=0.9, progress=replay)
    >>> replay.play(plan, seed=7)
    >>> print(replay)
    all 6 sweeps, an episode of 5 steps
    """

    def __init__(self, env: Any, title: str = "A gridworld, planned") -> None:
        """Keep the map; nothing is recorded yet."""
        world = getattr(env, "unwrapped", env)
        if not isinstance(world, GridWorldEnv):
            raise MapError(f"env is a {type(world).__name__}; a replay needs the GridWorld-v0 that is planned on")
        self.env, self.grid, self.rules, self.title = world, world.grid, world.rules, title
        check_size(self.grid.height, self.grid.width)
        self.sweeps: Thinning[SweepFrame] = Thinning(lambda frame: frame.nbytes)
        self.history: list[Iteration] = []
        self.plan: Plan | None = None
        self.steps: tuple[Step, ...] = ()
        self.seed: int | None = None
        self.start = 0

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
        """Add what planning returned, and an episode of its policy.

        Args:
            plan: The plan.
            seed: Of the episode; None: drawn, and told on the page.
            max_steps: Steps after which the episode is cut off.
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

    @property
    def visited(self) -> Sequence[int]:
        """States of the episode, the first included; empty before `play`."""
        return [self.start, *(int(step.transition.next_observation) for step in self.steps)] if self.steps else []

    def html(self, path: str | Path) -> int:
        """Write the page: one file that needs no network, for any browser; returns its size in bytes.

        Raises:
            MapError: Nothing was recorded.
            ValueError: The name does not end in .html.
            OSError: It cannot be written; a file that was there before is then as it was.
        """
        from gridworld_env.replays.page import document_of

        self._check_recorded()
        return write_page(path, document_of(self))

    def gif(self, path: str | Path) -> int:
        """Write the animation, of at most 120 pictures; returns its size in bytes.

        Raises:
            MapError: Nothing was recorded.
            ValueError: The name does not end in .gif.
            OSError: It cannot be written.
            DependencyNotInstalled: pygame or Pillow is missing.
        """
        from gridworld_env.replays.pictures import RATE, pictures_of
        from gridworld_env.ui.files.pictures import save_gif

        self._check_recorded()
        return save_gif(check_place(path, ".gif"), pictures_of(self), RATE).stat().st_size

    def _check_recorded(self) -> None:
        if not self.sweeps.seen:
            raise MapError(
                "this replay has recorded nothing: give it to a planner first, as in "
                "planners.value_iteration(env, discount=0.9, progress=replay)"
            )

    def __str__(self) -> str:
        """What is recorded, in a line."""
        ends = f", an episode of {len(self.steps)} steps" if self.steps else ""
        return f"{self.sweeps} sweeps{ends}"


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
