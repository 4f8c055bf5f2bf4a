"""A window that shows arrays of pixels: the one file of gan_lab that imports pygame."""

from typing import Any

from gymnasium.error import DependencyNotInstalled

from gan_lab.environments.rendering.raster import Picture


class Window:
    """A window of the size of the pictures; closing it stops the showing, not the game.

    Args:
        title: Of the window.
        size: Width and height in pixels.
        fps: Frames a second, at most.

    Raises:
        DependencyNotInstalled: pygame is missing.
    """

    def __init__(self, title: str, size: int, fps: int) -> None:
        """Open the window."""
        try:
            import pygame
        except ImportError as error:
            raise DependencyNotInstalled(
                "a window needs pygame-ce, which is not installed here: pip install pygame-ce"
            ) from error
        self._pygame, self._fps = pygame, fps
        pygame.display.init()
        self._window: Any = pygame.Window(title, (size, size))
        self._clock = pygame.time.Clock()

    def show(self, picture: Picture) -> None:
        """Show a picture, answer the window system, and wait until the frame's time is over."""
        pygame = self._pygame
        if self._window is None or not pygame.display.get_init():
            return
        surface = pygame.image.frombuffer(picture.tobytes(), picture.shape[1::-1], "RGB")
        self._window.get_surface().blit(surface, (0, 0))
        self._window.flip()
        for event in pygame.event.get((pygame.WINDOWCLOSE, pygame.QUIT)):
            if event.type == pygame.QUIT or event.window is self._window:
                self.close()
                return
        self._clock.tick(self._fps)

    def close(self) -> None:
        """Drop the window."""
        if self._window is not None and self._pygame.display.get_init():
            self._window.destroy()
        self._window = None
