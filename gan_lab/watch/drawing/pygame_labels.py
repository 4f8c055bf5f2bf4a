"""What is written around pictures: captions, rims, legends."""

import numpy as np

from gan_lab.watch.drawing import palette
from gan_lab.watch.drawing.layout import CAPTION, LINE
from gan_lab.watch.drawing.pygame_ink import Ink
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect


def caption(ink: Ink, rect: Rect, text: str, *, large: bool = False) -> None:
    """What stands above a picture."""
    line = Rect(rect.x, rect.y - CAPTION, rect.width, CAPTION)
    ink.painter.text(text, line, style.TEXT if large else style.SMALL, style.INK, "left")


def frame(ink: Ink, rect: Rect, *, lit: bool = False) -> None:
    """The rim of a picture."""
    ink.painter.outline(rect, style.LIT if lit else style.EDGE, 2 if lit else 1)


def legend(ink: Ink, rect: Rect, rows: list[tuple[str, palette.Color, str]], lines: list[str]) -> None:
    """Rows with the mark that they explain, and lines of words below them, as many as there is room for."""
    for number, (mark, color, text) in enumerate(rows):
        y = rect.y + number * LINE
        if mark == "dot":
            ink.dots(np.array([[rect.x + 8, y + LINE / 2]]), 3.5, color, palette.PAPER)
        elif mark == "arrow":
            ink.arrow((rect.x, y + LINE / 2), (rect.x + 17, y + LINE / 2), color, 1.8)
        else:
            stroke = np.array([[rect.x, y + LINE / 2], [rect.x + 18, y + LINE / 2]])
            (ink.line if mark == "line" else ink.dashes)(stroke, color, 2.0)
        ink.painter.text(text, Rect(rect.x + 24, y, rect.width - 24, LINE), style.SMALL, style.INK, "left")
    below = len(rows) * LINE
    ink.words(Rect(rect.x, rect.y + below, rect.width, max(0.0, rect.height - below)), lines, LINE)
