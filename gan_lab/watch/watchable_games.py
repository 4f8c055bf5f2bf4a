"""The games that can be watched: mixtures in the plane and on a line, and games of two numbers."""

from collections.abc import Callable
from typing import Any, Final

from gan_lab.errors import WiringError, choose
from gan_lab.games import GAMES, Game, MixtureGame, make_game
from gan_lab.recipes.choose import PLAIN, mixture_recipe, own_recipe
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape, Recipe

WATCHED: Final[dict[str, Callable[[], Game]]] = {
    "ring8": GAMES["ring8"],
    "grid25": GAMES["grid25"],
    "grid100": GAMES["grid100"],
    "two_modes": lambda: MixtureGame([[-0.8, 0.0], [0.8, 0.0]], 0.1, name="two_modes"),
    "bump": lambda: MixtureGame([[0.0]], 0.5, name="bump", noise_size=1),
    "two_bumps": lambda: MixtureGame([[-1.0], [1.0]], 0.3, name="two_bumps", noise_size=1),
    "dirac": GAMES["dirac"],
    "bilinear": GAMES["bilinear"],
}


FIGURE: Final = PLAIN.with_(
    about="Small networks for a game on a line, without a penalty.",
    generator=GeneratorShape(hidden=(64, 64, 64)),
    discriminator=DiscriminatorShape(hidden=(64, 64, 64), octaves=2),
)


def watched_game(game: Any, *, width: float | None = None, noise: int | None = None) -> Game:
    """A game by name, or itself, if it can be watched.

    Args:
        game: Name of a game, or the game.
        width: Standard deviation of the modes of a mixture, instead of its own.
        noise: Numbers of one noise vector, instead of its own.

    Raises:
        WiringError: It cannot be watched, or has no such width or noise.

    >>> watched_game("ring8", width=0.05, noise=2).std
    0.05
    """
    if isinstance(game, str):
        found = make_game(game) if game in GAMES else choose(game, WATCHED, "game")()
    else:
        found = make_game(game)
    if isinstance(found, MixtureGame) and found.dimension <= 2:
        if width is None and noise is None:
            return found
        std, size = found.std if width is None else width, found.noise_size if noise is None else noise
        return MixtureGame(
            found.means, std, found.weights, name=found.name, noise_size=size, narrow=width is None and found.narrow
        )
    if width is not None or noise is not None:
        raise WiringError(f"{found.name!r} has neither modes nor noise: width and noise are of mixtures")
    if not found.is_planar:
        raise WiringError(
            f"{found.name!r} cannot be watched; expected a mixture in the plane or on a line, or a game of two "
            f"numbers, such as {', '.join(WATCHED)}"
        )
    return found


def first_recipe(game: Game) -> Recipe | None:
    """The recipe by which a game is played in the window where none is asked for; None: as `gan_lab.train` chooses."""
    return FIGURE if isinstance(game, MixtureGame) and game.dimension == 1 else None


def watched_recipe(game: Game) -> Recipe | None:
    """The recipe that is made for a game; None where there is none but the plain one."""
    if not isinstance(game, MixtureGame):
        return None
    if game.dimension == 1:
        return FIGURE
    return own_recipe(game) if game.narrow else mixture_recipe(game, smoothness=0.03, batch_size=320)
