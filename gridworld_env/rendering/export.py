"""Frames as files: PNG for one, GIF for many."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

FASTEST = 50  # frames a second; browsers slow a GIF down that asks for more
LAST_FRAME = 1000  # ms, so that the outcome is seen before the loop begins again
PALETTE_FRAMES = 16  # frames looked at to choose the colours


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
    image = _import_pillow()
    target = _checked_path(path, ".png")
    image.fromarray(_checked_frame(frame, 0)).save(target, optimize=True)
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
    image = _import_pillow()
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
    images = [image.fromarray(picture).quantize(palette=palette, dither=image.Dither.NONE) for picture in pictures]
    durations = [round(1000 / fps)] * (len(images) - 1) + [LAST_FRAME]
    images[0].save(target, save_all=True, append_images=images[1:], duration=durations, loop=0, optimize=True)
    return target


def _shared_palette(image: Any, pictures: list[NDArray[np.uint8]]) -> Any:
    """One palette for the frames: their very colours where 256 are enough, else the median cut of them."""
    chosen = np.unique(np.linspace(0, len(pictures) - 1, PALETTE_FRAMES).astype(int))
    colors = np.unique(np.concatenate([_colors(pictures[index]) for index in chosen]))
    parts = np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=-1).astype(np.uint8)
    if len(parts) <= 256:
        palette = image.new("P", (1, 1))
        palette.putpalette(parts.tobytes())
        return palette
    # Each distinct colour counts once, so that the small agent weighs as much as the large background.
    return image.fromarray(parts[None]).quantize(colors=256, method=image.Quantize.MEDIANCUT)


def _colors(picture: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Distinct colours of a frame as numbers 0xRRGGBB."""
    red, green, blue = np.moveaxis(picture.astype(np.int32), -1, 0)
    return np.unique(red << 16 | green << 8 | blue)


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


def _import_pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise DependencyNotInstalled(
            'Pillow is not installed; PNG and GIF files need it: pip install "gridworld-lab[render]"'
        ) from error
    return Image
