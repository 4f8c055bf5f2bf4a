"""Plans as files, and asking for memory before it is used."""

import contextlib
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from scipy import sparse

import gridworld_env  # noqa: F401 - registers GridWorld-v0
import planners
from planners import (
    InvalidModelError,
    InvalidOptionError,
    InvalidPlanFileError,
    MissingModelError,
    NotEnoughMemoryError,
    Plan,
    PlannerError,
    TabularMDP,
    TabularPolicy,
)
from planners.memory import available_bytes, check_memory, readable, tabular_bytes
from planners.saving import VERSION, fingerprint

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


def test_another_model(saved: tuple[Plan, Path], env: Any) -> None:
    _, path = saved
    with pytest.raises(InvalidPlanFileError, match=r"another model: its sizes .*\[11, 4, .*given are \[16, 4, "):
        planners.load_plan(path, gym.make("FrozenLake-v1"))
    with pytest.raises(InvalidPlanFileError, match="the numbers in the tables differ"):
        planners.load_plan(path, gym.make("GridWorld-v0", slip=0.2, step_reward=-0.05))
    with pytest.raises(InvalidModelError, match="no tables to plan on"):
        planners.load_plan(path, 3)


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


DAMAGES: list[dict[str, Any]] = [
    {"values": None},
    {"status": "GREAT"},
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
    from dataclasses import replace

    plan = replace(planners.solve(env, discount=0.9), policy=TabularPolicy.uniform(11, 4))
    with pytest.raises(InvalidOptionError, match="draws its actions"):
        plan.save(tmp_path / "plan")


def test_fingerprint_does_not_depend_on_how_the_tables_were_made(rng: np.random.Generator) -> None:
    P = rng.random((2, 3, 3))
    P /= P.sum(axis=2, keepdims=True)
    rewards = rng.random((3, 2))
    one = TabularMDP.from_arrays(P.transpose(1, 0, 2), rewards)
    table = one.transitions
    wide = sparse.csr_array((table.data, table.indices.astype(np.int64), table.indptr.astype(np.int64)), table.shape)
    backwards = wide[:, ::-1][:, ::-1]
    for transitions in (wide, backwards):
        other = TabularMDP(transitions, one.termination.copy(), one.rewards - 0.0, one.feasible.copy())
        assert fingerprint(other)[1] == fingerprint(one)[1]
    changed = TabularMDP(table, one.termination, one.rewards + np.array([0, 1e-15]), one.feasible)
    assert fingerprint(changed)[1] != fingerprint(one)[1]


# Memory.


def test_what_fits_and_what_does_not() -> None:
    free = available_bytes()
    assert 0 < free < float("inf")
    check_memory(1000, "a small table")
    with pytest.raises(
        NotEnoughMemoryError, match=r"a table needs about .* of memory, and .* are free\. Buy some"
    ) as e:
        check_memory(2 * free, "a table", "Buy some")
    assert isinstance(e.value, MemoryError)
    assert isinstance(e.value, PlannerError)


def test_limits_of_control_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from planners import memory

    monkeypatch.setattr(memory, "CGROUPS", tmp_path)
    free = available_bytes()
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("600\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 50\n")
    assert available_bytes() == pytest.approx(free, rel=0.5)
    (tmp_path / "memory.max").write_text("1000\n")
    assert available_bytes() == 1000 - 600 + 50
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("500\n")
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text("480\n")
    (tmp_path / "memory" / "memory.stat").write_text("total_inactive_file 5\n")
    assert available_bytes() == 25
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text("600\n")
    assert available_bytes() == 0


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (1.5e9, "1.5 GB"), (2e20, "200.0 EB")],
)
def test_readable(count: float, text: str) -> None:
    assert readable(count) == text


@pytest.mark.parametrize("options", [{}, {"slip": 0.2}, {"slip": 0.2, "moves": "king"}], ids=str)
def test_estimate_of_the_tables_covers_what_they_take(options: dict[str, Any]) -> None:
    import tracemalloc

    rows = ["." * 60 for _ in range(60)]
    rows[0] = "+" + rows[0][1:]
    model = gym.make("GridWorld-v0", desc=rows, **options).unwrapped.mdp  # type: ignore[attr-defined]
    estimate = tabular_bytes(model)
    tracemalloc.start()
    tables = model.tabular
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert tables.nbytes <= peak <= estimate <= 3 * peak
    assert tabular_bytes(tables) == 0
