"""What the window shows, and the pictures so far; they are drawn when somebody wants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gan_lab.games import Game
from gan_lab.watch.phase_portrait import Phase
from gan_lab.watch.sample_picture import Plane

MOST: Final = 160  # pictures


@dataclass(frozen=True, eq=False)
class Scene:
    """All that is shown.

    Attributes:
        game: What is played.
        headline: The game, its rules, and how far it is.
        picture: The game as numbers; None before the first.
        rows: The numbers of the curves.
        view: Name of what lies behind the samples.
        layers: Names of what lies over it.
        blobs: Middles of what is being drawn by hand; None where nothing is.
        blob_width: Their standard deviation.
    """

    game: Game
    headline: str
    picture: Plane | Phase | None
    rows: Sequence[dict[str, float]]
    view: str
    layers: frozenset[str]
    blobs: Sequence[tuple[float, float]] | None = None
    blob_width: float = 0.0


class Recording:
    """The scenes of a game. When it is full, every second one is dropped, and from then on is not taken."""

    def __init__(self) -> None:
        """Nothing was shown yet."""
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.scenes: list[Scene] = []
        self._stride, self._seen = 1, 0

    def add(self, scene: Scene) -> None:
        """Remember a scene."""
        self._seen += 1
        if self._seen % self._stride:
            return
        self.scenes.append(scene)
        if len(self.scenes) > MOST:
            self.scenes = self.scenes[::2]
            self._stride *= 2
