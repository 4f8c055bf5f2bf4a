"""Compiled loops where Numba would end badly: under Ctrl-C, in forked processes, without a folder for its cache."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Barrier, current_thread, main_thread

import gymnasium as gym
import numpy as np
import pytest

import planners
from gridworld_env import random_map
from planners.kernels import blocks

BEGIN = """
import multiprocessing, os, signal, sys, threading, time
import gymnasium as gym
import gridworld_env, planners, planners.kernels.blocks

def solved(side):
    env = gym.make("GridWorld-v0", desc=gridworld_env.random_map(side, side, walls=0.2, seed=side), slip=0.1)
    return planners.gauss_seidel(env, discount=0.99)

def total(side):
    return float(solved(side).values.sum())
"""
FORKED = """
planners.kernels.blocks.ENTRIES = planners.kernels.blocks.WORTH_A_THREAD = 100  # small as they are, on threads
if __name__ == "__main__":
    here = [total(side) for side in (20, 25)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        there = pool.map_async(total, (20, 25)).get(timeout=400)
    assert here == there, (here, there)
    print("the same in forked processes")
"""
UNCACHED = """
from numba.core.caching import CacheImpl
CacheImpl._locator_classes = []
from numba import njit
try:
    njit(cache=True)(lambda: 1)
except RuntimeError as error:
    print(error)
print(solved(20).status.name)
"""
INTERRUPTED = """
gym.make("GridWorld-v0")  # imports what is needed: a module that is interrupted while it is imported may stay broken
began = time.perf_counter()
while True:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.3
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        plan = solved(30)
        status = plan.status.name
        timer.cancel()
        timer.join()
    except KeyboardInterrupt:
        status = "nothing yet"
    except BaseException as error:
        print("wrong:", repr(error))
        raise
    if status == "CONVERGED":
        break
print("interrupted, and then", status)
"""


def run(script: str, folder: Path, *arguments: str, cold: bool = True) -> str:
    """What a process of its own prints; `cold`: with an empty cache, so that it compiles everything."""
    (folder / "script.py").write_text(BEGIN + script)
    environment = {**os.environ, "NUMBA_NUM_THREADS": "2"}
    if cold:
        environment["NUMBA_CACHE_DIR"] = str(folder / "cache")
    command = [sys.executable, str(folder / "script.py"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_pool_after_a_parallel_sweep(tmp_path: Path) -> None:
    assert "the same in forked processes" in run(FORKED, tmp_path, cold=False)


def test_the_same_numbers_on_threads_as_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tables are one block, and large ones many, which threads share."""
    env = gym.make("GridWorld-v0", desc=random_map(40, 40, walls=0.2, seed=3), slip=0.1)
    methods = planners.gauss_seidel, planners.modified_policy_iteration
    monkeypatch.setattr("planners.methods.modified_policy_iteration.COMPILED_FROM", 0)
    asked: list[bool] = []
    ask = blocks.Helpers.ask
    monkeypatch.setattr(blocks, "_helpers", blocks.Helpers())
    monkeypatch.setattr(blocks.Helpers, "ask", lambda *given: asked.append(ask(*given)) or asked[-1])
    alone = [method(env, discount=0.99) for method in methods]
    assert not asked
    monkeypatch.setattr(blocks, "available", lambda: 3)
    monkeypatch.setattr(blocks, "ENTRIES", 100)
    monkeypatch.setattr(blocks, "WORTH_A_THREAD", 100)
    together = [method(env, discount=0.99) for method in methods]
    assert any(asked)
    for one, many in zip(alone, together, strict=True):
        assert (many.lower == one.lower).all()
        assert (many.upper == one.upper).all()


def test_nobody_waits_for_a_thread_that_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "available", lambda: 2)
    monkeypatch.setattr(blocks.Helpers, "ask", lambda *given: True)
    found = blocks.over_blocks(lambda first, last: (first, last), 1 << 22, 1 << 22)
    assert found[0][0] == 0
    assert found[-1][1] == 1 << 22
    assert [last for _, last in found[:-1]] == [first for first, _ in found[1:]]


def test_helpers_that_are_waited_for_are_asked_less_and_less() -> None:
    helpers, alone = blocks.Helpers(), list[int]()
    for waited in (1.0, 1.0, 1.0, 0.0, 0.0, 1.0):
        before = len(alone)
        while not helpers.ask(lambda: None, 0):
            alone.append(before)
        helpers.judge(1.0, waited)
    assert [alone.count(turn) for turn in sorted(set(alone))] == [1, 2, 4]
    while not helpers.ask(lambda: None, 0):
        alone.append(-1)
    assert alone.count(-1) == 2  # two turns without waiting have halved it twice


def test_an_error_in_a_thread_is_raised_where_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "available", lambda: 2)
    monkeypatch.setattr(blocks, "_helpers", blocks.Helpers())
    both, taken = Barrier(2), list[int]()

    def work(first: int, last: int) -> None:
        taken.append(first)
        if first < 2 * blocks.ENTRIES:  # the first two blocks, of which each thread has one
            both.wait(timeout=60)
        if current_thread() is not main_thread():
            raise ValueError("there")

    with pytest.raises(ValueError, match="there"):
        blocks.over_blocks(work, 1 << 22, 1 << 22)
    assert sorted(taken) == list(range(0, 1 << 22, blocks.ENTRIES))


def test_ctrl_c_between_two_blocks_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The block that was just taken is done and counted, so that nobody waits for it for ever."""
    monkeypatch.setattr(blocks, "available", lambda: 2)
    monkeypatch.setattr(blocks, "_helpers", blocks.Helpers())
    monkeypatch.setattr(blocks.Helpers, "ask", lambda *given: True)  # and no other thread is there
    taken = list[int]()

    class Pressed:
        """Blocks; Ctrl-C is pressed as the main thread takes its first."""

        def __init__(self, blocks_of: range) -> None:
            self.left, self.pressed = list(blocks_of)[::-1], False

        def __iter__(self) -> "Pressed":
            return self

        def __next__(self) -> int:
            if not self.left:
                raise StopIteration
            block = self.left.pop()
            if current_thread() is main_thread() and not self.pressed:
                self.pressed = True
                signal.raise_signal(signal.SIGINT)
            return block

    monkeypatch.setattr(blocks, "iter", Pressed, raising=False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # the workers of a test run ignore Ctrl-C
    try:
        with pytest.raises(KeyboardInterrupt):
            blocks.over_blocks(lambda first, last: taken.append(first), 1 << 22, 1 << 22)
    finally:
        signal.signal(signal.SIGINT, before)
    assert sorted(taken) == list(range(0, 1 << 22, blocks.ENTRIES))


@pytest.mark.long
def test_without_a_folder_for_the_cache(tmp_path: Path) -> None:
    assert "cannot cache function" in (said := run(UNCACHED, tmp_path))
    assert "CONVERGED" in said


@pytest.mark.long
def test_ctrl_c_at_any_moment_is_a_keyboard_interrupt(tmp_path: Path, rng: np.random.Generator) -> None:
    """From the first function that Numba compiles to the last sweep, again and again until it is done."""
    assert "interrupted, and then CONVERGED" in run(INTERRUPTED, tmp_path, str(rng.uniform(0.3, 1.0)))
