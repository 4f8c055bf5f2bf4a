"""Goodfellow et al. 2014, Generative Adversarial Nets: figure 1 in one dimension, Proposition 1 and Theorem 1.

The data are N(0, 1), and G(z) = a z + b. Figure 1 shows p_g beside the data, D in between, and both at the end. For a
fixed G the integrand p log D + p_g log(1 - D) of V is largest at D* = p / (p + p_g). There V = C(G) = -log 4 + 2 JSD.
As D* is a maximum, its own change does not count: the slope of V in (a, b), with D* held, is the slope of 2 JSD.

D is the sigmoid of a quadratic, whose three numbers a solver finds here; D* is one of them. The JSD is an integral of
densities, which uses nothing of gan_lab.
"""

import numpy as np
import torch
from paper import Row, main
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

import gan_lab

PAPER = "Goodfellow et al. 2014"
TITLE = "D*, C(G) and the equilibrium, as in figure 1"
DIFFERS = "The figure shows no numbers: the densities are chosen here. Table 1 (Parzen windows on MNIST) is left out."
STAGES = ((0.5, 2.0), (0.8, 1.0), (1.0, 0.0))  # (a, b) of figure 1's panels (a), (c) and (d)
GAME = gan_lab.games.GaussianGame(0.0, 1.0)


def trained(fit: tuple[float, float]) -> np.ndarray:
    """(c0, c1, c2) of the best score against N(b, a^2), found by following the slope of V."""

    def down(c: np.ndarray) -> tuple[float, np.ndarray]:
        score = torch.tensor(c, requires_grad=True)
        loss = -GAME.value(score, torch.tensor(fit, dtype=torch.float64))
        return loss.item(), torch.autograd.grad(loss, score)[0].numpy()

    return minimize(down, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-9}).x


def jsd(a: float, b: float) -> float:
    """JSD of N(0, 1) and N(b, a^2), by quadrature."""

    def density(x: float) -> float:
        p, q = norm.pdf(x), norm.pdf(x, b, a)
        return float(p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))) / 2

    return quad(density, -9, 9, points=[b], epsabs=1e-12, epsrel=1e-12, limit=200)[0]


def rows() -> list[Row]:
    x, found = np.linspace(-2.0, 3.0, 101), []
    for a, b in STAGES:
        c = trained((a, b))
        q, said = norm.pdf(x, b, a), 1 / (1 + np.exp(-(c[0] + c[1] * x + c[2] * x**2)))
        off = float(np.abs(said - norm.pdf(x) / (norm.pdf(x) + q)).max())
        found.append(Row(f"p_g = N({b:g}, {a:g}^2): largest |D - p / (p + p_g)|", 0.0, off, 1e-5))
        found.append(Row("its V, beside -log 4 + 2 JSD", -np.log(4) + 2 * jsd(a, b), GAME.value(c, [a, b]), 1e-8))
    (a, b), step = STAGES[1], 1e-4
    score, fit = torch.tensor(trained((a, b))), torch.tensor([a, b], dtype=torch.float64, requires_grad=True)
    slope = torch.autograd.grad(GAME.value(score, fit), fit)[0].tolist()
    in_a = (jsd(a + step, b) - jsd(a - step, b)) / step
    in_b = (jsd(a, b + step) - jsd(a, b - step)) / step
    run = gan_lab.train(GAME, update=gan_lab.updates.Alternating(3), rate=0.3, steps=60, truth_every=60)
    middle = 1 / (1 + np.exp(-run.strategies[0][0]))
    return [
        Row("at p_g = p: V = -log 4", -1.386294, GAME.value(trained((1.0, 0.0)), [1.0, 0.0]), 1e-6, "printed"),
        *found,
        Row("panel (c): slope of V in a, beside that of 2 JSD", in_a, slope[0], 1e-5),
        Row("panel (c): slope of V in b, beside that of 2 JSD", in_b, slope[1], 1e-5),
        Row("panel (d): D(0) after 60 updates of Algorithm 1 with k = 3", 0.5, middle, 1e-3, "printed"),
        Row("panel (d): JSD then", 0.0, run.truth[-1]["jsd"], 1e-6),
    ]


if __name__ == "__main__":
    main(rows)
