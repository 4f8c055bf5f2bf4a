"""Mescheder, Geiger and Nowozin 2018, Which Training Methods for GANs do actually Converge?: the Dirac GAN.

V = f(0) + f(-psi theta) with f(t) = log sigmoid(t), so f'(0) = 1/2 and f''(0) = -1/4. Near the equilibrium (0, 0) psi
moves by -theta f'(0) and theta by psi f'(0): eigenvalues +-f'(0) i, and sqrt(1 + h^2 f'(0)^2) > 1 of an update. A
non-saturating G has the same slope there; a Wasserstein critic has f'(0) = 1. R1 adds -gamma psi to psi's move:
    l^2 + gamma l + f'(0)^2 = 0,    l = -gamma / 2 +- sqrt(gamma^2 / 4 - f'(0)^2).
Noise of width s on all samples adds 2 f''(0) s^2 psi: l = f''(0) s^2 +- sqrt(f''(0)^2 s^4 - f'(0)^2). Consensus moves
l left by gamma f'(0)^2. Alternating, n turns of D with a = sqrt(n) h f'(0): 1 - a^2 / 2 +- sqrt((1 - a^2 / 2)^2 - 1),
of length 1. WGAN-GP pushes |psi| to 1, away from the equilibrium: while |psi| > 1/2, theta moves by h / 2 or more at
each update, so that one of two places in a row has |theta| >= h / 4.
"""

from typing import Any

import numpy as np
import torch
from paper import Row, main
from playing import both, path

import gan_lab

PAPER = "Mescheder et al. 2018"
TITLE = "the Dirac GAN: who converges, and every eigenvalue"
DIFFERS = (
    "Data and samples are single points, where densities do not exist: the paper's results for densities, and its runs "
    "on images, are left out. Its figures show paths without numbers."
)
H = 0.2


class NoisyDirac(gan_lab.games.DiracGame):
    """The Dirac GAN whose samples all have normal noise of width s, by Gauss-Hermite quadrature."""

    def __init__(self, s: float) -> None:
        super().__init__()
        z, weights = (torch.from_numpy(part) for part in np.polynomial.hermite_e.hermegauss(20))
        self.z, self.weights = s * z, weights / weights.sum()

    def payoffs(self, loss: Any, discriminator: Any, generator: Any) -> Any:
        scores = discriminator * self.z, discriminator * (generator + self.z)
        return tuple(of(*scores, self.weights, self.weights) for of in (loss.discriminator, loss.generator))


def rows() -> list[Row]:
    s, n, root = 1.5, 5, np.emath.sqrt
    cases: list[tuple[str, complex, Any, Any, dict[str, Any]]] = [
        ("minimax", 0.5j, "dirac", "simultaneous", {}),
        ("non-saturating", 0.5j, "dirac", "simultaneous", {"loss": "non_saturating"}),
        ("WGAN", 1j, "dirac", "simultaneous", {"loss": "wasserstein"}),
        (f"noise of width {s:g}", -(s**2) / 4 + root(s**4 / 16 - 1 / 4), NoisyDirac(s), "simultaneous", {}),
        ("consensus, gamma = 1", -1 / 4 + 0.5j, "dirac", "consensus", {}),
    ]
    for g in (0.3, 2.0):
        wants = {"penalty": "r1", "penalty_weight": g}
        cases.append((f"R1, gamma = {g:g}", -g / 2 + root(g**2 / 4 - 1 / 4), "dirac", "simultaneous", wants))
    found = [
        row for name, l, game, update, wants in cases for row in both(name, abs(1 + H * l), game, update, H, **wants)
    ]
    for turns in (1, n):
        a = np.sqrt(turns) * H / 2
        factor = abs(1 - a**2 / 2 + root((1 - a**2 / 2) ** 2 - 1))
        found += both(f"alternating, {turns} of D", factor, "dirac", gan_lab.updates.Alternating(turns), H)
    wants = {"loss": "wasserstein", "penalty": "gradient_penalty", "penalty_weight": 1.0}
    late = np.abs(path("dirac", "simultaneous", H, steps=200, **wants)[-100:, 1]).max()
    return [*found, Row("WGAN-GP: largest |theta| of the last 100 of 200 updates", H / 4, late, kind="at least")]


if __name__ == "__main__":
    main(rows)
