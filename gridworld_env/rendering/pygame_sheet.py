"""A `Sheet` made of pygame, whose module `pygame_canvas` hands over: that file alone imports it."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridworld_env.rendering import theme
from gridworld_env.rendering.sheet import Point
from gridworld_env.ui.fonts.pygame_fonts import Fonts


class PygameSheet:
    """A `Sheet`: shapes on a surface `scale` times as large as the frame, text on top at the end."""

    def __init__(self, pygame: Any, surface: Any, scale: int, fonts: Fonts) -> None:
        """Draw on `surface`, `scale` times as large as the frame."""
        self._pygame = pygame
        self.surface = surface
        self.scale = scale
        self._fonts = fonts
        self._texts: list[tuple[str, Point, int, theme.Color]] = []

    def rectangle(self, corner: Point, size: Point, color: theme.Color) -> None:
        """Fill an axis-parallel rectangle, its edges rounded to pixels."""
        (x, y), (wide, high) = corner, size
        left, top, right, bottom = (round(part * self.scale) for part in (x, y, x + wide, y + high))
        self.surface.fill(color, (left, top, right - left, bottom - top))

    def polygon(self, points: Sequence[Point], color: theme.Color) -> None:
        """Fill a polygon; at scale 1 its edges are smoothed."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        self._pygame.draw.polygon(self.surface, color, scaled)
        if self.scale == 1:
            self._pygame.draw.aalines(self.surface, color, True, scaled)

    def line(self, points: Sequence[Point], width: float, color: theme.Color) -> None:
        """Draw a line through all the points with round joints and ends."""
        radius = width / 2
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-9)
            right, down = -(y1 - y0) / length * radius, (x1 - x0) / length * radius
            self.polygon(
                [(x0 + right, y0 + down), (x1 + right, y1 + down), (x1 - right, y1 - down), (x0 - right, y0 - down)],
                color,
            )
        if radius * self.scale >= 1.5:
            for point in points:
                self.disc(point, radius, color)

    def disc(self, center: Point, radius: float, color: theme.Color) -> None:
        """Fill a circle; at scale 1 its edge is smoothed."""
        circle = self._pygame.draw.circle if self.scale > 1 else self._pygame.draw.aacircle
        circle(self.surface, color, (center[0] * self.scale, center[1] * self.scale), radius * self.scale)

    def text(self, text: str, center: Point, size: int, color: theme.Color) -> None:
        """Remember a line of text to write over every shape at the end."""
        self._texts.append((text, center, size, color))

    def text_size(self, text: str, size: int) -> tuple[int, int]:
        """Width and height of a line of text."""
        return self._fonts.size(text, size)

    def finish(self) -> Any:
        """The surface at the frame's size: shapes averaged down, then the text."""
        surface = self.surface if self.scale == 1 else _shrunk(self._pygame, self.surface, self.scale)
        for text, (x, y), size, color in self._texts:
            line = self._fonts.line(text, size, color)
            surface.blit(line, (round(x - line.get_width() / 2), round(y - line.get_height() / 2)))
        self._texts.clear()
        return surface


def _shrunk(pygame: Any, surface: Any, scale: int) -> Any:
    """Exact box average; pygame's own smoothscale darkens even areas by one or two steps."""
    large = pygame.surfarray.pixels3d(surface)
    sums = np.zeros((large.shape[0] // scale, large.shape[1] // scale, 3), dtype=np.uint16)
    for right in range(scale):
        for down in range(scale):
            sums += large[right::scale, down::scale]
    return surface_of(pygame, (sums + scale * scale // 2) // (scale * scale))


def surface_of(pygame: Any, pixels: NDArray[Any]) -> Any:
    """A surface without a display from (width, height, 3) pixels."""
    surface = pygame.Surface(pixels.shape[:2], 0, 32)
    pygame.surfarray.blit_array(surface, pixels)
    return surface
