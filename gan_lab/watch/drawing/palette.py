"""Colours of the pictures, told apart by the colour-blind, and those of `gan_lab.environments.rendering`."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.environments.rendering.raster import FIELD, GENERATED, REAL

Color = tuple[int, int, int]
Pixels = NDArray[np.uint8]

DATA: Final[Color] = REAL
FAKE: Final[Color] = GENERATED
LEARNED: Final[Color] = (30, 30, 36)
EXACT: Final[Color] = (0, 158, 115)
PATH: Final[Color] = (86, 60, 150)
EQUILIBRIUM: Final[Color] = (230, 159, 0)
FLOW: Final[Color] = (128, 134, 148)
EMPTY: Final[Color] = (232, 233, 237)  # where neither density has mass
PAPER: Final[Color] = (252, 252, 250)
FAINT: Final[Color] = (206, 209, 216)
# Purple and green on either side of paper: ColorBrewer's PRGn, safe for the colour-blind, its ends equally dark.
DIFFERENCE: Final = np.array([(118, 42, 131), (252, 252, 250), (27, 120, 55)], dtype=np.float64)
SCALE: Final = np.array([(222, 124, 50), FIELD[1], (54, 138, 196)], dtype=np.float64)  # D = 0, 1/2, 1
FOLD: Final = np.array([(0, 114, 178), (150, 110, 150), (213, 94, 0)], dtype=np.float64)  # noise, low to high


def between(stops: NDArray[np.float64], share: NDArray[Any]) -> Pixels:
    """(..., 3) colours of shares from 0 to 1 along three stops; NaN is `EMPTY`.

    >>> between(DIFFERENCE, np.array([0.0, np.nan])).tolist()
    [[118, 42, 131], [232, 233, 237]]
    """
    known = np.isfinite(share)
    at = np.clip(np.where(known, share, 0.5), 0.0, 1.0)[..., None]
    low = stops[0] + (stops[1] - stops[0]) * 2 * at
    high = stops[1] + (stops[2] - stops[1]) * (2 * at - 1)
    found = np.where(at < 0.5, low, high).astype(np.uint8)
    found[~known] = EMPTY
    return found


def probability_colors(probabilities: NDArray[Any]) -> Pixels:
    """(..., 3) orange where D says generated, blue where it says real, paper where it cannot tell."""
    return between(SCALE, probabilities)


def fold_colors(count: int) -> Pixels:
    """(count, 3) from blue to orange over grey-violet: which end of the noise a line is from."""
    return between(FOLD, np.linspace(0.0, 1.0, count))


def few_colors() -> Pixels:
    """(n, 3) at most 256 colours among which each one of a picture has its like: for animations."""
    marks = np.array([DATA, FAKE, LEARNED, EXACT, PATH, EQUILIBRIUM, FLOW, EMPTY, PAPER, FAINT], dtype=np.uint8)
    greys = np.linspace(0, 255, 20).astype(np.uint8)[:, None].repeat(3, axis=1)
    blues = np.array([(24, 90, 160), (124, 150, 200), (226, 228, 233), (226, 235, 248), (244, 245, 247)], np.uint8)
    shares = np.linspace(0.0, 1.0, 81)
    fields = np.concatenate([probability_colors(shares), difference_colors(2 * shares - 1)])
    paler = np.concatenate([(marks[:6].astype(int) + 255 * k) // (k + 1) for k in (1, 3)]).astype(np.uint8)
    return np.concatenate([marks, greys, blues, fields, paler])


def difference_colors(differences: NDArray[Any]) -> Pixels:
    """(..., 3) of D - D* from -1, purple: D says generated of what is real, to 1, green: the reverse."""
    return between(DIFFERENCE, (np.asarray(differences) + 1) / 2)
