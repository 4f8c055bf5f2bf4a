"""Replays of learning: what an agent knew after each step, beside what is true, as a page or an animation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.env import GridWorldEnv
from gridworld_env.errors import MapError
from gridworld_env.rendering.overlay import Overlay, in_compass_order
from gridworld_env.rendering.scene import build_scene
from gridworld_env.replays.learning_frame import LearningFrame
from gridworld_env.replays.learning_page import document_of
from gridworld_env.replays.replay import LARGEST, MOST_PICTURES, SIDE
from gridworld_env.ui.files.whole_file import check_place
from gridworld_env.ui.pages.page import write_page
from gridworld_env.ui.pages.thinning import Thinning
from planners.learning.step_by_step import StepByStep

MOST_STATES: Final = 2_500
RATE: Final = 8.0  # pictures of an animation a second


class LearningReplay:
    """A replay of an agent that learns on a gridworld, step by step.

    Long runs are thinned evenly: at most 240 frames and at most 6 MB of them are kept, always including the last.

    Args:
        env: The `GridWorld-v0` on which the agent learns, wrapped or not.
        agent: A learner, such as `planners.QLearning()`; it is not changed.
        discount: 0 to 1.
        seed: Seed of the run: the same seed gives the same run.
        title: Title of the page.

    Attributes:
        run: The learner and the exact figures about it, as they are now.
        frames: The thinned frames.
        history: (step, regret, value) from step 0 on, for every step if there are fewer than 200 states.

    Raises:
        MapError: The environment is another one, or the map has more than 2,500 states.
        PlannerError: No policy is optimal, as reward can be collected for ever; or the agent does not fit.

    >>> import gymnasium as gym, planners
    >>> replay = LearningReplay(gym.make("GridWorld-v0"), planners.QLearning(), discount=0.9, seed=1)
    >>> replay.learn(300)
    >>> print(replay)
    300 steps, and of the frames 151 of 301: every 2nd and the last
    """

    def __init__(
        self, env: Any, agent: Any, *, discount: float, seed: int | None = None, title: str = "An agent that learns"
    ) -> None:
        """Prepare the learner before its first step."""
        world = getattr(env, "unwrapped", env)
        if not isinstance(world, GridWorldEnv):
            raise MapError(f"env is a {type(world).__name__}; a replay needs the GridWorld-v0 that is learned on")
        if world.grid.num_states > MOST_STATES:
            raise MapError(
                f"the map has {world.grid.num_states} squares; an agent learns here on at most {MOST_STATES}"
            )
        self.seed: int = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
        self.env, self.title, self.discount = world, title, discount
        self.run: StepByStep = StepByStep(env, agent, discount=discount, seed=self.seed)
        _ = self.run.plan  # or it is refused
        self.frames: Thinning[LearningFrame] = Thinning(lambda frame: frame.nbytes)
        self.history: list[tuple[int, float, float]] = []
        self._every = max(1, world.grid.num_states // 100)  # V^pi of large maps takes longer than a step
        self._note("Before the first step")

    def learn(self, steps: int) -> None:
        """Let the agent make some steps; Ctrl-C ends them, and the steps recorded until then are kept."""
        moves = [move.name.lower().replace("_", " ") for move in self.env.rules.action_moves]
        for _ in range(steps):
            step = self.run.step()
            end = "; the episode ends" if step.terminated else "; cut off here" if step.truncated else ""
            row, column = self.env.grid.cell_of_state[step.state].tolist()
            self._note(f"{moves[step.action]} at row {row}, column {column}: reward {step.reward:.4g}{end}")

    def _note(self, said: str) -> None:
        self._said = said
        if self.run.steps % self._every == 0:
            self.history.append(self._present())
        self.frames.add(self._frame)  # which is made at once, or at the end if it is the last

    def _present(self) -> tuple[int, float, float]:
        return self.run.steps, self.run.regret, self.run.policy_value

    def _frame(self) -> LearningFrame:
        run = self.run
        return LearningFrame(
            step=run.steps,
            episodes=run.episodes,
            q=run.action_values.astype(np.float32),
            visits=run.visits.astype(np.int32),
            greedy=run.greedy,
            agent=run.state,
            regret=run.regret,
            value=run.policy_value,
            said=self._said,
        )

    @property
    def curves(self) -> NDArray[np.float64]:
        """(3, n) steps, regret so far, and V^pi at the start; the last step is included."""
        return np.array(self.history if self.history[-1][0] == self.run.steps else [*self.history, self._present()]).T

    def __str__(self) -> str:
        """The recorded frames, described in a line."""
        return f"{self.run.steps} steps, and of the frames {self.frames}"

    def html(self, path: str | Path) -> int:
        """Write the page as one file that any browser shows without a network; returns its size in bytes.

        Raises:
            ValueError: The name does not end in .html.
            OSError: The file cannot be written; a file that was there before is then unchanged.
        """
        return write_page(path, document_of(self))

    def gif(self, path: str | Path) -> int:
        """Write the animation, of at most 120 pictures; returns its size in bytes.

        Raises:
            ValueError: The name does not end in .gif.
            OSError: The file cannot be written.
            DependencyNotInstalled: pygame or Pillow is missing.
        """
        from gridworld_env.ui.files.pictures import save_gif

        return save_gif(check_place(path, ".gif"), _pictures(self), RATE).stat().st_size


def _pictures(replay: LearningReplay) -> Iterator[NDArray[np.uint8]]:
    """(H, W, 3) pictures, thinned evenly, drawn by the environment's renderer."""
    from gridworld_env.rendering.pygame_canvas import Canvas

    grid, moves, frames = replay.env.grid, replay.env.rules.action_moves, replay.frames.frames
    best = replay.run.optimal_value
    cell = max(1, min(LARGEST, SIDE // max(grid.height, grid.width)))
    canvas: Canvas | None = None
    for index in np.unique(np.linspace(0, len(frames) - 1, MOST_PICTURES).round().astype(int)):
        frame = frames[index]
        learned = Overlay(action_values=frame.q.astype(np.float64), policy=frame.greedy.astype(np.float32))
        overlay = in_compass_order(learned, moves)
        said = f"Step {frame.step:,}: V = {frame.value:.3f} of {best:.3f}"  # no more has room under four columns
        if canvas is None:
            assert overlay.action_values is not None
            canvas = Canvas(grid, overlay.action_values.shape[1], cell_size=cell)
        yield canvas.frame(build_scene(grid, frame.agent, (), overlay, said))
