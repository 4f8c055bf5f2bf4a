"""Animations written from a window: their pictures are drawn between its frames, the file beside them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridworld_env.ui.widgets.jobs import Steps
from gridworld_env.ui.widgets.session import BaseSession

Frame = NDArray[np.uint8]


def animation_steps(
    session: BaseSession, path: Path, frames: Iterable[Frame], count: int, write: Callable[[list[Frame]], Any]
) -> Steps:
    """Draw `count` frames, one a step, and write them; the session says how far it is."""
    drawn: list[Frame] = []
    for frame in frames:
        drawn.append(frame)
        session.say(f"drawing picture {len(drawn)} of {count} for {path.name}")
        yield
    with ThreadPoolExecutor(1) as pool:  # so that the window goes on answering
        written = pool.submit(write, drawn)
        session.say(f"writing {path.name}")
        while not wait([written], timeout=0.01).done:
            yield
        written.result()
    session.say(f"wrote {path}, {len(drawn)} pictures")


def picture_path(name: str, suffix: str) -> Path:
    """The path of a picture by its name.

    Raises:
        ValueError: Another suffix, or there is no such folder.
    """
    path = Path(name)
    if path.suffix.lower() != suffix or not path.parent.is_dir():
        raise ValueError(f"{name!r} cannot be written; expected a name that ends in {suffix}, in a folder that exists")
    return path
