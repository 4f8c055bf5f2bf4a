"""A slider: a number between two ends, in steps."""

from collections.abc import Callable
from dataclasses import dataclass

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.controls import Control
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.painter import Painter


@dataclass(frozen=True)
class Slider(Control):
    """A number that is dragged.

    Attributes:
        title: What it is.
        low: Left end; a value further left is shown there.
        high: Right end.
        step: The values chosen are multiples of it.
        value: The number as it is.
        choose: Called with each number on the way.
        done: Called when the mouse lets go.
        about: One line about it, with its keys.
        shown: How the number is written.
    """

    title: str
    low: float
    high: float
    step: float
    value: Callable[[], float]
    choose: Callable[[float], None]
    done: Callable[[], None] = lambda: None
    about: str = ""
    shown: Callable[[float], str] = "{:g}".format

    def height(self) -> float:
        """Its height in points."""
        return style.SLIDER_HEIGHT

    def track(self, rect: Rect) -> Rect:
        """The line that the knob slides on."""
        return Rect(rect.x + 8, rect.bottom - 12, rect.width - 16, 4)

    def at(self, x: float, rect: Rect) -> float:
        """The number that an x on the track stands for."""
        track = self.track(rect)
        share = min(1.0, max(0.0, (x - track.x) / track.width))
        number = round((self.low + share * (self.high - self.low)) / self.step) * self.step
        return round(min(self.high, max(self.low, number)), 10)

    def paint(self, painter: Painter, rect: Rect, pointer: Point | None) -> None:
        """Draw title, number, track and knob."""
        number, track = self.value(), self.track(rect)
        label = Rect(rect.x, rect.y, rect.width, style.LINE_HEIGHT)
        painter.text(self.title, label, style.SMALL, style.INK, "left")
        painter.text(self.shown(number), label, style.TEXT, style.INK, "right")
        share = min(1.0, max(0.0, (number - self.low) / (self.high - self.low)))
        painter.fill(track, style.TRACK, 2)
        painter.fill(Rect(track.x, track.y, track.width * share, track.height), style.LIT, 2)
        center = (track.x + track.width * share, track.y + track.height / 2)
        painter.disc(center, 8, style.LIT)
        painter.disc(center, 6, style.HOT if pointer is not None else style.PAPER)

    def press(self, point: Point, rect: Rect) -> bool:
        """Take the number under the mouse, and follow it, if it is near the track."""
        if point[1] < self.track(rect).y - 10:
            return False
        self.choose(self.at(point[0], rect))
        return True

    def drag(self, point: Point, rect: Rect) -> None:
        """Take the number under the mouse."""
        self.choose(self.at(point[0], rect))

    def release(self) -> None:
        """Say that this was the last number."""
        self.done()

    def hint(self, point: Point, rect: Rect) -> str:
        """What it is about."""
        return self.about
