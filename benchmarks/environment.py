"""The environment beside FrozenLake: steps a second, time to make a map, cost of the import."""

import subprocess
import sys
import time
from collections.abc import Callable

import gymnasium as gym
import numpy as np

import gridworld_env  # noqa: F401

STEPS = 100_000


def steps_a_second(env: gym.Env) -> float:
    """Steps of a fixed sequence of actions, with resets, on the bare environment."""
    bare = env.unwrapped
    actions = np.random.default_rng(31).integers(4, size=STEPS).tolist()
    bare.reset(seed=31)
    begin = time.perf_counter()
    for action in actions:
        if bare.step(action)[2]:
            bare.reset()
    return STEPS / (time.perf_counter() - begin)


def best(measure: Callable[[], float], times: int = 5) -> float:
    return max(measure() for _ in range(times))


def seconds_to_make(size: int) -> float:
    squares = np.where(np.random.default_rng(31).random((size, size)) < 0.1, "#", ".")
    squares[0, 0] = "+"
    desc = ["".join(row) for row in squares]
    begin = time.perf_counter()
    gym.make("GridWorld-v0", desc=desc, slip=0.2)
    return time.perf_counter() - begin


def seconds_to_run(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin


def rows() -> list[tuple[str, str, str, str]]:
    """(what, ours, beside it, ratio) of each measurement."""
    ours = best(lambda: steps_a_second(gym.make("GridWorld-v0", slip=2 / 3)))
    theirs = best(lambda: steps_a_second(gym.make("FrozenLake-v1")))
    made = -best(lambda: -seconds_to_make(1000))
    importing = "import planners, gridworld_env"
    baseline = "import gymnasium, scipy.sparse.linalg, scipy.sparse.csgraph"
    import_ours = -best(lambda: -seconds_to_run(importing), 8)
    import_base = -best(lambda: -seconds_to_run(baseline), 8)
    return [
        ("steps a second, beside FrozenLake-v1", f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}"),
        ("seconds to make a slippery 1000 x 1000 map", f"{made:.2f}", "-", "-"),
        (
            "seconds of the import, beside gymnasium and scipy.sparse alone",
            f"{import_ours:.2f}",
            f"{import_base:.2f}",
            f"{import_ours / import_base:.2f}",
        ),
    ]
