"""Makes the pictures of explore.md: python docs/explore_pictures.py [FOLDER]. No display is needed."""

import os
import sys
from pathlib import Path
from typing import Any

os.environ["SDL_VIDEODRIVER"] = "dummy"

import pygame

from gridworld_env.explorer import files
from gridworld_env.explorer.commands import COMMANDS
from gridworld_env.explorer.launch import open_explorer, watch_learner
from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.session import Session
from gridworld_env.ui.widgets.pygame_window import AppWindow


def run(window: AppWindow, *commands: str) -> None:
    """Run commands that are done at once."""
    app: Any = window.app  # an `App` of any kind; here it is the explorer's
    for name in commands:
        app.run(COMMANDS[name])
    window.step()


def picture_of_a_slip(folder: Path) -> None:
    """AIMA's world, solved; the agent has just slipped."""
    window = open_explorer(Session(make_document({"map_name": "aima-4x3"}, 1.0), seed=5))
    app: Any = window.app
    run(window, "solve", "drop")
    for _ in range(50):
        run(window, "step")
        move = app.session.agent.last
        if move is not None and move.made != move.intended and move.origin != move.target:
            break
    pygame.image.save(window.window.get_surface(), folder / "explore.png")
    window.close()


def picture_of_a_learner(folder: Path) -> None:
    """Q-learning after a thousand steps on the lecture's map."""
    session = Session(make_document({"map_name": "lecture", "slip": 0.2}), seed=1)
    watch_learner(session, "q-learning", 1000)
    window = open_explorer(session)
    window.step()
    pygame.image.save(window.window.get_surface(), folder / "explore_learn.png")
    window.close()


def picture_of_a_backup(folder: Path) -> None:
    """The lecture's map with slip after three sweeps, and the backup of the square beside the goal's column."""
    window = open_explorer(Session(make_document({"map_name": "lecture", "slip": 0.2}), seed=1), (1280, 720))
    app: Any = window.app
    run(window, "sweep", "sweep", "sweep", "tool look")
    app.session.cursor = (1, 2)
    app.changed()
    window.step()
    pygame.image.save(window.window.get_surface(), folder / "explore_backup.png")
    window.close()


def picture_of_the_maps(folder: Path) -> None:
    """The menu of maps."""
    window = open_explorer(Session(make_document({"map_name": "lecture"}), seed=1), (1280, 720))
    run(window, "maps")
    pygame.image.save(window.window.get_surface(), folder / "explore_maps.png")
    window.close()


def animation_of_the_flip(folder: Path) -> None:
    """The lecture's world, solved, while the step reward goes from -0.01 to -2."""
    window = open_explorer(Session(make_document({"map_name": "lecture"}), seed=1))
    app: Any = window.app
    session = app.session
    for reward in (-0.01, -0.04, -0.1, -0.3, -0.5, -0.7, -1.0, -1.5, -2.0):
        session.set_rule(step_reward=reward)
        session.planning.solve()
        session.changed()
        session.say(f"step reward {reward:g}")
        session.record()
    files.export_gif(session, str(folder / "explore_flip.gif"))
    while session.job is not None:
        window.step()
    window.close()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    picture_of_a_slip(target)
    picture_of_a_learner(target)
    picture_of_a_backup(target)
    picture_of_the_maps(target)
    animation_of_the_flip(target)
