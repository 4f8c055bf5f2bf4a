"""Reading a picture that somebody else made, whatever is in the file."""

import warnings
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

# What Pillow decodes itself. Others, such as EPS, would start a program on the machine.
FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
MOST_PIXELS: Final = 120_000_000  # reading takes up to 16 bytes for each, 1.9 GB


class UnreadablePictureError(ValueError):
    """The file is no picture, is damaged, or is too large."""


WHITES: Final = (255, 1023, 4095, 16383, 65535)  # of 8, 10, 12, 14 and 16 bits


def read_picture(path: str | PathLike[str]) -> NDArray[np.uint8]:
    """(H, W, 3) red, green and blue of a picture; what is transparent lies on white, and deep greys become 8 bits.

    What white is in whole numbers of more than 8 bits, `white_of` says; numbers with a point go from 0 to 1. A
    photograph is turned as its EXIF data say.

    Args:
        path: A PNG, JPEG, BMP, GIF (its first frame), PPM, TIFF or WebP.

    Raises:
        UnreadablePictureError: Another kind of file, a damaged one, or one of more than 120 million pixels.
        OSError: The file cannot be opened.
        DependencyNotInstalled: Pillow is missing.

    >>> from tempfile import TemporaryDirectory
    >>> from gridworld_env.ui.files.pictures import save_png
    >>> with TemporaryDirectory() as folder:
    ...     file = save_png(f"{folder}/red.png", np.array([[[255, 0, 0]]], dtype=np.uint8))
    ...     read_picture(file).tolist()
    [[[255, 0, 0]]]
    """
    found = read_numbers(path)
    if found.ndim == 3:
        return found
    try:
        return np.repeat(as_bytes(found, white_of(found))[:, :, None], 3, axis=2)
    except ValueError as error:
        raise UnreadablePictureError(f"{Path(path).name}: {error}") from None


def white_of(numbers: NDArray[Any]) -> int:
    """What white is in grey numbers: 1 where they have a point, else the largest of the fewest bits that hold them all.

    Raises:
        ValueError: They fit no usual number of bits, are not finite, or lie outside 0 to 1.

    >>> white_of(np.array([0, 255])), white_of(np.array([0, 4000])), white_of(np.array([0.0, 0.5]))
    (255, 4095, 1)
    """
    low, high = (float(end) for end in (numbers.min(), numbers.max()))
    if numbers.dtype.kind == "f":
        if not (low >= 0 and high <= 1):  # NaN too
            raise ValueError(f"grey numbers from {low:g} to {high:g}; expected 0 to 1")
        return 1
    if low < 0 or high > WHITES[-1]:
        raise ValueError(f"grey numbers from {low:g} to {high:g}; expected 0 to {WHITES[-1]}")
    return next(white for white in WHITES if high <= white)


def as_bytes(numbers: NDArray[Any], white: int) -> NDArray[np.uint8]:
    """Grey numbers from 0 to white as 0 to 255."""
    if numbers.dtype.kind == "f":
        return np.rint(numbers * (255 / white)).astype(np.uint8)
    return (numbers.astype(np.int64) * 255 // white).astype(np.uint8)


def read_numbers(path: str | PathLike[str]) -> NDArray[Any]:
    """A picture as it is: (H, W, 3) bytes, or (H, W) whole numbers or floats where greys have more than 8 bits.

    Raises:
        As `read_picture`.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise DependencyNotInstalled(
            "Pillow is not installed; reading pictures needs it: pip install pillow"
        ) from error
    name = Path(path).name
    with Path(path).open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what decoders say of damage, and of sizes that are checked here
        try:
            picture = Image.open(file, formats=FORMATS)
            width, height = picture.size
            if width * height <= MOST_PIXELS:
                _check_depth(picture, name)
                return np.asarray(_opaque(ImageOps.exif_transpose(picture), Image))
        except Image.DecompressionBombError as error:
            raise UnreadablePictureError(f"{name}: {error}; expected at most {MOST_PIXELS:,} pixels") from None
        except UnidentifiedImageError:
            raise UnreadablePictureError(f"{name}: not a picture; expected one of {', '.join(FORMATS)}") from None
        except (MemoryError, UnreadablePictureError):
            raise
        except Exception as error:  # a decoder may raise anything on a damaged file
            raise UnreadablePictureError(f"{name}: a damaged picture, which cannot be read: {error}") from error
    raise UnreadablePictureError(f"{name}: {width} x {height} pixels; expected at most {MOST_PIXELS:,}")


def _check_depth(picture: Any, name: str) -> None:
    """Refuse colours of 16 bits whose upper 8, which are all that Pillow keeps, are 0 throughout."""
    deep = any(";16" in str(tile[3]) for tile in picture.tile)
    if deep and len(picture.getbands()) > 1 and not np.asarray(picture.convert("RGB")).any():
        raise UnreadablePictureError(
            f"{name}: colours of 16 bits of which only the lower 8 are used, and they cannot be read; save it with 8"
        )


def _opaque(picture: Any, pillow: Any) -> Any:
    """The picture in RGB, what is transparent on white; deep greys as they are."""
    if picture.mode == "F" or picture.mode.startswith("I"):  # Pillow itself would clip and not scale
        return picture
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layers = picture.convert("RGBA")
    return pillow.alpha_composite(pillow.new("RGBA", layers.size, "white"), layers).convert("RGB")
