"""The parts of a panel: headings, lines of text, buttons, sliders, colour scales.

A control is told what it shows by functions, and keeps nothing of it: the program's state is the only state.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.painter import Painter
from gridworld_env.ui.widgets.text_flow import wrapped


class Control:
    """One row of a panel; by itself it only shows something."""

    def height(self) -> float:
        """Its height in points."""
        raise NotImplementedError

    def paint(self, painter: Painter, rect: Rect, pointer: Point | None) -> None:
        """Paint it; `pointer` is the mouse, where it is over the control."""
        raise NotImplementedError

    def press(self, point: Point, rect: Rect) -> bool:
        """The mouse went down on it; whether it wants the moves until the release."""
        return False

    def drag(self, point: Point, rect: Rect) -> None:
        """The mouse moved while held."""

    def release(self) -> None:
        """The mouse let go."""

    def hint(self, point: Point, rect: Rect) -> str:
        """One line about what is under the mouse, or nothing."""
        return ""


@dataclass(frozen=True)
class Lines(Control):
    """Lines of text, the first of which may be a heading.

    Attributes:
        texts: What they say.
        count: How many there is room for.
        heading: Whether they are written large.
    """

    texts: Callable[[], Sequence[str]]
    count: int = 1
    heading: bool = False

    def height(self) -> float:
        """Its height in points."""
        return self.count * (style.HEADING_HEIGHT if self.heading else style.LINE_HEIGHT)

    def paint(self, painter: Painter, rect: Rect, pointer: Point | None) -> None:
        """Write the lines."""
        line = self.height() / self.count
        size, color = (style.TITLE, style.INK) if self.heading else (style.SMALL, style.MUTED)
        for number, text in enumerate(self.texts()[: self.count]):
            painter.text(text, Rect(rect.x, rect.y + number * line, rect.width, line), size, color, "left")


@dataclass(frozen=True)
class Paragraph(Control):
    """A text that is wrapped.

    Attributes:
        text: What it says.
        count: How many lines there is room for.
    """

    text: Callable[[], str]
    count: int

    def height(self) -> float:
        """Its height in points."""
        return self.count * style.LINE_HEIGHT

    def paint(self, painter: Painter, rect: Rect, pointer: Point | None) -> None:
        """Write the lines."""
        lines = wrapped(self.text(), rect.width, lambda part: painter.text_width(part, style.SMALL))
        for number, line in enumerate(lines[: self.count]):
            place = Rect(rect.x, rect.y + number * style.LINE_HEIGHT, rect.width, style.LINE_HEIGHT)
            painter.text(line, place, style.SMALL, style.MUTED, "left")


def heading(text: str) -> Lines:
    """A line of large text."""
    return Lines(lambda: [text], heading=True)


@dataclass(frozen=True)
class Button:
    """One button.

    Attributes:
        title: What is written on it, at the moment.
        run: What it does.
        hint: One line that says what it does, with its key.
        lit: Whether what it stands for is on.
    """

    title: str | Callable[[], str]
    run: Callable[[], None]
    hint: str = ""
    lit: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Buttons(Control):
    """Buttons in rows of `columns`."""

    buttons: Sequence[Button]
    columns: int

    def height(self) -> float:
        """Its height in points."""
        rows = -(-len(self.buttons) // self.columns)
        return rows * (style.BUTTON_HEIGHT + style.GAP) - style.GAP

    def places(self, rect: Rect) -> list[tuple[Button, Rect]]:
        """Each button and where it is."""
        placed = []
        for number, button in enumerate(self.buttons):
            row, column = divmod(number, self.columns)
            line = Rect(rect.x, rect.y + row * (style.BUTTON_HEIGHT + style.GAP), rect.width, style.BUTTON_HEIGHT)
            placed.append((button, line.columns(self.columns, style.GAP)[column]))
        return placed

    def _at(self, point: Point, rect: Rect) -> Button | None:
        return next((button for button, place in self.places(rect) if place.holds(point)), None)

    def paint(self, painter: Painter, rect: Rect, pointer: Point | None) -> None:
        """Draw the buttons."""
        for button, place in self.places(rect):
            lit = button.lit()
            hot = pointer is not None and place.holds(pointer)
            painter.fill(place, style.LIT if lit else style.HOT if hot else style.BUTTON, style.RADIUS)
            painter.outline(place, style.LIT if lit or hot else style.EDGE, 1, style.RADIUS)
            ink = style.LIT_INK if lit else style.INK
            title = button.title if isinstance(button.title, str) else button.title()
            painter.text(title, place.inset(2), style.SMALL, ink)

    def press(self, point: Point, rect: Rect) -> bool:
        """Run the button under the mouse."""
        button = self._at(point, rect)
        if button is not None:
            button.run()
        return False

    def hint(self, point: Point, rect: Rect) -> str:
        """That of the button under the mouse."""
        button = self._at(point, rect)
        return "" if button is None else button.hint


@dataclass(frozen=True)
class ColorScale(Control):
    """A strip of colours with a number at either end.

    Attributes:
        colors: The colours from left to right.
        ends: What is written left and right of them; None: the strip is not shown.
        ticks: What is written below the strip instead, evenly spaced from end to end; none: the ends are beside it.
    """

    colors: Callable[[], Sequence[style.Color]]
    ends: Callable[[], tuple[str, str] | None]
    ticks: Callable[[], Sequence[str]] | None = None

    def height(self) -> float:
        """Its height in points."""
        return style.LINE_HEIGHT + (8 if self.ticks is not None else 0)

    def paint(self, painter: Painter, rect: Rect, pointer: Point | None) -> None:
        """Draw the strip between its ends."""
        ends = self.ends()
        if ends is None:
            return
        if self.ticks is not None:
            self._paint_ticked(painter, rect, self.ticks())
            return
        left, right = (painter.text_width(end, style.SMALL) + 6 for end in ends)
        bar = Rect(rect.x + left, rect.y + 4, rect.width - left - right, rect.height - 8)
        painter.text(ends[0], Rect(rect.x, rect.y, left, rect.height), style.SMALL, style.MUTED, "left")
        painter.text(ends[1], Rect(bar.right, rect.y, right, rect.height), style.SMALL, style.MUTED, "right")
        self._paint_bar(painter, bar)

    def _paint_ticked(self, painter: Painter, rect: Rect, ticks: Sequence[str]) -> None:
        self._paint_bar(painter, Rect(rect.x, rect.y, rect.width, 8))
        below = Rect(rect.x, rect.y + 9, rect.width, rect.height - 9)
        for number, text in enumerate(ticks):
            share, wide = number / (len(ticks) - 1), painter.text_width(text, style.SMALL)
            x = min(rect.right - wide, max(rect.x, rect.x + share * rect.width - wide / 2))
            painter.text(text, Rect(x, below.y, wide + 1, below.height), style.SMALL, style.MUTED, "left")

    def _paint_bar(self, painter: Painter, bar: Rect) -> None:
        colors = self.colors()
        for place, color in zip(bar.columns(len(colors)), colors, strict=True):
            painter.fill(Rect(place.x, place.y, place.width + 0.5, place.height), color)
