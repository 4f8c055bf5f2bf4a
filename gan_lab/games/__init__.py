"""Games: exact ones, in which a move is a whole strategy, and games of samples whose truth is known."""

from collections.abc import Callable
from typing import Any, Final

from gan_lab.errors import choose
from gan_lab.games.bilinear import BilinearGame
from gan_lab.games.dataset import DatasetGame
from gan_lab.games.digits import DigitsGame, StackedDigitsGame
from gan_lab.games.dirac import DiracGame
from gan_lab.games.finite import FiniteGame
from gan_lab.games.gaussian import GaussianGame
from gan_lab.games.image_files import read_images
from gan_lab.games.images import ImagesGame
from gan_lab.games.mixture import MixtureGame, grid, ring
from gan_lab.games.packed import PackedGame
from gan_lab.games.sample_game import SampleGame
from gan_lab.games.strategy_game import StrategyGame

Game = SampleGame | StrategyGame

GAMES: Final[dict[str, Callable[[], Game]]] = {
    "bilinear": BilinearGame,
    "digits": DigitsGame,
    "dirac": DiracGame,
    "finite": FiniteGame,
    "gaussian": GaussianGame,
    "grid100": lambda: grid(10, spacing=1.0, std=0.03, name="grid100"),
    "grid25": grid,
    "ring8": ring,
    "stacked_digits": StackedDigitsGame,
}


def make_game(game: Any) -> Game:
    """A game by name, or itself; `WiringError` with the nearest names for an unknown one.

    >>> make_game("grid25").means.shape
    (25, 2)
    """
    return game if isinstance(game, SampleGame | StrategyGame) else choose(game, GAMES, "game")()


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
    "PackedGame",
    "SampleGame",
    "StackedDigitsGame",
    "StrategyGame",
    "grid",
    "make_game",
    "read_images",
    "ring",
]
