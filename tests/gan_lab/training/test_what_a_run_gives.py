"""What a run gives to others: grids, ways between samples, measures of quality, scalars, files of the generator."""

import io
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rich.console
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from typer.testing import CliRunner

import gan_lab
from gan_lab import Generator, SampleGrid, Scalars, WiringError, train
from gan_lab.cli.commands import app
from gan_lab.cli.train import _threads
from gan_lab.games import ImagesGame, make_game
from gan_lab.metrics.features import frechet_distance, kernel_distance
from gan_lab.training import progress, sample_grid
from gan_lab.training.loop import _glance
from gan_lab.training.quality import quality_of
from gan_lab.training.run import Run
from gan_lab.training.sheets import great_circle, sheet

SMALL: Any = {"batch_size": 8, "looks": 1}


@pytest.fixture(scope="module")
def pictures() -> Run:
    rng = np.random.default_rng(7)
    return train(ImagesGame(rng.uniform(-1, 1, (20, 1, 4, 4))), steps=1, **SMALL)


def test_a_grid_shows_the_samples(pictures: Run, tmp_path: Path) -> None:
    file = pictures.grid(tmp_path / "grid.png", rows=2, columns=3, seed=5)
    found = np.asarray(Image.open(file).convert("RGB"))
    samples = np.clip(pictures.sample(6, 5).reshape(6, 4, 4), -1, 1)
    side = (found.shape[0] - 1) // 2
    for number, sample in enumerate(samples):
        row, column = divmod(number, 3)
        part = found[1 + row * side : row * side + side, 1 + column * side : column * side + side, 0]
        shown = part.reshape(4, (side - 1) // 4, 4, -1)[:, 0, :, 0]
        assert (shown == np.rint((sample + 1) * 127.5)).all()
    with pytest.raises(WiringError, match="samples of 'ring8' are no pictures"):
        train("ring8", steps=0).grid(tmp_path / "no.png")


def test_ways_between_samples_begin_and_end_at_samples(pictures: Run, tmp_path: Path, rng: np.random.Generator) -> None:
    found = np.asarray(Image.open(pictures.interpolate(tmp_path / "ways.png", 2, 5, seed=3)).convert("RGB"))
    ends = pictures.sample(4, 3).reshape(4, 1, 4, 4)  # the same noise, in rows of two
    side = (found.shape[0] - 1) // 2
    expected = sheet(ends, 2)
    assert np.abs(found[:, :side].astype(int) - expected[:, :side]).max() <= 1  # angles are rounded
    assert np.abs(found[:, -side:].astype(int) - expected[:, -side:]).max() <= 1
    start, end = rng.normal(size=(2, 6))
    way = great_circle(start, end, 7)
    steps = [float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairwise(way)]
    np.testing.assert_allclose(steps, steps[0])  # equal angles
    np.testing.assert_allclose(np.linalg.norm(way[3]), (np.linalg.norm(start) + np.linalg.norm(end)) / 2)


def test_frechet_by_a_matrix_square_root(rng: np.random.Generator) -> None:
    from scipy.linalg import sqrtm

    one, other = rng.normal(size=(50, 4)), rng.normal(1.0, 2.0, size=(70, 4)) @ rng.normal(size=(4, 4))
    s, t = (np.cov(part.T, bias=True) for part in (one, other))
    expected = ((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(s + t - 2 * np.real(sqrtm(s @ t)))
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(one, one) == pytest.approx(0.0, abs=1e-6)


def test_the_kernel_distance_by_sums(rng: np.random.Generator) -> None:
    one, other = rng.normal(size=(6, 3)), rng.normal(size=(5, 3))

    def k(x: Any, y: Any) -> float:
        return float((x @ y / 3 + 1) ** 3)

    within = sum(
        sum(k(x, y) for i, x in enumerate(part) for j, y in enumerate(part) if i != j) / len(part) / (len(part) - 1)
        for part in (one, other)
    )
    between = sum(k(x, y) for x in one for y in other) / 30
    assert kernel_distance(one, other) == pytest.approx(within - 2 * between, rel=1e-10)


def test_quality_is_beside_that_of_data(rng: np.random.Generator) -> None:
    game: Any = make_game("digits")
    found = quality_of(game, game.unseen(300, rng), 1, 5)
    noise = quality_of(game, rng.uniform(-1, 1, (300, 64)).astype(np.float32), 1, 5)
    assert list(found) == ["precision", "recall", "density", "coverage", "frechet_digits", "kernel_digits"]
    for name in ("precision", "recall", "coverage"):
        assert found[name][0] > 0.5 > noise[name][0]  # .8 and more, and 0
    assert noise["frechet_digits"][0] > 10 * found["frechet_digits"][0]
    assert noise["kernel_digits"][0] > 10 * abs(found["kernel_digits"][0])
    of_points = train("ring8", steps=1, **SMALL).quality(100)
    assert list(of_points) == ["precision", "recall", "density", "coverage"]
    with pytest.raises(WiringError, match="plays a strategy"):
        train("dirac", steps=1).quality()


def test_a_grid_grows_while_a_run_goes_on_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """Written after each update, as if each took long; with batch normalisation, which looks could move."""
    game = ImagesGame(rng.uniform(-1, 1, (20, 1, 8, 8)))
    options: Any = {"recipe": gan_lab.RECIPES["dcgan"].with_(batch_size=4), "steps": 3, "looks": 1, "seed": 2}
    alone = train(game, **options)
    monkeypatch.setattr(sample_grid, "FIRST", 0.0)
    monkeypatch.setattr(sample_grid, "AGAIN", 0.0)
    seen: list[tuple[int, bytes]] = []

    class Noted(SampleGrid):
        def __call__(self, run: Run) -> None:
            super().__call__(run)
            seen.append((run.steps, self.path.read_bytes()))

    watched = train(game, callbacks=[Noted(tmp_path / "samples.png", rows=2, columns=2)], **options)
    assert [step for step, _ in seen] == [1, 2, 3, 3]
    assert len({picture for _, picture in seen}) == 3
    for one, other in zip(alone.generator.state_dict().values(), watched.generator.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    assert seen[-1][1] == alone.grid(tmp_path / "alone.png", rows=2, columns=2).read_bytes()


def test_the_option_grid(tmp_path: Path, rng: np.random.Generator) -> None:
    file, data = tmp_path / "samples.png", tmp_path / "data.npy"
    np.save(data, rng.uniform(0, 1, (20, 8, 8)))
    answer = CliRunner().invoke(
        app, ["train", "--data", str(data), "--steps", "1", "--batch-size", "4", "--grid", str(file)]
    )
    assert answer.exit_code == 0, answer.output
    assert Image.open(file).convert("RGB").size == (8 * 49 + 1, 8 * 49 + 1)
    answer = CliRunner().invoke(app, ["train", "ring8", "--steps", "1", "--grid", str(file)])
    assert answer.exit_code == 2
    assert "samples of 'ring8' are not pictures" in answer.stderr


def test_scalars_are_those_of_the_run() -> None:
    class Writer:
        def __init__(self) -> None:
            self.rows: dict[tuple[str, int], float] = {}

        def add_scalar(self, name: str, value: float, step: int) -> None:
            self.rows[name, step] = value

    writer = Writer()
    run = train("ring8", steps=4, truth_every=2, batch_size=8, callbacks=[Scalars(writer)])
    expected = {
        (f"{place}/{name}", int(row["step"])): value
        for place, rows in (("payoff", run.history), ("truth", run.truth))
        for row in rows
        for name, value in row.items()
        if name != "step"
    }
    assert writer.rows.items() >= expected.items()


def test_tensorboard_is_asked_for_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(WiringError, match="pip install tensorboard"):
        Scalars(tmp_path)
    with pytest.raises(WiringError, match="expected a folder, or an object with add_scalar"):
        Scalars(3)


def test_the_generator_in_files(tmp_path: Path, rng: np.random.Generator) -> None:
    own = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.3), nn.ReLU(), nn.Linear(16, 2))
    run = train("ring8", Generator(own), steps=2, **SMALL)
    noise = torch.from_numpy(rng.normal(size=(5, 8)).astype(np.float32))
    expected = gan_lab.players.move_of(run.generator, noise)
    network = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.3), nn.ReLU(), nn.Linear(16, 2))
    network.load_state_dict(load_file(run.export(tmp_path / "g.safetensors")))
    np.testing.assert_array_equal(network.eval()(noise).detach().numpy(), expected)
    program = torch.export.load(run.export(tmp_path / "g.pt2")).module()
    np.testing.assert_allclose(program(noise).detach().numpy(), expected, atol=1e-6)
    assert own.training
    with pytest.raises(WiringError, match=r"expected .safetensors, its state dict, or .pt2"):
        run.export(tmp_path / "g.onnx")
    with pytest.raises(WiringError, match="is a strategy"):
        train("dirac", steps=1).export(tmp_path / "g.pt2")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_long_run_says_something_before_its_first_evaluation(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    console = rich.console.Console(file=stream, force_terminal=terminal, width=100)
    monkeypatch.setattr(rich.console, "Console", lambda **_: console)
    monkeypatch.setattr(progress, "TOLD", 0.0)
    monkeypatch.setattr(progress, "MOVED", 0.0)
    train("ring8", steps=100, truth_every=100, batch_size=8, progress=True)  # the bar is drawn ten times a second
    assert "payoff of discriminator_0" in stream.getvalue()
    if not terminal:
        lines = stream.getvalue().splitlines()
        assert lines[0].startswith("ring8: update 1 of 100. payoff of ")  # which also loads what all updates need
        assert lines[1].startswith("ring8: update 2 of 100, about ")


@pytest.mark.parametrize("game", ["ring8", "dirac"])
def test_a_first_evaluation_is_for_the_eye_alone(game: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said long before the first that the run keeps, once, and the run is the same."""
    stream = io.StringIO()
    options: Any = {"steps": 6, "truth_every": 6, "seed": 3}
    monkeypatch.setattr(rich.console, "Console", lambda **_: rich_console(stream))
    monkeypatch.setattr(progress, "LOOKED", 0.0)
    shown, silent = train(game, progress=True, **options), train(game, **options)
    first, *others = stream.getvalue().splitlines()
    assert first.startswith(f"{game}: update 1 of 6. ")
    assert "value " in first
    assert [line.startswith(f"{game}: ended after ") for line in others] == [True]
    assert (shown.history, shown.truth) == (silent.history, silent.truth)
    for name, player in shown.players.items():
        for key, value in player.state_dict().items():
            assert torch.equal(value, silent.players[name].state_dict()[key])


def test_a_broken_player_is_named_by_the_run_and_not_by_the_first_evaluation() -> None:
    run = train("ring8", steps=1, batch_size=8)
    with torch.no_grad():
        run.generator.trained[0].fill_(torch.nan)
    assert _glance(run) == {}


def test_a_short_run_that_is_piped_says_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(rich.console, "Console", lambda **_: rich_console(stream))
    train("dirac", steps=3, progress=True)
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("dirac: ended after ")


def rich_console(stream: io.StringIO, console: Any = rich.console.Console) -> Any:
    """A console that is no terminal."""
    return console(file=stream, force_terminal=False)


@pytest.mark.parametrize(("side", "threads"), [(8, 1), (32, None)])
def test_the_command_takes_one_thread_for_small_samples(
    side: int, threads: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = ImagesGame(np.zeros((10, 1, side, side)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert _threads(game) == threads
    assert _threads("dirac") == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert _threads(game) is None
