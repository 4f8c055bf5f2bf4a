"""The map as numbers of colours in a palette: arrays only, a byte a pixel, so that a frame costs milliseconds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.actions import DIRECTIONS
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import heat_colors, heat_positions, ink_on
from gridworld_env.rendering.scene import Scene

Indices = NDArray[np.uint8]
HALF: Final = 100  # steps of the heat map on either side of zero
_FIRST: Final = 2 * HALF + 1
WALL, LINE, NOT_FINITE, POSITIVE, NEGATIVE, NEUTRAL, FREE = range(_FIRST, _FIRST + 7)
PALETTE: Final[tuple[theme.Color, ...]] = (
    *((int(r), int(g), int(b)) for r, g, b in heat_colors(np.arange(-HALF, HALF + 1) / HALF, 1.0)),
    *(theme.WALL, theme.LINE, theme.NOT_FINITE),
    *(theme.TERMINAL_POSITIVE, theme.TERMINAL_NEGATIVE, theme.TERMINAL_NEUTRAL, theme.FREE),
)
DARK_INK: Final = np.array([ink_on(color) == theme.INK for color in PALETTE])  # whether to write dark on a colour
LINE_CELL: Final = 6
WEDGE_CELL: Final = 12


def heat_indices(values: NDArray[np.float64], limit: float, knee: float = 0.0) -> Indices:
    """(...) colour of each value on the scale from -limit to limit."""
    finite = np.isfinite(values)
    share = np.clip(heat_positions(values, limit, knee), -1.0, 1.0)
    indices = np.rint(share * HALF + HALF).astype(np.uint8)
    indices[~finite] = NOT_FINITE
    return indices


def square_colors(scene: Scene, rows: slice, columns: slice) -> Indices:
    """(h, w) colour of the squares of a part of the map."""
    grid = scene.grid
    states = grid.state_of_cell[rows, columns]
    values = scene.values
    if values is None:
        colors = np.full(states.shape, FREE, dtype=np.uint8)
    else:
        colors = heat_indices(values[states], scene.limit, scene.knee)
    colors[states < 0] = WALL
    ends = grid.terminal[states] & (states >= 0)
    colors[ends] = end_colors(grid.cell_reward[states[ends]])
    return colors


def end_colors(rewards: NDArray[np.float64]) -> Indices:
    """(n,) colour of terminal squares by their rewards."""
    by_sign = np.array([NEUTRAL, POSITIVE, NEGATIVE], dtype=np.uint8)
    return by_sign[np.sign(np.nan_to_num(rewards)).astype(np.intp)]


def plain_pixels(colors: Indices, cell: int) -> Indices:
    """(h * cell, w * cell) pixels of (h, w) squares, with lines between those that are free."""
    pixels = colors.repeat(cell, axis=0).repeat(cell, axis=1)
    return _ruled(pixels, colors, cell)


def wedge_pixels(scene: Scene, colors: Indices, rows: slice, columns: slice, cell: int) -> Indices:
    """The same with each free square cut into a wedge an action, coloured by its value."""
    grid, table = scene.grid, scene.overlay.action_values
    assert table is not None  # else there are no wedges
    states = grid.state_of_cell[rows, columns]
    actions = table.shape[1]
    parts = np.empty((*states.shape, actions + 1), dtype=np.uint8)
    parts[..., :actions] = heat_indices(table[states], scene.limit, scene.knee)
    parts[..., actions] = LINE
    whole = (states < 0) | grid.terminal[states]
    parts[whole] = colors[whole][:, None]
    pixels = np.take(parts, wedge_tile(cell, actions), axis=2)  # (h, w, cell, cell)
    high, wide = states.shape
    return _ruled(np.ascontiguousarray(pixels.swapaxes(1, 2)).reshape(high * cell, wide * cell), colors, cell)


def wedge_tile(cell: int, actions: int) -> NDArray[np.intp]:
    """(cell, cell) the action to whose wedge each pixel of a square belongs; `actions` on the lines between."""
    middle = (cell - 1) / 2
    y, x = np.mgrid[:cell, :cell] - middle
    ahead = DIRECTIONS[:actions] / np.linalg.norm(DIRECTIONS[:actions], axis=1, keepdims=True)
    reach = np.sort(scores := ahead[:, 0, None, None] * y + ahead[:, 1, None, None] * x, axis=0)
    tile = scores.argmax(axis=0)
    tile[reach[-1] - reach[-2] < 0.5] = actions
    return tile


def _ruled(pixels: Indices, colors: Indices, cell: int) -> Indices:
    if cell >= LINE_CELL:
        high, wide = colors.shape
        lines = np.where(colors == WALL, np.uint8(WALL), np.uint8(LINE))
        squares = pixels.reshape(high, cell, wide, cell)
        squares[:, 0] = lines.repeat(cell, axis=1).reshape(high, wide, cell)
        squares[:, :, :, 0] = lines[:, None]
    return pixels


def arrow_codes(weights: NDArray[np.float32], shares: int) -> NDArray[np.int64]:
    """(n,) the arrows of (n, A) weights as numbers; each length is a digit to the base `shares` + 1."""
    largest = np.maximum(weights.max(axis=1, keepdims=True), 1e-30)
    digits = np.rint(weights / largest * shares).astype(np.int64)
    return digits @ (shares + 1) ** np.arange(weights.shape[1], dtype=np.int64)
