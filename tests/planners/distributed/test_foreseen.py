"""What is said before a solve, beside what the solve then takes; and how long it will still take, while it goes on."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import planners
from gridworld_env.maps.slices import open_map
from planners import InvalidOptionError, NotEnoughMemoryError, memory
from planners.__main__ import main
from planners.distributed import Rows, foresee, solve_in_parts
from planners.iteration.sweep_forecast import Outlook, SweepForecast
from tests.planners.distributed import job
from tests.planners.distributed.test_solving import together

__all__ = ["together"]


def test_the_bytes_of_two_processes_are_those_that_they_send(together: tuple[Path, int]) -> None:
    folder, _ = together
    facts = [json.loads((folder / f"rank-{rank}.json").read_text(encoding="ascii")) for rank in range(2)]
    for name in job.FORESEEN:
        said = facts[0]["foreseen"][name]
        assert said == facts[1]["foreseen"][name]
        sent = sum(fact[name]["sent"] for fact in facts)
        assert said["sent_a_sweep"] * facts[0][name]["sweeps"] == sent > 0
        assert (said["processes"], said["finished"], said["sweeps"]) == (2, True, facts[0][name]["sweeps"])


def test_the_bytes_on_disk_and_the_sweeps_are_those_of_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planners.distributed.foreseen.LOOK", np.inf)  # however slow this machine is
    model, out = Rows(job.ladder, job.LADDER, 2), tmp_path / "plan"
    said = foresee(model, discount=0.99, out=out, checkpoint_every=10)
    assert not out.exists()
    seen = []

    def look(_: planners.Iteration) -> None:
        seen.append(sum(file.stat().st_size for file in out.rglob("*.f64")))

    plan = solve_in_parts(model, discount=0.99, out=out, checkpoint_every=10, progress=look)
    assert said.plan_bytes == sum(file.stat().st_size for file in out.glob("*.npy"))
    assert said.checkpoint_bytes == 3 * max(seen) // 2 > 0  # two sets are kept, while a third is written
    assert (said.states, said.sweeps, said.finished) == (job.LADDER, plan.iterations, True)
    assert "about" in str(said)
    with pytest.raises(InvalidOptionError, match="discount is 1"):
        foresee(model, discount=1.0)


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a disk that is too small; the folder itself is not made."""
    model, file = Rows(job.ladder, job.LADDER, 2), tmp_path / "file"
    file.touch()
    with pytest.raises(InvalidOptionError, match="file is a file; expected a folder for the plan"):
        foresee(model, discount=0.9, out=file / "plan")
    if Path("/proc/self").exists():  # where nobody may make a file
        with pytest.raises(OSError, match="/proc/"):
            foresee(model, discount=0.9, out="/proc/plan")
    said = foresee(model, discount=0.9, out=tmp_path / "a" / "plan")
    assert said.disk_free is not None
    assert "free there" in str(said)
    assert "TOO LITTLE" not in str(said)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=said.plan_bytes - 1))
    assert f"{said.plan_bytes / 1000:.1f} kB are free there, which is TOO LITTLE" in str(
        foresee(model, discount=0.9, out=tmp_path / "a" / "plan")
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_does_not_fit_is_said_with_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1e7)
    with pytest.raises(NotEnoughMemoryError, match=r"its 3000 states, .* needs about 12\d\.\d MB of memory"):
        foresee(Rows(job.ladder, job.LADDER, 2), discount=0.9)


def test_the_command_says_it_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "map.txt").write_text("...+\n.#.-\nS...\n", encoding="ascii")
    assert main([str(tmp_path / "map.txt"), "--slip", "0.2", "--out", str(tmp_path / "plan"), "--dry-run"]) == 0
    said = capsys.readouterr().out
    for line in ("dry run", "memory", "disk", "exchange", "time"):
        assert f"\n{line} " in f"\n{said}"
    assert "11 states in 3 parts, 1 processes; nothing is written" in said
    assert [path.name for path in tmp_path.iterdir()] == ["map.txt"]


# How long it will still take.


def corridors(side: int) -> str:
    """One way through all rows, there and back; the end is at its beginning."""
    rows = [["."] * side for _ in range(side)]
    for row in range(1, side, 2):
        rows[row] = ["#"] * side
        rows[row][-1 if row % 4 == 1 else 0] = "."
    rows[0][0] = "+"
    return "\n".join(map("".join, rows)) + "\n"


def maze(side: int) -> str:
    """One way between each two squares: a depth-first search digs it; the end is in a corner."""
    rng, cells = np.random.default_rng(side), side // 2
    squares, way = np.full((2 * cells + 1, 2 * cells + 1), "#"), [(0, 0)]
    squares[1, 1] = "+"
    while way:
        r, c = way[-1]
        beside = [(r, c + 1), (r + 1, c), (r, c - 1), (r - 1, c)]
        new = [
            (a, b) for a, b in beside if min(a, b) >= 0 and max(a, b) < cells and squares[2 * a + 1, 2 * b + 1] == "#"
        ]
        if not new:
            way.pop()
            continue
        a, b = new[rng.integers(len(new))]
        squares[r + a + 1, c + b + 1] = squares[2 * a + 1, 2 * b + 1] = "."
        way.append((a, b))
    return "\n".join(map("".join, squares)) + "\n"


def open_floor(side: int) -> str:
    return "\n".join(["+" + "." * (side - 1), *["." * side] * (side - 1)]) + "\n"


@pytest.mark.parametrize("text", [open_floor(96), corridors(40), maze(40)])
@pytest.mark.parametrize("discount", [0.99, 0.9999])
def test_after_a_tenth_the_sweeps_and_the_time_to_come_are_known_within_a_factor_of_two(
    text: str, discount: float, tmp_path: Path
) -> None:
    """By a clock that counts the parts that are swept, and a little for each sweep: so it always tells the same time.

    `benchmarks/foreseen.py` measures by a real one.
    """
    (tmp_path / "map.txt").write_text(text, encoding="ascii")
    forecast, clock, told = SweepForecast(), 0.0, []

    def note(step: Any) -> None:
        nonlocal clock
        clock += 0.2 + step.outlook().active
        swept: Any = SimpleNamespace(**{**step._asdict(), "seconds": clock}, outlook=step.outlook)
        forecast.take(swept)
        told.append((forecast.sweeps_left, forecast.seconds_left, clock) if forecast.knows else (np.nan, np.nan, clock))

    plan = solve_in_parts(open_map(str(tmp_path / "map.txt"), slip=0.2), discount=discount, progress=note)
    for tenth in (1, 2, 3, 4, 5):
        sweep = -(-tenth * plan.iterations // 10)
        sweeps, seconds, now = told[sweep - 1]
        assert 0.5 <= sweeps / (plan.iterations - sweep) <= 2.0, (tenth, sweeps, plan.iterations)
        assert 0.5 <= seconds / (clock - now) <= 2.0, (tenth, seconds, clock)


@pytest.mark.parametrize(("spreads", "until", "after"), [(False, 70.0, 0.0), (True, 30.0, 28.0 * np.log(10.0))])
def test_sweeps_end_when_the_residual_has_fallen_or_when_values_are_everywhere(
    spreads: bool, until: float, after: float
) -> None:
    """A tenth of the residual every ten sweeps; or values reach all states in 100 sweeps, as on maps and in mazes.

    In the sweeps after that, all parts are swept at the beginning and none at the end.
    """
    forecast = SweepForecast()
    for sweep in range(1, 71):
        outlook = Outlook(1e-14, (sweep / 100.0) ** 1.2 if spreads else 1.0)
        residual = 1e-7 if spreads else 10.0 ** (-sweep / 10.0)
        step: Any = SimpleNamespace(
            iteration=sweep, seconds=2.0 * sweep, residual=residual, outlook=lambda o=outlook: o
        )
        forecast.take(step)
    assert forecast.sweeps_left == pytest.approx(until + after)
    assert forecast.seconds_left == pytest.approx(2.0 * (until + 0.5 * after))
