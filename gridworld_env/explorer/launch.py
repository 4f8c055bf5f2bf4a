"""From the command line to the window."""

import pygame

from gridworld_env.explorer.app import ExplorerApp
from gridworld_env.explorer.drawing.pygame_board import MapDrawing
from gridworld_env.explorer.files import read_document
from gridworld_env.explorer.map_document import empty_document
from gridworld_env.explorer.session import Session
from gridworld_env.maps.options import place_option
from gridworld_env.rendering.pygame_canvas import import_pygame
from gridworld_env.ui.widgets.pygame_window import AppWindow
from planners.options import check_discount


def launch(
    map_name: str,
    *,
    discount: float,
    start: str | None,
    goal: str | None,
    empty: str | None,
    scale: float,
    seed: int | None,
) -> None:
    """Open the explorer on a map, and show it until it is closed.

    Raises:
        DependencyNotInstalled: pygame is missing.
        MapError: There is no such map, or it cannot be used.
        OSError: The file cannot be read.
    """
    import_pygame()  # says what to install
    check_discount(discount)
    path = None
    if empty is not None:
        rows, columns = place_option("empty", empty) or (0, 0)
        document = empty_document(rows, columns).with_discount(discount)
    else:
        document, path = read_document(
            map_name, discount, start=place_option("start", start), goal=place_option("goal", goal)
        )
    session = Session(document, path, seed)
    open_explorer(session, scale=scale).run()


def open_explorer(session: Session, size: tuple[int, int] = (1240, 820), scale: float = 1.0) -> AppWindow:
    """Open the window, without running it yet; `run` shows it until it is closed."""
    pygame.display.init()
    return AppWindow(ExplorerApp(session, MapDrawing()), size, scale)
