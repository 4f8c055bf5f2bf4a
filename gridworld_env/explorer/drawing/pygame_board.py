"""The map in the window: what planning changes is kept on a layer, what moves is drawn over it."""

import time
from typing import TYPE_CHECKING

import numpy as np
import pygame

from gridworld_env.explorer.drawing import board_colors
from gridworld_env.explorer.drawing.pygame_actors import paint_actors
from gridworld_env.explorer.drawing.pygame_numbers import free_squares, paint_action_values, paint_values
from gridworld_env.explorer.drawing.pygame_sprites import SHARES, Sprites
from gridworld_env.explorer.drawing.viewport import Viewport
from gridworld_env.grid.legend import Cell
from gridworld_env.rendering import theme
from gridworld_env.rendering.scene import Scene
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.pygame_painter import PygamePainter

if TYPE_CHECKING:
    from gridworld_env.explorer.app import ExplorerApp

MOST_SPRITES = 20_000
STAMP = 5  # least pixels of a terminal square


class MapDrawing:
    """Paints the map of an app; callable as its `paint_board`.

    Attributes:
        layers: How many times the kept layer was drawn.
        seconds: How long the last one took.
    """

    layers: int
    seconds: float

    def __init__(self) -> None:
        """Begin before the first drawing."""
        self.sprites: Sprites = Sprites()
        self.layers, self.seconds = 0, 0.0
        self._layer: pygame.Surface | None = None
        self._key: object = None

    def __call__(self, app: "ExplorerApp", painter: PygamePainter, rect: Rect) -> None:
        """Paint the map into a rectangle."""
        area = painter.pixels(rect).clip(painter.surface.get_rect())
        view = app.viewport
        key = (app.session.version, area.size, view.cell, view.left, view.top)
        if self._layer is None or self._key != key:
            began = time.perf_counter()
            self._layer, self._key = self._draw(app.session.scene, view, area.size), key
            self.layers, self.seconds = self.layers + 1, time.perf_counter() - began
        painter.surface.blit(self._layer, area)
        paint_actors(app, painter.surface.subsurface(area), self._layer, self.sprites)

    def _draw(self, scene: Scene, view: Viewport, size: tuple[int, int]) -> pygame.Surface:
        """The layer: colours, squares' marks, arrows, numbers."""
        layer = self._layer
        if layer is None or layer.get_size() != size:
            layer = pygame.Surface(size, 0, 32)
        layer.fill(style.BACKGROUND)
        _paint_border(layer, view)
        rows, columns = view.seen()
        colors = board_colors.square_colors(scene, rows, columns)
        if not colors.size:
            return layer
        wedges = scene.overlay.action_values is not None and view.cell >= board_colors.WEDGE_CELL
        if wedges:
            pixels = board_colors.wedge_pixels(scene, colors, rows, columns, view.cell)
        else:
            pixels = board_colors.plain_pixels(colors, view.cell)
        image = pygame.image.frombuffer(pixels.tobytes(), pixels.shape[::-1], "P")
        image.set_palette(board_colors.PALETTE)
        layer.blit(image, view.corner(rows.start, columns.start))
        self._paint_kinds(layer, scene, view, colors, wedges)
        if scene.overlay.policy is not None and view.cell >= theme.ARROW_CELL:
            self._paint_arrows(layer, scene, view, colors)
        if wedges:
            paint_action_values(layer, scene, view, self.sprites.fonts)
        else:
            paint_values(layer, scene, view, colors, self.sprites.fonts)
        return layer

    def _paint_kinds(
        self, layer: pygame.Surface, scene: Scene, view: Viewport, colors: np.ndarray, wedges: bool
    ) -> None:
        """What the squares of each glyph are: ends, starts, wind, labels."""
        rows, columns = view.seen()
        kinds, bare = scene.grid.kind[rows, columns], scene.overlay.policy is None and scene.overlay.values is None
        for number, cell in enumerate(scene.grid.kinds):
            if cell.wall or cell == Cell():
                continue
            places = np.argwhere(kinds == number)[:MOST_SPRITES]
            if view.cell < board_colors.LINE_CELL:
                if cell.terminal:
                    _stamp(layer, view, places + np.array((rows.start, columns.start)), colors[tuple(places.T)])
                continue
            hidden = wedges and not cell.terminal  # the numbers of the wedges are there
            label, pairs = "" if hidden else scene.kind_labels[number], []
            for row, column in places.tolist():
                color = colors[row, column]
                # Where only the ink counts, two fills do, and two sprites.
                fill = board_colors.PALETTE[color]
                if not cell.terminal:
                    fill = theme.FREE if wedges or board_colors.DARK_INK[color] else theme.HEAT_COLORS[-1]
                sprite = self.sprites.kind(view.cell, cell, label, fill, bare=bare, pit=scene.pits[number])
                pairs.append((sprite, view.corner(rows.start + row, columns.start + column)))
            layer.blits(pairs, doreturn=False)

    def _paint_arrows(self, layer: pygame.Surface, scene: Scene, view: Viewport, colors: np.ndarray) -> None:
        weights = scene.overlay.policy
        assert weights is not None  # the caller saw it
        rows, columns, chosen, places = free_squares(scene, view)
        if not len(places):
            return
        dark = board_colors.DARK_INK[colors[tuple(places.T)]]
        numbered = scene.overlay.values is not None and view.cell >= theme.NUMBER_CELL
        # Maps have few different squares: each is looked up once, and then only copied.
        codes = 2 * board_colors.arrow_codes(weights[chosen], SHARES) + dark
        different, which = np.unique(codes, return_inverse=True)
        sprites = [
            self.sprites.arrows(
                view.cell, code // 2, weights.shape[1], theme.INK if code % 2 else theme.PAPER, numbered=numbered
            )
            for code in different.tolist()
        ]
        corners = places[:, ::-1] * view.cell + np.array(view.corner(rows.start, columns.start))
        layer.blits(list(zip([sprites[one] for one in which.tolist()], corners.tolist(), strict=True)), doreturn=False)


def _paint_border(layer: pygame.Surface, view: Viewport) -> None:
    """The edge that moves bump into."""
    thick = max(3, view.cell // 12)
    size = (view.columns * view.cell + 2 * thick, view.rows * view.cell + 2 * thick)
    layer.fill(theme.WALL, (view.left - thick, view.top - thick, *size))


def _stamp(layer: pygame.Surface, view: Viewport, places: np.ndarray, colors: np.ndarray) -> None:
    """Terminals of a few pixels with a light rim, where a square is too small to be seen."""
    side = max(view.cell, STAMP)
    for (row, column), color in zip(places.tolist(), colors.tolist(), strict=True):
        x, y = view.corner(row, column)
        x, y = x + (view.cell - side) // 2, y + (view.cell - side) // 2
        layer.fill(theme.PAPER, (x - 1, y - 1, side + 2, side + 2))
        layer.fill(board_colors.PALETTE[color], (x, y, side, side))
