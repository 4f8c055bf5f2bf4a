"""The window of `gan-lab watch`: its state at the start, and how it is opened."""

from typing import Any, Final

import pygame

from gan_lab.watch.app import Drawing, WatchApp
from gan_lab.watch.commands import COMMANDS
from gan_lab.watch.drawing.pygame_board import GameDrawing
from gan_lab.watch.live_run import LiveRun
from gan_lab.watch.session import Session
from gan_lab.watch.side_panel import make_panel
from gan_lab.watch.watchable_games import watched_game
from gridworld_env.ui.widgets.pygame_window import AppWindow

PLANAR_SPEED: Final = 30.0  # updates a second of a game of two numbers, so that its circles are seen


def opening(game: Any, recipe: str | None = None, seed: int = 0, **options: Any) -> Session:
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
    session = Session(LiveRun(found, recipe, seed, **options))
    if session.live_run.is_planar:
        session.speed = PLANAR_SPEED
    return session


def open_watch(session: Session, size: tuple[int, int] = (1240, 890), scale: float = 1.0) -> AppWindow:
    """Open the window, without running it yet; `run` shows it until it is closed."""
    pygame.display.init()
    return AppWindow(make_app(session, GameDrawing()), size, scale)


def make_app(session: Session, drawing: Drawing) -> WatchApp:
    """The program of the window: commands and side panel around a session; `drawing` paints the scene."""
    app = WatchApp(session, COMMANDS, drawing)
    app.panel = make_panel(app)
    return app
