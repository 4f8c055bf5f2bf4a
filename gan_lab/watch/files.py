"""Pictures out: what is shown as PNG, the run so far as GIF."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

from gan_lab.watch.drawing import palette
from gan_lab.watch.session import Session

SIZE: Final = (916, 780)  # points of a picture's board
GIF_SCALE: Final = 0.6
GIF_RATE: Final = 12.0  # pictures a second
HOLD: Final = 1500  # milliseconds of the last picture


def export_png(watcher: Session, name: str) -> None:
    """Write what is shown as a picture, at two pixels a point.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        ValueError: Another suffix, or there is no such folder.
        OSError: It cannot be written.
    """
    from gan_lab.watch.drawing.pygame_board import render

    path = _checked(name, ".png")
    _images().fromarray(render(watcher.scene, SIZE, 2.0)).save(path)
    watcher.say(f"wrote {path}")


def export_gif(watcher: Session, name: str) -> None:
    """Begin to write the pictures since the start as an animation.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        ValueError: There is nothing to animate, another suffix, or no such folder.
    """
    path = _checked(name, ".gif")
    _images()
    if len(watcher.reel.scenes) < 2:
        raise ValueError("nothing has happened since the start that could be animated: press Space first")
    watcher.running = False
    watcher.begin("animation", _gif_steps(watcher, path))


def _gif_steps(watcher: Session, path: Path) -> Iterator[None]:
    from gan_lab.watch.drawing.pygame_board import render

    scenes = list(watcher.reel.scenes)
    frames: list[NDArray[np.uint8]] = []
    for scene in scenes:
        frames.append(render(scene, SIZE, GIF_SCALE))
        watcher.say(f"drawing picture {len(frames)} of {len(scenes)} for {path.name}")
        yield
    with ThreadPoolExecutor(1) as pool:  # so that the window goes on answering
        written = pool.submit(_write_gif, path, frames)
        watcher.say(f"writing {path.name}")
        while not wait([written], timeout=0.01).done:
            yield
        written.result()
    watcher.say(f"wrote {path}, {len(frames)} pictures")


def _write_gif(path: Path, frames: list[NDArray[np.uint8]]) -> None:
    made = [in_few_colors(frame) for frame in frames]
    durations = [round(1000 / GIF_RATE)] * (len(made) - 1) + [HOLD]
    made[0].save(path, save_all=True, append_images=made[1:], duration=durations, loop=0, optimize=False)


def in_few_colors(pixels: NDArray[np.uint8]) -> Any:
    """Pillow's image of a picture, in the same few colours as every other one, so that none flickers."""
    images = _images()
    colors = images.new("P", (1, 1))
    colors.putpalette(palette.few_colors().tobytes())
    return images.fromarray(pixels).quantize(palette=colors, dither=0)


def _checked(name: str, suffix: str) -> Path:
    path = Path(name)
    if path.suffix.lower() != suffix or not path.parent.is_dir():
        raise ValueError(f"{name!r} cannot be written; expected a name that ends in {suffix}, in a folder that exists")
    return path


def _images() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise DependencyNotInstalled("pictures need Pillow, which is not installed here: pip install pillow") from error
    return Image
