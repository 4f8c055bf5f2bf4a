"""Images as maps: a floor plan, or a drawing with a colour for each kind of square."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.error import DependencyNotInstalled

from gridworld_env.errors import MapError


def load_image(
    path: str | PathLike[str],
    *,
    walls_below: int = 128,
    palette: Mapping[tuple[int, int, int], str] | None = None,
) -> dict[str, Any]:
    """An image as keyword arguments for `gym.make("GridWorld-v0", **arguments)`, a square for each pixel.

    Args:
        path: A PNG, or what else Pillow reads.
        walls_below: Pixels darker than this grey, 0 to 255, are walls, the others free; without a palette.
        palette: The glyph of each colour, such as `{(255, 255, 255): ".", (0, 0, 0): "#", (0, 255, 0): "+"}`.

    Raises:
        MapError: The file is no image, or has a colour that the palette lacks, with row and column.
        OSError: The file cannot be read.
        DependencyNotInstalled: Pillow is missing.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise DependencyNotInstalled('images need Pillow: pip install "gridworld-lab[render]"') from error
    name = Path(path).name
    if isinstance(walls_below, bool) or not 0 <= walls_below <= 256:
        raise MapError(f"walls_below is {walls_below!r}; expected a grey from 0 to 256")
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L" if palette is None else "RGB"))
    except UnidentifiedImageError:
        raise MapError(f"{name} is no image that Pillow reads; expected a PNG") from None
    if palette is None:
        return {"desc": _rows(np.where(pixels < walls_below, b"#", b"."))}
    glyphs = np.full(pixels.shape[:2], b"\0", dtype="S1")
    for colour, glyph in palette.items():
        if not (isinstance(glyph, str) and len(glyph) == 1 and glyph.isascii()):
            raise MapError(f"palette[{colour!r}] is {glyph!r}; expected one glyph")
        glyphs[(pixels == np.array(colour, dtype=np.uint8)).all(axis=2)] = glyph.encode("ascii")
    unknown = np.argwhere(glyphs == b"")
    if len(unknown):
        row, column = unknown[0].tolist()
        raise MapError(
            f"{name}: the colour {tuple(pixels[row, column].tolist())} at row {row}, column {column} is not in the "
            f"palette, which has {', '.join(map(str, palette))}"
        )
    return {"desc": _rows(glyphs)}


def _rows(glyphs: np.ndarray) -> tuple[str, ...]:
    return tuple(row.tobytes().decode("ascii") for row in np.ascontiguousarray(glyphs.astype("S1")))
