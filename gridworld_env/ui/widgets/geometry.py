"""Rectangles in points."""

from typing import NamedTuple

Point = tuple[float, float]


class Rect(NamedTuple):
    """An axis-parallel rectangle; y grows downwards.

    >>> Rect(0, 0, 105, 20).columns(2, gap=5)
    [Rect(x=0.0, y=0, width=50.0, height=20), Rect(x=55.0, y=0, width=50.0, height=20)]
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x just beyond it."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y just beyond it."""
        return self.y + self.height

    @property
    def center(self) -> Point:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def holds(self, point: Point) -> bool:
        """Whether a point lies in it."""
        return self.x <= point[0] < self.right and self.y <= point[1] < self.bottom

    def inset(self, by: float) -> "Rect":
        """The rectangle that is smaller by so much on every side."""
        return Rect(self.x + by, self.y + by, max(0.0, self.width - 2 * by), max(0.0, self.height - 2 * by))

    def columns(self, count: int, gap: float = 0.0) -> list["Rect"]:
        """The rectangle cut into columns of one width, left to right."""
        width = (self.width - gap * (count - 1)) / count
        return [Rect(self.x + number * (width + gap), self.y, width, self.height) for number in range(count)]
