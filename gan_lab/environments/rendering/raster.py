"""Drawing on an array of pixels: enough for dots, bars and a field."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
PAPER: Final = (250, 250, 247)
LINE: Final = (200, 200, 200)
REAL: Final = (0, 114, 178)  # blue and vermilion, told apart by the colour-blind
GENERATED: Final = (213, 94, 0)
FIELD: Final = np.array([(244, 205, 178), (250, 250, 247), (178, 212, 235)], dtype=np.float64)  # D = 0, 1/2, 1


def blank(size: int) -> Picture:
    """(size, size, 3) paper."""
    return np.full((size, size, 3), PAPER, dtype=np.uint8)


def tint(probabilities: NDArray[Any]) -> Picture:
    """(n, m, 3) colours of probabilities: that of the generator at 0, paper at 1/2, that of the data at 1."""
    at = np.clip(probabilities, 0.0, 1.0)[..., None]
    low = FIELD[0] + (FIELD[1] - FIELD[0]) * 2 * at
    high = FIELD[1] + (FIELD[2] - FIELD[1]) * (2 * at - 1)
    return np.where(at < 0.5, low, high).astype(np.uint8)


def dots(picture: Picture, points: NDArray[Any], bound: float, colour: tuple[int, int, int]) -> None:
    """Draw (n, 2) points of [-bound, bound]^2, 2 pixels wide; those outside are left out."""
    size = len(picture)
    columns = np.floor((points[:, 0] / bound + 1) / 2 * size).astype(np.int64)
    rows = np.floor((1 - points[:, 1] / bound) / 2 * size).astype(np.int64)
    for down in (0, 1):
        for right in (0, 1):
            inside = (rows + down >= 0) & (rows + down < size) & (columns + right >= 0) & (columns + right < size)
            picture[rows[inside] + down, columns[inside] + right] = colour


def bars(picture: Picture, top: int, height: int, shares: NDArray[Any], colour: tuple[int, int, int]) -> None:
    """Draw (n,) bars of -1 to 1 side by side, from a line in the middle of their strip; only up where none is below."""
    size, count = len(picture), len(shares)
    below = bool((shares < 0).any())
    base, reach = (top + height // 2, height // 2) if below else (top + height, height)
    edges = np.linspace(0, size, count + 1).astype(np.int64)
    for number, share in enumerate(np.clip(shares, -1.0, 1.0)):
        left, right = int(edges[number]), max(int(edges[number + 1]) - 1, int(edges[number]) + 1)
        tip = base - round(float(share) * reach)
        picture[min(base, tip) : max(base, tip), left:right] = colour
    picture[min(base, size - 1), :] = LINE
