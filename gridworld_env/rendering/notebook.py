"""Pictures for notebooks: PNG as bytes, or None where pygame or Pillow is missing and text has to do."""

from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from gridworld_env.grid.grid import Grid


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
