"""The lecture's statements about GANs, each as code that measures it: `gan-lab verify` prints them.

Every statement is checked on distributions drawn anew from the seed; the tolerance is part of the statement.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab import truth
from gan_lab.games import FiniteGame, GaussianGame
from gan_lab.metrics.mode_fits import TwoModes, fit_gaussian
from gan_lab.metrics.parzen import parzen_bias
from gan_lab.players import Generator, Strategist, ascent
from gan_lab.training.loop import train
from gan_lab.updates import Alternating

Array = NDArray[np.float64]
SIZES: Final = (2, 7, 60, 1000)


@dataclass(frozen=True)
class Finding:
    """One statement, measured.

    Attributes:
        name: What the lecture calls it.
        says: The statement.
        exact: What it should be, as text.
        measured: What was measured, as text.
        passed: Whether the two agree.
    """

    name: str
    says: str
    exact: str
    measured: str
    passed: bool


def verify(seed: int | None = None) -> Iterator[Finding]:
    """Measure every statement, one after the other.

    >>> all(finding.passed for finding in verify(seed=7))
    True
    """
    rng = np.random.default_rng(seed)
    for statement in STATEMENTS:
        yield statement(rng)


def _pairs(rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Distributions of many sizes, some with atoms that only one of the two has."""
    for size in SIZES:
        p, q = rng.dirichlet(np.ones(size)), rng.dirichlet(np.full(size, 0.3))
        yield p, q
        if size > 2:
            p, q = p * (rng.random(size) < 0.7), q * (rng.random(size) < 0.7)
            p[0] += 0.1
            q[1] += 0.1
            yield p / p.sum(), q / q.sum()


def implicit_model(rng: np.random.Generator) -> Finding:
    """The generator is a deterministic map of noise: the same noise gives the same sample, and there is no p(x)."""
    generator = Generator(torch.nn.Linear(3, 2))
    noise = torch.from_numpy(rng.standard_normal((50, 3)).astype(np.float32))
    difference = float((generator.act(noise) - generator.act(noise.clone())).detach().abs().max())
    evaluates = hasattr(generator, "density") or hasattr(generator, "log_prob")
    return Finding(
        "G, an implicit model", "G(z) is a deterministic map of noise, with no density to evaluate",
        "difference 0, no density", f"difference {difference:g}, {'a' if evaluates else 'no'} density",
        difference == 0.0 and not evaluates,
    )  # fmt: skip


def proposition_1(rng: np.random.Generator) -> Finding:
    """D* = p / (p + q) maximises V(D, G)."""
    gain, slope = -np.inf, 0.0
    for p, q in _pairs(rng):
        game, best = FiniteGame(p), truth.optimal_discriminator(p, q)
        top = truth.value(best, p, q)
        for size in (1e-3, 1e-1, 1.0):
            other = np.clip(best + size * rng.uniform(-1, 1, len(p)), 0.0, 1.0)
            gain = max(gain, truth.value(other, p, q) - top)
        inner = (best > 0) & (best < 1)
        slope = max(slope, float(np.abs((game.gradients(best, q)[0] * best * (1 - best))[inner]).max(initial=0.0)))
    return Finding(
        "Proposition 1", "the best D is p / (p + q)", "no D is worth more, gradient 0",
        f"best other D {gain:+.1e}, gradient {slope:.1e}", gain <= 1e-12 and slope <= 1e-10,
    )  # fmt: skip


def theorem_1(rng: np.random.Generator) -> Finding:
    """C(G) = max_D V(D, G) = -log 4 + 2 JSD."""
    error = 0.0
    for p, q in _pairs(rng):
        mixture = (p + q) / 2
        independent = truth.kl(p, mixture) + truth.kl(q, mixture) - np.log(4)
        error = max(error, abs(truth.value(truth.optimal_discriminator(p, q), p, q) - independent))
    return Finding(
        "Theorem 1", "max_D V(D, G) = -log 4 + 2 JSD(p, p_g)", "difference 0", f"{error:.1e}", error <= 1e-10
    )


def theorem_1_minimum(rng: np.random.Generator) -> Finding:
    """C(G) is least, -log 4, at p_g = p and nowhere else."""
    at_p, elsewhere = 0.0, np.inf
    for p, q in _pairs(rng):
        at_p = max(at_p, abs(truth.criterion(p, p) + truth.LOG_4))
        elsewhere = min(elsewhere, truth.criterion(p, q) + truth.LOG_4)
    return Finding(
        "Theorem 1, the minimum", "C(G) = -log 4 = -1.386294 if and only if p_g = p", "0 at p, above 0 elsewhere",
        f"{at_p:.1e} at p, {elsewhere:.1e} elsewhere", at_p <= 1e-12 and elsewhere > 1e-6,
    )  # fmt: skip


def proposition_2(rng: np.random.Generator) -> Finding:
    """With D at its best before every step of G, p_g converges to p."""
    p, q = rng.dirichlet(np.ones(20)), rng.dirichlet(np.ones(20))
    final = mirror_descent(p, q, steps=40)
    return Finding(
        "Proposition 2", "with the best D before every step of G, p_g becomes p", "JSD below 1e-8",
        f"JSD {final:.1e} after 40 steps", final < 1e-8,
    )  # fmt: skip


def proposition_2_fails(rng: np.random.Generator) -> Finding:
    """The same run with a D that is never brought up to date does not converge."""
    p, q = rng.dirichlet(np.ones(20)), rng.dirichlet(np.ones(20))
    final = mirror_descent(p, q, steps=4000, refresh=4000)
    return Finding(
        "Proposition 2, without its condition", "with a D that is not the best one, the same steps do not converge",
        "JSD above 0.1", f"JSD {final:.2f} after 4000 steps", final > 0.1,
    )  # fmt: skip


def mirror_descent(p: Array, q: Array, steps: int, refresh: int = 1) -> float:
    """JSD after steps q' = q exp(-log(1 - D)) / sum, with D at its best again every `refresh` steps.

    With the best D, 1 - D = q / (p + q), and q' is (p + q) / 2: half of the way to p.
    """
    losses = np.zeros_like(p)
    for step in range(steps):
        if step % refresh == 0:
            best = np.where(q > 0, truth.optimal_discriminator(p, q), 0.0)  # an atom without mass keeps none
            losses = np.log1p(-best)
        q = np.where(q > 0, np.exp(np.log(np.maximum(q, 1e-300)) - losses), 0.0)
        q = q / q.sum()
    return truth.jsd(p, q)


def algorithm_1(rng: np.random.Generator) -> Finding:
    """Several steps of D by gradient ascent with momentum, then one of G: on a finite game it finds p."""
    game = FiniteGame(rng.dirichlet(np.full(6, 3.0)))
    players = [
        Strategist("generator_0", game.start("generator_0").tolist(), ascent(0.5, momentum=0.5), "softmax"),
        Strategist("discriminator_0", game.start("discriminator_0").tolist(), ascent(1.0, momentum=0.5), "logits"),
    ]
    run = train(game, *players, update=Alternating(discriminator_steps=3), steps=1500, truth_every=1500)
    return Finding(
        "Algorithm 1", "k = 3 steps of D, then one of G, with momentum", "JSD near 0",
        f"JSD {run.truth[-1]['jsd']:.1e} after 1500 updates", run.truth[-1]["jsd"] < 1e-3,
    )  # fmt: skip


def generator_gradient(rng: np.random.Generator) -> Finding:
    """With the best D, the generator's gradient is that of KL(p_g || (p + p_g) / 2), the mixture held fixed."""
    error = 0.0
    for p, q in _pairs(rng):
        logits = torch.from_numpy(np.log(np.maximum(q, 1e-300))).requires_grad_()
        moving = torch.softmax(logits, dim=0)
        frozen = torch.from_numpy((p + q) / 2)
        divergence = (torch.xlogy(moving, moving) - torch.xlogy(moving, frozen.clamp_min(1e-300))).sum()
        (expected,) = torch.autograd.grad(divergence, logits)
        found = truth.generator_gradient(truth.optimal_discriminator(p, q), q)
        error = max(error, float(np.abs(found - expected.numpy()).max()))
    return Finding(
        "The generator's gradient", "is that of KL(p_g || frozen mixture of p and p_g)", "difference 0",
        f"{error:.1e}", error <= 1e-10,
    )  # fmt: skip


def directions_of_kl(rng: np.random.Generator) -> Finding:
    """One Gaussian fitted to two modes: KL(p || q) covers both, KL(q || p) and the GAN's JSD take one."""
    two = TwoModes(distance=float(rng.uniform(4.5, 6.0)))
    covers, *misses = (fit_gaussian(two, by) for by in ("kl", "reverse_kl", "jsd"))
    shares = [two.share_of_larger_mode(fit) for fit in (covers, *misses)]
    return Finding(
        "KL's two directions", "maximum likelihood covers two modes far apart, reverse KL and the GAN miss one",
        "share of the nearer mode .5, 1, 1", ", ".join(f"{share:.3f}" for share in shares),
        bool(shares[0] < 0.51 and min(shares[1:]) > 0.99),
    )  # fmt: skip


def gaussian_closed_form(rng: np.random.Generator) -> Finding:
    """The same two directions in closed form, against numerical integrals."""
    game = GaussianGame(float(rng.normal()), float(rng.uniform(0.5, 2)))
    fit = np.array([rng.uniform(0.3, 3), rng.normal()])
    x = np.linspace(-60, 60, 400_001)
    p, q = (  # logarithms of the densities
        -0.5 * ((x - mean) / std) ** 2 - np.log(std) - 0.5 * np.log(2 * np.pi)
        for mean, std in ((game.mean, game.std), (fit[1], fit[0]))
    )
    integrals = [float(np.trapezoid(np.exp(a) * (a - b), x)) for a, b in ((p, q), (q, p))]
    error = max(abs(a - b) for a, b in zip((game.kl(fit), game.reverse_kl(fit)), integrals, strict=True))
    return Finding(
        "KL of two Gaussians", "closed forms of both directions", "difference 0", f"{error:.1e}", error <= 1e-6
    )


def parzen(rng: np.random.Generator) -> Finding:
    """A density guessed from samples, because an implicit model has none, is wrong by an amount known here."""
    bias, spread = parzen_bias(dimension=8, samples=1000, rng=rng)
    return Finding(
        "What no density costs", "Parzen windows guess log p(x) from samples, too low in 8 dimensions",
        "a bias below 0", f"{bias:.2f} nats a point, +- {spread:.2f}", bias + 2 * spread < 0,
    )  # fmt: skip


STATEMENTS: Final[tuple[Callable[[Any], Finding], ...]] = (
    implicit_model,
    proposition_1,
    theorem_1,
    theorem_1_minimum,
    proposition_2,
    proposition_2_fails,
    algorithm_1,
    generator_gradient,
    directions_of_kl,
    gaussian_closed_form,
    parzen,
)
