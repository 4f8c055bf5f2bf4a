"""What a replay shows of a game that moves: one class for each kind of game, in the files beside this one."""

from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from gan_lab.games import BilinearGame, DiracGame, FiniteGame, GaussianGame, SampleGame
from gan_lab.rendering.raster import FIELD, GENERATED, REAL
from gan_lab.run import Run

Frame = dict[str, NDArray[Any]]
THEME: Final = {"field": FIELD.tolist(), "real": REAL, "generated": GENERATED}


class Scene(Protocol):
    """The moving part of a replay."""

    def frame(self, run: Run) -> Frame:
        """What there is to see now, as small arrays."""
        ...

    def piece(self, frames: list[Frame]) -> dict[str, Any]:
        """The scene of the page's document."""
        ...

    def draw(self, axes: Any, frames: list[Frame], index: int) -> None:
        """The same on matplotlib axes."""
        ...


def scene_of(run: Run) -> Scene:
    """The scene that suits the game of a run."""
    from gan_lab.replays import sample_scenes, strategy_scenes

    game = run.game
    if isinstance(game, SampleGame):
        if game.image_shape is not None:
            return sample_scenes.ImagesScene(game, game.image_shape)
        return sample_scenes.LineScene(game) if game.dimension == 1 else sample_scenes.PlaneScene(game)
    if isinstance(game, FiniteGame):
        return strategy_scenes.AtomsScene(game)
    if isinstance(game, GaussianGame):
        return strategy_scenes.DensityScene(game)
    assert isinstance(game, DiracGame | BilinearGame)
    return strategy_scenes.PathScene(run)


def stacked(frames: list[Frame], name: str) -> NDArray[Any]:
    """(F, ...) one array of all frames."""
    return np.stack([frame[name] for frame in frames])
