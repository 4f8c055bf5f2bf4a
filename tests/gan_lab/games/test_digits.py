"""The digits: what is held out, the classifier's error, and figures that tell data, copies and noise apart."""

import copy
import sys
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import gan_lab
from gan_lab import Discriminator, WiringError, adam
from gan_lab.diagnosis.verdicts import verdicts
from gan_lab.games import DigitsGame, StackedDigitsGame, make_game
from gan_lab.games import digit_classifier as classifier_module
from gan_lab.games.digit_classifier import digit_classifier, digits
from gan_lab.networks.convolutional import ConvolutionalDiscriminator


@pytest.fixture(scope="module")
def game() -> DigitsGame:
    return DigitsGame()


@pytest.fixture(scope="module")
def stacked() -> StackedDigitsGame:
    return StackedDigitsGame()


def training_labels() -> NDArray[np.int64]:
    return digits().labels


def test_the_images_are_those_of_scikit_learn(game: DigitsGame) -> None:
    """Every image once, in one of the two parts, scaled exactly."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    data = digits()
    ours = np.concatenate([data.images, data.held_out])
    both = np.column_stack([np.rint((ours + 1) * 8), np.concatenate([data.labels, data.held_out_labels])])
    theirs = np.column_stack([pixels, labels])
    assert sorted(map(tuple, both.tolist())) == sorted(map(tuple, theirs.tolist()))
    assert (ours.min(), ours.max()) == (-1, 1)
    np.testing.assert_allclose(np.bincount(data.held_out_labels) / np.bincount(labels), 0.2, atol=0.004)
    assert np.shares_memory(game.images, data.images)
    assert not game.images.flags.writeable


def test_real_samples_are_training_images(game: DigitsGame, rng: np.random.Generator) -> None:
    drawn = game.real(200, rng)
    assert drawn.dtype == np.float32
    training = {row.tobytes() for row in game.images}
    assert all(row.tobytes() in training for row in drawn)
    assert not any(row.tobytes() in training for row in game.held_out)


def test_the_classifiers_error_is_measured_on_held_out_images() -> None:
    data, classifier = digits(), digit_classifier()
    wrong = sum(
        int(classifier.labels(image[None])[0]) != label
        for image, label in zip(data.held_out, data.held_out_labels, strict=True)
    )
    assert classifier.error == wrong / 360
    assert classifier.error < 0.02
    assert (classifier.labels(data.images) == data.labels).all()  # so that counts of real samples are exact
    nearest = data.labels[((data.held_out[:, None] - data.images) ** 2).sum(axis=2).argmin(axis=1)]
    assert (classifier.labels(data.held_out) == nearest).mean() > 0.97  # another classifier says nearly the same


def test_the_classifier_is_fitted_once() -> None:
    assert digit_classifier() is digit_classifier()
    again = classifier_module.DigitClassifier(digits())
    assert (again.labels(digits().held_out) == digit_classifier().labels(digits().held_out)).all()


def test_the_truth_of_the_data_is_at_the_floor(game: DigitsGame, rng: np.random.Generator) -> None:
    """By Agrawal (2020), on the multinomial, n KL exceeds x with probability (e x / 9)^9 e^-x at most: 2e-8 for x = 40.

    A share is off by 30 % of a tenth of 5000 draws, seven standard deviations, in 1e-9 of the runs (Chernoff).
    """
    found = game.truth(game.real(5000, rng), rng)
    assert found["modes"] == 10
    assert 0 <= 5000 * found["reverse_kl"] < 40
    assert found["reverse_kl_floor"] == pytest.approx(9 / 10_000)
    assert 0.7 < found["rarest"] < 1 < found["commonest"] < 1.3
    assert found["memorised"] == 1.0
    assert found["nearest"] == pytest.approx(0.0, abs=1e-5)


def test_the_truth_of_new_images_of_the_same_kind(game: DigitsGame, rng: np.random.Generator) -> None:
    found = game.truth(game.held_out, rng)
    assert found["nearest"] == found["nearest_held_out"]
    assert found["memorised"] == pytest.approx(0.01, abs=0.005)
    assert found["high_quality"] == pytest.approx(0.99, abs=0.005)


def test_shares_and_divergence_by_hand(game: DigitsGame, rng: np.random.Generator) -> None:
    """Sevens and ones, three to one."""
    labels = training_labels()
    sevens, ones = (game.images[labels == digit] for digit in (7, 1))
    samples = np.concatenate([sevens[rng.integers(len(sevens), size=300)], ones[rng.integers(len(ones), size=100)]])
    found = game.truth(samples, rng)
    shares = {digit: (labels == digit).mean() for digit in (7, 1)}
    by_hand = 0.75 * np.log(0.75 / shares[7]) + 0.25 * np.log(0.25 / shares[1])
    assert found["modes"] == 2
    assert found["reverse_kl"] == pytest.approx(by_hand, rel=1e-12)
    assert found["rarest"] == 0
    assert found["commonest"] == pytest.approx(0.75 / shares[7])
    assert verdicts(game, found)[-1] == "Mode collapse? yes: 8 of 10 modes have no good sample, or far too few."
    whole = game.truth(game.real(5000, rng), rng)
    assert verdicts(game, whole)[-1].startswith("Mode collapse? no: all 10 modes are there")


def test_noise_is_no_digit(game: DigitsGame, rng: np.random.Generator) -> None:
    """The classifier gives it a label all the same: that is what `high_quality` is for."""
    noise = rng.uniform(-1, 1, (500, 64))
    found = game.truth(noise, rng)
    assert found["high_quality"] == 0
    assert found["memorised"] == 0
    assert found["nearest"] > 2 * found["nearest_held_out"]


def test_a_stack_is_three_independent_digits(stacked: StackedDigitsGame, rng: np.random.Generator) -> None:
    drawn = stacked.real(3000, rng)
    channels = drawn.reshape(-1, 3, 8, 8)
    training = {row.tobytes() for row in stacked.images}
    assert stacked.image_shape == (3, 8, 8)
    assert all(channel.tobytes() in training for image in channels[:100] for channel in image)
    each = [digit_classifier().labels(channels[:, number].reshape(-1, 64)) for number in range(3)]
    assert (stacked.labels(drawn) == 100 * each[0] + 10 * each[1] + each[2]).all()
    for one, other in ((0, 1), (0, 2), (1, 2)):
        table = np.zeros((10, 10))
        np.add.at(table, (each[one], each[other]), 1)
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / 3000
        assert ((table - expected) ** 2 / expected).sum() < 81 + 12 * np.sqrt(2 * 81)  # chi-squared, 81 degrees: 1e-18


def test_the_thousand_weights_are_products(stacked: StackedDigitsGame) -> None:
    shares = np.bincount(training_labels()) / len(training_labels())
    assert stacked.weights == pytest.approx(
        [shares[a] * shares[b] * shares[c] for a, b, c in product(range(10), repeat=3)]
    )
    assert stacked.weights.sum() == pytest.approx(1.0)


@pytest.mark.long
def test_the_truth_of_stacks_is_at_the_floor(stacked: StackedDigitsGame) -> None:
    """By the known labels of the draws, where the classifier is right about all training images."""
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    count = 8000
    found = stacked.truth(stacked.real(count, rng), rng)
    redrawn = [rng.multinomial(count, stacked.weights) / count for _ in range(100)]
    kls = [float(np.where(q > 0, q * np.log(np.maximum(q, 1e-300) / stacked.weights), 0).sum()) for q in redrawn]
    modes = [(q > 0).sum() for q in redrawn]
    assert abs(found["reverse_kl"] - np.mean(kls)) < 6 * np.std(kls)
    assert abs(found["modes_expected"] - np.mean(modes)) < 0.3
    assert abs(found["modes"] - np.mean(modes)) < 6 * np.std(modes) + 1
    assert found["reverse_kl_floor"] == 999 / 16_000
    assert found["reverse_kl_floor"] == pytest.approx(np.mean(kls), rel=0.05)


def test_a_stack_that_repeats_one_digit(stacked: StackedDigitsGame) -> None:
    """Channels that copy each other have every class in every channel, and ten of the thousand modes."""
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    one = stacked.images[rng.integers(len(stacked.images), size=2000)]
    found = stacked.truth(np.tile(one, (1, 3)), rng)
    assert found["modes"] == 10
    assert found["reverse_kl"] == pytest.approx(np.log(100), abs=0.05)
    assert verdicts(stacked, found)[-1].startswith("Mode collapse? yes")


@pytest.mark.long
@pytest.mark.parametrize("name", ["digits", "stacked_digits"])
def test_a_few_updates_of_the_default_players(name: str, rng: np.random.Generator) -> None:
    seed = int(rng.integers(2**31))
    game = make_game(name)
    assert isinstance(game, DigitsGame)
    run = gan_lab.train(game, steps=2, batch_size=8, seed=seed, loss="relativistic", penalty="r1r2", truth_every=2)
    assert run.sample(3).shape == (3, game.dimension)
    assert {"modes", "reverse_kl", "reverse_kl_floor", "nearest", "classifier_error"} <= run.truth[-1].keys()
    assert "Mode collapse?" in run.report()


def test_what_does_not_fit_is_refused(game: DigitsGame, rng: np.random.Generator) -> None:
    with pytest.raises(WiringError, match=r"samples have shape \(3, 8, 8\); expected \(n, 64\)"):
        game.truth(np.zeros((3, 8, 8)), rng)
    samples = np.zeros((3, 64))
    samples[1, 5] = np.nan
    with pytest.raises(WiringError, match="sample 1 is not finite"):
        game.truth(samples, rng)
    with pytest.raises(WiringError, match=r"stack is 7; expected 1 to 4 digits"):
        StackedDigitsGame(stack=7)


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    digits.cache_clear()
    try:
        with pytest.raises(WiringError, match=r"scikit-learn, which is not installed here: pip install scikit-learn"):
            make_game("digits")
    finally:
        digits.cache_clear()
        digit_classifier.cache_clear()


def test_convolutional_players_learn_as_backward_and_adam_do(rng: np.random.Generator) -> None:
    """Gradients of convolutions come in other memory layouts than their parameters; a step must not depend on it."""
    torch.manual_seed(int(rng.integers(2**31)))
    player = Discriminator(ConvolutionalDiscriminator((3, 8, 8)), adam(1e-2))
    twin = copy.deepcopy(player.network)
    optimizer = torch.optim.Adam(twin.parameters(), lr=1e-2, betas=(0.0, 0.99), maximize=True)
    for _ in range(3):
        samples = torch.from_numpy(rng.standard_normal((64, 192)).astype(np.float32)).requires_grad_()
        payoffs = []
        for network in (player.network, twin):
            scores = network(samples).flatten()
            slopes = torch.autograd.grad(scores.sum(), samples, create_graph=True)[0]
            payoffs.append(scores.mean() - slopes.square().sum(dim=1).mean())
        player.learn(payoffs[0])
        optimizer.zero_grad()
        payoffs[1].backward()
        optimizer.step()
    for mine, theirs in zip(player.network.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)
