"""Exact quantities of finite and Gaussian games, against SciPy, fractions, mpmath and automatic differentiation."""

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance

from gan_lab import truth
from gan_lab.errors import WiringError
from gan_lab.games import BilinearGame, DiracGame, FiniteGame, GaussianGame

COUNTS = st.lists(st.integers(0, 20), min_size=2, max_size=12).filter(any)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[Fraction], list[Fraction]]:
    """Two distributions with zeros, as floats and as exact fractions."""
    size = draw(st.integers(1, 8))
    found = []
    for _ in range(2):
        counts = draw(st.lists(st.integers(0, 20), min_size=size, max_size=size).filter(any))
        found.append([Fraction(count, sum(counts)) for count in counts])
    return (*(np.array([float(f) for f in row]) for row in found), *found)  # type: ignore[return-value]


def exact_value(d: list[Fraction], p: list[Fraction], q: list[Fraction]) -> Any:
    """V(D, G) in 50 digits; 0 log 0 = 0."""
    total = mpmath.mpf(0)
    for x, a, b in zip(d, p, q, strict=True):
        for mass, chance in ((a, x), (b, 1 - x)):
            if mass:
                total += (
                    mpmath.mpf(mass.numerator)
                    / mass.denominator
                    * mpmath.log(mpmath.mpf(chance.numerator) / chance.denominator)
                )
    return total


@given(pairs())
def test_value_of_the_best_discriminator(drawn: Any) -> None:
    """Proposition 1 and Theorem 1, in 50 digits, zeros included."""
    p, q, exact_p, exact_q = drawn
    best = [a / (a + b) if a + b else Fraction(1, 2) for a, b in zip(exact_p, exact_q, strict=True)]
    np.testing.assert_allclose(truth.optimal_discriminator(p, q), [float(x) for x in best], rtol=1e-14)
    with mpmath.workdps(50):
        value = exact_value(best, exact_p, exact_q)
        assert truth.value(truth.optimal_discriminator(p, q), p, q) == pytest.approx(float(value), abs=1e-12)
        assert truth.criterion(p, q) == pytest.approx(float(value), abs=1e-12)


@given(pairs(), st.data())
def test_no_discriminator_is_worth_more(drawn: Any, data: st.DataObject) -> None:
    p, q, *_ = drawn
    other = np.array(data.draw(st.lists(st.floats(0, 1), min_size=len(p), max_size=len(p))))
    assert truth.value(other, p, q) <= truth.criterion(p, q) + 1e-12


@given(pairs())
def test_divergences_beside_scipy(drawn: Any) -> None:
    p, q, *_ = drawn
    assert truth.kl(p, q) == pytest.approx(entropy(p, q), abs=1e-12)
    assert truth.reverse_kl(p, q) == pytest.approx(entropy(q, p), abs=1e-12)
    assert truth.jsd(p, q) == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-12)
    assert truth.tv(p, q) == pytest.approx(
        max(p - q, key=abs) if len(p) == 1 else np.maximum(p - q, 0).sum(), abs=1e-12
    )
    places = np.arange(len(p))
    assert truth.w1(p, q) == pytest.approx(wasserstein_distance(places, places, p, q), abs=1e-12)
    assert 0 <= truth.jsd(p, q) <= np.log(2)


@pytest.mark.parametrize("size", [2, 10, 1000])
def test_identities_on_random_distributions(size: int, rng: np.random.Generator) -> None:
    p, q = rng.dirichlet(np.full(size, 0.2)), rng.dirichlet(np.full(size, 0.2))
    middle = (p + q) / 2
    logits = torch.from_numpy(np.log(np.maximum(q, 1e-320))).requires_grad_()
    moving, fixed = torch.softmax(logits, 0), torch.from_numpy(p)
    frozen = torch.from_numpy(middle)

    def gradient(divergence: torch.Tensor) -> np.ndarray:
        return torch.autograd.grad(divergence, logits, retain_graph=True)[0].numpy()

    to_frozen = (torch.xlogy(moving, moving) - torch.xlogy(moving, frozen.clamp_min(1e-320))).sum()
    mixed = (fixed + moving) / 2
    twice_jsd = (torch.xlogy(fixed, fixed / mixed) + torch.xlogy(moving, moving / mixed)).sum()
    minimax = truth.generator_gradient(truth.optimal_discriminator(p, q), q)
    np.testing.assert_allclose(minimax, gradient(to_frozen), atol=1e-10)
    np.testing.assert_allclose(minimax, gradient(twice_jsd), atol=1e-10)
    np.testing.assert_allclose(minimax, truth.frozen_mixture_gradient(p, q), atol=1e-10)


def test_the_two_generator_losses_add_up_to_reverse_kl(rng: np.random.Generator) -> None:
    """E_q log(1 - D*) - E_q log D* = KL(q || p), in value and in gradient."""
    p, q = rng.dirichlet(np.ones(30)), rng.dirichlet(np.ones(30))
    best = truth.optimal_discriminator(p, q)
    assert (q * (np.log1p(-best) - np.log(best))).sum() == pytest.approx(truth.kl(q, p), abs=1e-12)
    logits = torch.from_numpy(np.log(q)).requires_grad_()
    moving = torch.softmax(logits, 0)
    (expected,) = torch.autograd.grad((moving * (moving.log() - torch.from_numpy(p).log())).sum(), logits)
    both = truth.generator_gradient(best, q) + truth.generator_gradient(best, q, "non_saturating")
    np.testing.assert_allclose(both, expected.numpy(), atol=1e-12)


def test_tiny_and_missing_masses() -> None:
    p, q = np.array([1e-300, 1 - 1e-300, 0.0]), np.array([0.0, 0.5, 0.5])
    assert truth.kl(p, q) == np.inf
    assert truth.kl([0.0, 1.0], [0.5, 0.5]) == pytest.approx(np.log(2))
    assert np.isfinite(truth.criterion(p, q))
    assert truth.optimal_discriminator([0.0, 1.0], [0.0, 1.0]).tolist() == [0.5, 0.5]
    assert not np.isnan(truth.generator_gradient(truth.optimal_discriminator(p, q), q)).any()


@pytest.mark.parametrize("tiny", [1e-15, 1e-17, 1e-100, 1e-320])
def test_masses_that_rounding_would_lose(tiny: float) -> None:
    """D* = 1 - q / (p + q) rounds to 1 there, and log(1 - D*) must not become infinite."""
    p, q = np.array([0.5, 0.5]), np.array([tiny, 1.0 - tiny])
    for one, other in ((p, q), (q, p)):
        best = truth.optimal_discriminator(one, other)
        assert truth.value(best, one, other) == pytest.approx(truth.criterion(one, other), abs=1e-12)
        found, expected = truth.generator_gradient(best, other), truth.frozen_mixture_gradient(one, other)
        np.testing.assert_allclose(found, expected, atol=1e-12)


@given(pairs())
def test_exploitability_of_a_finite_game(drawn: Any) -> None:
    """Against the best answers found by trying all pure generators and, atom by atom, all discriminators."""
    p, q, *_ = drawn
    game = FiniteGame(p)
    d = np.linspace(0.1, 0.9, len(p))
    grid = np.linspace(1e-6, 1 - 1e-6, 4001)
    best = sum(float((a * np.log(grid) + b * np.log1p(-grid)).max()) for a, b in zip(p, q, strict=True))
    worst = min(truth.value(d, p, pure) for pure in np.eye(len(p)))
    assert game.exploitability(d, q) == pytest.approx(best - worst, abs=1e-3)
    assert game.exploitability(d, q) >= best - worst - 1e-9
    equilibrium = game.equilibrium
    assert game.exploitability(*equilibrium) == pytest.approx(0.0, abs=1e-12)


def test_gradients_of_a_finite_game(rng: np.random.Generator) -> None:
    game = FiniteGame.random(9, rng)
    d, q = torch.from_numpy(rng.uniform(0.05, 0.95, 9)), torch.from_numpy(rng.dirichlet(np.ones(9)))
    d.requires_grad_()
    q.requires_grad_()
    expected = torch.autograd.grad(game.value(d, q), [d, q])
    for ours, theirs in zip(game.gradients(d.detach().numpy(), q.detach().numpy()), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-12)


def density(x: Any, mean: float, std: float) -> Any:
    return mpmath.exp(-(((x - mean) / std) ** 2) / 2) / (std * mpmath.sqrt(2 * mpmath.pi))


def test_gaussian_game_against_mpmath(rng: np.random.Generator) -> None:
    game = GaussianGame(float(rng.normal()), float(rng.uniform(0.5, 2)))
    a, b = float(rng.uniform(0.3, 3)), float(rng.normal())
    d = rng.normal(size=3) * [1, 1, 0.3]

    def integral(function: Any) -> float:
        edges = sorted(
            [-50, game.mean, b, *(m + k * s for m, s in ((game.mean, game.std), (b, a)) for k in (-4, 4)), 50]
        )
        found: Any = mpmath.quad(function, edges)
        return float(found)

    def p(x: Any) -> Any:
        return density(x, game.mean, game.std)

    def q(x: Any) -> Any:
        return density(x, b, a)

    def tail(weight: Any, score: Any) -> Any:
        return weight * -mpmath.log1p(mpmath.exp(-score)) if weight > 0 else mpmath.mpf(0)

    def score(x: Any) -> Any:
        return d[0] + d[1] * x + d[2] * x * x

    with mpmath.workdps(25):
        assert game.kl([a, b]) == pytest.approx(integral(lambda x: p(x) * mpmath.log(p(x) / q(x))), abs=1e-9)
        assert game.reverse_kl([a, b]) == pytest.approx(integral(lambda x: q(x) * mpmath.log(q(x) / p(x))), abs=1e-9)
        value = integral(lambda x: tail(p(x), score(x)) + tail(q(x), -score(x)))
        assert game.value(d, [a, b]) == pytest.approx(value, abs=1e-9)
        jsd = integral(
            lambda x: (p(x) * mpmath.log(2 * p(x) / (p(x) + q(x))) + q(x) * mpmath.log(2 * q(x) / (p(x) + q(x)))) / 2
        )
        found, error = game.jsd_with_error([a, b])
        assert abs(found - jsd) <= error + 1e-12
        assert error < 1e-9


@pytest.mark.parametrize("fit", [(1e-3, 0.7), (0.02, 5.0), (20.0, -3.0), (1.0 + 1e-9, 1e-9), (0.5, 40.0)])
def test_jsd_of_extreme_gaussians(fit: tuple[float, float]) -> None:
    """Very narrow, very wide, nearly equal and far apart: within the stated error of 30 digits."""
    game, (a, b) = GaussianGame(0.0, 1.0), fit

    def integrand(x: Any) -> Any:
        p, q = density(x, 0.0, 1.0), density(x, b, a)
        return sum(m * mpmath.log(2 * m / (p + q)) for m in (p, q) if m > 0) / 2

    edges = {m + k * s for m, s in ((0.0, 1.0), (b, a)) for k in range(-14, 15)}
    with mpmath.workdps(30):
        exact: Any = mpmath.quad(integrand, sorted(edges))
        found, error = game.jsd_with_error(fit)
        assert abs(found - float(exact)) <= error + 1e-15
        assert error < 1e-10


def test_the_best_gaussian_discriminator(rng: np.random.Generator) -> None:
    game = GaussianGame(float(rng.normal()), float(rng.uniform(0.5, 2)))
    fit = np.array([rng.uniform(0.3, 3), rng.normal()])
    best = game.best_discriminator(fit)
    top = game.value(best, fit)
    assert top == pytest.approx(game.criterion(fit), abs=1e-9)
    for _ in range(20):
        assert game.value(best + rng.normal(size=3) * 0.1, fit) < top
    assert game.exploitability(*game.equilibrium) == pytest.approx(0.0, abs=1e-12)
    assert game.exploitability(best, fit) > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FiniteGame([0.5, 0.6]), r"p adds up to 1\.1; expected 1"),
        (lambda: FiniteGame([1.5, -0.5]), r"p\[1\] is -0\.5"),
        (lambda: FiniteGame([[1.0]]), r"p has shape \(1, 1\)"),
        (lambda: FiniteGame([0.5, float("nan")]), r"p\[1\] is nan"),
        (lambda: truth.kl([1.0], [0.5, 0.5]), r"p has 1 atoms and q has 2"),
        (lambda: truth.value([2.0], [1.0], [1.0]), r"d\[0\] is 2.0; expected a probability from 0 to 1"),
        (lambda: truth.w1([1.0], [1.0], [0.0, 1.0]), r"positions have shape \(2,\); expected \(1,\)"),
        (lambda: truth.generator_gradient([0.5], [1.0], "wasserstein"), r"form is 'wasserstein'"),
        (lambda: GaussianGame(0.0, -1.0), r"std is -1.0; expected a number from 0.001"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


@pytest.mark.parametrize("d", [(0.0, 100.0, 0.0), (3.0, 1e4, -5.0), (-1e3, 0.0, 1e5), (0.5, 1e6, 0.0), (1.0, 0.0, 1e5)])
def test_value_of_steep_scores(d: tuple[float, ...]) -> None:
    """log sigmoid bends sharply at the roots of such a score, and the panels have to end there."""
    game, (a, b) = GaussianGame(0.0, 1.0), (0.7, 0.3)
    roots = [float(r.real) for r in np.roots(d[::-1]) if abs(r.imag) < 1]
    near = [r + sign * 10.0**-k for r in roots for sign in (-1, 0, 1) for k in range(8)]

    def integral(mean: float, std: float, sign: int) -> float:
        def f(x: Any) -> Any:
            score = sign * (d[0] + d[1] * x + d[2] * x * x)
            return density(x, mean, std) * (-mpmath.log1p(mpmath.exp(-score)) if score > -60 else score)

        found: Any = mpmath.quad(f, sorted({*near, *(mean + k * std for k in (-12, -6, -3, -1, 0, 1, 3, 6, 12))}))
        return float(found)

    with mpmath.workdps(20):
        assert game.value(d, [a, b]) == pytest.approx(integral(0.0, 1.0, 1) + integral(b, a, -1), rel=1e-9)


def test_exploitability_by_trying_everything(rng: np.random.Generator) -> None:
    """On a grid over the boxes: nobody gains more than the game says, and the best of the grid nearly that."""
    line = np.linspace(-10, 10, 401)
    psi, theta = float(rng.uniform(-2, 2)), float(rng.uniform(-2, 2))
    for game in (DiracGame(), BilinearGame([[float(rng.uniform(0.5, 2))]])):
        gain = max(game.value([x], [theta]) for x in line) - min(game.value([psi], [x]) for x in line)
        assert game.exploitability([psi], [theta]) == pytest.approx(gain, abs=1e-9)
        assert game.exploitability(*game.equilibrium) == 0.0
    gaussian, fit, d = GaussianGame(0.0, 1.0), (0.7, 0.4), rng.normal(size=3) * [1, 1, 0.2]
    places = np.linspace(-50, 50, 20_001)
    least = gaussian.value(d, [1e-3, 0.0]) + np.logaddexp(0.0, d[0])  # V without the generated point at 0
    worst = least - np.logaddexp(0.0, d[0] + d[1] * places + d[2] * places**2).max()
    assert gaussian.exploitability(d, fit) == pytest.approx(gaussian.criterion(fit) - worst, rel=1e-3)


def test_w1_of_positions_in_any_order(rng: np.random.Generator) -> None:
    """Against SciPy, which sorts them, and against themselves in another order."""
    for size in (2, 5, 9):
        p, q = rng.dirichlet(np.ones(size), size=2)
        at = rng.normal(size=size)
        order = rng.permutation(size)
        found = truth.w1(p, q, at)
        assert found == pytest.approx(wasserstein_distance(at, at, p, q), rel=1e-9)
        assert truth.w1(p[order], q[order], at[order]) == pytest.approx(found, rel=1e-9)


def test_atoms_without_mass_pull_at_nothing_however_large_their_loss() -> None:
    """By hand: the mean loss of q = (1/4, 3/4, 0) for the losses (1, 3, inf) is 5/2."""
    q = np.array([0.25, 0.75, 0.0])
    assert truth.softmax_gradient(np.array([1.0, 3.0, np.inf]), q).tolist() == [-0.375, 0.375, 0.0]
    endless = truth.softmax_gradient(np.array([1.0, np.inf, np.inf]), q)
    assert endless.tolist() == [-np.inf, np.inf, 0.0]
    assert truth.softmax_gradient(np.array([np.inf, np.inf, 1.0]), q).tolist() == [0.0, 0.0, 0.0]
    assert truth.softmax_gradient(np.array([-np.inf, 2.0, 1.0]), q).tolist() == [-np.inf, np.inf, 0.0]
