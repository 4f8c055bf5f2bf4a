"""Where the parts of the content are: one large picture, small ones and words beside it, charts below."""

from dataclasses import dataclass

from gan_lab.watch.views import SMALL
from gridworld_env.ui.widgets.geometry import Rect

MARGIN = 12.0
HEADLINE = 26.0
CAPTION = 20.0
LEAST_COLUMN = 190.0
LINE = 18.0
WORDS = 10  # lines of words that there has to be room for
WORDS_BELOW = 7  # under each of two pictures side by side
GAP = 8.0
LEAST_CAPTION = 170.0


@dataclass(frozen=True)
class Layout:
    """The parts of the content, for one run or for one of two.

    Attributes:
        content: All of it.
        side: Which of two runs side by side it is of; None: there is one only, which has small pictures too.
    """

    content: Rect
    side: int | None = None

    @property
    def half(self) -> Rect:
        """What the run has of the width."""
        return self.content if self.side is None else self.content.columns(2)[self.side]

    @property
    def headline(self) -> Rect:
        """The line above everything."""
        half = self.half
        return Rect(half.x + MARGIN, half.y + 4, half.width - 2 * MARGIN, HEADLINE)

    @property
    def rules(self) -> Rect:
        """The line that says by which rules a run is played; beside the headline of a single run."""
        line = self.headline
        return line if self.side is None else Rect(line.x, line.bottom - 4, line.width, CAPTION)

    @property
    def chart_height(self) -> float:
        """Height of the charts with their captions."""
        return max(110.0, 0.22 * self.content.height)

    @property
    def main(self) -> Rect:
        """The large picture, a square."""
        top, half = self.rules.bottom + CAPTION + 2, self.half
        high = self.content.bottom - self.chart_height - 2 * MARGIN - top
        if self.side is not None:
            high -= WORDS_BELOW * LINE + GAP
            side = max(60.0, min(high, half.width - 2 * MARGIN))
            return Rect(half.x + (half.width - side) / 2, top, side, side)
        side = max(60.0, min(high, half.width - LEAST_COLUMN - 3 * MARGIN))
        return Rect(half.x + MARGIN, top, side, side)

    @property
    def column(self) -> Rect:
        """What is beside the large picture of a single run."""
        left = self.main.right + MARGIN
        return Rect(left, self.main.y - CAPTION, self.content.right - MARGIN - left, self.main.height + CAPTION)

    @property
    def small_side(self) -> float:
        """Of a small picture: what the words leave."""
        column = self.column
        high = (column.height - WORDS * LINE - GAP) / 2 - CAPTION - 4
        return max(40.0, min((column.width - MARGIN) / 2, high))

    @property
    def small_caption(self) -> float:
        """Width of the caption of a small picture, which may be wider than the picture."""
        return max(self.small_side, min((self.column.width - MARGIN) / 2, LEAST_CAPTION))

    @property
    def small(self) -> dict[str, Rect]:
        """The small pictures, by the name of their view; each has its caption above it."""
        if self.side is not None:
            return {}
        column, side, places = self.column, self.small_side, {}
        for number, name in enumerate(SMALL):
            row, place = divmod(number, 2)
            left = column.x + place * (self.small_caption + MARGIN)
            places[name] = Rect(left, column.y + CAPTION + row * (side + CAPTION + 4), side, side)
        return places

    @property
    def words(self) -> Rect:
        """The text under the pictures."""
        if self.side is not None:
            main, half = self.main, self.half
            return Rect(half.x + MARGIN, main.bottom + GAP, half.width - 2 * MARGIN, WORDS_BELOW * LINE)
        top = max(place.bottom for place in self.small.values()) + GAP
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
