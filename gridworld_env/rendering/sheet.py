"""What the painting code needs of a drawing library."""

from collections.abc import Sequence
from typing import Protocol

from gridworld_env.rendering.theme import Color

Point = tuple[float, float]


class Sheet(Protocol):
    """A surface to draw on; coordinates are pixels of the frame, fractions allowed, y downwards."""

    def rectangle(self, corner: Point, size: Point, color: Color) -> None:
        """Fill an axis-parallel rectangle."""
        ...

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """Fill a polygon."""
        ...

    def line(self, points: Sequence[Point], width: float, color: Color) -> None:
        """Draw a line through all the points with round joints and ends."""
        ...

    def disc(self, center: Point, radius: float, color: Color) -> None:
        """Fill a circle."""
        ...

    def text(self, text: str, center: Point, size: int, color: Color) -> None:
        """Write a line of text centred on a point, over every shape."""
        ...

    def text_size(self, text: str, size: int) -> tuple[int, int]:
        """Width and height of a line of text."""
        ...


def fit_text(sheet: Sheet, texts: Sequence[str], width: float, height: float) -> int:
    """Largest font size at which each of the texts fits into `width` by `height` pixels; 0 for no texts."""
    probe = 64
    sizes = [sheet.text_size(text, probe) for text in set(texts)]
    if not sizes:
        return 0
    size = int(probe * min(width / max(1, *(w for w, _ in sizes)), height / max(h for _, h in sizes)))
    while size > 1 and any(sheet.text_size(text, size)[0] > width for text in set(texts)):
        size -= 1  # glyph widths are rounded to pixels, so the proportion is off by a little
    return size


def cut_text(sheet: Sheet, text: str, size: int, width: float) -> str:
    """The text, or as much of its beginning as fits into `width` pixels with an ellipsis."""
    if sheet.text_size(text, size)[0] <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = sheet.text_size(text[:middle] + "…", size)[0] <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low] + "…" if low else ""
