"""Frames as files: PNG for one, GIF for many."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gridworld_env.ui.files.whole_file import write_whole

FASTEST = 50  # frames a second; browsers slow a GIF down that asks for more
LAST_FRAME = 1000  # ms, so that the outcome is seen before the loop begins again
PALETTE_FRAMES = 16  # frames looked at to choose the colours
EXACT_COLORS = 128  # the most frequent colours, kept as they are where there are more than 256


def save_png(path: str | Path, frame: NDArray[np.uint8]) -> Path:
    """Write one frame.

    Args:
        path: File to write, ending in `.png`.
        frame: (H, W, 3) uint8.

    Returns:
        The path.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        FileNotFoundError: The folder does not exist.
        ValueError: The suffix or the frame is wrong.
    """
    image = import_pillow()
    target = _checked_path(path, ".png")
    content = io.BytesIO()
    image.fromarray(_checked_frame(frame, 0)).save(content, "PNG", optimize=True)
    write_whole(target, content.getvalue())
    return target


def save_gif(path: str | Path, frames: Iterable[NDArray[np.uint8]], fps: float = 4) -> Path:
    """Write an animation that loops forever and holds its last frame for a second.

    All frames share one palette. Frames equal to the one before are stored as a longer showing of it.

    Args:
        path: File to write, ending in `.gif`.
        frames: (H, W, 3) uint8 each, all of one shape.
        fps: Frames a second, above 0 and at most 50.

    Returns:
        The path.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        FileNotFoundError: The folder does not exist.
        ValueError: The suffix, the frames or `fps` are wrong.
    """
    image = import_pillow()
    target = _checked_path(path, ".gif")
    if not 0 < fps <= FASTEST:
        raise ValueError(f"fps is {fps}; a GIF plays more than 0 and at most {FASTEST} frames a second")
    pictures = [_checked_frame(frame, index) for index, frame in enumerate(frames)]
    if not pictures:
        raise ValueError("frames is empty; a GIF needs at least one frame")
    for index, picture in enumerate(pictures):
        if picture.shape != pictures[0].shape:
            raise ValueError(f"frame {index} has shape {picture.shape}, frame 0 has {pictures[0].shape}")
    palette = _shared_palette(image, pictures)
    images = [_indexed(image, picture, palette) for picture in pictures]
    durations = [round(1000 / fps)] * (len(images) - 1) + [LAST_FRAME]
    content = io.BytesIO()
    images[0].save(content, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0, optimize=True)
    write_whole(target, content.getvalue())
    return target


def _shared_palette(image: Any, pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """(256 or fewer, 3) colours for all frames: the most frequent as they are, the median cut of the others."""
    chosen = np.unique(np.linspace(0, len(pictures) - 1, PALETTE_FRAMES).astype(int))
    codes, counts = np.unique(np.concatenate([_codes(pictures[index]).ravel() for index in chosen]), return_counts=True)
    colors = _parts(codes[np.argsort(-counts, kind="stable")])
    if len(colors) <= 256:
        return colors
    # Each of the other colours counts once, so that edges and the small agent weigh as much as large areas.
    rest = image.fromarray(colors[None, EXACT_COLORS:]).quantize(256 - EXACT_COLORS, image.Quantize.MEDIANCUT)
    cut = np.array(rest.getpalette(), dtype=np.uint8).reshape(-1, 3)[: 256 - EXACT_COLORS]
    return np.concatenate([colors[:EXACT_COLORS], cut])


def _indexed(image: Any, picture: NDArray[np.uint8], palette: NDArray[np.uint8]) -> Any:
    """The frame as a Pillow image of mode P, each pixel the nearest colour of the palette."""
    codes, places = np.unique(_codes(picture), return_inverse=True)
    _, nearest = cKDTree(palette).query(_parts(codes))
    height, width, _ = picture.shape
    indexed = image.frombytes("P", (width, height), np.asarray(nearest, dtype=np.uint8)[places].tobytes())
    indexed.putpalette(palette.tobytes())
    return indexed


def _codes(picture: NDArray[np.uint8]) -> NDArray[np.int32]:
    """(H, W) colours of a frame as numbers 0xRRGGBB."""
    red, green, blue = np.moveaxis(picture.astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue


def _parts(codes: NDArray[np.int32]) -> NDArray[np.uint8]:
    """(N, 3) red, green and blue of numbers 0xRRGGBB."""
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1).astype(np.uint8)


def _checked_path(path: str | Path, suffix: str) -> Path:
    target = Path(path)
    if target.suffix.lower() != suffix:
        raise ValueError(f"{str(target)!r} ends in {target.suffix!r}; expected a name ending in {suffix!r}")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {str(target.parent)!r} does not exist; make it first")
    return target


def _checked_frame(frame: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
    array = np.asarray(frame)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        raise ValueError(f"frame {index} is {array.dtype} of shape {array.shape}; expected uint8 of shape (H, W, 3)")
    return np.ascontiguousarray(array)


def import_pillow() -> Any:
    """The module `PIL.Image`; `DependencyNotInstalled` with what to install where it is missing."""
    try:
        from PIL import Image
    except ImportError as error:
        raise DependencyNotInstalled(
            "Pillow is not installed; PNG and GIF files need it: pip install pillow"
        ) from error
    return Image
