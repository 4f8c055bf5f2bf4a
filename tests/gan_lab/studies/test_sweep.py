"""Sweeps over choices and seeds; several runs in one figure."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gan_lab
from gan_lab.errors import WiringError
from gan_lab.studies.plots import labels_of
from gan_lab.studies.sweep_process import SweepProcesses, can_copy, packed

CHOICES: dict[str, Any] = {"update": ["extragradient", gan_lab.updates.Alternating(2)], "rate": [0.1, "linear(0.2, 0)"]}


def table(found: Any) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in found.table()]


def test_rows_are_those_of_single_runs() -> None:
    found = gan_lab.sweep(CHOICES, "dirac", seeds=[3, 1], steps=10)
    assert [(row["update"], row["rate"], row["seed"]) for row in found.rows][:3] == [
        ("extragradient", 0.1, 3), ("extragradient", 0.1, 1), ("extragradient", "linear(0.2, 0)", 3),
    ]  # fmt: skip
    assert found.rows[-1]["update"] == "alternating(2)"
    alone = gan_lab.train("dirac", update="extragradient", rate="linear(0.2, 0)", steps=10, seed=3)
    assert (found.rows[2]["distance"], found.curves[2]) == (alone.truth[-1]["distance"], alone.truth)
    assert {row["error"] for row in found.rows} == {None}


def test_choices_that_look_alike_are_told_apart() -> None:
    """Two games of one name are two groups; numbers stay numbers."""
    games = [gan_lab.games.NoisyGame(gan_lab.games.DiracGame(), variance) for variance in (1e-4, 1e-2)]
    found = gan_lab.sweep({"game": games, "rate": [0.1, 0.2]}, seeds=2, steps=2)
    assert [row["game"] for row in found.rows[::4]] == ["dirac with noise #1", "dirac with noise #2"]
    assert [(band["runs"], band["rate"]) for band in found.bands("value")] == [(2, 0.1), (2, 0.2)] * 2


@pytest.mark.long
def test_processes_and_resumption_give_the_same_table(tmp_path: Path) -> None:
    whole = gan_lab.sweep(CHOICES, "dirac", seeds=2, steps=6, out=tmp_path)
    files = sorted(tmp_path.glob("*.json"))
    assert len(files) == 8
    for file in files[:3]:
        file.unlink()
    files[3].write_text('{"row": ')  # cut off: it is played again
    again = gan_lab.sweep(CHOICES, "dirac", seeds=2, steps=6, out=tmp_path, processes=2)
    assert table(again) == table(whole)
    assert again.curves == whole.curves
    assert len(gan_lab.sweep(CHOICES, "dirac", seeds=1, steps=7, out=tmp_path).rows) == 4  # another sweep, same folder
    assert len(list(tmp_path.glob("*.json"))) == 12


def test_a_run_that_fails_has_its_error_in_its_row(tmp_path: Path) -> None:
    found = gan_lab.sweep({"loss": ["minimax", "hinj"], "rate": [0.1, 3e38]}, "ring8", steps=3, out=tmp_path)
    errors = [row["error"] for row in found.rows]
    assert errors[0] is None
    assert errors[1].startswith("DivergedError: ")
    assert errors[2].startswith("WiringError: unknown loss 'hinj'")
    assert "3 of them without a result" in repr(found)
    (band,) = [row for row in found.bands("value") if row["loss"] == "minimax" and row["rate"] == 0.1]
    assert (band["runs"], band["failed"], band["value"]) == (1, 0, found.rows[0]["value"])
    json.dumps([json.loads(file.read_text()) for file in tmp_path.glob("*.json")], allow_nan=False)


def test_bands_are_quantiles_over_seeds() -> None:
    found = gan_lab.sweep({"batch_size": [4, 8]}, "ring8", seeds=3, steps=2, recipe="plain", looks=1)
    values = [row["value"] for row in found.rows if row["batch_size"] == 8]
    band = found.bands("value", low=0.0, high=1.0)[1]
    assert (band["value low"], band["value"], band["value high"]) == (min(values), np.median(values), max(values))


@pytest.mark.long
def test_a_process_that_dies_is_an_error_of_one_run() -> None:
    with SweepProcesses() as processes:
        lost = processes.play(packed({"game": "dirac", "steps": 1, "each_update": "no function"}))
        assert lost["row"]["error"].startswith("WiringError: each_update")
        assert processes.play(b"no pickle")["row"]["error"].startswith("its process ended with code")


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all processes are fresh")
def test_copies_of_this_process_play_as_fresh_ones_do() -> None:
    bundle = packed({"game": "dirac", "steps": 3, "looks": 1, "rate": 0.1, "threads": 1})
    with SweepProcesses(2) as processes:
        found = [processes.play(bundle) for _ in range(2)]  # one by each copy
        assert processes.play(b"no pickle")["lost"]
        assert processes.play(b"no pickle")["lost"]
        found.append(processes.play(bundle))  # by a fresh process, as both copies have ended
    rows = [answer["row"] | {"seconds": 0} for answer in found]
    assert rows[0]["error"] is None
    assert rows[0] == rows[1] == rows[2]
    assert found[0]["curve"] == found[1]["curve"] == found[2]["curve"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all processes are fresh")
def test_copies_end_with_the_process_that_made_them() -> None:
    """It is killed, so that it can do nothing about them: their pipes are at their end."""
    script = (
        "import os, signal; from gan_lab.studies.sweep_process import SweepProcesses\n"
        "made = SweepProcesses(2); print(*(process.pid for process in made._all), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    # stdout is at its end, as this call has returned: both copies, which had it open, have ended
    assert said.returncode == -signal.SIGKILL
    assert len(said.stdout.split()) == 2


def test_where_copies_cannot_play_processes_are_fresh() -> None:
    run = {"threads": 1, "device": "cpu"}
    assert can_copy([run, {"threads": 1}]) == (sys.platform == "linux" and threading.active_count() == 1)
    assert not can_copy([run, {"threads": 2}])
    assert not can_copy([run, {**run, "device": "auto"}])
    waiting = threading.Event()
    other = threading.Thread(target=waiting.wait)
    other.start()
    try:
        assert not can_copy([run])
    finally:
        waiting.set()
        other.join()


def test_ctrl_c_keeps_what_is_there() -> None:
    calls: list[int] = []

    def interrupt(run: Any) -> None:
        calls.append(run.steps)
        if len(calls) == 5:
            raise KeyboardInterrupt

    found = gan_lab.sweep({"rate": [0.1, 0.2, 0.3]}, "dirac", steps=2, each_update=Shared(interrupt))
    assert [row["rate"] for row in found.rows] == [0.1, 0.2]
    assert "interrupted: 3 were planned" in repr(found)


class Shared:
    """A function that a copy of the arguments does not copy."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, run: Any) -> Any:
        return self.function(run)

    def __deepcopy__(self, memo: Any) -> "Shared":
        return self


@pytest.mark.parametrize(
    ("choices", "options", "message"),
    [
        ({}, {}, "expected lists of values by name"),
        ({"ratte": [1]}, {}, "'ratte' cannot be chosen: did you mean rate="),
        ({"seed": [1]}, {}, "'seed' cannot be chosen: sweep sets it"),
        ({"rate": 0.1}, {}, "the choices of 'rate' are 0.1; expected a list"),
        ({"loss": "minimax"}, {}, "the choices of 'loss' are 'minimax'; expected a list"),
        ({"rate": [0.1]}, {"seeds": 0}, "seeds is 0; expected a whole number"),
        ({"each_update": [lambda run: None]}, {"processes": 2}, "'each_update' cannot be sent to another process"),
    ],
)
def test_bad_sweeps_are_refused_before_work_begins(choices: Any, options: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        gan_lab.sweep(choices, "dirac", **options)


def test_runs_are_told_apart_in_one_figure() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    runs = [gan_lab.train("dirac", update=rule, rate=rate, steps=20) for rule in ("alternating", "extragradient")
            for rate in (0.1, "cosine(0.3, 0.1)")]  # fmt: skip
    names = labels_of(runs)
    assert names == [
        f"{rule}, rate {rate}" for rule in ("alternating", "extragradient") for rate in ("0.1", "cosine(0.3, 0.1)")
    ]
    figure = gan_lab.plot(runs)
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines[:4]] == names
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 5
    assert [axes.get_title() for axes in figure.axes[2:]] == names
    path = figure.axes[2].get_lines()[0]
    assert np.array_equal(path.get_ydata(), runs[0].trajectory["generator"][:, 0])
    assert labels_of([runs[0], runs[0]]) == ["run 1", "run 2"]
    cases: list[tuple[Any, str]] = [(([],), "expected a list of runs"), ((runs, ["a"]), "1 labels for 4 runs")]
    for bad, message in cases:
        with pytest.raises(WiringError, match=message):
            gan_lab.plot(*bad)


@pytest.mark.long
def test_bands_of_curves() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    found = gan_lab.sweep({"batch_size": [4, 8]}, "ring8", seeds=2, steps=2, recipe="plain", looks=2)
    axes = found.plot("jsd")
    values = [[row["jsd"] for row in curve] for curve in found.curves[:2]]
    assert np.allclose(axes.get_lines()[0].get_ydata(), np.median(values, axis=0))
    with pytest.raises(WiringError, match="no run knows 'jsdd'; they have value"):
        found.plot("jsdd")
    with pytest.raises(WiringError, match="no run knows 'jsdd'; they have"):  # before, a table of NaN
        found.bands("jsdd")
    assert axes.get_title() == "median of 2 seeds, with the middle half as a band"
