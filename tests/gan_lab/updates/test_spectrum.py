"""Spectra where equilibria are not alone, where a field has no derivative, and where there is no equilibrium."""

from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab import Strategist, WiringError, ascent, spectrum
from gan_lab.games import BilinearGame, DiracGame, FiniteGame
from gan_lab.payoffs.losses import LOSSES
from gan_lab.updates.equilibria import surroundings

RATE = 0.1
RULES = ("simultaneous", "alternating", "extragradient", "optimistic", "implicit", "consensus")


def played(game: Any, rule: str, distance: Any, rng: np.random.Generator, loss: str = "minimax") -> float:
    """What an update multiplies the distance by, over the last updates of a run that starts near by."""
    d, g = game.equilibrium_under(LOSSES[loss])
    scale = 1e-4 if loss != "minimax" else 1e-3  # far from the edges of the box
    starts = [("generator_0", g), ("discriminator_0", d)]
    players = [
        Strategist(name, (own + scale * rng.standard_normal(len(own))).tolist(), ascent(RATE)) for name, own in starts
    ]
    found: list[float] = []
    gan_lab.train(
        game, *players, update=rule, loss=loss, steps=120, truth_every=1,
        callbacks=[lambda run: found.append(distance(*run.strategies))],
    )  # fmt: skip
    kept = [far for far in found if far > 1e-5 * found[0]]  # below, rounding is more than 1e-9 of what is left
    half = len(kept) // 2
    return float((kept[-1] / kept[-1 - half]) ** (1 / half))


@pytest.mark.long
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("matrix", [[[1.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]], [[2.0], [1.0], [-1.0]]], ids=str)
def test_a_matrix_with_a_kernel(rule: str, matrix: Any, rng: np.random.Generator) -> None:
    """The distance to the equilibria is |A theta|, |A^T psi| up to the one singular value of these matrices."""
    game = BilinearGame(matrix)

    def distance(d: Any, g: Any) -> float:
        return float(np.hypot(np.linalg.norm(game.matrix @ g), np.linalg.norm(game.matrix.T @ d)))

    found = spectrum(game, rule, rate=RATE)
    assert found.free == sum(game.matrix.shape) - 2
    # alternating turns keep another norm than this one, which swings by h sigma over a period
    off = 3e-3 if rule == "alternating" else 1e-8
    assert played(game, rule, distance, rng) == pytest.approx(found.radius, abs=off)


def test_a_matrix_of_zeros_has_no_rate() -> None:
    found = spectrum(BilinearGame(np.zeros((2, 3))))
    assert (found.free, found.radius) == (5, 0.0)
    assert found.verdict == "stays: every point near by is an equilibrium"


@pytest.mark.long
@pytest.mark.parametrize("loss", ["relativistic", "wasserstein", "hinge"])
@pytest.mark.parametrize("rule", ["alternating", "extragradient", "implicit"])
def test_scores_that_count_up_to_a_constant(loss: str, rule: str, rng: np.random.Generator) -> None:
    game = FiniteGame([0.2, 0.3, 0.5])
    found = spectrum(game, rule, rate=RATE, loss=loss)
    assert found.free == 1

    def distance(d: Any, g: Any) -> float:
        return float(np.hypot(np.linalg.norm(d - d.mean()), np.linalg.norm(g - game.p)))

    if found.verdict.startswith("converges"):
        assert played(game, rule, distance, rng, loss) == pytest.approx(found.radius, abs=0.03)
    else:
        assert rule == "alternating"
        assert found.verdict.startswith("neutral: circles")


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_a_finite_game_is_looked_at_where_nobody_moves(loss: str) -> None:
    found = spectrum("finite", "simultaneous", loss=loss)
    assert not found.unknown


def test_equilibria_of_least_squares_on_one_point() -> None:
    """psi = 0 and any theta: at (0, 0) J is nilpotent, elsewhere the rate is 1 - h theta^2."""
    assert spectrum("dirac", "simultaneous", loss="least_squares").verdict.startswith("cannot be told")
    there = spectrum("dirac", "simultaneous", rate=RATE, at=([0.0], [0.943]), loss="least_squares")
    assert there.free == 1
    assert there.radius == pytest.approx(1 - RATE * 0.943**2, abs=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_a_kink_and_a_place_that_is_no_equilibrium_have_no_rate(rule: str) -> None:
    kink = spectrum("dirac", rule, penalty="gradient_penalty")
    assert "no derivative" in kink.verdict
    away = spectrum("dirac", rule, at=([1.0], [2.0]))
    assert away.verdict.startswith("no verdict: this is no equilibrium")
    assert np.isnan([kink.radius, away.radius]).all()
    assert "radius" not in repr(away)


def test_smooth_penalties_have_no_kink() -> None:
    for weight in (1e-3, 1.0, 1e3):
        assert not spectrum("dirac", penalty="r1", penalty_weight=weight).unknown


def test_a_curve_of_equilibria_that_no_axis_follows(rng: np.random.Generator) -> None:
    """The unit circle, turned in five dimensions: one free direction, its tangent."""
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]

    def field(w: torch.Tensor) -> torch.Tensor:
        x = torch.from_numpy(turn) @ w
        inward = 1 - x[0] ** 2 - x[1] ** 2
        return torch.from_numpy(turn.T) @ torch.stack([inward * x[0], inward * x[1], -x[2], -(x[3] ** 3), -x[4]])

    angle = rng.uniform(0, 2 * np.pi)
    place = turn.T @ np.array([np.cos(angle), np.sin(angle), 0, 0, 0])
    tangent = turn.T @ np.array([-np.sin(angle), np.cos(angle), 0, 0, 0])
    free = surroundings(field, place).free  # not the fourth, where the field is a cube
    assert free.shape == (5, 1)
    assert abs(free[:, 0] @ tangent) == pytest.approx(1.0, abs=1e-3)


class Selfish(BilinearGame):
    """Payoffs that do not add up to 0, under the name of a loss that says they do."""

    name = "selfish"

    def payoffs(self, loss: Any, discriminator: Any, generator: Any) -> Any:
        x, y = discriminator[0], generator[0]
        return -(x**2) / 2 + x * y, -(y**2) / 2 - 2 * x * y


def test_whether_payoffs_add_up_is_asked_of_the_game() -> None:
    assert DiracGame().adds_up(LOSSES["minimax"], np.zeros(1), np.zeros(1))
    assert not Selfish().is_zero_sum(LOSSES["minimax"])
    with pytest.raises(WiringError, match="payoffs add up to 0"):
        spectrum(Selfish(), "unrolled")
    assert spectrum(Selfish(), "simultaneous").radius < 1


def test_each_player_of_an_own_game_is_paid_its_own_payoff() -> None:
    """At once and in turns: -x^2/2 + xy and -y^2/2 - 2xy at (2, 3)."""
    together, apart = gan_lab.parallel_env(Selfish()), gan_lab.env(Selfish())
    assert not together.metadata["zero_sum"]
    assert gan_lab.env("bilinear").metadata["zero_sum"]
    together.reset(seed=1)
    rewards = together.step({"discriminator_0": np.array([2.0]), "generator_0": np.array([3.0])})[1]
    assert rewards == {"discriminator_0": 4.0, "generator_0": -16.5}
    apart.reset(seed=1)
    apart.step(np.array([2.0]))
    apart.step(np.array([3.0]))
    assert apart.rewards == rewards


def test_the_penalty_weighs_what_it_does_in_training() -> None:
    weight = 0.1
    assert spectrum("dirac", penalty="r1").radius == spectrum("dirac", penalty="r1", penalty_weight=weight).radius
