"""Plans as files: what is written comes back, and what is damaged or foreign is refused."""

import contextlib
import json
import pickle
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
import planners.distributed
from planners import (
    InvalidOptionError,
    InvalidPlanFileError,
    MissingModelError,
    Plan,
    PlannerError,
    TabularMDP,
    TabularPolicy,
)
from planners.plans.save import VERSION

ARRAYS = ("values", "lower", "upper")
SCALARS = ("error_bound", "status", "iterations", "history", "method", "discount", "tolerance")


@pytest.fixture
def env() -> Any:
    return gym.make("GridWorld-v0", slip=0.2)


@pytest.fixture
def saved(env: Any, tmp_path: Path) -> tuple[Plan, Path]:
    plan = planners.solve(env, discount=0.9)
    path = tmp_path / "lecture.plan"
    plan.save(path)
    return plan, path


def assert_same(left: Plan, right: Plan) -> None:
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    for name in SCALARS:
        assert getattr(left, name) == getattr(right, name), name
    np.testing.assert_array_equal(left.policy.actions, right.policy.actions)
    assert left.policy.num_actions == right.policy.num_actions


def test_all_of_it_comes_back(saved: tuple[Plan, Path], env: Any) -> None:
    plan, path = saved
    for model in (env, plan.model, None):
        assert_same(planners.load_plan(path, model), plan)
    loaded = planners.load_plan(str(path), env)
    np.testing.assert_array_equal(loaded.action_values, plan.action_values)
    np.testing.assert_array_equal(loaded.optimal_actions, plan.optimal_actions)
    assert repr(loaded) == repr(plan)
    with pytest.raises(ValueError, match="read-only"):
        loaded.values[0] = 1.0
    assert all(isinstance(step.iteration, int) for step in loaded.history)


@pytest.mark.parametrize("discount", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("limit", [1, 1_000_000])
def test_plans_of_all_kinds(tmp_path: Path, discount: float, limit: int) -> None:
    """Not converged, and with infinite values, too."""
    P = {0: {0: [(1.0, 0, -1.0, False)]}, 1: {0: [(1.0, 0, -1.0, False)], 2: [(1.0, 0, 2.0, True)]}}
    model = TabularMDP.from_gym_dict(P)
    plan = planners.value_iteration(model, discount=discount, max_iterations=limit, throw=False)
    plan.save(tmp_path / "plan")
    assert_same(planners.load_plan(tmp_path / "plan", model), plan)
    again = planners.value_iteration(model, discount=discount, start=planners.load_plan(tmp_path / "plan"))
    assert again.converged


def test_exactly_the_name_that_was_given_and_nothing_beside_it(saved: tuple[Plan, Path]) -> None:
    plan, path = saved
    assert [entry.name for entry in path.parent.iterdir()] == ["lecture.plan"]
    plan.save(path)  # over the one that is there
    assert [entry.name for entry in path.parent.iterdir()] == ["lecture.plan"]


def test_without_pickle(saved: tuple[Plan, Path]) -> None:
    _, path = saved
    with np.load(path, allow_pickle=False) as arrays:
        assert str(arrays["format"]) == "gridworld-lab plan"
        assert int(arrays["version"]) == VERSION
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_what_cannot_be_written_leaves_the_old_file(saved: tuple[Plan, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    plan, path = saved
    before = path.read_bytes()

    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        plan.save(path)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1
    with pytest.raises(FileNotFoundError):
        plan.save(path.parent / "missing" / "plan")


def test_without_its_model(saved: tuple[Plan, Path], env: Any, tmp_path: Path) -> None:
    plan, path = saved
    loaded = planners.load_plan(path)
    for question in ("action_values", "optimal_actions"):
        with pytest.raises(MissingModelError, match=r"loaded without its model.*load_plan\(path, model=env\)"):
            getattr(loaded, question)
    assert repr(loaded.model) == f"MissingModel({len(plan.values)} states, 4 actions)"
    assert loaded.policy.act(0) == plan.policy.act(0)
    assert planners.policy_iteration(env, discount=0.9, start=loaded).iterations == 1
    loaded.save(tmp_path / "again")
    assert_same(planners.load_plan(tmp_path / "again", env), plan)


# Refusals.


def rewritten(path: Path, **changes: Any) -> Path:
    with np.load(path) as arrays:
        kept = dict(arrays)
    kept.update(changes)
    with path.open("wb") as file:
        np.savez(file, **{name: value for name, value in kept.items() if value is not None})
    return path


@pytest.mark.parametrize("version", [VERSION + 1, 0, 99])
def test_another_version(saved: tuple[Plan, Path], version: int) -> None:
    path = rewritten(saved[1], version=version)
    with pytest.raises(InvalidPlanFileError, match=f"format version {version}; this library reads version {VERSION}"):
        planners.load_plan(path)


def plan_files(folder: Path, env: Any) -> list[tuple[Path, Path]]:
    """Every file of a plan in a file and of one in a folder, with the path to load it by."""
    planners.solve(env, discount=0.9).save(folder / "plan.npz")
    planners.distributed.solve_in_parts(env, discount=0.9, parts=3, out=folder / "plan")
    return [(folder / "plan.npz", folder / "plan.npz"), *((file, file.parent) for file in (folder / "plan").iterdir())]


@pytest.mark.long
def test_a_flipped_bit_is_found(tmp_path: Path, env: Any, rng: np.random.Generator) -> None:
    for file, path in plan_files(tmp_path, env):
        whole = file.read_bytes()
        planners.load_plan(path)
        for place in {*rng.integers(len(whole), size=200).tolist(), 0, len(whole) - 1}:
            data = bytearray(whole)
            data[place] ^= 1 << int(rng.integers(8))
            file.write_bytes(bytes(data))
            with pytest.raises(InvalidPlanFileError):
                planners.load_plan(path)
        file.write_bytes(whole)


def test_files_and_folders_of_earlier_releases_have_no_digest(tmp_path: Path, env: Any) -> None:
    plan_files(tmp_path, env)
    for path in (tmp_path / "plan.npz", tmp_path / "plan"):
        plan = planners.load_plan(path)
        if path.is_dir():
            summary = json.loads((path / "plan.json").read_text())
            kept = {name: value for name, value in summary.items() if not name.startswith(("sha256", "minimise"))}
            (path / "plan.json").write_text(json.dumps(kept))
        else:
            rewritten(path)
        assert_same(planners.load_plan(path, env), plan)


def test_a_loaded_plan_stays_as_it_was_when_its_folder_gets_another(tmp_path: Path, env: Any) -> None:
    plan_files(tmp_path, env)
    loaded = planners.load_plan(tmp_path / "plan")
    before = loaded.values.copy()
    planners.distributed.solve_in_parts(env, discount=0.5, out=tmp_path / "plan")
    np.testing.assert_array_equal(loaded.values, before)
    assert (planners.load_plan(tmp_path / "plan").values != before).any()


def test_a_plan_that_unpacks_to_more_than_its_file_is_refused_unread(saved: tuple[Plan, Path]) -> None:
    _, path = saved
    with np.load(path) as arrays:
        kept: dict[str, Any] = dict(arrays) | {name: np.zeros(2_000_000) for name in (*ARRAYS, "actions")}
    np.savez_compressed(path.with_suffix(".npz"), **kept)
    tracemalloc.start()
    try:
        with pytest.raises(InvalidPlanFileError, match="damaged, or not a plan"):
            planners.load_plan(path.with_suffix(".npz"))
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()


DAMAGES: list[dict[str, Any]] = [
    {"values": None},
    {"status": "GREAT"},
    {"discount": 7.0},
    {"lower": np.zeros(3)},
    {"values": np.zeros(11, dtype=np.complex128)},
    {"actions": np.full(11, 7)},
    {"actions": np.full(11, 0.5)},
    {"history": np.zeros((3, 2))},
    {"num_actions": np.zeros(2)},
    {"model_sha256": None},
]


@pytest.mark.parametrize("changes", DAMAGES, ids=lambda changes: f"{next(iter(changes))}")
def test_damaged(saved: tuple[Plan, Path], changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidPlanFileError, match="is a damaged plan"):
        planners.load_plan(rewritten(saved[1], **changes))


def test_cut_off_anywhere(saved: tuple[Plan, Path]) -> None:
    _, path = saved
    whole = path.read_bytes()
    for length in [0, 1, 3, 100, *range(200, len(whole), 211), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(InvalidPlanFileError, match="not a plan"):
            planners.load_plan(path)


def test_changed_anywhere(saved: tuple[Plan, Path], rng: np.random.Generator) -> None:
    """A changed byte is refused, or does not matter; nothing else is ever raised."""
    plan, path = saved
    whole = path.read_bytes()
    for position in rng.integers(len(whole), size=150):
        path.write_bytes(
            whole[:position] + bytes([whole[position] ^ int(rng.integers(1, 256))]) + whole[position + 1 :]
        )
        with contextlib.suppress(InvalidPlanFileError):
            assert_same(planners.load_plan(path), plan)


def test_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    check_refused(path)
    with path.open("wb") as file:
        np.savez(file, values=np.zeros(3))
    check_refused(path)
    with path.open("wb") as file:
        np.savez(file, format=np.array([{"a": 1}], dtype=object), allow_pickle=True)  # pickled: never read
    check_refused(path)
    path.write_bytes(pickle.dumps({"format": "gridworld-lab plan"}))
    check_refused(path)
    path.write_text(json.dumps({"format": "gridworld-lab plan"}))
    check_refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    check_refused(path)
    with pytest.raises(FileNotFoundError):
        planners.load_plan(tmp_path / "nothing")


def check_refused(path: Path) -> None:
    with pytest.raises(InvalidPlanFileError, match="not a plan") as caught:
        planners.load_plan(path)
    assert isinstance(caught.value, PlannerError)


def test_policies_that_draw_are_refused(env: Any, tmp_path: Path) -> None:
    plan = replace(planners.solve(env, discount=0.9), policy=TabularPolicy.uniform(11, 4))
    with pytest.raises(InvalidOptionError, match="draws its actions"):
        plan.save(tmp_path / "plan")


@pytest.mark.parametrize("name", ["plan.csv", "plan.JSON", "table.txt"])
def test_a_name_that_ends_as_another_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    plan = planners.solve(planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, True)]}}), discount=0.5)
    with pytest.raises(
        planners.InvalidOptionError, match=r"a plan is written as an npz archive; expected a name such as"
    ):
        plan.save(tmp_path / name)
    assert not list(tmp_path.iterdir())
