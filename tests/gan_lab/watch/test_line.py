"""Figure 1 of Goodfellow et al. 2014, live: against closed forms and quadrature."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from gan_lab.games import MixtureGame
from gan_lab.watch import line_picture
from gan_lab.watch.line_picture import Line, pushed_mass
from gan_lab.watch.live_run import LiveRun
from gan_lab.watch.watchable_games import FIGURE, watched_game
from tests.gan_lab.watch.test_pictures import finished


def picture(game: MixtureGame, generator: Any = None, odds: Any = None, loss: str = "minimax") -> Line:
    """What is drawn where the generator and the log-odds of the discriminator are these functions of arrays."""
    live_run = LiveRun(game, FIGURE, loss=loss, batch_size=4)
    players: Any = live_run.run
    if generator is not None:
        players.generator.act = lambda z: torch.from_numpy(generator(np.asarray(z)).astype(np.float32))
    if odds is not None:
        players.discriminator.judge = lambda x: torch.from_numpy(odds(np.asarray(x)[:, 0]).astype(np.float32))
    return finished(line_picture.draw(live_run))


def normal_log(x: np.ndarray, std: float) -> np.ndarray:
    return stats.norm.logpdf(x, 0.0, std)


def test_the_density_of_the_generator_is_its_closed_form() -> None:
    """Of an affine map and of z^2, which takes two numbers of noise to each sample; to the 4,000 intervals of z."""
    line = picture(watched_game("bump"), lambda z: 0.3 * z - 0.2)  # pyright: ignore - a mixture
    np.testing.assert_allclose(
        line.fake, np.diff(stats.norm.cdf(line.edges, -0.2, 0.3)) / np.diff(line.edges), atol=1e-3
    )
    squares = picture(watched_game("bump"), lambda z: z**2)  # pyright: ignore - a mixture
    expected = np.diff(stats.chi2.cdf(squares.edges, 1)) / np.diff(squares.edges)
    np.testing.assert_allclose(squares.fake, expected, atol=1e-3, rtol=0.01)
    assert line.blur == 0.0


def test_a_collapsed_generator_keeps_all_its_mass() -> None:
    assert pushed_mass(np.full(51, 0.3), np.full(50, 0.02), np.linspace(0, 1, 11)).sum() == pytest.approx(1.0)
    assert pushed_mass(np.full(51, 7.0), np.full(50, 0.02), np.linspace(0, 1, 11)).sum() == 0.0


def test_the_best_discriminator_is_no_worse_than_itself(rng: np.random.Generator) -> None:
    """D = p / (p + p_g) in closed form: D - D* is 0 wherever there is mass, however narrow the densities are."""
    std, width = float(rng.uniform(0.01, 1.0)), float(rng.uniform(0.7, 1.4))
    game = MixtureGame([[0.0]], std, noise_size=1)
    line = picture(game, lambda z: width * std * z, lambda x: normal_log(x, std) - normal_log(x, width * std))
    heavy = line.data + line.fake > 1e-2 * line.data.max()
    assert np.abs(line.difference[heavy]).max() < 0.01  # a blur by h, as in the plane, would leave .5 at std .01
    top = line.data.max()
    np.testing.assert_allclose(
        line.data, np.diff(stats.norm.cdf(line.edges, 0, std)) / np.diff(line.edges), atol=1e-9 * top
    )


def test_the_divergence_and_the_value_are_integrals() -> None:
    std, width = 0.5, 0.8
    line = picture(
        MixtureGame([[0.0]], std, noise_size=1),
        lambda z: width * std * z,
        lambda x: normal_log(x, std) - normal_log(x, width * std),
    )

    def part(x: float) -> float:
        p, q = stats.norm.pdf(x, 0, std), stats.norm.pdf(x, 0, width * std)
        return float(0.5 * (p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))))

    exact = integrate.quad(part, -5 * std, 5 * std)[0]
    assert line.numbers["jsd"] == pytest.approx(exact, abs=2e-5)
    assert line.numbers["value"] == pytest.approx(2 * exact - np.log(4), abs=2e-3)  # V of the best D


def test_more_noise_numbers_are_estimated_and_blurred_alike() -> None:
    game: Any = watched_game("bump", noise=3)
    line = picture(game, lambda z: game.std * z[:, :1], np.zeros_like)
    assert line.blur > 0
    heavy = line.data > 0.2 * line.data.max()
    # 4,000 samples in a kernel of 5 cells or more: each cell's D* is off by less than .15 with a chance above 1 - 1e-9
    assert np.abs(line.exact[heavy] - 0.5).max() < 0.15
    assert len(line.ways) == len(line.noise) == line_picture.WAYS


def test_the_window_plays_the_figure_until_it_fits() -> None:
    """A claim about one seed: 120 updates bring the bump's divergence from .5 below .05."""
    live_run = LiveRun(watched_game("bump"), FIGURE)
    before = finished(line_picture.draw(live_run)).numbers["jsd"]
    for _ in range(120):
        live_run.update()
    assert before > 0.2
    assert finished(line_picture.draw(live_run)).numbers["jsd"] < 0.05
