"""Lines, dots, arrows and fields of colours on a painter's surface; positions are points, as everywhere."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pygame
from numpy.typing import NDArray

from gan_lab.watch.drawing.palette import Color, Pixels
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.pygame_painter import PygamePainter
from gridworld_env.ui.widgets.text_flow import wrapped

BARB = 0.55  # half the width of an arrow's head, as a share of its length


class Ink:
    """Draws what a painter has no words for.

    Args:
        painter: On whose surface.
    """

    def __init__(self, painter: PygamePainter) -> None:
        """Begin with empty caches."""
        self.painter = painter
        self._sprites: dict[tuple[int, Color, Color | None], pygame.Surface] = {}

    def image(self, rect: Rect, pixels: Pixels, *, smooth: bool = True) -> None:
        """Stretch an (h, w, 3) picture over a rectangle."""
        area = self.painter.pixels(rect)
        if area.width < 1 or area.height < 1:
            return
        image = pygame.image.frombuffer(np.ascontiguousarray(pixels).tobytes(), pixels.shape[1::-1], "RGB")
        stretch = pygame.transform.smoothscale if smooth else pygame.transform.scale
        self.painter.surface.blit(stretch(image, area.size), area)

    def dots(self, points: NDArray[Any], radius: float, color: Color, rim: Color | None = None) -> None:
        """Discs at (n, 2) points."""
        sprite = self._sprite(radius, color, rim)
        corner = np.asarray(points) * self.painter.scale - sprite.get_width() / 2
        corner = np.rint(np.clip(corner, -9999, 9999)).astype(int)
        self.painter.surface.blits([(sprite, place) for place in corner.tolist()], doreturn=False)

    def _sprite(self, radius: float, color: Color, rim: Color | None) -> pygame.Surface:
        pixels = radius * self.painter.scale
        key = (round(10 * pixels), color, rim)
        if key not in self._sprites:
            side = 2 * math.ceil(pixels + 1) + 1
            fine = pygame.Surface((4 * side, 4 * side), pygame.SRCALPHA)
            fine.fill((*(rim or color), 0))
            center = (2 * side, 2 * side)
            if rim is not None:
                pygame.draw.circle(fine, rim, center, 4 * (pixels + 0.8 * self.painter.scale))
            pygame.draw.circle(fine, color, center, 4 * pixels)
            self._sprites[key] = pygame.transform.smoothscale(fine, (side, side))
        return self._sprites[key]

    def line(self, points: Sequence[Point] | NDArray[Any], color: Color, width: float = 1.0) -> None:
        """A line through some points."""
        scaled = np.clip(np.asarray(points, dtype=np.float64) * self.painter.scale, -9999, 9999)
        if len(scaled) < 2:
            return
        thick = round(width * self.painter.scale)
        places = scaled.tolist()
        if thick > 1:
            pygame.draw.lines(self.painter.surface, color, False, places, thick)
        pygame.draw.aalines(self.painter.surface, color, False, places)

    def words(self, rect: Rect, lines: Sequence[str], height: float) -> None:
        """Small text from the top of a rectangle, broken where it is too long, as much as there is room for."""
        shown = [part for line in lines if line for part in self.wrapped(line, rect.width)]
        for number, text in enumerate(shown[: int(rect.height // height)]):
            row = Rect(rect.x, rect.y + number * height, rect.width, height)
            self.painter.text(text, row, style.SMALL, style.INK, "left")

    def wrapped(self, text: str, width: float) -> list[str]:
        """A line of small text, cut between words into lines that fit."""
        return wrapped(text, width, lambda part: self.painter.text_width(part, style.SMALL))

    def dashes(self, points: NDArray[Any], color: Color, width: float = 1.5, dash: float = 6.0) -> None:
        """The same, broken every few points of its way."""
        way = np.asarray(points, dtype=np.float64)
        if len(way) < 2:
            return
        far = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
        for start in np.arange(0.0, min(far[-1], 4000.0), 2 * dash):
            cuts = np.array([start, min(start + dash, far[-1])])
            inner = far[(far > cuts[0]) & (far < cuts[1])]
            at = np.concatenate([cuts[:1], inner, cuts[1:]])
            self.line(np.stack([np.interp(at, far, way[:, axis]) for axis in (0, 1)], axis=1), color, width)

    def arrow(self, start: Point, end: Point, color: Color, width: float = 1.6, casing: Color | None = None) -> None:
        """An arrow; with a casing it stands out on every colour."""
        away = (end[0] - start[0], end[1] - start[1])
        length = math.hypot(*away)
        if length < 1.0:
            return
        if casing is not None:
            self._arrow(start, away, length, width + 2.0, casing)
        self._arrow(start, away, length, width, color)

    def _arrow(self, start: Point, away: Point, length: float, width: float, color: Color) -> None:
        ahead = (away[0] / length, away[1] / length)
        side = (-ahead[1], ahead[0])
        head = min(length, 3.0 + 2.4 * width)
        neck, half, barb = length - head, width / 2, BARB * head

        def at(forward: float, aside: float) -> Point:
            return (
                start[0] + ahead[0] * forward + side[0] * aside,
                start[1] + ahead[1] * forward + side[1] * aside,
            )

        outline = [at(0, half), at(neck, half), at(neck, barb), at(length, 0), at(neck, -barb), at(neck, -half)]
        self.painter.polygon([*outline, at(0, -half)], color)
