"""Somebody at a window, by pygame's own events on the dummy driver; and what eyes of every kind see of its colours."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray

from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.pygame_painter import PygamePainter
from gridworld_env.ui.widgets.pygame_window import AppWindow

DOCS = Path(__file__).resolve().parents[2] / "docs"
MODIFIERS = {"ctrl": pygame.KMOD_CTRL, "shift": pygame.KMOD_SHIFT, "alt": pygame.KMOD_ALT}
KEYS = {"pageup": pygame.K_PAGEUP, "return": pygame.K_RETURN, "space": pygame.K_SPACE, "f1": pygame.K_F1}
# What a colour blindness makes of linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
BLINDNESS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


class User:
    """Somebody at a window; what its content is like is the subclass's affair."""

    def __init__(self, window: AppWindow) -> None:
        self.window = window
        self.app: Any = window.app
        self.window.step()

    @property
    def session(self) -> Any:
        return self.app.session

    def post(self, kind: int, **fields: Any) -> None:
        pygame.event.post(pygame.event.Event(kind, window=self.window.window, **fields))

    def key(self, *strokes: str) -> None:
        for stroke in strokes:
            *held, name = stroke.split("+") if len(stroke) > 1 else [stroke]
            code = KEYS.get(name) or pygame.key.key_code(name.replace("?", "/"))
            mods = sum(MODIFIERS[one] for one in held)
            self.post(pygame.KEYDOWN, key=code, mod=mods, unicode=name if len(name) == 1 and not held else "")
            self.post(pygame.KEYUP, key=code, mod=mods, unicode="")
        self.window.step()

    def move(self, *point: float, buttons: tuple[int, ...] = (0, 0, 0)) -> None:
        self.post(pygame.MOUSEMOTION, pos=point, rel=(0, 0), buttons=buttons, touch=False)
        self.window.step()

    def drag(self, *points: tuple[float, float], button: int = 1) -> None:
        self.post(pygame.MOUSEBUTTONDOWN, pos=points[0], button=button, touch=False)
        for point in points[1:]:
            self.move(*point, buttons=tuple(int(number == button) for number in (1, 2, 3)))
        self.post(pygame.MOUSEBUTTONUP, pos=points[-1], button=button, touch=False)
        self.window.step()

    def away(self) -> None:
        """Put the mouse where it is over nothing."""
        self.move(1, self.window.window.size[1] - 2)

    def answer(self, stroke: str, text: str) -> None:
        """Answer what a command asks for."""
        self.key(stroke, "ctrl+backspace")
        for letter in text:
            self.post(pygame.KEYDOWN, key=pygame.K_x, mod=0, unicode=letter)
        self.window.step()
        self.key("return")
        self.finish()

    def finish(self) -> None:
        """Until nothing runs in the background."""
        while self.session.job is not None:
            self.session.job.paced = False
            self.window.step()

    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) what the window shows."""
        return pygame.surfarray.array3d(self.window.window.get_surface()).transpose(1, 0, 2)


@contextmanager
def without_a_screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[AppWindow]]:
    """A list for the windows that are opened; in the end they are closed."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.quit()
    windows: list[AppWindow] = []
    yield windows
    for window in windows:
        window.close()
    pygame.quit()


@dataclass(frozen=True)
class Written:
    """A line of text that a window was told to paint, in points: it, its place, and its true width and height."""

    text: str
    place: Rect
    width: float
    height: float
    seen: Rect  # the part of the window that was painted on

    @property
    def whole(self) -> bool:
        """Whether all its letters are within its place, and none of them is cut off by where the painting ends."""
        inside = self.place.x >= self.seen.x - 1 and self.place.right <= self.seen.right + 1
        middle = self.place.y + self.place.height / 2
        upright = middle - self.height / 2 >= self.seen.y - 1 and middle + self.height / 2 <= self.seen.bottom + 1
        return self.width <= self.place.width + 1e-6 and inside and upright


def written(user: User, monkeypatch: pytest.MonkeyPatch) -> list[Written]:
    """Every line of text in the next picture of a window, measured with its own font; the letters are not drawn."""
    found: list[Written] = []

    def text(painter: PygamePainter, text: str, rect: Rect, size: int, *_: Any, **__: Any) -> None:
        pixels = painter.surface.get_clip()
        seen = Rect(*(part / painter.scale for part in pixels))
        high = painter.line_height(size)
        found.append(Written(text, rect, painter.text_width(text, size), high, seen))

    with monkeypatch.context() as patch:
        patch.setattr(PygamePainter, "text", text)
        user.app.changed()
        user.window.step([])
    return found


def script_of_docs(name: str) -> Any:
    """The module that makes the pictures of a page."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_seen(colors: NDArray[np.floating]) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """For each colour blindness what it makes of (n, 3) colours from 0 to 255: again such, and in linear RGB."""
    rgb = np.asarray(colors) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    for matrix in BLINDNESS.values():
        seen = np.clip(linear @ np.array(matrix).T, 0, 1)
        yield 255 * np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055), seen
