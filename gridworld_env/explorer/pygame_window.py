"""The explorer in a window: what `gridworld explore` opens."""

import pygame

from gridworld_env.explorer.app import ExplorerApp
from gridworld_env.explorer.explorer import Explorer
from gridworld_env.explorer.pygame_board import Board
from gridworld_env.widgets.pygame_window import AppWindow


def open_explorer(explorer: Explorer, size: tuple[int, int] = (1240, 820), scale: float = 1.0) -> AppWindow:
    """Open the window, without running it yet; `run` shows it until it is closed."""
    pygame.display.init()
    return AppWindow(ExplorerApp(explorer, Board()), size, scale)
