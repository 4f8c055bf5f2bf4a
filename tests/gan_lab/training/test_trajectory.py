"""Every update of a run: what is kept, callbacks, and files of a run's numbers and samples."""

import csv
from pathlib import Path
from pickle import dumps, loads
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import gan_lab
from gan_lab.cli import app
from gan_lab.errors import WiringError

SMALL: dict[str, Any] = {"batch_size": 16, "looks": 2}


@pytest.mark.parametrize("game", ["dirac", "finite", "gaussian"])
def test_strategies_after_every_update_are_those_of_shorter_runs(game: str) -> None:
    run = gan_lab.train(game, steps=4, update="extragradient")
    for steps in range(5):
        shorter = gan_lab.train(game, steps=steps, update="extragradient", trajectory=False)
        for name, strategy in zip(("discriminator", "generator"), shorter.strategies, strict=True):
            assert np.array_equal(run.trajectory[name][steps], strategy)
    assert run.trajectory["payoff_generator"][4] == run.history[-1]["generator_0"]
    assert list(run.trajectory["step"]) == [0, 1, 2, 3, 4]


def test_statistics_of_networks() -> None:
    asked = {"bias": lambda run: run.generator.trained[-1], "count": lambda run: run.steps}
    run = gan_lab.train("ring8", trajectory=asked, steps=3, recipe="plain", **SMALL)
    assert run.trajectory["bias"].shape == (4, 2)
    assert np.array_equal(run.trajectory["bias"][-1], run.generator.trained[-1].detach().numpy())
    assert list(run.trajectory["count"]) == [0, 1, 2, 3]
    assert "generator" not in run.trajectory
    other = loads(dumps(run.trajectory))
    assert all(np.array_equal(other[name], rows, equal_nan=True) for name, rows in run.trajectory.items())
    with pytest.raises(KeyError, match="the trajectory has no 'generator'; it has step, payoff_discriminator"):
        run.trajectory["generator"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("all", "trajectory is 'all'; expected True, False, or functions"),
        ({"generator": len}, "trajectory has 'generator'.*expected a new name"),
        ({"x": 3}, "trajectory has 'x': 3; expected a new name, and a function"),
        ({"x": lambda run: "much"}, "trajectory's 'x' says 'much'; expected a number or an array"),
        ({"x": lambda run: np.ones(1 + run.steps)}, r"had shape \(1,\), now \(2,\); expected one shape"),
    ],
)
def test_what_is_no_statistic_is_refused(bad: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        gan_lab.train("dirac", steps=2, trajectory=bad)


def test_a_run_that_stops_keeps_the_rows_that_there_are() -> None:
    run = gan_lab.train("dirac", steps=100, each_update=lambda run: run.steps == 3)
    assert (run.status, run.steps) == (gan_lab.Status.STOPPED, 3)
    assert run.truth[-1]["step"] == 3
    assert len(run.trajectory["generator"]) == 4
    run = gan_lab.train("dirac", steps=100, each_update=interrupt)
    assert (run.status, len(run.trajectory["generator"])) == (gan_lab.Status.INTERRUPTED, 4)


def interrupt(run: Any) -> None:
    if run.steps == 3:
        raise KeyboardInterrupt


def test_what_looks_on_changes_nothing() -> None:
    def draws(run: Any) -> float:
        return float(run.sample(3).sum())

    plain = gan_lab.train("ring8", steps=3, **SMALL, trajectory=False)
    watched = gan_lab.train("ring8", steps=3, **SMALL, trajectory={"x": draws}, each_update=draws)
    assert plain.history == watched.history


def test_numbers_as_csv(tmp_path: Path) -> None:
    run = gan_lab.train("ring8", steps=4, recipe="r3gan", **SMALL)
    with run.to_csv(tmp_path / "run.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [2, 4]
    for row, paid, truth, averaged in zip(rows, run.history, run.truth, run.averaged_truth, strict=True):
        assert float(row["payoff_generator_0"]) == paid["generator_0"]
        assert float(row["value"]) == truth["value"]
        assert float(row["averaged_modes"]) == averaged["modes"]


def test_the_command_sample(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    run = gan_lab.train("ring8", steps=2, checkpoint=file, **SMALL)
    call = CliRunner().invoke
    for ending, read in ((".npy", np.load), (".csv", lambda path: np.loadtxt(path, delimiter=",", skiprows=1))):
        out = tmp_path / f"samples{ending}"
        assert call(app, ["sample", str(file), "--count", "7", "--out", str(out), "--seed", "3"]).exit_code == 0
        assert np.array_equal(read(out).astype(np.float32), run.sample(7, seed=3))
    for name, message in (("x.txt", "expected .npy, .csv or .png"), ("x.png", "are no pictures")):
        found = call(app, ["sample", str(file), "--out", str(tmp_path / name)])
        assert found.exit_code == 2
        assert message in found.output
    assert call(app, ["sample", str(tmp_path / "none.safetensors")]).exit_code == 2


def test_pictures_are_written_as_pictures(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    gan_lab.train("digits", steps=1, checkpoint=file, batch_size=8, looks=1)
    for name in ("s.npy", "s.png"):
        assert (
            CliRunner().invoke(app, ["sample", str(file), "--count", "5", "--out", str(tmp_path / name)]).exit_code == 0
        )
    assert np.load(tmp_path / "s.npy").shape == (5, 1, 8, 8)
    assert (tmp_path / "s.png").stat().st_size > 100


def test_rates_on_the_command_line() -> None:
    found = CliRunner().invoke(app, ["train", "dirac", "--steps", "2", "--rate", "cosine(1e-3)", "--rate", "cosin(1)"])
    assert found.exit_code == 2
    assert "rate is 'cosin(1)'; expected a number, or one of exponential" in found.output
    assert CliRunner().invoke(app, ["train", "dirac", "--steps", "2", "--rate", "cosine(0.1, 0.01)"]).exit_code == 0
