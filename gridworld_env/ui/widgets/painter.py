"""What panels need of a drawing library."""

from collections.abc import Sequence
from typing import Literal, Protocol

from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.style import Color

Align = Literal["left", "center", "right"]


class Painter(Protocol):
    """A surface to paint on; all coordinates and sizes are points."""

    def fill(self, rect: Rect, color: Color, radius: float = 0.0, opacity: float = 1.0) -> None:
        """Fill a rectangle, with round corners or not."""
        ...

    def outline(self, rect: Rect, color: Color, width: float = 1.0, radius: float = 0.0) -> None:
        """Draw a rectangle's rim, inside it."""
        ...

    def disc(self, center: Point, radius: float, color: Color) -> None:
        """Fill a circle."""
        ...

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """Fill a polygon."""
        ...

    def line(self, points: Sequence[Point], color: Color, width: float = 1.0) -> None:
        """Draw a line through points."""
        ...

    def text(self, text: str, rect: Rect, size: int, color: Color, align: Align = "center") -> None:
        """Write one line into a rectangle, in its middle height; what is too long ends in an ellipsis."""
        ...

    def text_width(self, text: str, size: int) -> float:
        """Width of a line of text."""
        ...

    def clip(self, rect: Rect | None) -> None:
        """Paint inside a rectangle only; None: everywhere again."""
        ...
