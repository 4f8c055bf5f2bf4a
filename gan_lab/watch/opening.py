"""How the window begins."""

from typing import Any, Final

from gan_lab.watch.lineup import watched_game
from gan_lab.watch.match import Match
from gan_lab.watch.watcher import Watcher

PLANAR_SPEED: Final = 30.0  # updates a second of a game of two numbers, so that its circles are seen


def opening(game: Any, recipe: str | None = None, seed: int = 0, **options: Any) -> Watcher:
    """The window's state at the start.

    Args:
        game: Name of a game, or the game.
        recipe: Name of a recipe; None: as `gan_lab.train` chooses.
        seed: Of the players.
        **options: `width` and `noise` of a mixture; loss, update, penalty and its weight, as `gan_lab.train` has them.

    Raises:
        WiringError: Something does not fit.
    """
    found = watched_game(game, width=options.pop("width", None), noise=options.pop("noise", None))
    watcher = Watcher(Match(found, recipe, seed, **options))
    if watcher.match.is_planar:
        watcher.speed = PLANAR_SPEED
    return watcher
