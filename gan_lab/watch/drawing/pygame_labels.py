"""What is written around pictures: captions, rims, legends."""

import numpy as np

from gan_lab.watch.drawing import palette
from gan_lab.watch.drawing.layout import CAPTION, LINE
from gan_lab.watch.drawing.pygame_ink import Ink
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect

INDENT = 24.0  # of the words of a legend


def caption(ink: Ink, rect: Rect, text: str, *, large: bool = False) -> None:
    """What stands above a picture."""
    line = Rect(rect.x, rect.y - CAPTION, rect.width, CAPTION)
    ink.painter.text(text, line, style.TEXT if large else style.SMALL, style.INK, "left")


def frame(ink: Ink, rect: Rect, *, lit: bool = False) -> None:
    """The rim of a picture."""
    ink.painter.outline(rect, style.LIT if lit else style.EDGE, 2 if lit else 1)


def legend(ink: Ink, rect: Rect, rows: list[tuple[str, palette.Color, str]], lines: list[str]) -> None:
    """Rows with the mark that they explain, and lines of words below them, as much as there is room for."""
    y = rect.y
    for mark, color, text in rows:
        parts = ink.wrapped(text, rect.width - INDENT)
        middle = y + LINE / 2
        if mark == "dot":
            ink.dots(np.array([[rect.x + 8, middle]]), 3.5, color, palette.PAPER)
        elif mark == "arrow":
            ink.arrow((rect.x, middle), (rect.x + 17, middle), color, 1.8)
        else:
            (ink.line if mark == "line" else ink.dashes)(
                np.array([[rect.x, middle], [rect.x + 18, middle]]), color, 2.0
            )
        ink.words(Rect(rect.x + INDENT, y, rect.width - INDENT, LINE * len(parts)), [text], LINE)
        y += LINE * len(parts)
    ink.words(Rect(rect.x, y, rect.width, max(0.0, rect.bottom - y)), lines, LINE)
