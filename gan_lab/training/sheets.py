"""Pictures of a run's samples in rows and columns, and on the way from one noise to another."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import WiringError, whole_number
from gan_lab.players import move_of

if TYPE_CHECKING:
    from gan_lab.training.run import Run

Bytes = NDArray[np.uint8]
MARGIN, SMALLEST_SIDE = 1, 48  # pixels between pictures; least side at which one is shown, enlarged in whole steps


def grid_of(run: "Run", rows: int, columns: int, seed: int, averaged: bool) -> Bytes:
    """(height, width, 3) bytes: samples of a run in rows and columns.

    Raises:
        WiringError: The samples are no pictures.
    """
    game = _game(run)
    count = whole_number("rows", rows, 1) * whole_number("columns", columns, 1)
    return sheet(run.sample(count, seed, averaged=averaged).reshape(-1, *game.image_shape), columns)


def interpolation_of(run: "Run", rows: int, columns: int, seed: int, averaged: bool) -> Bytes:
    """(height, width, 3) bytes: in each row the way from one noise to another, along a great circle.

    A straight way would lead through noise shorter than any that the generator has seen.

    Raises:
        WiringError: The samples are no pictures.

    Source: White 2016, section 2.1.
    """
    game = _game(run)
    rows, columns = whole_number("rows", rows, 1), whole_number("columns", columns, 2)
    ends = game.noise(2 * rows, np.random.default_rng(seed)).reshape(rows, 2, -1).astype(np.float64)
    noise = np.concatenate([great_circle(start, end, columns) for start, end in ends]).astype(np.float32)
    samples = move_of(run.chosen_generator(averaged), torch.from_numpy(noise), game.dimension)
    return sheet(samples.reshape(-1, *game.image_shape), columns)


def great_circle(start: NDArray[np.float64], end: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """(count, k) points from one (k,) point to another: the angle and the length change evenly.

    >>> great_circle(np.array([1.0, 0.0]), np.array([0.0, 2.0]), 3).round(3)
    array([[1.   , 0.   ],
           [1.061, 1.061],
           [0.   , 2.   ]])
    """
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    one, other = start / lengths[0], end / lengths[1]
    angle = np.arccos(np.clip(one @ other, -1.0, 1.0))
    share = np.linspace(0.0, 1.0, count)[:, None]
    turned = (np.sin((1 - share) * angle) * one + np.sin(share * angle) * other) / max(np.sin(angle), 1e-12)
    return ((1 - share) * lengths[0] + share * lengths[1]) * turned


def sheet(images: NDArray[Any], columns: int) -> Bytes:
    """(height, width, 3) bytes of (n, channels, height, width) images in [-1, 1], row after row.

    More than one channel that is not red, green and blue, as of stacked digits, is shown as red, green and blue too.
    """
    pixels = np.rint((np.clip(images, -1.0, 1.0) + 1) * 127.5).astype(np.uint8)
    pixels = np.moveaxis(pixels, 1, 3)
    pixels = np.repeat(pixels, 3, axis=3) if pixels.shape[3] == 1 else pixels[..., [0, 1, 2 % pixels.shape[3]]]
    larger = max(1, SMALLEST_SIDE // max(pixels.shape[1:3]))
    pixels = pixels.repeat(larger, axis=1).repeat(larger, axis=2)
    _, height, width, _ = pixels.shape
    rows = -(-len(pixels) // columns)
    found = np.full((rows * (height + MARGIN) + MARGIN, columns * (width + MARGIN) + MARGIN, 3), 255, dtype=np.uint8)
    for place, picture in enumerate(pixels):
        y, x = (MARGIN + at * (size + MARGIN) for at, size in zip(divmod(place, columns), (height, width), strict=True))
        found[y : y + height, x : x + width] = picture
    return found


def _game(run: "Run") -> Any:
    """The game of a run whose samples are pictures."""
    if getattr(run.game, "image_shape", None) is None:
        raise WiringError(f"samples of {run.game.name!r} are no pictures: see `run.sample`, and `gan_lab.Replay(run)`")
    return run.game
