"""The app in a window: what `gan-lab watch` opens."""

import pygame

from gan_lab.watch.app import WatchApp
from gan_lab.watch.pygame_board import Board
from gan_lab.watch.watcher import Watcher
from gridworld_env.ui.widgets.pygame_window import AppWindow


def open_watch(watcher: Watcher, size: tuple[int, int] = (1240, 890), scale: float = 1.0) -> AppWindow:
    """Open the window, without running it yet; `run` shows it until it is closed."""
    pygame.display.init()
    return AppWindow(WatchApp(watcher, Board()), size, scale)
