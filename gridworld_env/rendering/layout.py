"""Where everything lies on a frame: pixels, from the number of rows and columns alone."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gridworld_env.rendering import theme


@dataclass(frozen=True)
class Layout:
    """Square cells inside a border, and a strip for the caption under them.

    Attributes:
        rows: H, rows of the map.
        columns: W, columns of the map.
        cell: Pixels along the side of a cell; 1 where a pixel stands for several cells.
        stride: Cells along the side of a pixel; 1 where a cell has at least a pixel.
    """

    rows: int
    columns: int
    cell: int
    stride: int

    @classmethod
    def fit(cls, rows: int, columns: int, cell: int | None = None) -> Self:
        """The largest cells up to `theme.LARGEST_CELL` that keep the map within `theme.LONGEST_SIDE`."""
        longest = max(rows, columns)
        stride = -(-longest // theme.LONGEST_SIDE)
        return cls(rows, columns, cell or min(theme.LARGEST_CELL, max(1, theme.LONGEST_SIDE // longest)), stride)

    @property
    def border(self) -> int:
        """Pixels of wall around the map, the edge that moves bump into."""
        return max(3, self.cell // 12)

    @property
    def map_width(self) -> int:
        """Pixels of the map without its border."""
        return -(-self.columns // self.stride) * self.cell

    @property
    def map_height(self) -> int:
        """Pixels of the map without its border."""
        return -(-self.rows // self.stride) * self.cell

    @property
    def width(self) -> int:
        """Pixels of the frame; even, as video encoders want it."""
        return _even(self.map_width + 2 * self.border)

    @property
    def board_height(self) -> int:
        """Pixels of the map with its border."""
        return self.map_height + 2 * self.border

    @property
    def height(self) -> int:
        """Pixels of the frame; even, as video encoders want it."""
        return _even(self.board_height + theme.STRIP_HEIGHT)

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """x, y of the upper left pixel of a cell."""
        return self.border + column // self.stride * self.cell, self.border + row // self.stride * self.cell

    def centers(self, cells: NDArray[np.int32]) -> NDArray[np.float64]:
        """(N, 2) x, y of the centres of cells given as (N, 2) rows and columns."""
        return np.asarray(self.border + (cells[:, ::-1] // self.stride + 0.5) * self.cell, dtype=np.float64)

    def center(self, row: int, column: int) -> tuple[float, float]:
        """x, y of the centre of a cell."""
        x, y = self.corner(row, column)
        return x + self.cell / 2, y + self.cell / 2

    def enlarge(self, colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(map_height, map_width, 3) pixels of (H, W, 3) cell colours: repeated, or averaged below a pixel a cell."""
        if self.stride == 1:
            return colors.repeat(self.cell, axis=0).repeat(self.cell, axis=1)
        sums = np.add.reduceat(colors.astype(np.float32), np.arange(0, self.rows, self.stride), axis=0)
        sums = np.add.reduceat(sums, np.arange(0, self.columns, self.stride), axis=1)
        high = np.diff(np.r_[np.arange(0, self.rows, self.stride), self.rows])
        wide = np.diff(np.r_[np.arange(0, self.columns, self.stride), self.columns])
        return np.rint(sums / (high[:, None] * wide)[..., None]).astype(np.uint8)


def _even(pixels: int) -> int:
    return pixels + pixels % 2
