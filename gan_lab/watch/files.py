"""Files out: what is shown as PNG, the run so far as GIF and as a page, the players as a checkpoint."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

from gan_lab.watch.drawing import palette
from gan_lab.watch.session import NAMES, Session
from gridworld_env.ui.pages.page import size_text
from gridworld_env.ui.widgets.animations import animation_steps, picture_path
from gridworld_env.ui.widgets.jobs import Job

SIZE: Final = (916, 780)  # points of a picture
GIF_SCALE: Final = 0.6
GIF_RATE: Final = 12.0  # pictures a second
HOLD: Final = 1500  # milliseconds of the last picture


def export_png(session: Session, name: str) -> None:
    """Write what is shown as a picture, at two pixels a point.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        ValueError: Another suffix, or there is no such folder.
        OSError: It cannot be written.
    """
    from gan_lab.watch.drawing.pygame_board import render

    path = picture_path(name, ".png")
    _images().fromarray(render(session.scene, SIZE, 2.0)).save(path)
    session.say(f"wrote {path}")


def export_page(session: Session, name: str) -> None:
    """Write what was seen of the run as a page that any browser shows.

    Raises:
        ValueError: Nothing has happened, another suffix, or there is no such folder.
        OSError: It cannot be written.
    """
    path = picture_path(name, ".html")
    if session.live_run.run.steps == 0:
        raise ValueError("nothing has happened since the start that the page could show: press Space first")
    size = session.side.page().html(path)
    whose = f" of {NAMES[session.chosen]}; a click on the other run chooses that one" if len(session.sides) > 1 else ""
    session.say(f"wrote {path}, {size_text(size)}{whose}: open it in a browser")


def save_players(session: Session, name: str) -> None:
    """Write the players and all else that the next update needs; of two runs, to two files that end in -A and -B.

    Raises:
        WiringError: Nothing can be written there.
        ValueError: Another suffix, no such folder, or one of two files is there already.
        OSError: It cannot be written.
    """
    path = picture_path(name, ".safetensors")
    paths = [path] if len(session.sides) == 1 else [path.with_stem(f"{path.stem}-{letter}") for letter in NAMES]
    if there := [str(one) for one in paths if len(paths) > 1 and one.exists()]:
        raise ValueError(f"there is a file {there[0]} already: choose another name")
    for side, one in zip(session.sides, paths, strict=True):
        side.live_run.save(one)
        side.saved = side.live_run.run.steps
    session.say(f"wrote {' and '.join(map(str, paths))}: gan_lab.load({paths[0].name!r}) reads it")


def export_gif(session: Session, name: str) -> None:
    """Begin to write the pictures since the start as an animation.

    Raises:
        DependencyNotInstalled: Pillow is missing.
        ValueError: There is nothing to animate, another suffix, or no such folder.
    """
    from gan_lab.watch.drawing.pygame_board import render

    path = picture_path(name, ".gif")
    _images()
    if len(session.recording.frames) < 2:
        raise ValueError("nothing has happened since the start that could be animated: press Space first")
    session.running = False
    scenes = session.recording.frames
    frames = (render(scene, SIZE, GIF_SCALE) for scene in scenes)
    steps = animation_steps(session, path, frames, len(scenes), lambda drawn: _write_gif(path, drawn))
    session.begin(Job("animation", steps, paced=False))


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


def _images() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise DependencyNotInstalled("pictures need Pillow, which is not installed here: pip install pillow") from error
    return Image
