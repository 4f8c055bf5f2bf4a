"""The environment beside its peers: steps a second, one and many at a time, time to make a map, cost of the import."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils.performance import benchmark_step, benchmark_vector_step
from gymnasium.vector import AutoresetMode

import gridworld_env  # noqa: F401

STEPS = 100_000
ENVIRONMENTS, BATCHES = 4096, 200
SLIP = 2 / 3  # that of FrozenLake

ENVPOOL = f"""
import time, envpool, numpy as np
envs = envpool.make("FrozenLake-v1", env_type="gymnasium", num_envs={ENVIRONMENTS}, num_threads=THREADS, seed=31)
envs.reset()
actions = np.random.default_rng(31).integers(4, size=({BATCHES}, {ENVIRONMENTS})).astype(np.int32)
begin = time.perf_counter()
for row in actions:
    envs.step(row)
print({BATCHES * ENVIRONMENTS} / (time.perf_counter() - begin))
"""

MAKE_MAP = """
import resource, time, numpy as np, gymnasium as gym, gridworld_env
squares = np.where(np.random.default_rng(31).random((SIZE, SIZE)) < 0.1, "#", ".")
squares[0, 0] = "+"
desc = ["".join(row) for row in squares]
begin = time.perf_counter()
gym.make("GridWorld-v0", desc=desc, slip=0.2).reset(seed=31)
print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


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


def vector_steps_a_second(mode: AutoresetMode) -> float:
    """Steps of `ENVIRONMENTS` environments in each batch, with what the mode asks for at the end of an episode."""
    envs: Any = gym.make_vec("GridWorld-v0", num_envs=ENVIRONMENTS, slip=SLIP, autoreset_mode=mode)
    actions = np.random.default_rng(31).integers(4, size=(BATCHES, ENVIRONMENTS))
    envs.reset(seed=31)
    begin = time.perf_counter()
    for row in actions:
        _, _, terminated, truncated, _ = envs.step(row)
        if mode is AutoresetMode.DISABLED and (ended := terminated | truncated).any():
            envs.reset(options={"reset_mask": ended})
    return actions.size / (time.perf_counter() - begin)


def best(measure: Callable[[], float], times: int = 5) -> float:
    return max(measure() for _ in range(times))


def best_of_both(ours: Callable[[], float], theirs: Callable[[], float], times: int = 7) -> tuple[float, float]:
    """The best of each, measured in turns: what disturbs one disturbs the other."""
    pairs = [(ours(), theirs()) for _ in range(times)]
    return max(first for first, _ in pairs), max(second for _, second in pairs)


def output(code: str, python: str = sys.executable) -> list[float]:
    """The numbers that a program prints last, in a process of its own."""
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split("\n")[-2].split()]


def envpool_steps_a_second() -> float:
    """EnvPool's FrozenLake by one thread, by all, and by its own choice, whichever is best; NaN where it is missing."""
    python = os.environ.get("BENCH_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import envpool"], capture_output=True).returncode:
        return float("nan")
    return max(output(ENVPOOL.replace("THREADS", str(n)), python)[0] for n in (1, os.cpu_count(), 0))


def seconds_to_run(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin


Row = tuple[str, str, str, str]  # what, ours, beside it, ratio


def beside(what: str, ours: float, theirs: float, form: str = ",.0f") -> Row:
    return what, f"{ours:{form}}", f"{theirs:{form}}", f"{ours / theirs:.2f}"


def stepping_rows() -> list[Row]:
    bare = best_of_both(
        lambda: steps_a_second(gym.make("GridWorld-v0", slip=SLIP)), lambda: steps_a_second(gym.make("FrozenLake-v1"))
    )
    made = best_of_both(
        lambda: benchmark_step(gym.make("GridWorld-v0", slip=SLIP), target_duration=1, seed=31),
        lambda: benchmark_step(gym.make("FrozenLake-v1"), target_duration=1, seed=31),
        times=3,
    )
    found = [
        beside("steps a second, bare, beside FrozenLake-v1", *bare),
        beside("the same with all wrappers, by Gymnasium's `benchmark_step`", *made),
    ]
    for mode in AutoresetMode:
        what = f"steps a second of {ENVIRONMENTS} environments, {mode.name}, beside EnvPool's FrozenLake-v1"
        both = best_of_both(lambda mode=mode: vector_steps_a_second(mode), envpool_steps_a_second, times=3)
        found.append(beside(what, *both))
    ours, sync = (
        best(lambda how=how: benchmark_vector_step(_vector(how), target_duration=1, seed=31), 2)
        for how in ("vector_entry_point", "sync")
    )
    found.append(beside("64 environments by `benchmark_vector_step`, beside our own under SyncVectorEnv", ours, sync))
    return found


def _vector(mode: str) -> Any:
    return gym.make_vec("GridWorld-v0", num_envs=64, slip=SLIP, vectorization_mode=mode)


def rows() -> list[Row]:
    found = stepping_rows()
    for size in (1000, 4000):
        seconds, gigabytes = min(output(MAKE_MAP.replace("SIZE", str(size))) for _ in range(3))
        what = f"seconds to make and reset a slippery {size} x {size} map, and peak memory"
        found.append((what, f"{seconds:.2f} s, {gigabytes:.2f} GB", "-", "-"))
    importing = "import planners, gridworld_env"
    baseline = "import gymnasium, scipy.sparse.linalg, scipy.sparse.csgraph"
    import_ours = -best(lambda: -seconds_to_run(importing), 8)
    import_base = -best(lambda: -seconds_to_run(baseline), 8)
    what = "seconds of the import, beside gymnasium and scipy.sparse alone"
    return [*found, beside(what, import_ours, import_base, ".2f")]
