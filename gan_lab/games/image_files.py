"""Images of a folder or of an `.npy` file, as a game."""

import os
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

from gan_lab.errors import WiringError
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games.images import FEWEST, ImagesGame

DARK: Final = 0.25  # of white: where the brightest number of all is below, white is in doubt
CHANNELS: Final = (1, 3)  # grey, or red, green and blue


@takes_own_names
def read_images(path: str | PathLike[str], *, white: float | None = None) -> ImagesGame:
    """A game of the images in a folder, or in an `.npy` file.

    Args:
        path: A folder of pictures of one size, those of its subfolders too: PNG, JPEG, BMP, GIF, PPM, TIFF or WebP
            (hidden files are left out; what is transparent lies on white); or a file of an array (n, height, width),
            or (n, height, width, channels) with 1 or 3 channels, of whole numbers from 0 to 255 (uint8), of True and
            False, or of floating-point numbers from 0 to 1.
        white: The number that means white. None: 1 for floating-point numbers, and for pictures of only 0 and 1;
            otherwise the largest number of the fewest bits (8, 10, 12, 14, 16) that hold the brightest number of all
            pictures.

    Returns:
        An `ImagesGame` with the name of the path; its numbers are in [-1, 1].

    Raises:
        WiringError: The path does not exist, the folder is empty, a file is not a picture, pictures have different
            sizes, an array has another shape or type, numbers are out of range or not finite, or all pictures are
            nearly black, so that white is in doubt; the message names the file.
    """
    place = Path(path)
    if white is not None and not (isinstance(white, int | float) and 0 < white < float("inf")):
        raise WiringError(f"white is {white!r}; expected a number above 0")
    if place.is_dir():
        images = _of_folder(place, white)
    elif place.is_file():
        if place.suffix.lower() != ".npy":
            raise WiringError(f"{place}: a file of images is an .npy array; put pictures into a folder, and give that")
        images = _of_array(place, white)
    else:
        raise WiringError(f"{place}: there is no such folder or file")
    if len(images) < FEWEST:
        raise WiringError(f"{place}: {len(images)} images; expected at least {FEWEST}, of which some are held out")
    images *= 2
    images -= 1
    return ImagesGame(np.moveaxis(images, 3, 1), name=place.stem or "images")


def _of_folder(folder: Path, white: float | None) -> NDArray[np.float32]:
    """(n, height, width, channels) numbers in [0, 1]."""
    files = _visible(folder)
    if not files:
        raise WiringError(f"{folder}: there are no files in this folder or below; expected pictures of one size")
    pictures = [_picture(file) for file in files]
    for file, picture in zip(files, pictures, strict=True):
        if picture.shape[:2] != pictures[0].shape[:2]:
            raise WiringError(
                f"{file}: {_size(picture)} pixels, but {files[0].name} has {_size(pictures[0])}; "
                "expected pictures of one size"
            )
    if all(picture.ndim == 2 or (picture == picture[:, :, :1]).all() for picture in pictures):
        pictures = [picture.reshape(*picture.shape[:2], -1)[:, :, :1] for picture in pictures]
    kinds = sorted(
        {
            f"{picture.dtype} {'grey' if picture.ndim == 2 or picture.shape[2] == 1 else 'colour'}"
            for picture in pictures
        }
    )
    if len(kinds) > 1:
        raise WiringError(f"{folder}: pictures of {' and of '.join(kinds)}; expected pictures of one kind")
    return _scaled(folder, np.stack(pictures), white)


def _visible(folder: Path) -> list[Path]:
    """All files in a folder and below, but for hidden ones; links to folders are not followed."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place) / name for name in names if not name.startswith(".")]
    return sorted(found)


def _picture(file: Path) -> NDArray[Any]:
    """(height, width, 3) bytes of one file, or (height, width) deeper numbers."""
    from gridworld_env.ui.files.read_picture import UnreadablePictureError, read_numbers

    try:
        return read_numbers(file)
    except UnreadablePictureError as error:
        raise WiringError(f"{file.parent}: {error}") from error
    except (OSError, DependencyNotInstalled) as error:
        raise WiringError(f"{file}: {error}") from error


def _scaled(place: Path, numbers: NDArray[Any], white: float | None) -> NDArray[np.float32]:
    """Numbers from 0 to white as numbers from 0 to 1."""
    from gridworld_env.ui.files.read_picture import white_of

    low, high = float(numbers.min()), float(numbers.max())
    try:
        known = white if white is not None else 1 if high == 1 else white_of(numbers)
    except ValueError as error:
        raise WiringError(f"{place}: {error}; scale them, or say what is white: read_images(path, white=...)") from None
    if low < 0 or high > known:
        raise WiringError(f"{place}: numbers from {low:g} to {high:g}; expected 0 to {known:g}, which is white")
    if white is None and 0 < high < DARK * known:
        raise WiringError(
            f"{place}: the brightest number is {high:g}, and white would be {known:g}, so that all is nearly black; "
            f"scale them, or say what is white: gan_lab.games.read_images(path, white={high:g})"
        )
    if numbers.dtype.kind == "f" or known < 255:
        found = numbers.astype(np.float32)
    else:  # in 256 steps, as of pictures of 8 bits
        found, known = (
            (numbers if known == 255 else numbers.astype(np.int64) * 255 // int(known)).astype(np.float32),
            255,
        )
    found /= np.float32(known)
    return found


def _size(picture: NDArray[Any]) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"


def _of_array(file: Path, white: float | None) -> NDArray[np.float32]:
    """(n, height, width, channels) numbers in [0, 1]."""
    try:
        found = np.load(file, allow_pickle=False)
    except Exception as error:  # NumPy may raise anything on a damaged file
        raise WiringError(f"{file}: not an .npy array of numbers ({str(error)[:200]})") from error
    if not isinstance(found, np.ndarray):
        raise WiringError(f"{file}: an archive of arrays; expected one array, written by numpy.save")
    expected = "expected (n, height, width), or (n, height, width, channels) with 1 or 3 channels"
    if found.ndim not in (3, 4) or 0 in found.shape or (found.ndim == 4 and found.shape[3] not in CHANNELS):
        raise WiringError(f"{file}: an array of shape {found.shape}; {expected}")
    if found.dtype != np.uint8 and found.dtype.kind not in "fb":
        raise WiringError(
            f"{file}: an array of {found.dtype}; expected uint8 from 0 to 255, or floating-point numbers from 0 to 1"
        )
    images = found.reshape(*found.shape[:3], -1)
    if not (finite := np.isfinite(images)).all():
        where = np.argwhere(~finite)[0]
        raise WiringError(f"{file}: image {where[0]} has {images[tuple(where)]} in row {where[1]}, column {where[2]}")
    low, high = float(images.min()), float(images.max())
    if white is None and images.dtype.kind == "f" and not (low >= 0 and high <= 1):
        raise WiringError(f"{file}: numbers from {low:g} to {high:g}; expected 0 to 1, or uint8 from 0 to 255")
    return _scaled(file, images.astype(np.uint8) if images.dtype == bool else images, white)
