"""The sheet that lists every command with its keys, made from the table itself."""

from dataclasses import dataclass
from typing import Any, Final

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.commands import CommandTable, stroke_label
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.painter import Painter
from gridworld_env.ui.widgets.text_flow import wrapped

LINE: Final = 16.0
HEAD: Final = 26.0
BETWEEN: Final = 10.0  # from keys to what they do
GAP: Final = 20.0  # between columns
COLUMN: Final = 290.0  # the least width of a column
MOST_KEYS: Final = 0.42  # of a column, for the keys


@dataclass(frozen=True)
class Entry:
    """A command on the sheet.

    Attributes:
        keys: Its strokes, in lines.
        text: What it does, in lines; a heading has this alone.
    """

    keys: list[str]
    text: list[str]

    @property
    def height(self) -> float:
        """Its height in points."""
        return LINE * max(len(self.keys), len(self.text)) if self.keys else HEAD


@dataclass(frozen=True)
class Column:
    """What stands in a column, and how wide its keys are."""

    entries: list[Entry]
    keys_width: float

    @property
    def height(self) -> float:
        """Its height in points."""
        return sum(entry.height for entry in self.entries)


def help_columns(painter: Painter, table: CommandTable[Any], width: float, height: float) -> list[Column]:
    """The sheet in columns, as many as stand beside each other in `width`.

    A group stays in one column. The columns are at most `height` high where that is possible.
    """
    count = max(1, int((width + GAP) // (COLUMN + GAP)))
    wide = (width - GAP * (count - 1)) / count
    keys = min(_widest_keys(painter, table) + BETWEEN, MOST_KEYS * wide)
    groups = [_entries(painter, heading, commands, wide, keys) for heading, commands in table.groups().items()]
    limit = height
    while len(columns := _filled(groups, limit)) > count:
        limit += LINE
    return [Column(entries, keys) for entries in columns]


def _entries(painter: Painter, heading: str, commands: list[Any], wide: float, keys: float) -> list[Entry]:
    def lines(text: str, width: float) -> list[str]:
        return wrapped(text, width, lambda part: painter.text_width(part, style.SMALL))

    told = [(", ".join(map(stroke_label, one.keys[:2])), one.help) for one in commands if one.keys]
    return [Entry([], [heading]), *(Entry(lines(k, keys - BETWEEN), lines(text, wide - keys)) for k, text in told)]


def _widest_keys(painter: Painter, table: CommandTable[Any]) -> float:
    return max(painter.text_width(stroke_label(stroke), style.SMALL) for one in table for stroke in one.keys[:2])


def _filled(groups: list[list[Entry]], height: float) -> list[list[Entry]]:
    """Each group in the first column that has room for it."""
    columns: list[list[Entry]] = []
    for group in groups:
        needed = sum(entry.height for entry in group)
        room = (column for column in columns if sum(entry.height for entry in column) + needed <= height)
        column = next(room, None)
        if column is None:
            columns.append(list(group))
        else:
            column += group
    return columns


def paint_help(painter: Painter, rect: Rect, title: str, table: CommandTable[Any], scrolled: float = 0.0) -> float:
    """Paint the sheet over everything; how far it can be scrolled, in points."""
    painter.fill(rect, style.PAPER)
    inner = rect.inset(18)
    body = Rect(inner.x, inner.y + 32, inner.width, inner.height - 32)
    columns = help_columns(painter, table, body.width, body.height)
    hidden = max(0.0, max(column.height for column in columns) - body.height)
    title += "; the wheel shows the rest" * (hidden > 0)
    painter.text(title, Rect(inner.x, inner.y, inner.width, 28), style.TITLE, style.INK, "left")
    painter.clip(body)
    places = body.columns(max(len(columns), int((body.width + GAP) // (COLUMN + GAP))), GAP)
    for column, place in zip(columns, places, strict=False):
        _paint_column(painter, column, place, min(scrolled, hidden))
    painter.clip(None)
    return hidden


def _paint_column(painter: Painter, column: Column, place: Rect, scrolled: float) -> None:
    y = place.y - scrolled
    for entry in column.entries:
        if not entry.keys:
            painter.text(entry.text[0], Rect(place.x, y + 4, place.width, LINE + 2), style.TEXT, style.LIT, "left")
        for number, keys in enumerate(entry.keys):
            line = Rect(place.x, y + number * LINE, column.keys_width, LINE)
            painter.text(keys, line, style.SMALL, style.INK, "left")
        for number, text in enumerate(entry.text if entry.keys else ()):
            line = Rect(place.x + column.keys_width, y + number * LINE, place.width - column.keys_width, LINE)
            painter.text(text, line, style.SMALL, style.MUTED, "left")
        y += entry.height
