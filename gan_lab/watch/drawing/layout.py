"""Where the parts of the content are: one large picture, small ones beside it, charts below."""

from dataclasses import dataclass

from gan_lab.watch.views import VIEWS
from gridworld_env.ui.widgets.geometry import Rect

MARGIN = 12.0
HEADLINE = 26.0
CAPTION = 20.0
LEAST_COLUMN = 190.0
LINE = 19.0


@dataclass(frozen=True)
class Layout:
    """The parts of the content.

    Attributes:
        content: All of it.
    """

    content: Rect

    @property
    def headline(self) -> Rect:
        """The line above everything."""
        return Rect(self.content.x + MARGIN, self.content.y + 4, self.content.width - 2 * MARGIN, HEADLINE)

    @property
    def chart_height(self) -> float:
        """Height of the charts with their captions."""
        return max(110.0, 0.24 * self.content.height)

    @property
    def main(self) -> Rect:
        """The large picture, a square."""
        top = self.headline.bottom + CAPTION + 2
        high = self.content.bottom - self.chart_height - 2 * MARGIN - top
        side = max(60.0, min(high, self.content.width - LEAST_COLUMN - 3 * MARGIN))
        return Rect(self.content.x + MARGIN, top, side, side)

    @property
    def column(self) -> Rect:
        """What is beside it."""
        left = self.main.right + MARGIN
        return Rect(left, self.main.y - CAPTION, self.content.right - MARGIN - left, self.main.height + CAPTION)

    @property
    def small(self) -> dict[str, Rect]:
        """The small pictures, by the name of their view; each has its caption above it."""
        names = [name for name in VIEWS if name != "samples"]
        column = self.column
        side = min((column.width - MARGIN) / 2, (column.height - 6 * LINE) / 2 - CAPTION)
        places = {}
        for number, name in enumerate(names):
            row, place = divmod(number, 2)
            places[name] = Rect(
                column.x + place * (side + MARGIN), column.y + CAPTION + row * (side + CAPTION + 4), side, side
            )
        return places

    @property
    def words(self) -> Rect:
        """The text under the small pictures."""
        top = max(place.bottom for place in self.small.values()) + 8
        return Rect(self.column.x, top, self.column.width, max(0.0, self.column.bottom - top))

    @property
    def charts(self) -> list[Rect]:
        """Three charts side by side, captions included."""
        line = Rect(
            self.content.x + MARGIN,
            self.content.bottom - self.chart_height - MARGIN,
            self.content.width - 2 * MARGIN,
            self.chart_height,
        )
        return line.columns(3, MARGIN)
