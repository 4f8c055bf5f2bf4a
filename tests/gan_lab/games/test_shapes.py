"""Pictures of known factors: what is drawn, what is read back, and figures that tell data, blur and copies apart."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter1d

import gan_lab
from gan_lab import WiringError
from gan_lab.diagnosis.verdicts import verdicts
from gan_lab.games import ImagesGame, ShapesGame
from gan_lab.games.shape_pictures import (
    FACTORS,
    all_pictures,
    blur_of,
    blurred,
    certain_distances,
    factor_table,
    read_pictures,
)
from gan_lab.networks.picture_pairs import (
    DCGANDiscriminator,
    DCGANGenerator,
    ResidualDiscriminator,
    ResidualGenerator,
    SpectralDiscriminator,
    channels_of,
    spectrally_normalised,
)
from gan_lab.recipes.choose import RECIPES, own_recipe


@pytest.fixture(scope="module")
def game() -> ShapesGame:
    return ShapesGame()


def test_a_picture_is_where_and_what_its_factors_say() -> None:
    """Centre of mass, area and colour of each, from the formulas of the shapes and not from the drawing."""
    pictures = all_pictures().reshape(-1, 3, 32, 32).astype(np.float64) + 0.8
    across, down = np.meshgrid(np.arange(32) + 0.5, np.arange(32) + 0.5)
    for picture, row in zip(pictures[::5], factor_table()[::5], strict=True):
        kind, x, y, radius, hue = (values[number] for values, number in zip(FACTORS.values(), row, strict=True))
        share = picture.max(axis=0) / 1.6  # the brightest channel is .8
        area = {"disc": np.pi, "triangle": 2.0, "cross": 20 / 9}[kind] * radius**2
        assert share.sum() == pytest.approx(area, rel=0.06)
        lower = radius / 3 if kind == "triangle" else 0.0  # the centre of mass of a triangle is a third from its base
        assert (across * share).sum() / share.sum() == pytest.approx(x, abs=0.1)
        assert (down * share).sum() / share.sum() == pytest.approx(y + lower, abs=0.15)
        bright = [c for c in range(3) if picture[c].max() > 1]
        names = {(0,): "red", (0, 1): "yellow", (1,): "green", (1, 2): "cyan", (2,): "blue", (0, 2): "magenta"}
        assert names[tuple(bright)] == hue


def test_the_reading_is_exact_and_proven(game: ShapesGame, rng: np.random.Generator) -> None:
    """On clean pictures; and up to the certain distance from each, in random directions, no other is nearer."""
    assert [tuple(row.values()) for row in game.read(all_pictures())] == [
        tuple(values[n] for values, n in zip(FACTORS.values(), row, strict=True)) for row in factor_table()
    ]
    chosen = rng.integers(576, size=12)
    directions = rng.normal(size=(12, 3072))
    towards = all_pictures()[(chosen + 1) % 576] - all_pictures()[chosen]
    directions[:6] = towards[:6]  # straight to another picture is the worst
    directions *= 0.999 * (certain_distances()[chosen] / np.linalg.norm(directions, axis=1))[:, None]
    samples = (all_pictures()[chosen] + directions).astype(np.float32)
    brute = np.array([((all_pictures() - sample) ** 2).sum(axis=1).argmin() for sample in samples])
    assert (read_pictures(samples)[0] == chosen).all()
    assert (brute == chosen).all()
    for number in rng.integers(576, size=3):
        others = np.delete(all_pictures(), number, axis=0).astype(np.float64)
        nearest = np.sqrt(((others - all_pictures()[number]) ** 2).sum(axis=1).min())
        assert certain_distances()[number] == pytest.approx(nearest / 2, rel=1e-6)


def test_blur_is_measured_in_pixels(rng: np.random.Generator) -> None:
    """Of pictures blurred by another library."""
    chosen = rng.integers(576, size=12)
    for width in (0.4, 1.0, 1.7):
        whole = all_pictures()[chosen].reshape(-1, 32, 32).astype(np.float64)
        for axis in (1, 2):
            whole = gaussian_filter1d(whole, width, axis=axis, mode="nearest", truncate=8)
        assert np.abs(blurred(all_pictures()[chosen].reshape(-1, 32, 32), width) - whole).max() < 1e-4
        found = blur_of(whole.reshape(12, -1).astype(np.float32), chosen)
        assert found == pytest.approx(width, abs=1e-9)


def test_soft_edges_and_noise_leave_no_doubt(rng: np.random.Generator) -> None:
    """A Gaussian of one pixel, or noise of .04 in every number, on all 576 pictures; twice as much blur leaves it."""
    soft = blurred(all_pictures().reshape(-1, 32, 32), 1.0).reshape(576, -1)
    noisy = (all_pictures() + rng.normal(0, 0.04, (576, 3072))).astype(np.float32)  # |noise| is 2.22 +- .03, below 2.8
    for samples in (soft, noisy):
        nearest, distances = read_pictures(samples)
        assert (nearest == np.arange(576)).all()
        assert (distances < certain_distances()).all()
    nearest, distances = read_pictures(blurred(soft.reshape(-1, 32, 32), 1.0 * 3**0.5).reshape(576, -1))  # 2 in all
    assert not (distances < certain_distances()[nearest]).any()


@pytest.mark.long
def test_the_truth_of_the_data_of_blur_of_copies_and_of_news(game: ShapesGame, rng: np.random.Generator) -> None:
    """2,000 samples: each bound is left with a probability below 1e-6."""
    data = game.truth(game.real(2000, rng), rng)
    assert (data["high_quality"], data["new"], data["values_missed"], data["distance"], data["blur"]) == (1, 0, 0, 0, 0)
    assert abs(data["modes"] - data["modes_expected"]) < 15  # a standard deviation is 2.4
    assert abs(data["reverse_kl"] - data["reverse_kl_floor"]) < 0.05  # one is .0076, as of chi square / 2n
    assert verdicts(game, data)[-1].startswith("Mode collapse? no: ")
    new = game.truth(game.unseen(100, rng), rng)
    assert (new["new"], new["modes"], new["high_quality"]) == (1, 0, 1)
    half = game.truth(np.concatenate([game.real(75, rng), game.unseen(25, rng)]), rng)
    assert half["new"] == 0.25
    smeared = blurred(game.real(20, rng).reshape(-1, 32, 32), 2.5).reshape(20, -1)
    soft = game.truth(smeared, rng)
    assert soft["high_quality"] == 0
    assert soft["blur"] > 2
    one = game.truth(np.repeat(game.images[:1], 1000, axis=0), rng)
    assert (one["modes"], one["values_missed"]) == (1, 14)
    assert one["reverse_kl"] == pytest.approx(np.log(461))
    assert "Mode collapse? yes" in verdicts(game, one)[-1]
    grey = game.truth(np.full((20, 3072), -0.8), rng)
    assert (grey["high_quality"], grey["new"], grey["values_missed"]) == (0, 0, 19)
    assert [said.split(".")[0].split("?")[1] for said in verdicts(game, grey)[1:]] == [
        " Cannot be told: too few samples show a picture beyond doubt",
        " Cannot be told yet: 0",
    ]


def showing(game: ShapesGame, rng: np.random.Generator, without: dict[str, Any], count: int = 2000) -> Any:
    """Samples of the data but for the pictures that have these values."""
    rows = game.read(game.images)
    kept = np.array([any(row[name] != value for name, value in without.items()) for row in rows])
    return game.images[kept][rng.integers(int(kept.sum()), size=count)]


@pytest.mark.long
def test_the_factors_say_whether_it_has_converged_and_what_is_missing(
    game: ShapesGame, rng: np.random.Generator
) -> None:
    """Each assertion fails by chance with a probability below 1e-6.

    2 JSD of counts is about chi square of 460 degrees of freedom / 4n: of 2,000 samples a standard deviation is .0047.
    "No" is said of the data from 7 of them on, "yes" below 4.2, so that only "no" is excluded here. A pair of values is
    called missing below a fifth of the 66 samples or more that are expected of it.
    """
    row = game.truth(game.real(2000, rng), rng)
    converged, values, modes = verdicts(game, row)
    assert not converged.startswith("Converged? no")
    assert values == "Are all values of the factors there? yes: all 140 pairs of values that so many samples can show."
    assert modes.startswith("Mode collapse? no: ")
    assert row["jsd_of_pictures"] == pytest.approx(row["jsd_of_pictures_floor"], abs=0.017)
    critic = verdicts(game, {**row, "w1": 9.0, "w1_floor": 1.0, "w1_error": 0.1})[0]
    assert critic == converged  # whatever the loss: W1 of pictures says less

    row = game.truth(showing(game, rng, {"hue": "red"}), rng)
    assert (row["values_missed"], row["pairs_missed"], row["pairs_judged"]) == (1, 3 + 4 + 4 + 2, 140)
    share = np.mean([picture["hue"] == "red" for picture in game.read(game.images)])
    exact = float(np.log(2) + 0.5 * ((1 - share) * np.log((1 - share) / (2 - share)) - np.log(2 - share)))
    assert row["jsd_of_pictures"] - row["jsd_of_pictures_floor"] == pytest.approx(exact, abs=0.017)
    converged, values, _ = verdicts(game, row)
    assert converged.startswith("Converged? no: ")
    assert values.startswith("Are all values of the factors there? no: 13 of 140 pairs")
    assert "1 single values have none" in values

    row = game.truth(showing(game, rng, {"kind": "disc", "size": 4.5}), rng)
    assert (row["values_missed"], row["pairs_missed"]) == (0, 1)
    assert verdicts(game, row)[0].startswith("Converged? no: ")
    new = game.truth(game.unseen(100, rng), rng)  # of as many nothing can be missed
    assert new["jsd_of_pictures"] == pytest.approx(np.log(2))
    assert new["pairs_missed"] == 0
    assert "of the others 100% show a combination that was never shown" in verdicts(game, new)[0]


def test_every_value_is_shown_and_the_split_is_of_combinations(game: ShapesGame) -> None:
    assert (game.modes, len(game.held_out), int(game.shown.sum())) == (461, 115, 461)
    for shares in game.factor_shares(game.images).values():
        assert shares.min() > 0.6 / len(shares)
    both = {row.tobytes() for row in game.images} | {row.tobytes() for row in game.held_out}
    assert len(both) == 576
    with pytest.raises(WiringError, match=r"held_out is 1\.5; expected a share"):
        ShapesGame(1.5)
    with pytest.raises(WiringError, match=r"shape \(2, 12\); expected \(n, 3072\)"):
        game.read(np.zeros((2, 12)))


SHAPES = [(1, 8, 8), (3, 32, 32), (2, 12, 12), (1, 28, 28)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "pair",
    [
        (DCGANGenerator, DCGANDiscriminator),
        (DCGANGenerator, SpectralDiscriminator),
        (ResidualGenerator, ResidualDiscriminator),
    ],
    ids=["dcgan", "spectral", "residual"],
)
def test_pairs_take_any_square_picture(pair: Any, shape: tuple[int, int, int]) -> None:
    generator, discriminator = pair[0](5, shape, 4), pair[1](shape, 4)
    pictures = generator(torch.randn(3, 5))
    assert pictures.shape == (3, int(np.prod(shape)))
    assert discriminator(pictures).shape == (3, 1)
    side, sizes = channels_of(shape, 4)
    assert side * 2 ** len(sizes) == shape[1]
    with pytest.raises(WiringError, match="side a multiple of 4"):
        pair[1]((1, 8, 12))


def test_a_weight_of_spectral_norm_1_and_its_gradient() -> None:
    """By the singular values of another library; the slope of the norm is the outer product of the singular vectors."""
    torch.manual_seed(5)
    weight = torch.randn(6, 3, 4, 4, dtype=torch.float64).requires_grad_()
    values = np.linalg.svd(weight.detach().numpy().reshape(6, -1), compute_uv=False)
    normalised = spectrally_normalised(weight)
    assert np.allclose(normalised.detach().numpy() * values[0], weight.detach().numpy(), rtol=1e-12)
    assert torch.autograd.gradcheck(spectrally_normalised, (weight,))
    discriminator, pictures = SpectralDiscriminator((3, 32, 32), 4), torch.randn(2, 3072)
    before = {name: value.clone() for name, value in discriminator.state_dict().items()}
    scores = discriminator(pictures)
    with torch.no_grad():
        for parameter in discriminator.parameters():
            parameter.mul_(7.0 if parameter.dim() > 1 else 1.0)
    assert torch.allclose(discriminator(pictures), scores, atol=1e-5)  # how large the weights are does not matter
    assert before.keys() == discriminator.state_dict().keys()


@pytest.mark.long
def test_own_pictures_of_32_and_more_have_a_recipe_of_their_own(rng: np.random.Generator) -> None:
    large = ImagesGame(rng.uniform(-1, 1, (12, 1, 32, 32)))
    assert own_recipe(large) is RECIPES["pictures"]
    assert own_recipe(ImagesGame(rng.uniform(-1, 1, (12, 1, 8, 8)))) is RECIPES["images"]
    assert own_recipe(ImagesGame(rng.uniform(-1, 1, (12, 1, 32, 34)))) is RECIPES["images"]
    for name in ("pictures", "dcgan", "r3gan_pictures"):
        run = gan_lab.train(large, recipe=RECIPES[name].with_(batch_size=2), steps=1, seed=1)
        assert run.sample(3).shape == (3, 1024)
    with pytest.raises(WiringError, match="samples of 'ring8' are no pictures; the networks of this recipe"):
        gan_lab.train("ring8", recipe="dcgan", steps=1)
