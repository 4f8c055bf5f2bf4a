"""Losses and penalties against formulas in NumPy, finite differences and hand-made derivatives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch import relu

import gan_lab
from gan_lab import WiringError
from gan_lab.games.finite import best_atom
from gan_lab.metrics.duality_gap import best_payoff
from gan_lab.payoffs import losses as losses_module
from gan_lab.payoffs.losses import LOSSES, Loss, find_loss
from gan_lab.payoffs.penalties import PENALTIES, find_penalty, squared_slopes

Formula = Callable[[np.ndarray, np.ndarray], float]


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    return -np.logaddexp(0.0, -x)


def value(r: np.ndarray, f: np.ndarray) -> float:
    return float(log_sigmoid(r).mean() + log_sigmoid(-f).mean())


FORMULAS: dict[str, tuple[Formula, Formula]] = {
    "minimax": (value, lambda r, f: -value(r, f)),
    "non_saturating": (value, lambda r, f: float(log_sigmoid(f).mean())),
    "relativistic": (
        lambda r, f: float(log_sigmoid(r - f).mean()),
        lambda r, f: float(log_sigmoid(f - r).mean()),
    ),
    "wasserstein": (lambda r, f: float(r.mean() - f.mean()), lambda r, f: float(f.mean() - r.mean())),
    "least_squares": (
        lambda r, f: float(-0.5 * ((r - 1) ** 2).mean() - 0.5 * (f**2).mean()),
        lambda r, f: float(-0.5 * ((f - 1) ** 2).mean()),
    ),
    "hinge": (
        lambda r, f: float(-np.maximum(0, 1 - r).mean() - np.maximum(0, 1 + f).mean()),
        lambda r, f: float(f.mean()),
    ),
}


def test_every_loss_has_its_formula() -> None:
    assert FORMULAS.keys() == LOSSES.keys()


@pytest.mark.parametrize("name", ["minimax", "non_saturating", "least_squares", "hinge"])
def test_what_the_best_scores_are_worth(name: str, rng: np.random.Generator) -> None:
    """Of each atom by itself, by a search for its score: no atom's part depends on another's score."""
    loss, p, q = find_loss(name), rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
    p[0], q[1] = 0.0, 0.0
    p, q, total = p / p.sum(), q / q.sum(), 0.0
    for real, fake in zip(torch.from_numpy(p), torch.from_numpy(q), strict=True):

        def lost(score: float, real: torch.Tensor = real, fake: torch.Tensor = fake) -> float:
            given = torch.tensor([score], dtype=torch.float64)
            return -loss.discriminator(given, given, real[None], fake[None]).item()

        total -= minimize_scalar(lost, bounds=(-50.0, 50.0), method="bounded", options={"xatol": 1e-9}).fun
    assert loss.best is not None
    assert loss.best(p, q) == pytest.approx(total, abs=1e-6)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_relative_losses_are_those_of_differences(name: str, rng: np.random.Generator) -> None:
    loss, (real, fake) = find_loss(name), torch.from_numpy(rng.normal(size=(2, 20)))
    same = [
        payoff(real + 0.5, fake + 0.5, None, None).item() == pytest.approx(payoff(real, fake, None, None).item())
        for payoff in (loss.discriminator, loss.generator)
    ]
    assert loss.relative == all(same)


def test_the_best_critic_without_a_bound_tells_any_difference() -> None:
    best = find_loss("wasserstein").best
    assert best is not None
    assert best(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0.0
    assert best(np.array([0.5, 0.5]), np.array([0.5 - 1e-9, 0.5 + 1e-9])) == np.inf


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_payoffs_and_gradients(name: str, rng: np.random.Generator) -> None:
    loss, scores = find_loss(name), [torch.from_numpy(3 * rng.normal(size=20)).requires_grad_() for _ in range(2)]
    plain = [part.detach().numpy() for part in scores]
    for payoff, formula in zip((loss.discriminator, loss.generator), FORMULAS[name], strict=True):
        found = payoff(scores[0], scores[1], None, None)
        assert found.item() == pytest.approx(formula(*plain), rel=1e-12)
        gradients = torch.autograd.grad(found, scores, allow_unused=True)
        for side, gradient in enumerate(gradients):
            moved = [part.copy() for part in plain]
            moved[side][3] += 1e-6
            slope = (formula(*moved) - formula(*plain)) / 1e-6
            assert (0.0 if gradient is None else gradient[3].item()) == pytest.approx(slope, abs=1e-5)
    total = loss.discriminator(scores[0], scores[1], None, None) + loss.generator(scores[0], scores[1], None, None)
    assert (abs(total.item()) < 1e-12) == loss.zero_sum


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_distributions_are_like_many_samples(name: str, rng: np.random.Generator) -> None:
    """A payoff under p and q is that of samples in these shares; of all pairs, where differences of scores count."""
    loss, counts = find_loss(name), rng.integers(0, 5, size=(2, 6)) + np.eye(2, 6, dtype=int)
    scores = rng.normal(size=6)
    p, q = (torch.from_numpy(row / row.sum()) for row in counts)
    real, fake = (np.repeat(scores, row) for row in counts)
    if loss.relative:
        real, fake = (part.ravel() for part in np.meshgrid(real, fake, indexing="ij"))
    table = torch.from_numpy(scores)
    for payoff in (loss.discriminator, loss.generator):
        expected = payoff(torch.from_numpy(real), torch.from_numpy(fake), None, None)
        assert payoff(table, table, p, q).item() == pytest.approx(expected.item(), abs=1e-12)


@pytest.mark.parametrize("name", ["minimax", "non_saturating", "relativistic", "wasserstein", "hinge"])
def test_sure_discriminators_are_finite(name: str) -> None:
    loss, sure = find_loss(name), torch.tensor([1e4, -1e4])
    assert torch.isfinite(loss.discriminator(sure, -sure, None, None))
    assert torch.isfinite(loss.generator(sure, -sure, None, None))


def quadratic(x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (x**2 * weights).sum(dim=1)


def no_judge(samples: torch.Tensor) -> torch.Tensor:
    raise AssertionError("these penalties need no further verdict")


def test_penalties_of_a_quadratic_score(rng: np.random.Generator) -> None:
    """s(x) = sum w x^2 has the slope 2 w x."""
    n, weights = 7, torch.from_numpy(rng.normal(size=3)).requires_grad_()
    samples = torch.from_numpy(rng.normal(size=(2 * n, 3))).requires_grad_()
    squares = (4 * weights.detach() ** 2 * samples.detach() ** 2).sum(dim=1)
    scores = quadratic(samples, weights)
    expected = {"r1": squares[:n].mean() / 2, "r2": squares[n:].mean() / 2}
    expected["r1r2"] = expected["r1"] + expected["r2"]
    for name, number in expected.items():
        slope = PENALTIES[name].slope
        found = slope(samples, scores, n, lambda x: quadratic(x, weights))
        assert found.item() == pytest.approx(number.item(), rel=1e-12)
        assert torch.autograd.gradcheck(lambda w: slope(samples, quadratic(samples, w), n, no_judge), weights)  # noqa: B023


def test_gradient_penalty_of_a_linear_score() -> None:
    """(|w| - 1)^2 wherever the mixtures are."""
    weights = torch.tensor([3.0, 4.0], dtype=torch.float64)
    samples = torch.randn(10, 2, dtype=torch.float64, requires_grad=True)
    found = PENALTIES["gradient_penalty"].slope(samples, samples @ weights, 5, lambda x: x @ weights)
    assert found.item() == pytest.approx(16.0)


def test_gradient_penalty_of_a_flat_score_is_one_and_has_a_slope() -> None:
    """The root of a squared slope of 0 has no derivative: without the 1e-12 below it, players become NaN."""
    weights = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    samples = torch.arange(8, dtype=torch.float64).reshape(4, 2)
    found = PENALTIES["gradient_penalty"].slope(samples, samples @ weights, 2, lambda x: x @ weights)
    assert float(found.detach()) == pytest.approx(1.0, abs=1e-5)
    (slope,) = torch.autograd.grad(found, weights)
    assert torch.isfinite(slope).all()


def test_scores_that_never_look_at_a_sample_have_no_slope() -> None:
    samples, constant = torch.randn(4, 3, requires_grad=True), torch.ones(4, requires_grad=True)
    assert squared_slopes(samples, 2.0 * constant).tolist() == [0.0] * 4


def test_unknown_names() -> None:
    with pytest.raises(WiringError, match=r"unknown loss 'wassertein'; did you mean 'wasserstein'"):
        find_loss("wassertein")
    assert find_penalty("none") is None
    with pytest.raises(WiringError, match=r"unknown penalty 'r1r3'; did you mean 'r1r2'"):
        find_penalty("r1r3")
    assert find_penalty(None) is None


@pytest.mark.parametrize("shape", [(3,), (2, 4, 4)])
def test_the_mixtures_lie_between_a_real_sample_and_a_generated_one(
    shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    """Each on the line between the two of its pair, at a share of its own that is the same for all its numbers."""
    n, seen = 6, []
    samples = torch.from_numpy(rng.normal(size=(2 * n, *shape)))

    def judge(between: torch.Tensor) -> torch.Tensor:
        seen.append(between.detach())
        return between.flatten(1).sum(dim=1)

    PENALTIES["gradient_penalty"].slope(samples, judge(samples), n, judge)
    real, fake, between = samples[:n].flatten(1), samples[n:].flatten(1), seen[-1].flatten(1)
    shares = (between - fake) / (real - fake)
    assert torch.allclose(shares, shares[:, :1].expand_as(shares), atol=1e-6)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert len(set(shares[:, 0].tolist())) == n


@pytest.mark.parametrize("name", ["minimax", "wasserstein", "least_squares", "hinge"])
def test_atoms_without_mass_do_not_count_whatever_their_score(name: str) -> None:
    loss, weights = find_loss(name), torch.tensor([0.25, 0.75, 0.0], dtype=torch.float64)
    scores = torch.tensor([0.5, -1.5, float("inf")], dtype=torch.float64)
    for payoff in (loss.discriminator, loss.generator):
        expected = payoff(scores[:2], scores[:2], weights[:2], weights[:2])
        assert payoff(scores, scores, weights, weights).item() == pytest.approx(expected.item(), rel=1e-12)


def test_only_the_gradient_penalty_draws_numbers() -> None:
    assert [name for name, penalty in PENALTIES.items() if penalty.draws] == ["gradient_penalty"]


def test_many_atoms_are_compared_in_parts_with_the_same_slopes(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relativistic payoff, its gradient and a second derivative, in parts of two rows and as a whole."""
    p, q = (torch.tensor(rng.dirichlet(np.ones(7))) for _ in range(2))
    found = []
    for pairs in (losses_module.PAIRS, 15):
        monkeypatch.setattr(losses_module, "PAIRS", pairs)
        real, fake = (torch.tensor(part, requires_grad=True) for part in (np.linspace(-2, 1, 7), np.linspace(3, 0, 7)))
        payoff = LOSSES["relativistic"].discriminator(real, fake, p, q)
        first = torch.autograd.grad(payoff, [real, fake], create_graph=True)
        (second,) = torch.autograd.grad(first[0].square().sum(), fake)
        found.append([payoff.detach(), *(part.detach() for part in first), second])
    for whole, parts in zip(*found, strict=True):
        assert torch.allclose(whole, parts, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loss", [*LOSSES, "entropy"])
def test_the_best_atom_is_that_of_all_which_were_tried(loss: str, rng: np.random.Generator) -> None:
    """With atoms without data; and where a payoff is not affine in q, so that its slope says nothing."""

    def spread(real: torch.Tensor, fake: torch.Tensor, p: torch.Tensor | None, q: torch.Tensor | None) -> torch.Tensor:
        assert q is not None
        return (fake * q).sum() - 5 * (q**2 * fake).sum()

    own = Loss("entropy", LOSSES["hinge"].discriminator, spread, False, False, "", "")
    chosen = own if loss == "entropy" else LOSSES[loss]
    for _ in range(5):
        p = torch.tensor(np.append(rng.dirichlet(np.ones(5)), 0.0))
        scores = torch.tensor(rng.normal(size=6))
        tried = [float(chosen.generator(scores, scores, p, atom)) for atom in torch.eye(6, dtype=torch.float64)]
        assert best_atom(chosen, scores, p) == pytest.approx(max(tried), rel=1e-12, abs=1e-12)


def test_a_loss_of_samples_only_is_judged_by_samples(rng: np.random.Generator) -> None:
    """It ignores the probabilities of bins; before, its best payoff came out as 0, and a report said "converged".

    Each probability is rounded by less than 1/5000, and no term of this payoff is above 4: the error is below .0064.
    """

    def payoff(average: Any) -> Any:
        return lambda real, fake, p, q: -average(relu(1 - real) ** 2, p) - average(relu(1 + fake) ** 2, q)

    def by_mean(numbers: torch.Tensor, _: Any) -> torch.Tensor:
        return numbers.mean()

    for name, average, uses in (("weighted", losses_module.mean, True), ("by .mean()", by_mean, False)):
        own = Loss(name, payoff(average), lambda real, fake, p, q: fake.mean())
        assert losses_module.uses_weights(own) == uses
        p, q = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4))
        best = -(4 * p * q / (p + q)).sum()  # at the score (p - q) / (p + q)
        assert best_payoff(own, p, q) == pytest.approx(best, abs=0.01)
        if not uses:
            with pytest.raises(WiringError, match=r"ignores the weights p and q .*mean\(numbers, p\)"):
                gan_lab.train("finite", loss=own, steps=1)
