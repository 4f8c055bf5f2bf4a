"""Pictures of one shape each, drawn from known factors, and what can be read back from a picture.

    picture = f(kind, column, row, size, hue)        3 x 4 x 4 x 2 x 6 = 576 pictures of 32 x 32 in colour

The reading is that of the nearest of the 576. It is exact on clean pictures, and proven wherever a picture is nearer to
one of them than half the least distance of two: by the triangle inequality no other is as near.
"""

from colorsys import hsv_to_rgb
from functools import cache
from itertools import combinations, product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SIDE: Final = 32  # pixels
CENTRES: Final = (7.0, 13.0, 19.0, 25.0)  # of the shapes, in pixels, across and down
RADII: Final = (4.5, 6.5)
HUES: Final = ("red", "yellow", "green", "cyan", "blue", "magenta")
KINDS: Final = ("disc", "triangle", "cross")
FACTORS: Final[dict[str, tuple[Any, ...]]] = {
    "kind": KINDS, "column": CENTRES, "row": CENTRES, "size": RADII, "hue": HUES,
}  # fmt: skip
BACKGROUND: Final = -0.8  # of all three channels; white is 1
FINE: Final = 8  # points of a pixel each way, of which the share inside the shape is counted
BLURS: Final = np.arange(31) / 10  # standard deviations in pixels that are tried
CHUNK: Final = 500  # pictures that are read at once

Images = NDArray[np.float32]


@cache
def factor_table() -> NDArray[np.int64]:
    """(576, 5) which value of each factor every picture has, in the order of `FACTORS`."""
    table = np.array(list(product(*(range(len(values)) for values in FACTORS.values()))))
    table.setflags(write=False)
    return table


@cache
def pairs_of_values() -> NDArray[np.int64]:
    """(140, 576) whether each picture has both values of a pair of them, of two factors.

    >>> pairs_of_values().shape, pairs_of_values().sum(axis=1).min().item(), pairs_of_values().sum(axis=1).max().item()
    ((140, 576), 24, 96)
    """
    columns = [
        [factor_table()[:, place] == number for number in range(len(values))]
        for place, values in enumerate(FACTORS.values())
    ]
    found = [first & second for one, other in combinations(columns, 2) for first, second in product(one, other)]
    table = np.array(found).astype(np.int64)
    table.setflags(write=False)
    return table


@cache
def all_pictures() -> Images:
    """(576, 3072) flat pictures (channels, height, width) in [-1, 1], in the order of `factor_table`."""
    found = np.stack([_picture(*row) for row in factor_table()]).reshape(len(factor_table()), -1)
    found.setflags(write=False)
    return found


def _picture(kind: int, column: int, row: int, size: int, hue: int) -> Images:
    """(3, 32, 32) of the values with these numbers."""
    at = (np.arange(SIDE * FINE) + 0.5) / FINE
    across, down, radius = at[None, :] - CENTRES[column], at[:, None] - CENTRES[row], RADII[size]
    inside = {
        "disc": across**2 + down**2 <= radius**2,
        "triangle": (abs(down) <= radius) & (abs(across) <= (down + radius) / 2),
        "cross": (np.maximum(abs(across), abs(down)) <= radius) & (np.minimum(abs(across), abs(down)) <= radius / 3),
    }[KINDS[kind]]
    share = inside.reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3))
    colour = 2 * np.array(hsv_to_rgb(hue / len(HUES), 0.8, 0.9)) - 1
    return (BACKGROUND + share * (colour[:, None, None] - BACKGROUND)).astype(np.float32)


@cache
def certain_distances() -> NDArray[np.float64]:
    """(576,) half the distance of each picture to the nearest other: what is nearer to it is farther from all.

    >>> certain_distances().round(1).min().item(), certain_distances().round(1).max().item()
    (2.8, 6.8)
    """
    pictures = all_pictures().astype(np.float64)
    squares = (pictures**2).sum(axis=1)
    between = squares[:, None] + squares - 2 * pictures @ pictures.T
    np.fill_diagonal(between, np.inf)
    others = pictures[between.argmin(axis=1)]
    return np.linalg.norm(pictures - others, axis=1) / 2


def read_pictures(samples: Images, pictures: Images | None = None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """((n,) number of the nearest picture, (n,) distance to it) of (n, 3072) samples; among all, or among these.

    >>> nearest, distances = read_pictures(all_pictures())
    >>> bool((nearest == np.arange(576)).all()), float(distances.max())
    (True, 0.0)
    """
    pictures = all_pictures() if pictures is None else pictures
    halves = (pictures.astype(np.float64) ** 2).sum(axis=1).astype(np.float32) / 2
    nearest, distances = np.empty(len(samples), dtype=np.int64), np.empty(len(samples))
    for start in range(0, len(samples), CHUNK):
        part, here = samples[start : start + CHUNK], slice(start, start + CHUNK)
        nearest[here] = (halves - part @ pictures.T).argmin(axis=1)
        distances[here] = np.linalg.norm(part.astype(np.float64) - pictures[nearest[here]], axis=1)
    return nearest, distances


def blur_of(samples: Images, nearest: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) pixels: the standard deviation of the Gaussian that makes the nearest picture most like each sample.

    To a tenth of a pixel, from 0 to 3. A sample between two pictures counts as blurred, as it looks.

    >>> blur_of(all_pictures()[:3], np.arange(3))
    array([0., 0., 0.])
    """
    found = np.empty(len(samples))
    for start in range(0, len(samples), CHUNK):
        here = slice(start, start + CHUNK)
        clean = all_pictures()[nearest[here]].reshape(-1, SIDE, SIDE)
        errors = [
            ((samples[here] - blurred(clean, width).reshape(-1, samples.shape[1])) ** 2).sum(axis=1) for width in BLURS
        ]
        found[here] = BLURS[np.argmin(errors, axis=0)]
    return found


def blurred(pictures: Images, width: float) -> Images:
    """(n, 32, 32) channels seen through a Gaussian of this standard deviation, in pixels; the edge goes on outside."""
    matrix = _gaussian(width)
    return np.asarray(matrix @ pictures @ matrix.T, dtype=np.float32)


@cache
def _gaussian(width: float) -> Images:
    """(32, 32) matrix that blurs a column of pixels."""
    if width == 0:
        return np.eye(SIDE, dtype=np.float32)
    reach = 4 * SIDE
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    kernel /= kernel.sum()
    matrix = np.zeros((SIDE, SIDE))
    for row in range(SIDE):
        np.add.at(matrix[row], np.clip(row + np.arange(-reach, reach + 1), 0, SIDE - 1), kernel)
    return matrix.astype(np.float32)
