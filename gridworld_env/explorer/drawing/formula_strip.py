"""The Bellman backup of a square, written below the map."""

from typing import TYPE_CHECKING, Final

from gridworld_env.explorer.formula import formula_lines
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.painter import Painter
from gridworld_env.ui.widgets.text_flow import wrapped

if TYPE_CHECKING:
    from gridworld_env.explorer.session import Session

LINE: Final = 17.0
FORMULA_HEIGHT: Final = 9 * LINE + 12  # points


def paint_formula(painter: Painter, rect: Rect, session: "Session") -> None:
    """Write the backup of the cursor's square, as many lines as there is room for; nothing where it has none."""
    painter.fill(rect, style.PAPER)
    painter.fill(Rect(rect.x, rect.y, rect.width, 1), style.EDGE)
    try:
        told = formula_lines(session)
    except session.refusals:  # the status line says why
        return
    inner = rect.inset(6)
    y = inner.y
    for number, text in enumerate(told):
        lines = wrapped(text, inner.width, lambda part: painter.text_width(part, style.SMALL))
        ink = style.LIT if number and ("best" in text or "your action" in text) else style.INK
        for line in lines:
            if y + LINE <= inner.bottom + 1:
                painter.text(line, Rect(inner.x, y, inner.width, LINE), style.SMALL, ink, "left")
            y += LINE
