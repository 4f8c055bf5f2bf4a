"""Scenes drawn by pygame: as arrays, or in a window. The only file that imports pygame.

Arrays are drawn on plain surfaces, which needs no display. A window is an own `pygame.Window`, so that
closing it leaves every other window of the process alone.
"""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.error import DependencyNotInstalled
from numpy.typing import NDArray

from gridworld_env.errors import MapError
from gridworld_env.grid.actions import DIRECTIONS
from gridworld_env.grid.grid import Grid
from gridworld_env.rendering import theme
from gridworld_env.rendering.layout import Layout
from gridworld_env.rendering.overlay import Overlay
from gridworld_env.rendering.paint_cells import board_pixels, paint_cells
from gridworld_env.rendering.paint_numbers import Numbers, fit_numbers
from gridworld_env.rendering.paint_overlay import paint_overlay
from gridworld_env.rendering.paint_path import paint_moving
from gridworld_env.rendering.pygame_sheet import PygameSheet, surface_of
from gridworld_env.rendering.scene import Scene
from gridworld_env.ui.fonts.pygame_fonts import Fonts

if TYPE_CHECKING:
    import pygame


def import_pygame() -> Any:
    """The module pygame; `DependencyNotInstalled` with what to install where it is missing."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # a library has no business printing
    try:
        import pygame
    except ImportError as error:
        raise DependencyNotInstalled(
            "pygame is not installed; pictures and windows need it: pip install pygame-ce pillow (60 MB)"
        ) from error
    return pygame


class Canvas:
    """Draws scenes of one map at one size.

    What the map and the overlay alone decide is drawn once and kept; a frame adds the trail, the agent
    and the caption. Closing the window never ends the process: the environment runs on unseen, and
    `show` does nothing more until `close` has been called.

    Args:
        grid: The map; its size decides the size of every frame.
        num_actions: A, the actions an overlay must have.
        fps: Frames a second in a window.
        cell_size: Pixels along the side of a cell; None: what `Layout.fit` chooses.

    Raises:
        DependencyNotInstalled: pygame is missing.
    """

    def __init__(self, grid: Grid, num_actions: int = 4, fps: float = 4, cell_size: int | None = None) -> None:
        """Lay out the frame; drawing starts later."""
        self._pygame = import_pygame()
        self.layout: Layout = Layout.fit(grid.height, grid.width, cell_size)
        self.num_actions = num_actions
        self.fps = fps
        self.window: pygame.Window | None = None
        self.dismissed: bool = False
        self._fonts = Fonts(self._pygame, bold=True)
        self._numbers: Numbers | None = None
        self._static: pygame.Surface | None = None
        self._static_of: tuple[Grid, Overlay] | None = None
        self._clock = self._pygame.time.Clock()

    def frame(self, scene: Scene) -> NDArray[np.uint8]:
        """Draw a scene: (height, width, 3) uint8, contiguous, the caller's own copy."""
        pixels = self._pygame.surfarray.array3d(self.draw(scene))
        return np.ascontiguousarray(pixels.transpose(1, 0, 2))

    def draw(self, scene: Scene) -> "pygame.Surface":
        """Draw a scene on a new surface."""
        sheet = PygameSheet(self._pygame, self.static_layer(scene).copy(), 1, self._fonts)
        paint_moving(sheet, scene, self.layout, self._numbers)
        return sheet.finish()

    def static_layer(self, scene: Scene) -> "pygame.Surface":
        """The board and its overlay, the same surface for as long as both stay the same objects."""
        known = self._static_of
        if self._static is None or known is None or known[0] is not scene.grid or known[1] is not scene.overlay:
            self._check(scene)
            self._static = self._draw_static(scene)
            self._static_of = (scene.grid, scene.overlay)
        return self._static

    def _draw_static(self, scene: Scene) -> "pygame.Surface":
        pixels = board_pixels(scene, self.layout)
        scale = theme.OVERSAMPLE if self.layout.cell >= theme.LINE_CELL else 1
        surface = surface_of(self._pygame, pixels.transpose(1, 0, 2).repeat(scale, axis=0).repeat(scale, axis=1))
        sheet = PygameSheet(self._pygame, surface, scale, self._fonts)
        paint_cells(sheet, scene, self.layout)
        self._numbers = fit_numbers(sheet, scene, self.layout)
        paint_overlay(sheet, scene, self.layout, self._numbers)
        return sheet.finish()

    def _check(self, scene: Scene) -> None:
        size = (scene.grid.height, scene.grid.width)
        if size != (self.layout.rows, self.layout.columns):
            raise MapError(
                f"scene: its map has {size[0]} rows and {size[1]} columns, the canvas was made for "
                f"{self.layout.rows} and {self.layout.columns}; make a canvas for each size of map"
            )
        for name in ("action_values", "policy"):
            array = getattr(scene.overlay, name)
            stays = name == "policy" and array is not None and array.shape[1] == len(DIRECTIONS)
            if array is not None and array.shape[1] != self.num_actions and not stays:
                raise MapError(f"scene: its {name} has {array.shape[1]} actions, the canvas has {self.num_actions}")

    def show(self, scene: Scene) -> None:
        """Draw a scene in the window, opening it if need be, and wait until the frame's time is over."""
        self._notice_closing()
        if self.dismissed:
            return
        window = self.window or self._opened()
        window.get_surface().blit(self.draw(scene), (0, 0))
        window.flip()
        self._notice_closing()
        self._clock.tick(self.fps)

    def _opened(self) -> "pygame.Window":
        # The display module alone: pygame.init() also starts sound and joysticks, which takes seconds on some machines.
        self._pygame.display.init()
        window = self._pygame.Window("GridWorld-v0", (self.layout.width, self.layout.height))
        self.window = window
        return window

    def _notice_closing(self) -> None:
        """Answer the window system, and see whether our window was closed.

        Keys and the like stay in the queue for who plays by hand; other windows' closing is put back.
        """
        if self.window is None:
            return
        event = self._pygame.event
        if not self._pygame.display.get_init():  # pygame.quit() elsewhere took the window with it
            self.window = None
            return
        event.pump()
        event.clear(self._pygame.MOUSEMOTION)  # unread, these would fill the queue and block all others
        for one in event.get((self._pygame.WINDOWCLOSE, self._pygame.QUIT)):
            if one.type == self._pygame.QUIT or one.window is self.window:
                self.dismissed = True
            else:
                event.post(one)
        if self.dismissed:
            self._drop_window()

    def _drop_window(self) -> None:
        if self.window is not None and self._pygame.display.get_init():
            self.window.destroy()
        self.window = None

    def close(self) -> None:
        """Drop this canvas's own window and layer; may be called again, and `frame` and `show` still work."""
        self._drop_window()
        self.dismissed = False
        self._static = None
        self._static_of = None
