"""A `Painter` on a pygame surface: points become pixels here, so that text and edges are sharp at any density."""

from collections.abc import Sequence
from typing import Final

import pygame

from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.painter import Align
from gridworld_env.ui.widgets.style import Color

FONT_UNITS: Final = 1.42  # pygame's own font is asked for in units that are smaller than points
KEPT_LINES: Final = 4096


class PygamePainter:
    """Paints on a surface that has `scale` pixels a point.

    Args:
        surface: What to paint on; it can be exchanged, and the rendered text is kept.
        scale: Pixels a point.
    """

    surface: pygame.Surface
    scale: float

    def __init__(self, surface: pygame.Surface, scale: float) -> None:
        """Begin with an empty cache of text."""
        pygame.font.init()
        self.surface, self.scale = surface, scale
        self._fonts: dict[int, pygame.font.Font] = {}
        self._lines: dict[tuple[str, int, Color, int], pygame.Surface] = {}

    def pixels(self, rect: Rect) -> pygame.Rect:
        """The pixels of a rectangle; rectangles that touch in points touch in pixels."""
        left, top, right, bottom = (round(edge * self.scale) for edge in (rect.x, rect.y, rect.right, rect.bottom))
        return pygame.Rect(left, top, right - left, bottom - top)

    def fill(self, rect: Rect, color: Color, radius: float = 0.0, opacity: float = 1.0) -> None:
        """Fill a rectangle, with round corners or not."""
        pixels = self.pixels(rect)
        if opacity < 1.0:
            veil = pygame.Surface(pixels.size, pygame.SRCALPHA)
            veil.fill((*color, round(255 * opacity)))
            self.surface.blit(veil, pixels)
        elif radius:
            pygame.draw.rect(self.surface, color, pixels, border_radius=round(radius * self.scale))
        else:
            self.surface.fill(color, pixels)

    def outline(self, rect: Rect, color: Color, width: float = 1.0, radius: float = 0.0) -> None:
        """Draw a rectangle's rim, inside it."""
        thick = max(1, round(width * self.scale))
        pygame.draw.rect(self.surface, color, self.pixels(rect), thick, border_radius=round(radius * self.scale))

    def disc(self, center: Point, radius: float, color: Color) -> None:
        """Fill a circle."""
        x, y = (part * self.scale for part in center)
        pygame.draw.aacircle(self.surface, color, (x, y), radius * self.scale)

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """Fill a polygon."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        pygame.draw.polygon(self.surface, color, scaled)
        pygame.draw.aalines(self.surface, color, True, scaled)

    def line(self, points: Sequence[Point], color: Color, width: float = 1.0) -> None:
        """Draw a line through points."""
        if len(points) > 1:
            scaled = [(x * self.scale, y * self.scale) for x, y in points]
            pygame.draw.lines(self.surface, color, False, scaled, max(1, round(width * self.scale)))

    def text(self, text: str, rect: Rect, size: int, color: Color, align: Align = "center") -> None:
        """Write one line into a rectangle, in its middle height; what is too long ends in an ellipsis."""
        pixels = self.pixels(rect)
        line = self._line(text, size, color, pixels.width)
        free = pixels.width - line.get_width()
        x = pixels.x + {"left": 0, "center": free // 2, "right": free}[align]
        self.surface.blit(line, (x, pixels.y + (pixels.height - line.get_height()) // 2))

    def text_width(self, text: str, size: int) -> float:
        """Width of a line of text."""
        return self._font(size).size(text)[0] / self.scale

    def clip(self, rect: Rect | None) -> None:
        """Paint inside a rectangle only; None: everywhere again."""
        self.surface.set_clip(None if rect is None else self.pixels(rect))

    def _line(self, text: str, size: int, color: Color, width: int) -> pygame.Surface:
        key = (text, size, color, width)
        if key not in self._lines:
            if len(self._lines) >= KEPT_LINES:
                self._lines.clear()
            font, shown = self._font(size), text
            while shown and font.size(shown)[0] > width:
                shown = shown[:-2] + "…" if len(shown) > 2 else ""
            self._lines[key] = font.render(shown, True, color)
        return self._lines[key]

    def _font(self, size: int) -> pygame.font.Font:
        pixels = max(1, round(size * FONT_UNITS * self.scale))
        if pixels not in self._fonts:
            self._fonts[pixels] = pygame.font.Font(None, pixels)
        return self._fonts[pixels]
