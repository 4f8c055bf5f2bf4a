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


def read_picture(path: str | PathLike[str]) -> NDArray[np.uint8]:
    """(H, W, 3) red, green and blue of a picture; what is transparent lies on white, and 16 bits of grey become 8.

    A photograph is turned as its EXIF data say.

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
                return np.asarray(_opaque(ImageOps.exif_transpose(picture), Image))
        except Image.DecompressionBombError as error:
            raise UnreadablePictureError(f"{name}: {error}; expected at most {MOST_PIXELS:,} pixels") from None
        except UnidentifiedImageError:
            raise UnreadablePictureError(f"{name}: not a picture; expected one of {', '.join(FORMATS)}") from None
        except MemoryError:
            raise
        except Exception as error:  # a decoder may raise anything on a damaged file
            raise UnreadablePictureError(f"{name}: a damaged picture, which cannot be read: {error}") from error
    raise UnreadablePictureError(f"{name}: {width} x {height} pixels; expected at most {MOST_PIXELS:,}")


def _opaque(picture: Any, pillow: Any) -> Any:
    """The picture in RGB, what is transparent on white, and 16 bits of grey as 8."""
    if picture.mode.startswith("I"):  # Pillow itself would clip and not scale
        picture = pillow.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layers = picture.convert("RGBA")
    return pillow.alpha_composite(pillow.new("RGBA", layers.size, "white"), layers).convert("RGB")
