"""A resizable window that runs a `Shell`: it waits without work, and shows 60 frames a second with it."""

import gc
import os
import time
from typing import Any, Final

import pygame

from gridworld_env.ui.widgets.events import Closed
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.pygame_keys import translate
from gridworld_env.ui.widgets.pygame_painter import PygamePainter
from gridworld_env.ui.widgets.shell import Shell

FRAMES: Final = 60  # a second
PATIENCE: Final = 1.0  # seconds of waiting for an event when nothing goes on
SMALLEST: Final = (760, 480)  # points
FRAMING: Final = 90  # height that the window's frame and the desktop's bars take


def fitting(units: tuple[int, int]) -> tuple[int, int]:
    """The size of a window that its screen can show; without a screen any will do."""
    if pygame.display.get_driver() in ("dummy", "offscreen"):
        return units
    wide, high = pygame.display.get_desktop_sizes()[0]
    return min(units[0], wide), min(units[1], max(1, high - FRAMING))


class AppWindow:
    """An own window for an app; other windows of the process are left alone.

    Args:
        app: What to run.
        size: Width and height in points; less where the screen is smaller.
        scale: Window units a point, for screens whose system does not say that they are dense.
    """

    app: Shell[Any]

    def __init__(self, app: Shell[Any], size: tuple[int, int] = (1240, 800), scale: float = 1.0) -> None:
        """Open the window."""
        # On Windows: tell us about pixels, instead of stretching what we paint.
        os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")
        # Under X11, hand the pixels over as they are: by way of textures they cost twenty times as much without a GPU.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        pygame.display.init()
        self.app, self._asked_scale = app, scale
        self._full_screen = False
        units = fitting((round(size[0] * scale), round(size[1] * scale)))
        self.window: pygame.Window = pygame.Window(app.title, units, resizable=True, allow_high_dpi=True)
        self.window.minimum_size = (round(SMALLEST[0] * scale), round(SMALLEST[1] * scale))
        pygame.key.set_repeat(350, 40)
        self._painter: PygamePainter | None = None
        self._painted: object = None
        self._clock = pygame.time.Clock()
        self.frames: int = 0

    def run(self) -> None:
        """Show the app until it closes."""
        gc.freeze()  # what is there stays: looking it through for garbage takes two frames' time
        try:
            while not self.app.closing:
                self.step(self._events())
                if self.app.busy:
                    self._clock.tick(FRAMES)
        finally:
            gc.unfreeze()
            self.close()

    def step(self, events: list[pygame.event.Event] | None = None) -> None:
        """Answer events (by default those that are waiting), go on with what goes on, and paint if need be."""
        for event in pygame.event.get() if events is None else events:
            if getattr(event, "window", None) not in (None, self.window):
                continue
            if event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWSIZECHANGED):
                self._painted = None
                continue
            answer = translate(event, self._scale)
            if answer is not None:
                self.app.handle(answer)
            if isinstance(answer, Closed):
                break
        self.app.advance(time.perf_counter())
        self._fill_screen(self.app.full_screen)
        if not self.app.closing:
            self._paint()

    @property
    def _scale(self) -> float:
        """Window units a point."""
        return self._asked_scale * self.app.enlarged

    def _fill_screen(self, full: bool) -> None:
        """Fill the screen, or be a window again, where that has changed."""
        if full != self._full_screen:
            self._full_screen, self._painted = full, None
            if full:
                self.window.set_fullscreen(desktop=True)
            else:
                self.window.set_windowed()

    def _events(self) -> list[pygame.event.Event]:
        """The events that wait; without work, one is waited for."""
        if self.app.busy or self._painted is None:
            return pygame.event.get()
        first = pygame.event.wait(round(1000 * PATIENCE))
        return [*([] if first.type == pygame.NOEVENT else [first]), *pygame.event.get()]

    def _paint(self) -> None:
        surface = self.window.get_surface()
        wide, high = self.window.size
        density = surface.get_width() / max(1, wide)  # pixels a window unit
        painter = self._painter
        if painter is None or painter.scale != density * self._scale:
            painter = self._painter = PygamePainter(surface, density * self._scale)
        painter.surface = surface
        stamp = (self.app.stamp, surface.get_size(), self._scale)
        if stamp == self._painted:
            return
        self._painted = stamp
        if self.window.title != self.app.title:
            self.window.title = self.app.title
        self.app.paint(painter, Rect(0, 0, wide / self._scale, high / self._scale))
        self.window.flip()
        self.frames += 1

    def close(self) -> None:
        """Drop the window; may be called again."""
        if pygame.display.get_init():
            self.window.destroy()
