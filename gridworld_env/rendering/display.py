"""What an environment shows: an overlay that stays, one picture a step in the mode it was made for; and notebooks.

A notebook shows PNG as bytes, or None where pygame or Pillow is missing and text has to do.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.actions import Action
from gridworld_env.grid.grid import Grid

if TYPE_CHECKING:
    from gridworld_env.rendering.overlay import Overlay
    from gridworld_env.rendering.pygame_canvas import Canvas


class Display:
    """Draws the states of one map; modules that draw are imported on first use.

    Args:
        grid: The map, of S states.
        moves: The A moves that the actions intend.
        fps: Frames a second of a window.
    """

    def __init__(self, grid: Grid, moves: Sequence[Action], fps: float) -> None:
        """Keep the options; drawing and imports start with the first `show`."""
        self._grid, self._moves, self._fps = grid, tuple(moves), fps
        self._overlay: Overlay | None = None
        self._canvas: Canvas | None = None

    def set_overlay(self, *, values: Any, policy: Any, action_values: Any, trajectory: Any) -> None:
        """Keep an overlay for the pictures to come; all None: none."""
        from gridworld_env.rendering.overlay import in_compass_order, make_overlay

        given = {"values": values, "policy": policy, "action_values": action_values, "trajectory": trajectory}
        if all(part is None for part in given.values()):
            self._overlay = None
            return
        self._overlay = in_compass_order(make_overlay(self._grid.num_states, len(self._moves), **given), self._moves)

    def show(self, mode: str, state: int | None, trail: Sequence[int], caption: str) -> NDArray[np.uint8] | str | None:
        """The picture of one state in a render mode; None for a window."""
        from gridworld_env.rendering.scene import build_scene

        scene = build_scene(self._grid, agent=state, trail=trail, overlay=self._overlay, caption=caption)
        if mode == "ansi":
            from gridworld_env.rendering.ansi import render_text

            return render_text(scene)
        if self._canvas is None:
            from gridworld_env.rendering.pygame_canvas import Canvas

            cardinal = all(move < 4 or move is Action.STAY for move in self._moves)
            self._canvas = Canvas(self._grid, 4 if cardinal else 8, self._fps)
        if mode == "rgb_array":
            return self._canvas.frame(scene)
        self._canvas.show(scene)
        return None

    def __getstate__(self) -> dict[str, Any]:
        """The state without the canvas: surfaces and windows cannot be copied, so that a copy makes its own."""
        return {**self.__dict__, "_canvas": None}

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._canvas is not None:
            self._canvas.close()
            self._canvas = None


def png_of(frame: Callable[[], Any]) -> bytes | None:
    """The (H, W, 3) uint8 frame that a function draws, as a PNG; it is not called where it could not be shown."""
    if find_spec("pygame") is None or find_spec("PIL") is None:
        return None
    from PIL import Image

    data = BytesIO()
    Image.fromarray(frame()).save(data, "PNG", optimize=True)
    return data.getvalue()


def png_of_grid(grid: Grid) -> bytes | None:
    """The map alone, without an agent."""

    def frame() -> Any:
        from gridworld_env.rendering.pygame_canvas import Canvas
        from gridworld_env.rendering.scene import build_scene

        canvas = Canvas(grid)
        return canvas.frame(build_scene(grid))[: canvas.layout.board_height]  # without the line for a caption

    return png_of(frame)


Grid.picture = png_of_grid  # what a notebook shows of a map
