"""The explorer on a real screen, 1280 by 720 pixels of Xvfb: it fits, F11 fills the screen, and Escape leaves it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json
import pygame
from gridworld_env.explorer.launch import open_explorer
from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.session import Session

window = open_explorer(Session(make_document({"map_name": "lecture"}), seed=1))
sizes = []
for key in (pygame.K_RETURN, pygame.K_F11, pygame.K_ESCAPE):
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0, unicode="", window=window.window))
    for _ in range(10):
        window.step()
        pygame.time.wait(10)
    sizes.append(window.window.size)
colors = {tuple(window.window.get_surface().get_at((x, 300))) for x in range(0, 1200, 7)}
print(json.dumps([pygame.display.get_driver(), window.app.session.status[0], sizes, len(colors)]))
"""


@pytest.mark.visual
@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="no Xvfb here: apt install xvfb")
def test_the_window_fits_a_small_screen_and_fills_it() -> None:
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1280x720x24", sys.executable, "-c", SCRIPT]
    folder = Path(__file__).resolve().parents[3]
    known = {name: value for name, value in os.environ.items() if not name.startswith("SDL_")}
    known["PYTHONPATH"] = os.pathsep.join([str(folder), known.get("PYTHONPATH", "")])
    done = subprocess.run(screen, env=known, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    driver, status, (solved, filled, back), colors = json.loads(done.stdout.splitlines()[-1])
    assert driver == "x11"
    assert "in a window again" in status
    assert filled == [1280, 720]
    assert solved == back
    assert back[0] <= 1280
    assert back[1] <= 720
    assert colors > 5
