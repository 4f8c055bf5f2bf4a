"""Images of a folder or of an `.npy` file, as a game."""

from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

from gan_lab.errors import WiringError
from gan_lab.games.images import FEWEST, ImagesGame

CHANNELS: Final = (1, 3)  # grey, or red, green and blue


def read_images(path: str | PathLike[str]) -> ImagesGame:
    """A game of the images in a folder, or in an `.npy` file.

    Args:
        path: A folder of pictures of one size: PNG, JPEG, BMP, GIF, PPM, TIFF or WebP (hidden files are left out;
            what is transparent lies on white); or a file of an array (n, height, width), or (n, height, width,
            channels) with 1 or 3 channels, of whole numbers from 0 to 255 (uint8) or of floating-point numbers from
            0 to 1.

    Returns:
        An `ImagesGame`, named after the path; its numbers are in [-1, 1].

    Raises:
        WiringError: No such path, an empty folder, a file that is no picture, pictures of different sizes, an array of
            another shape or type, numbers out of range or not finite; the message names the file.
    """
    place = Path(path)
    if place.is_dir():
        images = _of_folder(place)
    elif place.is_file():
        if place.suffix.lower() != ".npy":
            raise WiringError(f"{place}: a file of images is an .npy array; put pictures into a folder, and give that")
        images = _of_array(place)
    else:
        raise WiringError(f"{place}: there is no such folder or file")
    if len(images) < FEWEST:
        raise WiringError(f"{place}: {len(images)} images; expected at least {FEWEST}, of which some are held out")
    return ImagesGame(np.moveaxis(images, 3, 1) * 2 - 1, name=place.stem or "images")


def _of_folder(folder: Path) -> NDArray[np.float32]:
    """(n, height, width, channels) numbers in [0, 1]."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    if not files:
        raise WiringError(f"{folder}: there are no files in this folder; expected pictures of one size")
    pictures = [_picture(file) for file in files]
    for file, picture in zip(files, pictures, strict=True):
        if picture.shape[:2] != pictures[0].shape[:2]:
            raise WiringError(
                f"{file}: {_size(picture)} pixels, but {files[0].name} has {_size(pictures[0])}; "
                "expected pictures of one size"
            )
    if all((picture == picture[:, :, :1]).all() for picture in pictures):
        pictures = [picture[:, :, :1] for picture in pictures]
    return np.stack(pictures).astype(np.float32) / np.float32(255)


def _picture(file: Path) -> NDArray[np.uint8]:
    """(height, width, 3) of one file."""
    from gridworld_env.ui.files.read_picture import UnreadablePictureError, read_picture

    try:
        return read_picture(file)
    except UnreadablePictureError as error:
        raise WiringError(f"{file.parent}: {error}") from error
    except (OSError, DependencyNotInstalled) as error:
        raise WiringError(f"{file}: {error}") from error


def _size(picture: NDArray[Any]) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"


def _of_array(file: Path) -> NDArray[np.float32]:
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
    if found.dtype != np.uint8 and found.dtype.kind != "f":
        raise WiringError(
            f"{file}: an array of {found.dtype}; expected uint8 from 0 to 255, or floating-point numbers from 0 to 1"
        )
    images = found.reshape(*found.shape[:3], -1)
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if not (finite := np.isfinite(images)).all():
        where = np.argwhere(~finite)[0]
        raise WiringError(f"{file}: image {where[0]} has {images[tuple(where)]} in row {where[1]}, column {where[2]}")
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > 1:
        raise WiringError(f"{file}: numbers from {low:g} to {high:g}; expected 0 to 1, or uint8 from 0 to 255")
    return images.astype(np.float32)
