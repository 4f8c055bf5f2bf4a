"""The sheet that lists every command with its keys, made from the table itself."""

from typing import Any

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.commands import CommandTable, stroke_label
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.painter import Painter

Lines = list[tuple[str, str]]  # keys and help
LINE = 16.0
HEAD = 26.0
BETWEEN = 14.0  # from keys to what they do
GAP = 20.0  # between columns


def help_columns(table: CommandTable[Any], height: float) -> list[Lines]:
    """The lines of the sheet, (keys, help), cut into columns no higher than `height`; a heading has no keys.

    A group stays in one column where it fits.
    """
    columns: list[Lines] = [[]]
    used = 0.0
    for heading, commands in table.groups().items():
        lines = [("", heading)]
        lines += [("  ".join(map(stroke_label, one.keys[:2])), one.help) for one in commands if one.keys]
        needed = HEAD + LINE * (len(lines) - 1)
        if used and used + needed > height:
            columns.append([])
            used = 0.0
        columns[-1] += lines
        used += needed
    return columns


def paint_help(painter: Painter, rect: Rect, title: str, table: CommandTable[Any]) -> None:
    """Paint the sheet over everything."""
    painter.fill(rect, style.PAPER, opacity=0.97)
    inner = rect.inset(18)
    painter.text(title, Rect(inner.x, inner.y, inner.width, 28), style.TITLE, style.INK, "left")
    body = Rect(inner.x, inner.y + 32, inner.width, inner.height - 32)
    columns = help_columns(table, body.height)
    for lines, place in zip(columns, _places(painter, columns, body), strict=True):
        y, wide = place.y, _keys_width(painter, lines)
        for keys, text in lines:
            if not keys:
                painter.text(text, Rect(place.x, y + 6, place.width, LINE), style.TEXT, style.LIT, "left")
                y += HEAD
                continue
            painter.text(keys, Rect(place.x, y, wide, LINE), style.SMALL, style.INK, "left")
            painter.text(text, Rect(place.x + wide, y, place.width - wide, LINE), style.SMALL, style.MUTED, "left")
            y += LINE


def _keys_width(painter: Painter, lines: Lines) -> float:
    return max(painter.text_width(keys, style.SMALL) for keys, _ in lines) + BETWEEN


def _places(painter: Painter, columns: list[Lines], body: Rect) -> list[Rect]:
    """A place for each column: of one width, but those with lines too long for it get what the others do not need."""
    equal = body.columns(len(columns), GAP)[0].width
    needed = [
        _keys_width(painter, lines) + max(painter.text_width(text, style.SMALL) for _, text in lines)
        for lines in columns
    ]
    long = [width for width in needed if width > equal]
    free = body.width - GAP * (len(columns) - 1) - sum(needed) + sum(long)
    x, places = body.x, []
    for width in needed:
        given = equal if not long else free / len(long) if width > equal else width
        places.append(Rect(x, body.y, given, body.height))
        x += given + GAP
    return places
