"""Reading frames: what colour is where, on the lecture's map."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.grid import parse_grid
from gridworld_env.rendering import theme
from gridworld_env.rendering.pygame_canvas import Canvas

LECTURE = parse_grid(["...+", ".#.-", "S..."])
# Unit steps right and down of the actions, restated here so that a wrong table in the package shows.
COMPASS = {0: (0, -1), 1: (1, 0), 2: (0, 1), 3: (-1, 0), 4: (1, -1), 5: (1, 1), 6: (-1, 1), 7: (-1, -1)}


def cell_of(state: int) -> tuple[int, int]:
    row, column = LECTURE.cell_of_state[state]
    return int(row), int(column)


def pixel(frame: NDArray[np.uint8], x: float, y: float) -> tuple[int, ...]:
    return tuple(int(part) for part in frame[int(y), int(x)])


def at(canvas: Canvas, frame: NDArray[np.uint8], cell: tuple[int, int], right: float = 0, down: float = 0) -> Any:
    """Colour at a place in a cell, in cell sides from its centre."""
    x, y = canvas.layout.center(*cell)
    return pixel(frame, x + right * canvas.layout.cell, y + down * canvas.layout.cell)


def inked(canvas: Canvas, frame: NDArray[np.uint8], cell: tuple[int, int]) -> int:
    """Pixels of the dark ink in a cell."""
    x, y = canvas.layout.corner(*cell)
    side = canvas.layout.cell
    return int((frame[y : y + side, x : x + side] == theme.INK).all(axis=-1).sum())
