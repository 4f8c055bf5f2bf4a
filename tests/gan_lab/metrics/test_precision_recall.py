"""Precision, recall, density and coverage, and blur: against brute force, and where the answer is known."""

from dataclasses import astuple

import numpy as np
import pytest

from gan_lab import WiringError
from gan_lab.games import MixtureGame, make_game, ring
from gan_lab.metrics.blur import measure_blur
from gan_lab.metrics.precision_recall import PrecisionRecall, precision_recall
from tests.oracles.chance import ALARM, check_counts


def by_brute_force(real: np.ndarray, generated: np.ndarray, neighbours: int) -> PrecisionRecall:
    """The definitions, point by point."""

    def radii(points: np.ndarray) -> list[float]:
        return [sorted(float(np.linalg.norm(x - y)) for y in points)[neighbours] for x in points]

    def inside(points: np.ndarray, others: np.ndarray) -> np.ndarray:
        """[i, j]: is others[j] in the ball of points[i]?"""
        pairs = zip(points, radii(points), strict=True)
        return np.array([[np.linalg.norm(x - y) <= radius for y in others] for x, radius in pairs])

    one, other = inside(real, generated), inside(generated, real)
    precision, recall, coverage = one.any(axis=0).mean(), other.any(axis=0).mean(), one.any(axis=1).mean()
    return PrecisionRecall(precision, recall, one.sum() / (neighbours * len(generated)), coverage)


def test_against_brute_force(rng: np.random.Generator) -> None:
    for _ in range(5):
        size, neighbours = int(rng.integers(1, 6)), int(rng.integers(1, 5))
        real = rng.normal(size=(int(rng.integers(10, 60)), size))
        generated = rng.normal(size=(int(rng.integers(10, 60)), size)) * rng.uniform(0.2, 2) + rng.normal()
        expected = astuple(by_brute_force(real, generated, neighbours))
        assert astuple(precision_recall(real, generated, neighbours)) == pytest.approx(expected, abs=1e-12)


def test_the_same_samples_and_samples_far_away(rng: np.random.Generator) -> None:
    points = rng.normal(size=(50, 3))
    same = precision_recall(points, points)
    assert (same.precision, same.recall, same.coverage) == (1.0, 1.0, 1.0)
    assert same.density == pytest.approx(4 / 3)  # each ball holds its centre and k = 3 neighbours
    assert astuple(precision_recall(points, points + 1e3)) == (0.0, 0.0, 0.0, 0.0)


def test_swapping_the_two_swaps_precision_and_recall(rng: np.random.Generator) -> None:
    one, other = rng.normal(size=(60, 2)), 2 * rng.normal(size=(60, 2))
    first, second = precision_recall(one, other), precision_recall(other, one)
    assert (first.precision, first.recall) == (second.recall, second.precision)


def test_collapse_keeps_precision_and_loses_recall() -> None:
    """One of four modes far apart: all samples good, one quarter there; a cloud over all: the other way round."""
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    centres = 100.0 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    real = np.repeat(centres, 100, axis=0) + rng.uniform(-1, 1, (400, 2))
    found = precision_recall(real, rng.uniform(-0.5, 0.5, (400, 2)))
    assert found.precision > 0.6  # about .98 +- .025: the data's own balls leave holes
    assert found.recall <= 0.25
    assert found.coverage <= 0.25
    cloud = precision_recall(real, rng.uniform(-10, 110, (400, 2)))
    assert cloud.precision < 0.2
    assert cloud.recall > 0.5


def test_samples_of_the_data_have_density_one() -> None:
    """Naeem et al. 2020, section 3.3: E density = 1 and E coverage = 1 - C(m, k) / C(2m - 1, k) about 1 - 2^-k."""
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    found = [precision_recall(rng.normal(size=(400, 2)), rng.normal(size=(400, 2)), 4) for _ in range(10)]
    assert np.mean([one.density for one in found]) == pytest.approx(1.0, abs=0.06)
    assert np.mean([one.coverage for one in found]) == pytest.approx(1 - 2.0**-4, abs=0.02)


@pytest.mark.parametrize(
    ("real", "generated", "neighbours", "message"),
    [
        (np.zeros((9, 2)), np.zeros((9, 3)), 3, "real samples have 2 numbers each and generated ones 3"),
        (np.zeros(9), np.zeros((9, 3)), 3, r"real samples have shape \(9,\); expected \(n, d\)"),
        (np.zeros((9, 2)), np.full((9, 2), np.inf), 3, "generated sample 0 is not finite"),
        (np.zeros((9, 2)), np.zeros((5, 2)), 5, "neighbours is 5; expected 1 to 4"),
        (np.zeros((9, 2)), np.zeros((9, 2)), 0, "neighbours is 0; expected 1 to 8"),
    ],
)
def test_bad_samples_are_refused(real: np.ndarray, generated: np.ndarray, neighbours: int, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        precision_recall(real, generated, neighbours)


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_the_blur_of_the_data_is_known(name: str, rng: np.random.Generator) -> None:
    game, number = make_game(name), 150_000
    blur = measure_blur(game, game.real(number, rng))  # type: ignore[union-attr, arg-type]
    assert blur.missed == 0
    check_counts([round(blur.far * number)], number, [float(np.exp(-4.5))], ALARM / 4)
    # A norm of normal numbers deviates as one normal number does, at most; and the eigenvalues of 5000 pairs by 20 %
    # with a probability below 1e-8 (Davidson and Szarek 2001, Theorem II.13).
    assert blur.distance == pytest.approx((np.pi / 2) ** 0.5, abs=0.02)
    for eigenvalues in (blur.spread, blur.core):
        assert eigenvalues.mean() == pytest.approx(1.0, abs=0.03)
        assert eigenvalues.min() > 0.8
        assert eigenvalues.max() < 1.25


def test_in_many_dimensions_as_many_of_the_data_are_good_as_in_two(rng: np.random.Generator) -> None:
    """Within three standard deviations of a mode there is nearly nothing of 40 dimensions."""
    game, number = MixtureGame(10 * np.eye(3, 40), std=0.1), 20_000
    blur = measure_blur(game, game.real(number, rng))
    assert blur.missed == 0
    check_counts([round(blur.far * number)], number, [float(np.exp(-4.5))], ALARM)
    # 266,000 squares of numbers are averaged for a mode: off by .3 %, and 2 % is more than seven of that.
    assert blur.core.mean(axis=1) == pytest.approx(np.ones(3), abs=0.02)


def test_blur_of_wider_and_of_missing_modes() -> None:
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    game = ring(8, std=0.02)
    wide = measure_blur(game, ring(8, std=0.04).real(20_000, rng))
    assert wide.far == pytest.approx(np.exp(-(1.5**2) / 2), abs=0.02)  # beyond 3 of the narrow std is 1.5 of the wide
    assert wide.distance == pytest.approx(2 * (np.pi / 2) ** 0.5, abs=0.05)
    assert wide.spread.mean() == pytest.approx(4.0, abs=0.2)
    three = measure_blur(game, game.means[:3].repeat(4, axis=0))
    assert (three.missed, three.far, three.distance) == (5, 0.0, 0.0)
    assert np.isnan(three.core[3:]).all()
    assert (three.core[:3] == 0).all()


def test_in_many_dimensions_the_balls_hold_the_same(rng: np.random.Generator) -> None:
    """Where no tree is used; far from 0, and with points that lie there six times, whose balls are points."""
    real = rng.normal(1000.0, 1.0, (40, 100))
    real[:6] = real[0]
    generated = np.concatenate([rng.normal(1000.0, 1.0, (25, 100)), real[:5]])
    assert precision_recall(real, generated, 3) == by_brute_force(real, generated, 3)
