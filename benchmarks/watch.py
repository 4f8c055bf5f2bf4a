"""How fast the window of gan-lab watch is: first paint, frames and updates while it runs.

It needs a display: xvfb-run -s "-screen 0 1600x1000x24" python benchmarks/watch.py
Frames are those of the window's own loop; beside them stands an empty window, which is what the machine and the
display take, and the same updates without a window.
"""

import argparse
import os
import subprocess
import sys
import time

import numpy as np

os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")  # before the first window, the empty one too

FIRST_PAINT = """
import time, os
began = float(os.environ["BEGAN"])
from gan_lab.watch.launch import opening
from gan_lab.watch.launch import open_watch
imported = time.time()
window = open_watch(opening({game!r}))
window.step()
shown = time.time()
while window.app.session.picture_maker.busy:
    window.step()
print(imported - began, shown - imported, time.time() - shown, time.process_time())
"""


def first_paint(game: str, times: int) -> None:
    parts = []
    for _ in range(times):
        environment = {**os.environ, "BEGAN": str(time.time()), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", FIRST_PAINT.format(game=game)]
        out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        parts.append([float(number) for number in out.splitlines()[-1].split()])
    imports, window, picture, processor = np.median(parts, axis=0)
    print(
        f"first paint, {game}: {imports:.2f} s imports, {window:.2f} s window, {picture:.2f} s until the picture; "
        f"{processor:.2f} s of processor time in all"
    )


def empty_window(seconds: float) -> None:
    import pygame

    pygame.display.init()
    window, clock, times = pygame.Window("empty", (1240, 890)), pygame.time.Clock(), []
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


def running(game: str, seconds: float, speed: float) -> None:
    from gan_lab.watch.launch import open_watch, opening

    session = opening(game)
    window = open_watch(session)
    window.step()
    session.speed = speed
    session.toggle_run()
    times, work, updates, began = [], [], session.live_run.run.steps, time.perf_counter()
    processor = time.process_time()
    while time.perf_counter() - began < seconds:
        start = time.process_time()
        window.step()
        work.append(time.process_time() - start)
        window._clock.tick(60)
        times.append(time.perf_counter())
    processor = time.process_time() - processor
    updates = session.live_run.run.steps - updates
    gaps, name = np.diff(times), "full speed" if speed > 1000 else f"{speed:g} updates a second asked"
    print(
        f"{game}, {name}: {len(gaps) / gaps.sum():.1f} passes of the loop/s, {updates / seconds:.0f} updates/s, "
        f"{session.recording.seen / seconds:.1f} pictures/s; "
        f"work a pass {1e3 * np.median(work):.1f} ms median, {1e3 * np.quantile(work, 0.99):.1f} ms 99th percentile; "
        f"{processor / max(updates, 1) * 1e3:.1f} ms of processor time an update, pictures included"
    )
    window.close()


def bare(game: str, updates: int) -> None:
    from gan_lab.watch.live_run import LiveRun

    live_run = LiveRun(game)
    live_run.update()
    start = time.process_time()
    for _ in range(updates):
        live_run.update()
    print(f"{game}, no window: {1e3 * (time.process_time() - start) / updates:.1f} ms of processor time an update")


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--starts", type=int, default=5)
    arguments = parser.parse_args()
    for shown in ("ring8", "dirac"):
        first_paint(shown, arguments.starts)
    empty_window(arguments.seconds)
    for shown, speed in (("ring8", 1e6), ("ring8", 10.0), ("grid25", 1e6), ("dirac", 60.0)):
        running(shown, arguments.seconds, speed)
    for shown in ("ring8", "grid25", "dirac"):
        bare(shown, 60)
