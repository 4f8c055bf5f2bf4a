"""A stand-in for moviepy, with which Gymnasium's RecordVideo writes: files hold the frames as they were given."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

NAMES = ("moviepy", "moviepy.video", "moviepy.video.io", "moviepy.video.io.ImageSequenceClip")


class ImageSequenceClip:
    """The frames of a video."""

    def __init__(self, frames: Any, fps: float) -> None:
        self.frames, self.fps = np.stack(list(frames)), fps

    def write_videofile(self, path: str, **_: Any) -> None:
        with Path(path).open("wb") as file:
            np.save(file, self.frames)


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Gymnasium write videos with the stand-in."""
    for name in NAMES:
        module = ModuleType(name)
        vars(module)["ImageSequenceClip"] = ImageSequenceClip
        monkeypatch.setitem(sys.modules, name, module)


def frames_of(file: Path) -> Any:
    """(frames, H, W, 3) uint8."""
    return np.load(file)
