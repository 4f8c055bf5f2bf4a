"""What a run says of itself: names of numbers, verdicts, symptoms and advice, each by what was played."""

import inspect
from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab.diagnosis.symptoms import find_symptoms
from gan_lab.diagnosis.verdicts import verdicts
from gan_lab.games import BilinearGame, DiracGame, ImagesGame, MixtureGame, make_game, ring
from gan_lab.metrics.wasserstein import w1_beside_data, w1_of_samples
from gan_lab.payoffs.losses import LOSSES
from gan_lab.replays.charts import caption_of
from gan_lab.training.run import Run

SMALL: Any = {"batch_size": 16, "looks": 1}


def collapsed_run(steps: int, **changes: Any) -> Run:
    """A run of ring8 whose last look is that of a collapse onto one mode, after so many updates."""
    run = gan_lab.train("ring8", steps=1, **SMALL, **changes)
    run.steps = steps
    run.truth = [{**run.truth[0], "step": float(steps), "reverse_kl": np.log(8.0), "high_quality": 0.9, "modes": 1.0}]
    run.truth[0]["modes_missed"] = 7.0
    return run


def test_a_divergence_is_called_what_it_is() -> None:
    """KL of the shares of modes is no KL(p_g || p), which Pinsker's inequality would bound from below."""
    of_samples, of_strategies = make_game("ring8").distances, make_game("finite").distances
    assert of_samples["reverse_kl"] == "KL of mode shares"
    assert "p_g ||" not in " ".join(of_samples.values())
    assert of_strategies["reverse_kl"] == "KL(p_g || p)"


@pytest.mark.parametrize("game", [DiracGame(3.0), BilinearGame(bound=3.0)])
def test_exploitability_names_the_box_that_it_depends_on(game: Any) -> None:
    wide = type(game)(bound=30.0)
    here = np.full(1, 0.5), np.full(1, 0.5)
    assert wide.exploitability(*here) > 5 * game.exploitability(*here)
    run = gan_lab.train(game, steps=2, looks=1)
    assert "[-3, 3]" in run.report()
    assert "[-3, 3]" in game.distances["exploitability"]
    assert "[-3, 3]" in caption_of(run, run.last)


@pytest.mark.parametrize("bound", [np.inf, 0.0, -1.0, float("nan"), "wide", None])
def test_a_box_without_an_end_is_refused(bound: Any) -> None:
    for kind in (DiracGame, BilinearGame):
        with pytest.raises(gan_lab.WiringError, match=r"bound is .* expected a finite number above 0"):
            kind(bound=bound)


def test_equilibria_of_least_squares_on_dirac_are_exploited_by_nobody(rng: np.random.Generator) -> None:
    """With psi = 0 both payoffs are constant in the own strategy: D's is at its best, and G's stands still."""
    game, loss = DiracGame(), LOSSES["least_squares"]
    for theta in [0.0, 0.943, *rng.uniform(-10, 10, 5)]:
        found = game.truth_under(loss, np.zeros(1), np.array([theta]))
        assert found["exploitability"] == pytest.approx(0.0, abs=1e-12)
    away = game.truth_under(loss, np.ones(1), np.ones(1))  # u_D = -1/2 -> 0 at psi = 0; u_G = 0, its best
    assert away["exploitability"] == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("loss", list(LOSSES))
def test_exploitability_of_dirac_is_what_a_fine_grid_finds(loss: str, rng: np.random.Generator) -> None:
    game, found = DiracGame(2.0), LOSSES[loss]
    psi, theta = rng.uniform(-2, 2, 2)
    line = torch.linspace(-2.0, 2.0, 4001, dtype=torch.float64)
    ups = [float(game.payoffs(found, torch.tensor([own]), torch.tensor([theta]))[0]) for own in line.tolist()]
    downs = [float(game.payoffs(found, torch.tensor([psi]), torch.tensor([own]))[1]) for own in line.tolist()]
    now = [float(part) for part in game.payoffs(found, torch.tensor([psi]), torch.tensor([theta]))]
    expected = max(ups) - now[0] + max(downs) - now[1]
    assert game.truth_under(found, np.array([psi]), np.array([theta]))["exploitability"] == pytest.approx(
        expected, abs=1e-3
    )


def test_a_newborn_run_is_not_diagnosed() -> None:
    assert [symptom.name for symptom in find_symptoms(collapsed_run(1))] == []
    assert "Too early to tell" in collapsed_run(1).report()
    assert "mode collapse" in [symptom.name for symptom in find_symptoms(collapsed_run(1000))]
    assert "Mode collapse? yes" in collapsed_run(1000).report()


def test_samples_that_have_not_arrived_are_no_collapse() -> None:
    row = {"step": 900.0, "modes": 3.0, "modes_missed": 5.0, "high_quality": 0.0046, "reverse_kl": 0.02}
    said = verdicts(ring(), row | {"reverse_kl_floor": 0.001})[-1]
    assert said.startswith("Mode collapse? Cannot be told yet")
    assert "0.46%" in said
    assert "yes" in verdicts(ring(), row | {"reverse_kl_floor": 0.001, "reverse_kl": 2.0})[-1]  # all at one place


def test_one_mode_cannot_collapse() -> None:
    run = gan_lab.train(MixtureGame([[0.0, 0.0]], 1.0), steps=1, **SMALL)
    assert "Mode collapse" not in run.report()


def test_advice_is_what_does_not_run_already() -> None:
    plain = collapsed_run(1000)
    assert "loss='relativistic'" in plain.report()
    assert "own recipe" in plain.report()
    cured = collapsed_run(1000, loss="relativistic", penalty="r1r2")
    assert "loss='relativistic'" not in cured.report()
    assert "own recipe" in cured.report()
    own = gan_lab.train("ring8", steps=1, looks=1)
    own.steps, own.truth = 1000, plain.truth
    (symptom,) = [found for found in find_symptoms(own) if found.name == "mode collapse"]
    assert symptom.fix == "more updates."


def test_a_squeezed_schedule_is_said() -> None:
    assert "made for 10,000 updates, and are squeezed into 3" in gan_lab.train("ring8", steps=3, looks=1).report()
    assert "squeezed" not in gan_lab.train("ring8", steps=3, recipe="plain", looks=1).report()


def test_symptoms_are_on_the_page_of_a_run() -> None:
    run = collapsed_run(1000)
    for symptom in run.symptoms():
        assert symptom.name in run._repr_html_()
    assert run.symptoms()


def test_a_wasserstein_run_is_judged_by_w1(rng: np.random.Generator) -> None:
    """The data themselves are converged; samples elsewhere are not. W1 on a line is the distance of sorted samples."""
    game, found = ring(), {"step": 900.0}
    same = w1_beside_data(game, game.real(5000, rng), rng)
    away = w1_beside_data(game, game.real(5000, rng) + np.float32(2.0), rng)
    assert "Converged? no" in verdicts(game, found | away)[0]
    assert away["w1"] > 1.0
    assert abs(same["w1"] - same["w1_floor"]) < 0.25  # standard deviation .018: 14 of them
    one, other = rng.normal(size=(50, 1)), rng.normal(size=(50, 1))
    assert w1_of_samples(one, other) == pytest.approx(np.abs(np.sort(one, 0) - np.sort(other, 0)).mean())


def test_a_critic_that_nothing_holds_is_seen() -> None:
    free = gan_lab.train("ring8", steps=40, looks=1, batch_size=16, loss="wasserstein")
    for parameter in free.discriminator.trained:
        parameter.data *= 10
    assert "divergence" in [symptom.name for symptom in free.symptoms()]
    assert "gradient_penalty" in free.report()
    assert "W1 of samples and data" in free.report()
    fresh = gan_lab.train("ring8", steps=1, looks=1, loss="wasserstein", penalty="gradient_penalty", batch_size=16)
    assert fresh.symptoms() == []


def test_quality_of_pictures_sees_a_collapse(rng: np.random.Generator) -> None:
    """The mean picture, repeated, is of high quality and no copy; it covers nothing."""
    game: Any = make_game("digits")
    mean = np.repeat(game.images.mean(axis=0)[None], 1000, axis=0)
    found = game.truth(mean, rng)
    assert found["high_quality"] == 1.0
    assert found["memorised"] == 0.0
    assert found["coverage"] < 0.02
    assert "Does it cover the data? no" in " ".join(verdicts(game, found))
    split = ImagesGame(np.concatenate([game.images, game.held_out]).reshape(-1, 1, 8, 8), held_out=0.5)
    fresh = split.truth(split.held_out, rng)
    assert fresh["coverage"] == pytest.approx(fresh["coverage_expected"], abs=0.05)  # .976 and .969 here
    assert "Does it cover the data? yes" in verdicts(split, fresh)[-1]


def test_one_default_weight_of_a_penalty() -> None:
    defaults = [
        inspect.signature(take).parameters["penalty_weight"].default
        for take in (gan_lab.spectrum, gan_lab.env, gan_lab.parallel_env)
    ]
    assert set(defaults) == {gan_lab.RECIPES["plain"].penalty_weight.start} == {0.1}


def test_the_kink_of_the_gradient_penalty_is_named() -> None:
    found = gan_lab.spectrum("dirac", "simultaneous", penalty="gradient_penalty")
    assert "E (|grad s(y)| - 1)^2 has a kink where the slope is 0" in found.verdict
    assert np.isnan(found.radius)
    assert "eigenvalues" not in repr(found)  # of a derivative that there is not
