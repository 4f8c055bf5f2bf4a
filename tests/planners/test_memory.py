"""Asking for memory before it is used."""

import tracemalloc
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import gridworld_env  # noqa: F401 - registers GridWorld-v0
from planners import NotEnoughMemoryError, PlannerError, memory
from planners.memory import available_bytes, check_memory, readable, tabular_bytes


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
