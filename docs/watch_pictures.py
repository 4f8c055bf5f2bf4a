"""Makes the pictures of watch.md: python docs/watch_pictures.py [FOLDER]. No display is needed."""

import os
import sys
from pathlib import Path
from typing import Any

os.environ["SDL_VIDEODRIVER"] = "dummy"

import numpy as np
import pygame
import torch

from gan_lab.watch.files import in_few_colors
from gan_lab.watch.launch import open_watch, opening
from gan_lab.watch.session import Session
from gridworld_env.ui.widgets.events import Pointer
from gridworld_env.ui.widgets.pygame_window import AppWindow

EVERY = 8  # updates from one row of the curves to the next


def settle(window: AppWindow) -> None:
    """Until the picture is finished and shown."""
    app: Any = window.app
    while app.session.drawing_pictures:
        window.step()
    window.step()


def play(window: AppWindow, session: Session, updates: int) -> None:
    """So many updates."""
    session.running = True  # the pictures on the way are coarse
    for number in range(updates):
        session._update()
        if number % EVERY == 0 and session.live_run.of_samples:
            session._begin_picture()
            while session.drawing_pictures:
                session._draw(0.0)
    session.running = False
    session.say(f"paused at update {session.live_run.run.steps}")
    session._begin_picture()
    settle(window)


def save(window: AppWindow, path: Path) -> None:
    """Write what the window shows, in few colours."""
    pixels = pygame.surfarray.array3d(window.window.get_surface()).swapaxes(0, 1)
    in_few_colors(np.ascontiguousarray(pixels)).save(path, optimize=True)
    window.close()


def picture_of_missing_modes(folder: Path) -> None:
    """The one-liner of the page."""
    session = opening("ring8", "plain", width=0.05, noise=2)
    window = open_watch(session)
    play(window, session, 800)
    save(window, folder / "watch.png")


def picture_of_dirac(folder: Path) -> None:
    """Simultaneous ascent spirals out at the predicted rate."""
    session = opening("dirac", update="simultaneous")
    window = open_watch(session)
    session.put(0.5, 0.5)
    settle(window)
    play(window, session, 250)
    save(window, folder / "watch_dirac.png")


def picture_of_a_drawing(folder: Path) -> None:
    """A face, drawn with the mouse, of which the generator finds the mouth."""
    session = opening("ring8", "plain")
    window = open_watch(session)
    app: Any = window.app
    window.step()
    app.toggle_drawing()
    mouth = np.linspace(np.pi * 1.1, np.pi * 1.9, 30)
    strokes = [[(-0.5, 0.3)], [(0.5, 0.3)], [(0.6 * np.cos(turn), -0.1 + 0.5 * np.sin(turn)) for turn in mouth]]
    main = app.places.main
    for stroke in strokes:
        places = [
            (main.center[0] + x / 1.35 * main.width / 2, main.center[1] - y / 1.35 * main.width / 2) for x, y in stroke
        ]
        app.handle(Pointer("press", places[0], 1))
        for place in places[1:]:
            app.handle(Pointer("move", place, 1))
        app.handle(Pointer("release", places[-1], 1))
    app.toggle_drawing()
    app.show("D*")
    play(window, session, 400)
    save(window, folder / "watch_drawing.png")


def picture_of_the_figure(folder: Path) -> None:
    """Figure 1 of Goodfellow et al. 2014: two bumps."""
    session = opening("two_bumps")
    window = open_watch(session)
    play(window, session, 500)
    save(window, folder / "watch_line.png")


def picture_of_two_runs(folder: Path) -> None:
    """The same players, with and without a penalty."""
    session = opening("ring8", "plain", width=0.05, noise=2, beside={"penalty": "r1"})
    window = open_watch(session)
    play(window, session, 800)
    save(window, folder / "watch_beside.png")


def picture_of_networks(folder: Path) -> None:
    """The layers of both networks."""
    session = opening("ring8")
    window = open_watch(session)
    window.app.show("networks")  # pyright: ignore - the app of this window has it
    play(window, session, 1)
    save(window, folder / "watch_networks.png")


if __name__ == "__main__":
    torch.set_num_threads(1)
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for draw in (
        picture_of_dirac,
        picture_of_missing_modes,
        picture_of_a_drawing,
        picture_of_the_figure,
        picture_of_two_runs,
        picture_of_networks,
    ):
        draw(target)
