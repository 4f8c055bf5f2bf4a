"""The pictures of a replay of planning, drawn by the renderer of the environment."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.rendering.overlay import Overlay
from gridworld_env.rendering.scene import build_scene
from gridworld_env.replays.page import episode_captions, sweep_caption

if TYPE_CHECKING:
    from gridworld_env.replays.recording import SweepFrame
    from gridworld_env.replays.replay import Replay

RATE: Final = 4.0  # a second
MOST_PICTURES: Final = 120
SIDE: Final = 640  # pixels of the longer side
LARGEST: Final = 96  # pixels of a square


def pictures_of(replay: "Replay") -> Iterator[NDArray[np.uint8]]:
    """(H, W, 3) pictures of the sweeps, thinned evenly, and of the episode."""
    from gridworld_env.rendering.pygame_canvas import Canvas

    grid, frames, visited = replay.grid, replay.sweeps.frames, replay.visited
    episode = episode_captions(replay)[: MOST_PICTURES // 2]
    shown = np.unique(np.linspace(0, len(frames) - 1, MOST_PICTURES - len(episode) - 1).round().astype(int))
    width = 9 if any(frame.arrows.max(initial=0) >= 16 for frame in frames) else 4
    cell = max(1, min(LARGEST, SIDE // max(grid.height, grid.width)))
    canvas = Canvas(grid, 8 if width == 9 else 4, cell_size=cell)
    for index in shown:
        overlay = _overlay(frames[index], width)
        yield canvas.frame(build_scene(grid, overlay=overlay, caption=sweep_caption(replay, frames[index])))
    last = _overlay(frames[-1], width)
    for step, caption in enumerate(["", *episode] if visited else []):
        yield canvas.frame(build_scene(grid, visited[step], visited[: step + 1], last, caption))


def _overlay(frame: "SweepFrame", width: int) -> Overlay:
    policy = (frame.arrows[:, None] >> np.arange(width) & 1).astype(np.float32)
    return Overlay(values=frame.values.astype(np.float64), policy=policy)
