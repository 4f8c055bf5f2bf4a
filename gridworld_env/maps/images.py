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
        walls_below: Pixels darker than this grey, 0 to 256, are walls, the others free; without a palette. What is
            transparent lies on white.
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
    if isinstance(walls_below, bool) or not isinstance(walls_below, int | np.integer) or not 0 <= walls_below <= 256:
        raise MapError(f"walls_below is {walls_below!r}; expected a grey from 0 to 256, a whole number")
    colours = {} if palette is None else _checked_palette(palette)
    try:
        with Image.open(path) as image:
            opaque = _opaque(image, Image)
    except UnidentifiedImageError:
        raise MapError(f"{name} is no image that Pillow reads; expected a PNG") from None
    if palette is None:
        return {"desc": _rows(np.where(np.asarray(opaque.convert("L")) < walls_below, b"#", b"."))}
    pixels = np.asarray(opaque)
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


def _opaque(image: Any, pillow: Any) -> Any:
    """The image in RGB, what is transparent on white paper, and 16 bits of grey as 8."""
    if image.mode.startswith("I"):  # Pillow itself would clip and not scale
        image = pillow.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))
    layers = image.convert("RGBA")
    return pillow.alpha_composite(pillow.new("RGBA", layers.size, "white"), layers).convert("RGB")


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
