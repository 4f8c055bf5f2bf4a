"""Points of one's own as a game: an array, or a file of one."""

import csv
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError, whole_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games.rows import FEWEST, Rows, RowsGame, split
from gan_lab.metrics.wasserstein import w1_beside_data

FAR: Final = 100.0  # widths of a column from 0, or of the narrowest column in the widest: beyond, networks learn badly


class PointsGame(RowsGame):
    """Points as samples. A held-out part, which the players never see, tells learning from memorising.

    Args:
        points: (n, d) numbers.
        held_out: Share of the points that the players never see.
        standardise: Whether the players see (points - mean) / standard deviation, column by column. Then samples are
            standardised too, and `original(samples)` returns them in the units of the points.
        name: Name of the game.
        noise_size: Length of a noise vector.
        seed: Seed of the split.

    Attributes:
        rows: (m, d) points that the players see.
        held_out: (k, d) points that they never see.

    Raises:
        WiringError: Points of another shape, fewer than ten points, or numbers that are not finite; or columns that lie
            far from 0 or differ much in width, for which `standardise=True` is the remedy.

    >>> game = PointsGame(np.random.default_rng(7).normal(size=(200, 3)))
    >>> game.dimension, len(game.rows), len(game.held_out)
    (3, 160, 40)
    """

    name: str
    noise_size: int

    def __init__(
        self,
        points: Any,
        held_out: float = 0.2,
        *,
        standardise: bool = False,
        name: str = "points",
        noise_size: int = 8,
        seed: int = 0,
    ) -> None:
        """Check, scale and split the points."""
        found = _checked_points(points)
        centre, spread = found.mean(axis=0), found.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        if not standardise:
            _check_scales(centre, spread)
            centre, spread = np.zeros_like(centre), np.ones_like(spread)
        self.centre: NDArray[np.float64] = centre
        self.spread: NDArray[np.float64] = spread
        scaled = ((found - centre) / spread).astype(np.float32)
        shown, hidden = split(len(scaled), held_out, seed)
        self._keep(scaled[shown], scaled[hidden])
        self.name, self.noise_size = name, whole_number("noise_size", noise_size, 1)
        self.scale: float = float(np.abs(scaled).max()) or 1.0
        self.bound: float = 2 * self.scale

    def known(self) -> str:
        """What is known of this game: the distances to the points."""
        return "W1 of samples and points; the distance to the points that are shown, beside that of held-out ones"

    def original(self, samples: Any) -> NDArray[np.float64]:
        """(n, d) samples in the units of the points.

        >>> game = PointsGame(np.random.default_rng(7).normal(1e6, 1e3, (50, 2)), standardise=True)
        >>> bool(abs(game.original(game.rows).mean() - 1e6) < 1e3)
        True
        """
        return np.asarray(samples, dtype=np.float64) * self.spread + self.centre

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """All that `RowsGame` knows, and W1 between samples and points, beside W1 between points and other points."""
        return {**super().truth(samples, rng), **w1_beside_data(self, self.checked(samples), rng)}


def _checked_points(points: Any) -> NDArray[np.float64]:
    """(n, d) points in double precision."""
    try:
        found = np.asarray(points)
        found = found.reshape(len(found), -1) if found.ndim == 1 else found
        numbers = found.astype(np.float64) if found.dtype.kind in "fiub" else None
    except (TypeError, ValueError, RuntimeError):
        found, numbers = np.asarray(0), None
    if numbers is None or numbers.ndim != 2 or 0 in numbers.shape:
        raise WiringError(
            f"points are {type(points).__name__} of {found.dtype} and shape {found.shape}; expected an array of "
            "numbers of shape (n, d): n points of d numbers each"
        )
    if len(numbers) < FEWEST:
        raise WiringError(f"there are {len(numbers)} points; expected at least {FEWEST}, of which some are held out")
    if not (finite := np.isfinite(numbers)).all():
        row, column = np.argwhere(~finite)[0]
        raise WiringError(f"point {row} has {numbers[row, column]} in column {column}; leave it out, or fill it in")
    return numbers


def _check_scales(centre: Rows | NDArray[Any], spread: NDArray[Any]) -> None:
    """Refuse columns of which a network, which takes all numbers alike, would see no shape."""
    mended = "Take PointsGame(points, standardise=True), whose `original(samples)` undoes it"
    if (far := np.abs(centre) / spread).max() > FAR:
        worst = int(far.argmax())
        raise WiringError(
            f"column {worst} lies around {centre[worst]:.4g} with a standard deviation of {spread[worst]:.2g}: a "
            f"network cannot learn its shape so far from 0. {mended}"
        )
    if spread.max() > FAR * spread.min():
        raise WiringError(
            f"columns {int(spread.argmin())} and {int(spread.argmax())} have standard deviations of {spread.min():.2g} "
            f"and {spread.max():.2g}: the narrow one is lost beside the wide one. {mended}"
        )


@takes_own_names
def read_points(path: str | PathLike[str], *, standardise: bool = True) -> PointsGame:
    """A game of the points in an `.npy` file of an (n, d) array, or in a CSV file with a point in each line.

    Args:
        path: The file; the first line of a CSV file may name the columns.
        standardise: As in `PointsGame`.

    Raises:
        WiringError: The file does not exist, or does not hold points; the message names the line and the column.
    """
    place = Path(path)
    if not place.is_file():
        raise WiringError(f"{place}: there is no such file")
    try:
        points = _of_csv(place) if place.suffix.lower() == ".csv" else np.load(place, allow_pickle=False)
        return PointsGame(points, standardise=standardise, name=place.stem or "points")
    except WiringError as error:
        raise WiringError(f"{place}: {error}") from None
    except (OSError, ValueError, EOFError) as error:
        raise WiringError(f"{place}: not an .npy array of numbers ({str(error)[:200]})") from error


def _of_csv(file: Path) -> list[list[float]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = [(number, row) for number, row in enumerate(csv.reader(lines), start=1) if any(map(str.strip, row))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise WiringError(f"not a CSV file in UTF-8 ({error})") from error
    if rows and not any(map(_is_number, rows[0][1])):
        rows = rows[1:]  # names of columns
    for number, row in rows:
        if len(row) != len(rows[0][1]):
            raise WiringError(
                f"line {number} has {len(row)} fields, line {rows[0][0]} has {len(rows[0][1])}: each line is a point, "
                "with a comma between its numbers"
            )
        for column, field in enumerate(row):
            if not _is_number(field):
                raise WiringError(f"line {number}, column {column} has {field!r}; expected a number")
    return [[float(field) for field in row] for _, row in rows]


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


@takes_own_names
def read_data(path: str | PathLike[str]) -> Any:
    """A game of the data in a file or folder: points of a CSV file or a two-dimensional `.npy` array, else images.

    Raises:
        WiringError: As in `read_points` and `read_images`.
    """
    from gan_lab.games.image_files import read_images

    place = Path(path)
    if place.suffix.lower() == ".csv":
        return read_points(place)
    if place.suffix.lower() == ".npy" and place.is_file():
        try:
            axes = np.load(place, mmap_mode="r", allow_pickle=False).ndim
        except Exception:  # NumPy may raise anything on a damaged file; the reader of images says so
            axes = 0
        if axes in (1, 2):
            return read_points(place)
    return read_images(place)
