"""Numbers in the squares, where there is room: as many decimals as fit into all of them."""

import numpy as np
import pygame

from gridworld_env.explorer.drawing import board_colors
from gridworld_env.explorer.drawing.viewport import Viewport
from gridworld_env.grid.actions import DIRECTIONS
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import number_text
from gridworld_env.rendering.scene import Scene
from gridworld_env.ui.fonts.pygame_fonts import Fonts

LARGEST = 31  # pixels
NUMBERED_WEDGE = 56  # pixels of a square whose wedges have room for numbers


def paint_values(layer: pygame.Surface, scene: Scene, view: Viewport, colors: np.ndarray, fonts: Fonts) -> None:
    """The value of each square that is not terminal; lower, under the arrows, where there are some."""
    values = scene.overlay.values
    if values is None or view.cell < theme.NUMBER_CELL:
        return
    arrows = scene.overlay.policy is not None
    rows, columns, states, places = free_squares(scene, view)
    if not len(places):
        return
    numbers = values[states].tolist()
    texts, size = fitted(numbers, view.cell * 0.84, view.cell * (0.3 if arrows else 0.4), fonts)
    if not size:
        return
    below = view.cell * 0.33 if arrows else 0.0
    dark = board_colors.DARK_INK[colors[tuple(places.T)]].tolist()
    pairs = []
    for (row, column), text, is_dark in zip(places.tolist(), texts, dark, strict=True):
        x, y = view.corner(rows.start + row, columns.start + column)
        line = fonts.line(text, size, theme.INK if is_dark else theme.PAPER)
        middle = (x + view.cell / 2 - line.get_width() / 2, y + view.cell / 2 + below - line.get_height() / 2)
        pairs.append((line, middle))
    layer.blits(pairs, doreturn=False)


def paint_action_values(layer: pygame.Surface, scene: Scene, view: Viewport, fonts: Fonts) -> None:
    """Q in its wedges, the best in bold ink and boxed by a line below, where there is room."""
    table, best = scene.overlay.action_values, scene.shown_actions
    if table is None or best is None or view.cell < NUMBERED_WEDGE or table.shape[1] > 4:
        return
    rows, columns, states, places = free_squares(scene, view)
    shown = table[states]
    texts, size = fitted(shown.ravel().tolist(), view.cell * 0.3, view.cell * 0.26, fonts)
    if not size:
        return
    dark = board_colors.DARK_INK[board_colors.heat_indices(shown, scene.limit, scene.knee)]
    offsets = DIRECTIONS[: table.shape[1]] * view.cell * 0.285
    for index, (row, column) in enumerate(places.tolist()):
        x, y = view.corner(rows.start + row, columns.start + column)
        for action in range(table.shape[1]):
            if np.isnan(shown[index, action]):
                continue  # there is no such action
            ink = theme.INK if dark[index, action] else theme.PAPER
            line = fonts.line(texts[index * table.shape[1] + action], size, ink)
            center = (x + view.cell / 2 + offsets[action, 1], y + view.cell / 2 + offsets[action, 0])
            corner = (center[0] - line.get_width() / 2, center[1] - line.get_height() / 2)
            layer.blit(line, corner)
            if best[states[index], action]:
                thick = max(1, view.cell // 50)
                layer.fill(ink, (corner[0], corner[1] + line.get_height(), line.get_width(), thick))


def fitted(numbers: list[float], width: float, height: float, fonts: Fonts) -> tuple[list[str], int]:
    """The numbers as texts, and the font size in which the widest fits; 0 where that is too small to be read."""
    counts = any(number > 1 for number in numbers) and all(float(number).is_integer() for number in numbers)
    for decimals in (0,) if counts else (2, 1, 0):
        texts = [number_text(number, decimals) for number in numbers]
        widest = max(set(texts), key=lambda text: fonts.size(text, 32)[0])
        wide, high = fonts.size(widest, 64)
        size = min(LARGEST, int(64 * min(width / wide, height / high)))
        if size >= theme.SMALLEST_TEXT:
            return texts, size
    return [], 0


def free_squares(scene: Scene, view: Viewport) -> tuple[slice, slice, np.ndarray, np.ndarray]:
    """Rows, columns, states and places of the free squares that are seen."""
    rows, columns = view.seen()
    states = scene.grid.state_of_cell[rows, columns]
    places = np.argwhere((states >= 0) & ~scene.grid.terminal[states])
    return rows, columns, states[tuple(places.T)], places
