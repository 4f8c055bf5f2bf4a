"""A VAE and a GAN on the same data: the table, its figures measured again here, and the command."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from gan_lab import Discriminator, Generator, WiringError, beside_vae
from gan_lab.cli.commands import app
from gan_lab.games import MixtureGame, ShapesGame
from gan_lab.games.sample_game import SampleGame
from gan_lab.metrics.blur import measure_blur
from gan_lab.metrics.precision_recall import precision_recall
from gan_lab.networks.perceptrons import perceptron
from gan_lab.networks.picture_pairs import ResidualGenerator
from gan_lab.recipes.choose import RECIPES
from gan_lab.studies.vae_comparison import Comparison
from gan_lab.vae import importance_bound


class Arc(SampleGame):
    """A half circle, whose modes nobody knows."""

    name, dimension, noise_size, bound, scale = "arc", 2, 2, 5.0, 1.0

    def real(self, count: int, rng: np.random.Generator) -> Any:
        angles = rng.uniform(0, np.pi, count)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    def truth(self, samples: Any, rng: np.random.Generator) -> dict[str, float]:
        return {}


@pytest.fixture(scope="module")
def two_modes() -> Comparison:
    game = MixtureGame([[-1.0, 0.0], [1.0, 0.0]], std=0.1, name="two modes", noise_size=2)
    generator, discriminator = Generator(perceptron([2, 16, 2])), Discriminator(perceptron([2, 16, 1]))
    return beside_vae(game, steps=300, samples=500, seed=3, batch_size=64, truth_every=300, generator=generator,
                      discriminator=discriminator)  # fmt: skip


@pytest.mark.long
def test_the_figures_are_those_of_the_samples(two_modes: Comparison) -> None:
    found = two_modes
    assert isinstance(found.game, MixtureGame)
    assert found.linear is not None
    assert list(found.columns) == ["data", "linear VAE", "VAE", "GAN"]
    rng = np.random.default_rng([3, 1])
    fresh = found.game.real(500, rng)
    for name, column in found.columns.items():
        blur = measure_blur(found.game, found.samples[name])
        assert (column["missed"], column["far"], column["distance"]) == (blur.missed, blur.far, blur.distance)
        shares = precision_recall(fresh, found.samples[name])
        assert (column["precision"], column["recall"]) == (shares.precision, shares.recall)
    density = found.game.log_density(fresh)
    bound = importance_bound(found.vae.vae, fresh, 100, 3).points
    linear = found.linear.log_density(fresh)
    assert found.columns["data"]["log_likelihood"] == density.mean()
    assert found.columns["VAE"]["log_likelihood"] == bound.mean()
    assert found.columns["VAE"]["kl"] == pytest.approx((density - bound).mean())
    assert found.columns["linear VAE"]["kl"] == pytest.approx((density - linear).mean())
    assert "log_likelihood" not in found.columns["GAN"]
    assert "kl" not in found.columns["data"]


def test_what_the_lecture_says_of_the_two(two_modes: Comparison) -> None:
    """The linear VAE covers both modes and blurs; the VAE, which can bend, is likelier and blurs less."""
    columns = two_modes.columns
    assert columns["linear VAE"]["far"] > 10 * columns["data"]["far"]
    assert columns["linear VAE"]["recall"] > 0.9
    assert columns["VAE"]["missed"] == 0
    assert columns["VAE"]["log_likelihood"] > columns["linear VAE"]["log_likelihood"]
    assert columns["VAE"]["kl"] > 0


def test_the_table_says_what_there_is_not(two_modes: Comparison) -> None:
    text = repr(two_modes)
    likelihood = next(line for line in text.splitlines() if line.startswith("log p of fresh data"))
    assert likelihood.endswith("none: implicit")
    assert ">= " in likelihood
    assert "300 updates of the VAE, 300 of the GAN; samples 500, neighbours 3, importance samples 100, seed 3" in text


def test_a_game_without_known_modes() -> None:
    found = beside_vae(Arc(), steps=20, samples=60, batch_size=16)
    assert not {"missed", "far", "kl"} & set(found.columns["VAE"])
    assert {"log_likelihood", "reconstruction", "precision", "coverage"} <= set(found.columns["VAE"])
    assert set(found.columns["data"]) == {"precision", "recall", "density", "coverage"}
    assert "modes missed" not in repr(found)


def test_one_dimension_has_no_linear_column() -> None:
    found = beside_vae(MixtureGame([[-1.0], [1.0]], 0.2), steps=5, samples=30, batch_size=16)
    assert found.linear is None
    assert list(found.columns) == ["data", "VAE", "GAN"]


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(WiringError, match="samples is 3; expected more than 3"):
        beside_vae("ring8", steps=1, samples=3)
    with pytest.raises(WiringError, match="'dirac' is a game of strategies"):
        beside_vae("dirac", steps=1)


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, list(arguments))


def test_the_command() -> None:
    result = run("beside-vae", "ring8", "--steps", "3", "--samples", "30", "--loss", "minimax")
    assert result.exit_code == 0, result.output
    assert "none: implicit" in result.stdout
    assert "modes missed" in result.stdout
    assert run("beside-vae", "dirac").exit_code == 2
    assert "did you mean 'ring8'" in run("beside-vae", "rimg8").stderr


class Few(ShapesGame):
    """Shapes, of which few are looked at."""

    evaluated = 20  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]


def test_on_pictures_the_figures_are_those_that_the_game_reads(tmp_path: Path) -> None:
    """Networks for pictures on both sides; the means of the VAE without its noise; no linear VAE of 3,072 numbers."""
    recipe = RECIPES["pictures"].with_(batch_size=2)
    found = beside_vae(Few(), steps=1, samples=12, importance_samples=2, recipe=recipe)
    assert list(found.columns) == ["data", "VAE", "VAE, means", "GAN"]
    assert found.linear is None
    assert isinstance(found.vae.vae.decoder, ResidualGenerator)
    assert (found.columns["data"]["blur"], found.columns["data"]["high_quality"]) == (0, 1)
    assert found.columns["GAN"]["values_missed"] == 19
    noise = found.samples["VAE"] - found.samples["VAE, means"]
    assert noise.std() == pytest.approx(found.vae.vae.std, rel=0.05)  # 36,864 numbers: a standard error is .4 %
    assert "blur, pixels" in repr(found)
    assert "distance to nearest true picture" in repr(found)
    assert found.vae.settings["batch_size"] == 2
    shown = Image.open(found.grid(tmp_path / "samples.png", rows=2, columns=3)).convert("RGB")
    assert shown.size == (4 * (3 * 33 + 1) + 3 * 10, 2 * 33 + 1)
    data = found.samples["data"][:6].reshape(6, 3, 32, 32)
    assert np.allclose(np.asarray(shown)[1:33, 1:33], (data[0].transpose(1, 2, 0) + 1) * 127.5, atol=0.51)


def test_the_vae_can_have_other_updates_and_samples_that_are_no_pictures_have_no_grid(tmp_path: Path) -> None:
    found = beside_vae("ring8", steps=1, vae_steps=2, samples=12, importance_samples=2, recipe="plain")
    assert (found.gan.steps, found.vae.steps) == (1, 2)
    with pytest.raises(WiringError, match="samples of 'ring8' are no pictures"):
        found.grid(tmp_path / "samples.png")
