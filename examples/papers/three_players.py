"""What the files of three players share: networks, a ring of eight modes, and a turn of fresh samples."""

from typing import Any, cast

import numpy as np
import torch
from scipy.integrate import quad
from scipy.special import xlogy
from scipy.stats import norm
from torch import Tensor, nn

import gan_lab
from gan_lab.games import SampleGame

RESTS = gan_lab.ascent(0.0)  # the optimizer of a player that does not move


def network(inputs: int, outputs: int, hidden: int = 64) -> nn.Sequential:
    """Two hidden layers."""
    layers = [nn.Linear(inputs, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(hidden, outputs))


class Quadratic(nn.Module):
    """A score of (m, 2) pairs: a sum of their three products."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Linear(3, 1)

    def forward(self, pair: Tensor) -> Tensor:
        x, z = pair.T
        return self.weights(torch.stack([x * x, x * z, z * z], dim=1))


def jsd_of_normals(a: float, b: float) -> float:
    """JSD of two normal distributions of pairs with variances 1 and these correlations, summed over a grid."""
    x, z = np.meshgrid(*[np.linspace(-8, 8, 801)] * 2)
    p, q = (np.exp(-(x * x - 2 * c * x * z + z * z) / (2 - 2 * c * c)) / np.sqrt(1 - c * c) for c in (a, b))
    density = p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))
    return float(density.sum()) * 0.02**2 / (4 * np.pi)


def jsd_of_shifts(means: Any) -> float:
    """JSD of normal distributions of variance 1 with these means, by quadrature."""

    def density(x: float) -> float:
        p = np.asarray(norm.pdf(x, means)) / len(means)
        return float(xlogy(p, len(means) * p / p.sum()).sum())

    return quad(density, min(means) - 9, max(means) + 9, epsabs=1e-10)[0]


def ring(noise: int) -> Any:
    """Eight modes on a circle of radius 1, wide enough to be learned in a few hundred updates."""
    return gan_lab.games.MixtureGame(gan_lab.games.ring().means, 0.1, noise_size=noise)


def fresh(run: gan_lab.Run, count: int) -> gan_lab.Turn:
    """A turn of so many samples that no player has seen."""
    rng, game = np.random.default_rng(7), cast(SampleGame, run.game)
    players = {name.removesuffix("_0"): player for name, player in run.players.items()}
    real, noise = torch.from_numpy(game.real(count, rng)), torch.from_numpy(game.noise(count, rng))
    return gan_lab.Turn(players, real, noise, lambda: torch.from_numpy(game.noise(count, rng)))
