"""How fast the explorer is: first paint, frames while it runs, idle.

It needs a display: xvfb-run -s "-screen 0 1600x1000x24" python benchmarks/explorer.py
Frames are those of the window's own loop; a late one comes later than 1.5 / 60 s after the one before. Beside them
stands an empty window, which is what the machine and the display take.
"""

import argparse
import gc
import os
import subprocess
import sys
import time

import numpy as np

os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")  # before the first window, the empty one too

FIRST_PAINT = """
import time, os
began = float(os.environ["BEGAN"])
from gridworld_env.explorer.session import Session
from gridworld_env.explorer.files import read_document
from gridworld_env.explorer.launch import open_explorer
imported = time.time()
window = open_explorer(Session(*read_document({map!r}, 0.9)))
window.step()
print(imported - began, time.time() - imported, time.process_time())
"""


def first_paint(name: str) -> None:
    parts = []
    for _ in range(5):
        environment = {**os.environ, "BEGAN": str(time.time())}
        command = [sys.executable, "-c", FIRST_PAINT.format(map=name)]
        out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        parts.append([float(number) for number in out.splitlines()[-1].split()])
    imports, paint, processor = np.median(parts, axis=0)
    print(
        f"first paint, {name}: {imports + paint:.2f} s from the start of Python, "
        f"{imports:.2f} s imports and {paint:.2f} s window; {processor:.2f} s of processor time"
    )


def opened(side: int):
    from gridworld_env.explorer.launch import open_explorer
    from gridworld_env.explorer.map_document import make_document
    from gridworld_env.explorer.session import Session
    from gridworld_env.maps.random_maps import random_map

    rows = random_map(side, side, walls=0.15, seed=1)
    window = open_explorer(Session(make_document({"desc": rows, "slip": 0.2}, 0.97)))
    window.step()
    return window


def running(side: int, view: str, seconds: float, speed: float = 60.0) -> None:
    from gridworld_env.explorer.commands import COMMANDS

    window = opened(side)
    app, session = window.app, window.app.session
    session.view, session.speed = view, speed
    app.run(COMMANDS["sweep"])
    window.step()
    gc.freeze()  # as `AppWindow.run` does
    times, work, began = [], [], time.perf_counter()
    while time.perf_counter() - began < seconds:
        if session.job is None:
            app.run(COMMANDS["reset"])
            app.run(COMMANDS["run"])
        start = time.process_time()
        window.step()
        work.append(time.process_time() - start)
        window._clock.tick(60)
        times.append(time.perf_counter())
    gaps = np.diff(times)
    dropped = int((gaps > 1.5 / 60).sum())
    print(
        f"{side} x {side}, {view}, a sweep a frame: {len(gaps) / gaps.sum():.1f} frames/s, "
        f"{dropped} of {len(gaps)} late; "
        f"work a frame {1e3 * np.median(work):.1f} ms median, {1e3 * np.quantile(work, 0.99):.1f} ms 99th percentile"
    )
    window.close()


def empty_window(seconds: float) -> None:
    import pygame

    pygame.display.init()
    window, clock, times = pygame.Window("empty", (1240, 820)), pygame.time.Clock(), []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        pygame.event.get()
        window.get_surface().fill((len(times) % 255, 0, 0))
        window.flip()
        clock.tick(60)
        times.append(time.perf_counter())
    gaps = np.diff(times)
    print(f"an empty window: {len(gaps) / gaps.sum():.1f} frames/s, {int((gaps > 1.5 / 60).sum())} of {len(gaps)} late")
    window.destroy()


def editing(side: int) -> None:
    window = opened(side)
    app = window.app
    times = []
    for number in range(60):
        start = time.process_time()
        app.session.use([(side // 2, 5 + number % (side - 10))], "wall", "stroke")
        window.step()
        times.append(time.process_time() - start)
    print(f"{side} x {side}, painting a square: {1e3 * np.median(times):.1f} ms of work until it is shown")
    times = []
    for number in range(60):
        app.session.cursor = (number % side, number % side)
        app.session.stamp += 1
        start = time.process_time()
        window.step()
        times.append(time.process_time() - start)
    print(f"{side} x {side}, moving the cursor: {1e3 * np.median(times):.1f} ms of work until it is shown")
    window.close()


def idle(seconds: float) -> None:
    code = FIRST_PAINT.format(map="lecture") + "window.run()\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "BEGAN": "0"}, stdout=subprocess.DEVNULL
    )
    time.sleep(10)

    def used() -> float:
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(seconds)
    print(f"idle: {100 * (used() - before) / seconds:.1f} % of a core over {seconds:g} s")
    process.kill()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    seconds = parser.parse_args().seconds
    first_paint("lecture")
    empty_window(seconds)
    for shown in ("values", "policy", "Q", "residual", "optimal"):
        running(50, shown, seconds)
    for shown in ("values", "policy", "Q"):
        running(500, shown, seconds)
    for size in (50, 500):
        editing(size)
    idle(20.0)
