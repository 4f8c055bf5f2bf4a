"""Games: exact ones, in which a move is a whole strategy, and games of samples, whose data are known.

Each has its state between turns, its default players and its evaluation: a new kind of game is one new file.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np

from gan_lab.errors import WiringError, choose, number_above_0, whole_number
from gan_lab.games.bilinear import BilinearGame
from gan_lab.games.dataset import DatasetGame
from gan_lab.games.digits import DigitsGame, StackedDigitsGame
from gan_lab.games.dirac import DiracGame
from gan_lab.games.finite import FiniteGame
from gan_lab.games.game import Game
from gan_lab.games.gaussian import GaussianGame
from gan_lab.games.image_files import read_images
from gan_lab.games.images import ImagesGame
from gan_lab.games.mixture import MixtureGame, grid, ring
from gan_lab.games.n_player import NPlayerGame, PolymatrixGame
from gan_lab.games.noisy import NoisyGame
from gan_lab.games.points import PointsGame, read_data, read_points
from gan_lab.games.sample_game import PackedGame, SampleGame
from gan_lab.games.shapes import ShapesGame
from gan_lab.games.strategy_game import StrategyGame

G = TypeVar("G", bound=Game)
GameLike = str | Game  # the name of one of `GAMES`, or a game
GAMES: Final[dict[str, Callable[[], Game]]] = {
    "bilinear": BilinearGame,
    "digits": DigitsGame,
    "dirac": DiracGame,
    "finite": FiniteGame,
    "gaussian": GaussianGame,
    "grid100": lambda: grid(10, spacing=1.0, std=0.03),
    "grid25": grid,
    "ring8": ring,
    "shapes": ShapesGame,
    "stacked_digits": StackedDigitsGame,
}


def make_game(game: GameLike) -> Game:
    """A game by name, or itself; `WiringError` with the nearest names for an unknown one.

    >>> make_game("grid25").means.shape
    (25, 2)
    """
    if isinstance(game, np.ndarray | list):
        raise WiringError(f"game is a {type(game).__name__}; for points: gan_lab.games.PointsGame(points)")
    if not isinstance(game, Game):
        return choose(game, GAMES, "game")()
    needed = ("dimension", "noise_size", "bound", "scale") if isinstance(game, SampleGame) else ()
    if missing := [name for name in ("name", *needed) if not hasattr(game, name)]:
        raise WiringError(
            f"the game {type(game).__name__} has no {', '.join(missing)}: set them as attributes, as SampleGame says"
        )
    if isinstance(game, SampleGame):
        for name in ("dimension", "noise_size"):
            whole_number(f"{name} of the game {game.name!r}", getattr(game, name), 1)
        for name in ("bound", "scale"):
            number_above_0(f"{name} of the game {game.name!r}", getattr(game, name))
    return game


def game_of(kind: type[G], game: GameLike, refusal: str) -> G:
    """A game of one kind, by name, or itself; `WiringError` with the refusal for another kind.

    >>> game_of(MixtureGame, "digits", "is no mixture")
    Traceback (most recent call last):
        ...
    gan_lab.errors.WiringError: 'digits' is no mixture
    """
    found = make_game(game)
    if not isinstance(found, kind):
        raise WiringError(f"{found.name!r} {refusal}")
    return found


__all__ = [
    "GAMES",
    "BilinearGame",
    "DatasetGame",
    "DigitsGame",
    "DiracGame",
    "FiniteGame",
    "Game",
    "GaussianGame",
    "ImagesGame",
    "MixtureGame",
    "NPlayerGame",
    "NoisyGame",
    "PackedGame",
    "PointsGame",
    "PolymatrixGame",
    "SampleGame",
    "ShapesGame",
    "StackedDigitsGame",
    "StrategyGame",
    "grid",
    "make_game",
    "read_data",
    "read_images",
    "read_points",
    "ring",
]
