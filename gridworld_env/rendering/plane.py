"""Pictures of a robot in the plane: the map as a gridworld has it, what is known of each place, and the robot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.grid import Grid
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import heat_colors, heat_limit
from gridworld_env.rendering.paint_cells import board_pixels, paint_cells
from gridworld_env.rendering.paint_path import paint_agent, paint_caption
from gridworld_env.rendering.pygame_canvas import Canvas
from gridworld_env.rendering.pygame_sheet import PygameSheet, surface_of
from gridworld_env.rendering.scene import Scene
from gridworld_env.rendering.sheet import Point, Sheet

if TYPE_CHECKING:
    import pygame


@dataclass(frozen=True, eq=False)
class PlaneScene(Scene):
    """A map, and where the robot has been.

    Attributes:
        path: (x, y) positions, oldest first; the last one is the robot's.
    """

    path: Sequence[tuple[float, float]] = ()


class PlaneCanvas(Canvas):
    """Draws a robot on one map.

    Args:
        grid: The map.
        radius: Of the robot, in sides of a square.
        fps: Frames a second in a window.
        field: (columns, rows) numbers, x first and y upwards, of places that divide the map evenly; NaN: nothing is
            drawn there. None: none.
        drives: (K, 2) positions of drives to draw.
        title: Of the field, written under the map.
    """

    def __init__(
        self,
        grid: Grid,
        radius: float,
        fps: float,
        field: NDArray[np.float64] | None = None,
        drives: Sequence[NDArray[np.float64]] = (),
        title: str = "",
    ) -> None:
        """Lay out the frame."""
        super().__init__(grid, 4, fps)
        self.grid, self.radius, self.field, self.drives, self.title = grid, radius, field, drives, title
        self._map = PlaneScene(grid)

    def picture(self, path: Sequence[tuple[float, float]], caption: str, window: bool) -> NDArray[np.uint8] | None:
        """One frame as (height, width, 3) uint8, or in the window."""
        words = ", ".join(part for part in (self.title, caption) if part)
        scene = PlaneScene(self.grid, overlay=self._map.overlay, caption=words, path=path)
        if not window:
            return self.frame(scene)
        self.show(scene)
        return None

    def draw(self, scene: Scene) -> "pygame.Surface":
        """Draw a scene on a new surface."""
        sheet = PygameSheet(self._pygame, self.static_layer(scene).copy(), 1, self._fonts)
        path = scene.path if isinstance(scene, PlaneScene) else ()
        recent = list(path)[-theme.TRAIL_LENGTH - 1 :]
        if recent:
            self._paint_drive(sheet, [self.pixel(*place) for place in recent], theme.TRAIL_NEW)
            paint_agent(sheet, self.pixel(*recent[-1]), self.radius * self.layout.cell / self.layout.stride)
        paint_caption(sheet, scene, self.layout)
        return sheet.finish()

    def pixel(self, x: float, y: float) -> Point:
        """Where a position is on the frame."""
        side = self.layout.cell / self.layout.stride
        return self.layout.border + x * side, self.layout.border + (self.grid.height - y) * side

    def _draw_static(self, scene: Scene) -> "pygame.Surface":
        pixels = board_pixels(scene, self.layout)
        if self.field is not None:
            self._color(pixels, self.field)
        scale = theme.OVERSAMPLE if self.layout.cell >= theme.LINE_CELL else 1
        large = pixels.transpose(1, 0, 2).repeat(scale, axis=0).repeat(scale, axis=1)
        sheet: Any = PygameSheet(self._pygame, surface_of(self._pygame, large), scale, self._fonts)
        paint_cells(sheet, scene, self.layout)
        for drive in self.drives:
            self._paint_drive(sheet, [self.pixel(float(x), float(y)) for x, y in drive], theme.TRAJECTORY_NEW)
        return sheet.finish()

    def _color(self, pixels: NDArray[np.uint8], field: NDArray[np.float64]) -> None:
        """Colour the pixels of free squares by the number of their place."""
        high, wide, border = self.layout.map_height, self.layout.map_width, self.layout.border
        columns = (np.arange(wide) * field.shape[0]) // wide
        rows = field.shape[1] - 1 - (np.arange(high) * field.shape[1]) // high
        numbers = field[columns[None, :], rows[:, None]]
        closed = self.grid.wall.copy()
        closed[tuple(self._map.terminals.T)] = True
        square = [(np.arange(n) * count) // n for n, count in ((high, self.grid.height), (wide, self.grid.width))]
        known = ~np.isnan(numbers) & ~closed[square[0][:, None], square[1][None, :]]
        inside = pixels[border : border + high, border : border + wide]
        inside[known] = heat_colors(numbers[known], heat_limit(numbers[known]))

    def _paint_drive(self, sheet: Sheet, points: list[Point], color: theme.Color) -> None:
        """A line with a ring where it begins, in a light casing."""
        width = max(1.0, self.layout.cell * 0.04)
        if len(points) > 1:
            sheet.line(points, width + 2.0, theme.PAPER)
            sheet.line(points, width, color)
        if points:
            for reach, fill in ((3.0 + width, theme.PAPER), (2.0 + width, color), (1.0 + width / 2, theme.PAPER)):
                sheet.disc(points[0], reach, fill)
