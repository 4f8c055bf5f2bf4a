"""Two curves below the map: the regret of a learner so far, and what its greedy policy is worth, below V*."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.painter import Painter

if TYPE_CHECKING:
    from gridworld_env.explorer.session import Session

OPTIMAL: Final[style.Color] = (0, 117, 90)
LEFT: Final = 62.0  # points for the numbers beside a curve


@dataclass(frozen=True, eq=False)
class Chart:
    """One curve.

    Attributes:
        title: What it is, with its last number.
        steps: (n,) numbers of steps.
        numbers: (n,) what is drawn over them; those that are not finite are left out.
        aim: Where the curve should come to; None: nowhere.
    """

    title: str
    steps: NDArray[np.float64]
    numbers: NDArray[np.float64]
    aim: float | None = None


def paint_curves(painter: Painter, rect: Rect, session: "Session") -> None:
    """Paint both curves of the session's learner side by side; nothing where there is no learner."""
    painter.fill(rect, style.PAPER)
    painter.fill(Rect(rect.x, rect.y, rect.width, 1), style.EDGE)
    try:
        steps, regret, values = session.learning.curve()
        best = session.learning.run.optimal_value
    except session.refusals:  # the status line says why
        return
    charts = (
        Chart(f"Regret so far: {_number(regret[-1])}", steps, regret),
        Chart(
            f"V of the greedy policy at the start: {_number(values[-1])}; V* is {_number(best)}", steps, values, best
        ),
    )
    for chart, place in zip(charts, rect.inset(8).columns(2, 16), strict=True):
        paint_chart(painter, place, chart)


def paint_chart(painter: Painter, rect: Rect, chart: Chart) -> None:
    """Paint one curve with its title and its scales."""
    line = style.LINE_HEIGHT
    painter.text(chart.title, Rect(rect.x, rect.y, rect.width, line), style.SMALL, style.INK, "left")
    plot = Rect(rect.x + LEFT, rect.y + line + 4, rect.width - LEFT - 8, rect.height - 2 * line - 8)
    numbers = chart.numbers[np.isfinite(chart.numbers)]
    shown = np.append(numbers, chart.aim) if chart.aim is not None and np.isfinite(chart.aim) else numbers
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    last = max(1.0, float(chart.steps[-1]))

    def at(step: float, number: float) -> Point:
        return plot.x + plot.width * step / last, plot.bottom - plot.height * (number - low) / (high - low)

    painter.line([(plot.x, plot.y), (plot.x, plot.bottom), (plot.right, plot.bottom)], style.TRACK)
    for number, y in ((high, plot.y), (low, plot.bottom)):
        painter.text(_number(number), Rect(rect.x, y - line / 2, LEFT - 6, line), style.SMALL, style.MUTED, "right")
    below = Rect(plot.x, plot.bottom + 2, plot.width, line)
    painter.text("0", below, style.SMALL, style.MUTED, "left")
    painter.text(f"step {int(chart.steps[-1]):,}", below, style.SMALL, style.MUTED, "right")
    if chart.aim is not None and np.isfinite(chart.aim):
        painter.line([at(0, chart.aim), at(last, chart.aim)], OPTIMAL, 2)
    points = [at(step, n) for step, n in zip(chart.steps, chart.numbers, strict=True) if np.isfinite(n)]
    painter.line(points, style.LIT, 2)


def _number(number: float) -> str:
    return f"{number:.4g}" if np.isfinite(number) else "-infinite" if number < 0 else "infinite"
