"""Lines of text whose letters are evenly spaced at every size.

pygame's own text puts each letter on a whole pixel, so that words fall apart at small sizes. Here a line is drawn four
times as wide, and averaged down: letters then stand on quarters of a pixel, and their upright edges stay sharp.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

Color = tuple[int, int, int]
T = TypeVar("T")
FILES: Final = {False: "DejaVuSansCondensed.ttf", True: "DejaVuSansCondensed-Bold.ttf"}
FINER: Final = 4  # parts of a pixel on which a letter can stand
KEPT_LINES: Final = 4096


class Fonts:
    """Rendered lines of text, kept; opened anew when somebody else has quit pygame.

    Args:
        pygame: The module; whoever has imported it hands it over.
        bold: Whether the letters are bold.
    """

    def __init__(self, pygame: Any, *, bold: bool = False) -> None:
        """Begin with an empty cache; the file is opened for the first text."""
        self._pygame = pygame
        self._path = Path(__file__).parent / FILES[bold]
        self._font: Any = None
        self._lines: dict[tuple[str, int, Color], Any] = {}

    def size(self, text: str, size: int) -> tuple[int, int]:
        """Width and height in pixels of a line of text whose letters are `size` pixels high, from top to bottom."""
        wide, high = self._with_font(lambda font: font.get_rect(text, size=(FINER * size, size)).size)
        return -(-wide // FINER), high

    def line(self, text: str, size: int, color: Color) -> Any:
        """A surface with a line of text on nothing."""
        key = (text, size, color)
        if key not in self._lines:
            if len(self._lines) >= KEPT_LINES:
                self._lines.clear()
            self._lines[key] = self._drawn(text, size, color)
        return self._lines[key]

    def _drawn(self, text: str, size: int, color: Color) -> Any:
        wide, high = self.size(text, size)
        large = self._pygame.Surface((FINER * wide, high), self._pygame.SRCALPHA)
        large.fill((*color, 0))  # what is transparent has the colour too, so that edges do not darken
        self._with_font(lambda font: font.render_to(large, (0, 0), text, color, size=(FINER * size, size)))
        return self._pygame.transform.smoothscale(large, (wide, high))

    def _with_font(self, use: Callable[[Any], T]) -> T:
        try:
            return use(self._opened())
        except self._pygame.error:  # pygame.quit() elsewhere, as FrozenLake's close() does, made the font useless
            self._font = None
            return use(self._opened())

    def _opened(self) -> Any:
        if self._font is None:
            from pygame import freetype

            freetype.init()
            self._font = freetype.Font(str(self._path))
            self._font.pad = self._font.kerning = True
        return self._font
