"""The charts below the pictures."""

import numpy as np

from gan_lab.watch.curves import Chart, ticks
from gan_lab.watch.drawing import palette
from gan_lab.watch.drawing.pygame_ink import Ink
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect

CAPTION = 18.0
LABEL = 15.0
AXIS = 46.0  # width of the numbers on the left


def paint_chart(ink: Ink, rect: Rect, chart: Chart) -> None:
    """One chart: its title, its frame with the ends of the scale, its curves, their names."""
    painter = ink.painter
    painter.text(chart.title, Rect(rect.x, rect.y, rect.width, CAPTION), style.SMALL, style.INK, "left")
    body = Rect(rect.x, rect.y + CAPTION, rect.width, rect.height - CAPTION)
    painter.fill(body, palette.PAPER)
    named = LABEL * sum(bool(line.label) for line in chart.lines) + 8
    inner = Rect(body.x + AXIS, body.y + named, body.width - AXIS - 10, body.height - named - CAPTION)
    _scale(ink, inner, chart)
    last = max((float(line.steps[-1]) for line in chart.lines if len(line.steps)), default=0.0)
    painter.clip(Rect(inner.x, inner.y - 2, inner.width + 4, inner.height + 4))
    for line in chart.lines:
        known = np.isfinite(line.values)
        if not known.any():
            continue
        x = inner.x + line.steps[known] / max(last, 1.0) * inner.width
        y = inner.bottom - chart.heights(line.values[known]) * inner.height
        points = np.stack([x, y], axis=1)
        if line.dashed:
            ink.dashes(np.array([points[0], points[-1]]) if np.ptp(y) < 1e-9 else points, line.color)
        else:
            ink.line(points, line.color, 1.8)
            ink.dots(points[-1:], 2.6, line.color, palette.PAPER)
    painter.clip(None)
    painter.text(
        f"{last:,.0f} update{'' if last == 1 else 's'}",
        Rect(inner.x, inner.bottom, inner.width, CAPTION),
        style.SMALL,
        style.MUTED,
        "right",
    )
    _names(ink, inner, chart)
    painter.outline(body, style.EDGE)


def _scale(ink: Ink, inner: Rect, chart: Chart) -> None:
    """Lines at round numbers."""
    marks = np.array(ticks(chart.low, chart.high, max(2, int(inner.height / 17)), logarithmic=chart.logarithmic))
    for mark, height in zip(marks.tolist(), chart.heights(marks).tolist(), strict=True):
        y = inner.bottom - height * inner.height
        ink.painter.fill(Rect(inner.x, y, inner.width, 1), palette.EMPTY)
        ink.painter.text(f"{mark:g}", Rect(inner.x - AXIS, y - 8, AXIS - 5, 16), style.SMALL - 1, style.MUTED, "right")


def _names(ink: Ink, inner: Rect, chart: Chart) -> None:
    """The names of the curves, above them."""
    painter = ink.painter
    named = [line for line in reversed(chart.lines) if line.label]
    place = Rect(inner.x - AXIS + 6, inner.y - LABEL * len(named) - 4, inner.width + AXIS - 6, LABEL * len(named))
    for number, line in enumerate(named):
        row = Rect(place.x, place.y + number * LABEL, place.width, LABEL)
        stroke = np.array([[row.x + 2, row.y + LABEL / 2], [row.x + 18, row.y + LABEL / 2]])
        if line.dashed:
            ink.dashes(stroke, line.color, 1.8, dash=4.0)
        else:
            ink.line(stroke, line.color, 2.0)
        painter.text(line.label, Rect(row.x + 23, row.y, row.width - 23, LABEL), style.SMALL - 1, style.INK, "left")
