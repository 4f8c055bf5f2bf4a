"""Every reader of files, given damaged ones: it reads, or it refuses in a sentence that names the file.

`GRIDWORLD_FUZZ=10000 make test ARGS="tests/test_files_from_strangers.py"` tries ten thousand of each kind.
"""

import contextlib
import os
import shutil
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gan_lab
import gridworld_env
import planners
from gan_lab.games import read_images
from gridworld_env import MapError
from planners import InvalidModelError, InvalidOptionError, InvalidPlanFileError
from planners.distributed import solve_in_parts
from tests.oracles.damage import damaged

TRIES = int(os.environ.get("GRIDWORLD_FUZZ", "150"))
MOST_BYTES = 400e6  # that reading a damaged file of a few kilobytes may take

Reader = Callable[[], Any]


def world() -> gym.Env[Any, Any]:
    return gym.make("GridWorld-v0", map_name="lecture", slip=0.2)


def plan_file(folder: Path) -> tuple[Path, Reader]:
    planners.solve(world(), discount=0.9).save(folder / "plan.npz")
    return folder / "plan.npz", lambda: planners.load_plan(folder / "plan.npz", world())


def plan_folder(name: str) -> Callable[[Path], tuple[Path, Reader]]:
    def made(folder: Path) -> tuple[Path, Reader]:
        solve_in_parts(world(), discount=0.9, parts=2, out=folder / "plan")
        return folder / "plan" / name, lambda: planners.load_plan(folder / "plan", world()).values.sum()

    return made


def csv(outcome: int | None) -> Callable[[Path], tuple[Path, Reader]]:
    def made(folder: Path) -> tuple[Path, Reader]:
        file = folder / "model.csv"
        planners.TabularMDP.from_env(world()).to_csv(file)
        if outcome is not None:
            head, *lines = file.read_text().splitlines()
            file.write_text("\n".join([f"{head},idoutcome", *(f"{line},{outcome}" for line in lines)]))
        return file, lambda: planners.TabularMDP.from_csv(file, outcome=outcome)

    return made


def explicit(name: str, contents: dict[str, str], read: Callable[..., Any]) -> Callable[[Path], tuple[Path, Reader]]:
    def made(folder: Path) -> tuple[Path, Reader]:
        for each, content in contents.items():
            (folder / f"model.{each}").write_text(content)
        return folder / f"model.{name}", lambda: read(**{each: folder / f"model.{each}" for each in contents})

    return made


def drn(path: Path) -> planners.TabularMDP:
    return planners.TabularMDP.from_drn(path, reward="cost")


DRN = """@type: MDP
@value_type: double
@parameters

@reward_models
steps cost
@nr_states
3
@nr_choices
4
@model
state 0 [1, 2.5] init
\taction go [0, 1]
\t\t1 : 0.25
\t\t2 : 0.75
\taction 1 [0, 0]
\t\t0 : 1
state 1 [1, 0] done
\taction 0 [0, 0]
\t\t1 : 1
state 2 [1, 0] done "far away"
\taction 0 [0, 0]
\t\t1 : 1/3
\t\t2 : 2/3
"""
PRISM = {
    "tra": "3 4 6\n0 0 1 0.25 go\n0 0 2 0.75 go\n0 1 0 1\n1 0 1 1\n2 0 1 0.5\n2 0 2 0.5\n",
    "lab": '0="init" 1="done"\n0: 0\n1: 1\n2: 1\n',
    "srew": "3 2\n0 1\n1 2.5\n",
    "trew": "3 4 2\n0 0 1 1.5\n0 0 2 2\n",
}


def text_map(name: str, content: str, **options: Any) -> Callable[[Path], tuple[Path, Reader]]:
    def made(folder: Path) -> tuple[Path, Reader]:
        file = folder / name
        file.write_text(content)
        return file, lambda: gym.make("GridWorld-v0", **gridworld_env.read_map_file(file, **options))

    return made


def utf_16(folder: Path) -> tuple[Path, Reader]:
    file, read = csv(None)(folder)
    file.write_bytes(file.read_text().encode("utf-16"))
    return file, read


def picture(folder: Path) -> tuple[Path, Reader]:
    image = pytest.importorskip("PIL.Image")
    file, exif = folder / "map.png", image.Exif()
    exif[0x0112] = 6
    image.fromarray(np.arange(63, dtype=np.uint8).reshape(7, 9) * 4).save(file, exif=exif)
    return file, lambda: gridworld_env.load_image(file)


MOVINGAI = "type octile\nheight 3\nwidth 4\nmap\n....\n.@T.\n...S\n"
SCENARIO = "version 1\n0\tarena.map\t4\t3\t0\t0\t3\t2\t4.41421356\n"


def scenarios(folder: Path) -> tuple[Path, Reader]:
    (folder / "arena.map").write_text(MOVINGAI)
    (folder / "arena.map.scen").write_text(SCENARIO)
    return folder / "arena.map.scen", lambda: gridworld_env.read_map_file(folder / "arena.map", scenario=0)


def slices(name: str, content: str, **options: Any) -> Callable[[Path], tuple[Path, Reader]]:
    def made(folder: Path) -> tuple[Path, Reader]:
        file = folder / name
        file.write_text(content)
        return file, lambda: solve_in_parts(gridworld_env.open_map(str(file), **options), discount=0.5, parts=2)

    return made


def checkpoint_in_parts(name: str) -> Callable[[Path], tuple[Path, Reader]]:
    options: dict[str, Any] = {"discount": 0.999, "parts": 2, "checkpoint_every": 1, "throw": False}

    def stop(iteration: planners.Iteration) -> None:
        if iteration.iteration == 3:
            raise RuntimeError("the machine goes down")

    def made(folder: Path) -> tuple[Path, Reader]:
        with pytest.raises(RuntimeError, match="goes down"):
            solve_in_parts(world(), out=folder / "plan", progress=stop, **options)
        *older, newest = sorted((folder / "plan" / "checkpoint").glob("sweep-*"))
        for each in older:  # they would be taken instead
            shutil.rmtree(each)

        def read() -> planners.Plan:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*holds a finished plan, which is kept", UserWarning)
                return solve_in_parts(world(), out=folder / "plan", max_iterations=1, **options)

        return newest / name, read

    return made


def gan_checkpoint(folder: Path) -> tuple[Path, Reader]:
    file = folder / "dirac.safetensors"
    gan_lab.train("dirac", steps=3, seed=5, checkpoint=file)
    return file, lambda: gan_lab.train("dirac", steps=3, seed=5, resume=file)


def image_array(folder: Path) -> tuple[Path, Reader]:
    np.save(folder / "images.npy", np.zeros((12, 8, 8), dtype=np.uint8))
    return folder / "images.npy", lambda: read_images(folder / "images.npy")


SEALED = ("plan", "plan folder", "array of a plan folder")  # they have digests: what is damaged is never read
JSON = '{"desc": ["S.X", "..+"], "legend": {"X": {"reward": -5}}, "slip": 0.1, "max_episode_steps": 20}'
# Of a checkpoint without an older one it is a warning, as the solve begins anew; here warnings are errors.
DAMAGED = (InvalidPlanFileError, UserWarning)
KINDS: dict[str, tuple[Callable[[Path], tuple[Path, Reader]], tuple[type[Exception], ...]]] = {
    "plan": (plan_file, (InvalidPlanFileError,)),
    "plan folder": (plan_folder("plan.json"), (InvalidPlanFileError,)),
    "array of a plan folder": (plan_folder("values.npy"), (InvalidPlanFileError,)),
    "csv": (csv(None), (InvalidModelError,)),
    "csv in UTF-16": (utf_16, (InvalidModelError,)),
    "picture": (picture, (MapError,)),
    "csv of several models": (csv(3), (InvalidModelError,)),
    "Storm's explicit file": (explicit("path", {"path": DRN}, drn), (InvalidModelError, InvalidOptionError)),
    **{
        f"PRISM's .{name}": (explicit(name, PRISM, planners.TabularMDP.from_prism), (InvalidModelError,))
        for name in PRISM
    },
    "text": (text_map("map.txt", "S..+\n.#.-\n....\n"), (MapError,)),
    "json": (text_map("map.json", JSON), (MapError,)),
    "MovingAI": (text_map("arena.map", MOVINGAI, goal=(0, 0)), (MapError,)),
    "scenarios": (scenarios, (MapError,)),
    "text in slices": (slices("map.txt", "S..+\n.#.-\n....\n"), (MapError, planners.PlannerError)),
    "MovingAI in slices": (slices("arena.map", MOVINGAI, goal="0,0"), (MapError, planners.PlannerError)),
    "checkpoint": (checkpoint_in_parts("complete.json"), (*DAMAGED, InvalidOptionError)),
    "part of a checkpoint": (checkpoint_in_parts("part-00000.f64"), (*DAMAGED, InvalidOptionError)),
    "checkpoint of a GAN": (gan_checkpoint, (gan_lab.WiringError,)),
    "array of images": (image_array, (gan_lab.WiringError,)),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused(kind: str, tmp_path: Path, rng: np.random.Generator) -> None:
    make, refusals = KINDS[kind]
    file, read = make(tmp_path)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    whole = kept[file]
    right = read()
    refused = 0
    for _ in range(TRIES):
        for path, content in kept.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        file.write_bytes(damaged(whole, rng))
        try:
            found = read()
            if kind in SEALED and file.read_bytes() != whole:
                pytest.fail(f"a damaged file was read: {found} for {right}")
        except refusals as error:
            refused += 1
            said = str(error)
            if len(said) > 1200 or "\x00" in said:
                pytest.fail(f"a message of {len(said)} characters: {said[:300]!r}")
    assert refused > TRIES / 20


@pytest.mark.parametrize("kind", [name for name in KINDS if "GAN" not in name])
def test_damaged_files_do_not_take_memory(kind: str, tmp_path: Path, rng: np.random.Generator) -> None:
    make, refusals = KINDS[kind]
    file, read = make(tmp_path)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    whole = kept[file]
    read()
    tracemalloc.start()
    try:
        for _ in range(TRIES // 10):
            for path, content in kept.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            file.write_bytes(damaged(whole, rng))
            tracemalloc.reset_peak()
            with contextlib.suppress(*refusals):
                read()
            assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
