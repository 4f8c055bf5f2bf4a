"""Which part of a map is seen, and how large: from squares to pixels and back."""

from dataclasses import dataclass
from typing import Final

SIZES: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 58, 70, 84, 100, 120, 144, 172, 206, 248)
LARGEST_FIT: Final = 200  # pixels of a square that is not asked for, for each pixel of a point


@dataclass
class Viewport:
    """Where the squares of a map lie in an area of pixels; squares are a whole number of pixels wide.

    Attributes:
        rows: Of the map.
        columns: Of the map.
        width: Of the area.
        height: Of the area.
        cell: Pixels of a square.
        left: Pixel of the map's left edge, negative where it is scrolled out.
        top: Pixel of its upper edge.
    """

    rows: int
    columns: int
    width: int = 1
    height: int = 1
    cell: int = 1
    left: int = 0
    top: int = 0
    density: float = 1.0
    fitted: bool = True

    def show(self, rows: int, columns: int, width: int, height: int, density: float = 1.0) -> None:
        """Take other sizes; what was fitted into the area is fitted again."""
        known = (self.rows, self.columns, self.width, self.height, self.density)
        if known == (rows, columns, max(1, width), max(1, height), density):
            return
        self.rows, self.columns = rows, columns
        self.width, self.height, self.density = max(1, width), max(1, height), density
        if self.fitted:
            self.fit()
        else:
            self._hold()

    def fit(self) -> None:
        """Show the whole map, or as much of it as there is at a pixel a square."""
        margin = round(16 * self.density)
        room = min((self.width - margin) // self.columns, (self.height - margin) // self.rows)
        self.cell = max(1, min(room, round(LARGEST_FIT * self.density)))
        self.left, self.top = (self.width - self.columns * self.cell) // 2, (self.height - self.rows * self.cell) // 2
        self.fitted = True
        self._hold()

    def zoom(self, notches: int, x: int, y: int) -> None:
        """Make squares larger or smaller; what is at pixel (x, y) stays there."""
        column, row = (x - self.left) / self.cell, (y - self.top) / self.cell
        for _ in range(abs(notches)):
            if notches > 0:
                self.cell = next((size for size in SIZES if size > self.cell), self.cell)
            else:
                self.cell = next((size for size in reversed(SIZES) if size < self.cell), self.cell)
        self.left, self.top = round(x - column * self.cell), round(y - row * self.cell)
        self.fitted = False
        self._hold()

    def pan(self, right: int, down: int) -> None:
        """Push the map."""
        self.left, self.top = self.left + right, self.top + down
        self.fitted = False
        self._hold()

    def reveal(self, row: int, column: int) -> None:
        """Scroll until a square is seen."""
        x, y = self.corner(row, column)
        self.left += max(0, -x) - max(0, x + self.cell - self.width)
        self.top += max(0, -y) - max(0, y + self.cell - self.height)
        self._hold()

    def square(self, x: float, y: float) -> tuple[int, int] | None:
        """(row, column) at a pixel; None: off the map."""
        row, column = int((y - self.top) // self.cell), int((x - self.left) // self.cell)
        return (row, column) if 0 <= row < self.rows and 0 <= column < self.columns else None

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """x, y of the upper left pixel of a square."""
        return self.left + column * self.cell, self.top + row * self.cell

    def seen(self) -> tuple[slice, slice]:
        """The rows and columns of which something is seen."""
        rows = slice(max(0, -self.top // self.cell), min(self.rows, -(-(self.height - self.top) // self.cell)))
        columns = slice(max(0, -self.left // self.cell), min(self.columns, -(-(self.width - self.left) // self.cell)))
        return rows, columns

    def _hold(self) -> None:
        """A map that is smaller than the area is centred; a larger one leaves no gap at the edges."""
        self.left = _held(self.left, self.columns * self.cell, self.width)
        self.top = _held(self.top, self.rows * self.cell, self.height)


def _held(edge: int, length: int, room: int) -> int:
    return (room - length) // 2 if length <= room else min(0, max(edge, room - length))
