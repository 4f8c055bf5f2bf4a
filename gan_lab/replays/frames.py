"""The frames of a replay, and what a scene of a game has to offer."""

from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from gan_lab.environments.rendering.raster import FIELD, GENERATED, REAL
from gan_lab.training.run import Run

Frame = dict[str, NDArray[Any]]


THEME: Final[dict[str, Any]] = {"field": FIELD.tolist(), "real": REAL, "generated": GENERATED}


class Scene(Protocol):
    """The moving part of a replay."""

    def frame(self, run: Run) -> Frame:
        """What there is to see now, as small arrays."""
        ...

    def pieces(self, frames: list[Frame]) -> list[dict[str, Any]]:
        """The scenes of the page's document."""
        ...

    def draw(self, axes: Any, frames: list[Frame], index: int) -> None:
        """The same on matplotlib axes."""
        ...


def stacked(frames: list[Frame], name: str) -> NDArray[Any]:
    """(F, ...) one array of all frames."""
    return np.stack([frame[name] for frame in frames])
