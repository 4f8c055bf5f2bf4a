"""Points of one's own, as arrays and files; rates; and what is said of choices that do not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import gan_lab
from gan_lab import Discriminator, Generator, Recipe, WiringError, train
from gan_lab.cli import app
from gan_lab.games import ImagesGame, PointsGame, read_data, read_points
from gan_lab.payoffs.losses import find_loss
from gan_lab.payoffs.penalties import find_penalty
from gan_lab.updates import Alternating, find_update

SMALL: Any = {"batch_size": 16, "looks": 1}


def test_points_are_played_and_judged(rng: np.random.Generator) -> None:
    points = rng.normal(size=(300, 2))
    game = PointsGame(points)
    rows = {row.tobytes() for row in game.rows} | {row.tobytes() for row in game.held_out}
    assert rows == {row.tobytes() for row in points.astype(np.float32)}
    run = train(game, steps=3, **SMALL)
    assert "W1 of samples and data" in run.report()
    far = game.truth(game.rows[:200] + 50, rng)
    near = game.truth(game.held_out, rng)
    assert far["w1"] > 30 > 3 > near["w1"]
    assert (far["high_quality"], far["coverage"]) == (0.0, 0.0)
    assert near["nearest"] == near["nearest_held_out"]
    assert game.truth(game.rows, rng)["memorised"] == 1.0


def test_standardised_points_come_back(rng: np.random.Generator) -> None:
    points = np.column_stack([rng.normal(1e6, 1.0, 200), rng.normal(0, 1e-6, 200), np.full(200, 5.0)])
    with pytest.raises(WiringError, match=r"column 0 lies around 1e.06 .* standardise=True"):
        PointsGame(points)
    with pytest.raises(WiringError, match=r"columns 1 and 0 have standard deviations of .* standardise=True"):
        PointsGame(points[:, :2] - [1e6, 0])
    game = PointsGame(points, standardise=True)
    assert np.abs(game.rows.std(axis=0) - [1, 1, 0]).max() < 0.3  # of 160 of 200: .02 is usual
    back = game.original(np.concatenate([game.rows, game.held_out]))
    np.testing.assert_allclose(np.sort(back, axis=0), np.sort(points, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([["a", "b"]] * 20, "expected an array of numbers of shape"),
        (np.zeros((20, 2, 2)), r"shape \(20, 2, 2\)"),
        (np.zeros((3, 2)), "there are 3 points; expected at least 10"),
        (np.where(np.arange(40).reshape(20, 2) == 7, np.nan, 0.0), "point 3 has nan in column 1"),
        (None, "points are NoneType"),
        (np.zeros((0, 2)), "expected an array of numbers"),
    ],
)
def test_what_are_no_points(points: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        PointsGame(points)


def test_files_of_points(tmp_path: Path, rng: np.random.Generator) -> None:
    points = rng.normal(size=(40, 2))
    np.save(tmp_path / "points.npy", points)
    np.savetxt(tmp_path / "points.csv", points, delimiter=",", header="x,y", comments="")
    np.save(tmp_path / "images.npy", rng.random((20, 4, 4)))
    one, other = read_data(tmp_path / "points.npy"), read_data(tmp_path / "points.csv")
    assert isinstance(one, PointsGame)
    np.testing.assert_allclose(one.rows, other.rows, atol=1e-6)
    assert one.name == "points"
    assert isinstance(read_data(tmp_path / "images.npy"), ImagesGame)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,2\n3\n", "line 3 has 1 fields, line 2 has 2"),
        ("1,2\n3,four\n", "line 2, column 1 has 'four'; expected a number"),
        ("", "expected an array of numbers"),
        ("x,y\n", "expected an array of numbers"),
        ("1,2\n3,4\n", "there are 2 points"),
    ],
)
def test_files_that_are_no_points(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text(text)
    with pytest.raises(WiringError, match=f"my.csv: .*{message}"):
        read_points(tmp_path / "my.csv")


def test_points_and_rates_on_the_command_line(tmp_path: Path, rng: np.random.Generator) -> None:
    np.savetxt(tmp_path / "my.csv", rng.normal(5, 2, (40, 2)), delimiter=",")
    options = ["--steps", "2", "--batch-size", "8", "--rate", "0.01", "--generator-rate", "0.002"]
    found = CliRunner().invoke(app, ["train", "--data", str(tmp_path / "my.csv"), *options])
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("my, 2 updates")


def rates(run: Any) -> list[float]:
    return [player.optimizer.param_groups[0]["lr"] for player in (run.generator, run.discriminator)]


def test_rates_are_chosen() -> None:
    assert rates(train("ring8", rate=0.01, steps=2, **SMALL)) == [0.01, 0.01]
    assert rates(train("ring8", rate=0.01, generator_rate=0.002, steps=2, **SMALL)) == [0.002, 0.01]
    assert rates(train("dirac", discriminator_rate=0.05, steps=2)) == [0.2, 0.05]
    found = train("dirac", rate=0.1, update="alternating", steps=100, looks=1)
    assert found.truth[-1]["distance"] == pytest.approx(np.sqrt(2), rel=0.1)  # circles, whatever the rate
    make: Any = Recipe
    recipe = make("mine", generator_rate=1e-4, penalty_weight=0.5)
    assert recipe.generator_rate == gan_lab.Schedule(1e-4)
    assert recipe.with_(discriminator_rate=3).discriminator_rate.at(0.7) == 3


G: Any = Generator(nn.Linear(8, 2))
untyped: Any = {
    "train": train,
    "Recipe": Recipe,
    "Generator": Generator,
    "loss": find_loss,
    "penalty": find_penalty,
    "update": find_update,
}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train("ring8", rate=0.0, steps=1), "generator_rate is 0.0; expected a finite number above 0"),
        (lambda: untyped["train"]("ring8", rate="fast", steps=1), "generator_rate is 'fast'"),
        (lambda: untyped["Recipe"]("mine", generator_rate=-1), "generator_rate is -1"),
        (lambda: train("ring8", G, generator_rate=0.1, steps=1), "which has an optimizer of its own"),
        (
            lambda: untyped["Generator"](nn.Linear(8, 2), "adam"),
            "optimizer of generator_0 is 'adam'; expected a function",
        ),
        (lambda: untyped["Generator"](nn.Linear(8, 2), torch.optim.SGD(G.parameters(), 0.1)), "expected a function"),
        (lambda: untyped["loss"](lambda real, fake: real), r"expected a name, or a gan_lab.payoffs.losses.Loss\("),
        (lambda: untyped["penalty"](max), r"gan_lab.payoffs.penalties.Penalty\("),
        (lambda: untyped["update"](Alternating), r"expected a rule, made by Alternating\(\)"),
        (lambda: train("ring8", Discriminator(nn.Linear(2, 1)), G, steps=1), "`train` takes the generator first"),
        (
            lambda: train("ring8", None, Discriminator(nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())), steps=1),
            r"ends in Sigmoid\(\).*leave the last layer out",
        ),
    ],
)
def test_choices_that_do_not_fit(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


def test_a_softmax_of_float32_is_a_distribution(rng: np.random.Generator) -> None:
    q = torch.softmax(torch.from_numpy(rng.normal(size=1000).astype(np.float32)), dim=0)
    assert gan_lab.truth.distribution(q.numpy()).sum() == pytest.approx(1.0, abs=1e-14)
    game, d = gan_lab.games.FiniteGame(np.full(1000, 1e-3)), np.full(1000, 0.5)
    exact = game.exploitability(d, q.double().numpy() / q.double().sum().item())
    assert game.exploitability(d, q) == game.exploitability(d, q.numpy()) == pytest.approx(exact, abs=1e-12)
    with pytest.raises(WiringError, match="adds up to"):
        gan_lab.truth.distribution(q.numpy() * np.float32(1.01))


def test_the_environment_of_the_generator_is_the_same_each_time() -> None:
    one, other = (gan_lab.GeneratorEnv("ring8").discriminator.state_dict() for _ in range(2))
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_parzen_far_from_0(rng: np.random.Generator) -> None:
    from gan_lab.metrics.parzen import parzen_log_likelihood

    points, samples = rng.normal(size=(5, 2)), rng.normal(size=(50, 2))
    expected = parzen_log_likelihood(points, samples, 0.5)
    np.testing.assert_allclose(parzen_log_likelihood(points + 1e8, samples + 1e8, 0.5), expected, atol=1e-5)


def test_mirror_descent_keeps_atoms_without_mass_empty() -> None:
    from gan_lab.studies.lecture import mirror_descent

    p = np.array([0.5, 0.25, 0.25])
    found = mirror_descent(p, np.array([0.5, 0.5, 0.0]), steps=200)
    assert found == pytest.approx(gan_lab.truth.jsd(p, [2 / 3, 1 / 3, 0.0]), abs=1e-6)
