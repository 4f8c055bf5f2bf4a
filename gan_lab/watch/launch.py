"""The window of `gan-lab watch`: its state at the start, and how it is opened."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pygame

from gan_lab.errors import WiringError, choose
from gan_lab.watch.app import Drawing, WatchApp
from gan_lab.watch.commands import COMMANDS
from gan_lab.watch.drawing.pygame_board import GameDrawing
from gan_lab.watch.live_run import LiveRun
from gan_lab.watch.session import Session
from gan_lab.watch.side_panel import make_panel
from gan_lab.watch.watchable_games import first_recipe, watched_game
from gridworld_env.ui.widgets.pygame_window import AppWindow

DIFFERENT: Final[dict[str, Callable[[str], Any]]] = {
    "loss": str, "update": str, "penalty": str, "recipe": str,
    "penalty_weight": float, "generator_rate": float, "discriminator_rate": float, "rate": float,
}  # fmt: skip
PLANAR_SPEED: Final = 30.0  # updates a second of a game of two numbers, so that its circles are seen


def opening(
    game: Any, recipe: str | None = None, seed: int = 0, beside: Mapping[str, Any] | None = None, **options: Any
) -> Session:
    """The window's state at the start.

    Args:
        game: Name of a game, or the game.
        recipe: Name of a recipe; None: as `gan_lab.train` chooses.
        seed: Of the players.
        beside: What is different in a second run, which is shown beside the first; None: there is one run.
        **options: `width` and `noise` of a mixture; loss, update, penalty and its weight, as `gan_lab.train` has them.

    Raises:
        WiringError: Something does not fit.
    """
    found = watched_game(game, width=options.pop("width", None), noise=options.pop("noise", None))
    runs = [LiveRun(found, recipe or first_recipe(found), seed, **options)]
    if beside is not None:
        runs.append(_other(runs[0], dict(beside)))
    session = Session(*runs)
    if session.live_run.is_planar:
        session.speed = PLANAR_SPEED
    return session


def _other(first: LiveRun, different: dict[str, Any]) -> LiveRun:
    """A run like the first one, but for these rules, or for another recipe and these rules."""
    recipe = different.pop("recipe", None)
    made = first.again() if recipe is None else LiveRun(first.game, recipe, first.seed)
    if different:
        made.change(**different)
    return made


def differences(text: str) -> dict[str, Any]:
    """What is different in a second run, from a text such as "loss=wasserstein,penalty=r1".

    Raises:
        WiringError: Something in it is no name with a value, or no number where one is needed.

    >>> differences("update=extragradient, generator_rate=1e-4")
    {'update': 'extragradient', 'generator_rate': 0.0001}
    """
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise WiringError(
                f"--beside has {part.strip()!r}; expected what is different in the second run, such as "
                "loss=wasserstein,penalty=r1"
            )
        kind = choose(name, DIFFERENT, "rule")
        try:
            found[name] = kind(value)
        except ValueError:
            raise WiringError(f"--beside has {name} {value!r}; expected a number") from None
    return found


def open_watch(session: Session, size: tuple[int, int] = (1240, 890), scale: float = 1.0) -> AppWindow:
    """Open the window, without running it yet; `run` shows it until it is closed."""
    pygame.display.init()
    return AppWindow(make_app(session, GameDrawing()), size, scale)


def make_app(session: Session, drawing: Drawing) -> WatchApp:
    """The program of the window: commands and side panel around a session; `drawing` paints the scene."""
    app = WatchApp(session, COMMANDS, drawing)
    app.panel = make_panel(app)
    return app
