"""A `Painter` on a pygame surface: points become pixels here, so that text and edges are sharp at any density."""

from collections.abc import Sequence
from typing import Final

import pygame

from gridworld_env.ui.fonts.pygame_fonts import Fonts
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.painter import Align
from gridworld_env.ui.widgets.style import Color

BOLD: Final = style.TITLE  # points from which letters are bold


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
        self.surface, self.scale = surface, scale
        self._plain, self._bold = Fonts(pygame), Fonts(pygame, bold=True)

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
        place = self.pixels(rect)
        line = self._fonts(size).line(self.cut(text, place.width / self.scale, size), self._pixels(size), color)
        free = place.width - line.get_width()
        x = place.x + {"left": 0, "center": free // 2, "right": free}[align]
        self.surface.blit(line, (x, place.y + (place.height - line.get_height()) // 2))

    def cut(self, text: str, width: float, size: int) -> str:
        """The text, or as much of it as fits into a width, with an ellipsis."""
        while text and self.text_width(text, size) > width:
            text = text[:-2] + "…" if len(text) > 2 else ""
        return text

    def text_width(self, text: str, size: int) -> float:
        """Width of a line of text."""
        return self._fonts(size).size(text, self._pixels(size))[0] / self.scale

    def line_height(self, size: int) -> float:
        """Height of a line of text, from the highest letter to the lowest."""
        return self._fonts(size).size("", self._pixels(size))[1] / self.scale

    def clip(self, rect: Rect | None) -> None:
        """Paint inside a rectangle only; None: everywhere again."""
        self.surface.set_clip(None if rect is None else self.pixels(rect))

    def _fonts(self, size: int) -> Fonts:
        return self._bold if size >= BOLD else self._plain

    def _pixels(self, size: int) -> int:
        return max(1, round(size * self.scale))
