"""Where the generator's payoff pulls its samples: by the discriminator as it is, and by the optimal one.

learned(x) = d u_G / d x             with D as it is
exact(x)   = d u_G / d s* grad s*    with s* = log p_h - log q_h, both blurred by h as for D*
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.games import MixtureGame
from gan_lab.payoffs.losses import Loss
from gan_lab.players import scores_of
from gan_lab.watch.density import log_mixture
from gan_lab.watch.live_run import LiveRun

Array = NDArray[np.float64]
MOST: Final = 48  # arrows
APART: Final = 0.075  # of the picture, at least, from one to the next
KERNELS: Final = 2000  # samples that the density of the generator is estimated from, at the arrows


@dataclass(frozen=True, eq=False)
class Arrows:
    """Gradients of the generator's payoff at some of its samples.

    Attributes:
        origins: (k, 2) the samples.
        learned: (k, 2) by the discriminator as it is.
        exact: (k, 2) by the optimal one.
    """

    origins: Array
    learned: Array
    exact: Array

    @property
    def agreement(self) -> float:
        """Mean cosine between the two: 1 where the generator is led as it should be; 0 without any gradient.

        >>> Arrows(np.zeros((1, 2)), np.array([[2.0, 0.0]]), np.array([[0.0, 3.0]])).agreement
        0.0
        """
        lengths = np.linalg.norm(self.learned, axis=1) * np.linalg.norm(self.exact, axis=1)
        products = (self.learned * self.exact).sum(axis=1)
        return float(np.divide(products, lengths, out=np.zeros_like(lengths), where=lengths > 0).mean())


def draw_arrows(live_run: LiveRun, loss: Loss, fake: NDArray[np.floating], width: float) -> Arrows:
    """The arrows at some of (n, 2) samples; the density is estimated from the last ones."""
    game = live_run.game
    assert isinstance(game, MixtureGame)  # whose density is known
    origins = spread(fake[:400], APART * game.scale, MOST)
    real = game.real(len(origins), np.random.default_rng([live_run.seed, 4]))
    points = torch.from_numpy(np.asarray(origins, dtype=np.float32)).requires_grad_()
    with torch.no_grad():
        of_real = scores_of(live_run.run.discriminator, torch.from_numpy(real))
    payoff = loss.generator(of_real, scores_of(live_run.run.discriminator, points), None, None)
    (learned,) = torch.autograd.grad(len(origins) * payoff, points)
    exact = exact_gradients(game, loss, real.astype(np.float64), origins.astype(np.float64), fake[-KERNELS:], width)
    return Arrows(origins.astype(np.float64), learned.double().numpy(), exact)


def spread(points: NDArray[np.floating], distance: float, most: int) -> NDArray[np.floating]:
    """The first of (n, 2) points that are so far from each other.

    >>> spread(np.array([[0.0, 0.0], [0.1, 0.0], [1.0, 0.0]]), 0.5, 9).tolist()
    [[0.0, 0.0], [1.0, 0.0]]
    """
    kept: list[int] = []
    for number, point in enumerate(points):
        if not kept or np.linalg.norm(points[kept] - point, axis=1).min() >= distance:
            kept.append(number)
            if len(kept) == most:
                break
    return points[kept]


def exact_gradients(
    game: MixtureGame, loss: Loss, real: Array, points: Array, samples: NDArray[np.floating], width: float
) -> Array:
    """(k, 2) gradient of the generator's payoff at (k, 2) points, were D the optimum for the blurred densities.

    For losses whose best score is no function of p / q alone (Wasserstein, hinge) it is the direction of log p / q.
    """
    std, kernels = float(np.hypot(game.std, width)), samples.astype(np.float64)
    odds, slopes = [], np.empty(0)
    for where in (real, points):
        log_p, slope_p = log_mixture(where, game.means, std, game.weights)
        log_q, slope_q = log_mixture(where, kernels, width)
        odds.append(torch.from_numpy(log_p - log_q))
        slopes = slope_p - slope_q
    at = odds[1].requires_grad_()
    as_scores = loss.log_odds is None or loss.is_value or loss.relative
    best = [one if as_scores else torch.sigmoid(one) for one in (odds[0], at)]
    (by_odds,) = torch.autograd.grad(len(points) * loss.generator(best[0], best[1], None, None), at)
    return by_odds.numpy()[:, None] * slopes
