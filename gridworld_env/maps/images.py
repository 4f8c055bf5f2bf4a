"""Images as maps: a floor plan, or a drawing with a colour for each kind of square."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridworld_env.errors import MapError
from gridworld_env.ui.files.read_picture import UnreadablePictureError, read_picture


def load_image(
    path: str | PathLike[str],
    *,
    walls_below: int = 128,
    palette: Mapping[tuple[int, int, int], str] | None = None,
) -> dict[str, Any]:
    """Read an image, a square for each pixel, as keyword arguments for `gym.make("GridWorld-v0", **arguments)`.

    Args:
        path: A PNG, JPEG, BMP, GIF, PPM, TIFF or WebP.
        walls_below: Without a palette, pixels darker than this grey, 0 to 256, are walls, and the others are free.
            Transparent pixels lie on white.
        palette: The glyph of each colour, such as `{(255, 255, 255): ".", (0, 0, 0): "#", (0, 255, 0): "+"}`.

    Raises:
        MapError: The file is not an image, or has a colour that the palette lacks; the message has row and column.
        OSError: The file cannot be read.
        DependencyNotInstalled: Pillow is missing.
    """
    name = Path(path).name
    if isinstance(walls_below, bool) or not isinstance(walls_below, int | np.integer) or not 0 <= walls_below <= 256:
        raise MapError(f"walls_below is {walls_below!r}; expected a grey from 0 to 256, a whole number")
    colours = {} if palette is None else _checked_palette(palette)
    try:
        pixels = read_picture(path)
    except UnreadablePictureError as error:
        raise MapError(str(error)) from None
    if palette is None:
        return {"desc": _rows(np.where(_grey(pixels) < walls_below, b"#", b"."))}
    glyphs = np.full(pixels.shape[:2], b"\0", dtype="S1")
    for colour, glyph in colours.items():
        glyphs[(pixels == np.array(colour, dtype=np.uint8)).all(axis=2)] = glyph.encode("ascii")
    unknown = np.argwhere(glyphs == b"")
    if len(unknown):
        row, column = unknown[0].tolist()
        raise MapError(
            f"{name}: the colour {tuple(pixels[row, column].tolist())} at row {row}, column {column} is not in the "
            f"palette, which has {', '.join(map(str, palette))}"
        )
    return {"desc": _rows(glyphs)}


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) luma of (H, W, 3) red, green and blue: ITU-R 601-2, rounded, as Pillow's mode L."""
    grey = np.empty(pixels.shape[:2], dtype=np.uint8)
    for row, colours in enumerate(pixels):  # a row at a time: wide integers of a whole map take gigabytes
        red, green, blue = colours.astype(np.uint32).T
        grey[row] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    return grey


def _checked_palette(palette: Any) -> dict[tuple[int, ...], str]:
    if not isinstance(palette, Mapping) or not palette:
        raise MapError(f"palette is {palette!r}; expected glyphs by colour, such as {{(255, 255, 255): '.'}}")
    for colour, glyph in palette.items():
        if not (isinstance(glyph, str) and len(glyph) == 1 and glyph.isascii() and glyph.isprintable()):
            raise MapError(f"palette[{colour!r}] is {glyph!r}; expected one glyph")
        parts = colour if isinstance(colour, tuple) else ()
        if len(parts) != 3 or not all(isinstance(part, int | np.integer) and 0 <= part <= 255 for part in parts):
            raise MapError(f"the palette has a colour {colour!r}; expected (red, green, blue), each from 0 to 255")
    return dict(palette)


def _rows(glyphs: np.ndarray) -> tuple[str, ...]:
    return tuple(row.tobytes().decode("ascii") for row in np.ascontiguousarray(glyphs.astype("S1")))
