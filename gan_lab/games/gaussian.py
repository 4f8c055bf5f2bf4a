"""One Gaussian against another: G(z) = a z + b, and a quadratic score, which contains the optimal one.

Both directions of KL have closed forms; JSD and V are integrals in one dimension, done by Gauss-Legendre
quadrature between mean - 12 std and mean + 12 std of either.
"""

from typing import Any, Final

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid

from gan_lab.errors import WiringError, as_float, shown
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.games.strategy_game import Strategy, StrategyGame, numbers
from gan_lab.truth import LOG_4

TAIL: Final = 12.0  # standard deviations; the mass beyond is below 4e-33
BOUND: Final = 50.0
SMALLEST_SCALE: Final = 1e-3
BENDS: Final = (-TAIL, -6, -3, -1, 0, 1, 3, 6, TAIL)  # standard deviations at which panels end, of either Gaussian
REACH: Final = 9.0  # of the score, on either side of 0: beyond four times that, log sigmoid is straight
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)  # of a panel


class GaussianGame(StrategyGame):
    """Data N(mean, std^2); the generator plays (a, b), whose samples a z + b are N(b, a^2).

    The discriminator plays (c0, c1, c2): its score is c0 + c1 x + c2 x^2.

    Args:
        mean: Mean of the data.
        std: Standard deviation of the data, above 0.

    Raises:
        WiringError: Numbers out of range.

    >>> game = GaussianGame(0.0, 1.0)
    >>> game.best_discriminator([1.0, 0.0])
    array([0., 0., 0.])
    >>> round(game.kl([2.0, 0.0]), 6), round(game.reverse_kl([2.0, 0.0]), 6)
    (0.318147, 0.806853)
    """

    mean: float
    std: float
    name = "gaussian"
    known_value: float = -LOG_4
    picture = "density"
    deviations: str = f"distributions on [-{BOUND:g}, {BOUND:g}]"

    def __init__(self, mean: float = 0.0, std: float = 1.0) -> None:
        """Check and keep the data's Gaussian."""
        for name, number, least in (("mean", mean, -BOUND / 2), ("std", std, SMALLEST_SCALE)):
            if not least <= as_float(number) <= BOUND / 2:
                raise WiringError(f"{name} is {shown(number)}; expected a number from {least} to {BOUND / 2}")
        self.mean, self.std = float(mean), float(std)
        low, high = np.array([SMALLEST_SCALE, -BOUND]), np.array([BOUND, BOUND])
        self._generator = Box(low, high, dtype=np.float64)
        self._discriminator = Box(-1e6, 1e6, (3,), np.float64)

    def start(self, agent: str) -> Strategy:
        """D = 1/2 everywhere; and a Gaussian two standard deviations from the data and half as wide."""
        return np.zeros(3) if agent == DISCRIMINATOR else np.array([self.std / 2, self.mean + 2 * self.std])

    def space(self, agent: str) -> Box:
        """The strategies of an agent: (a, b) with a above 0, or the discriminator's three coefficients."""
        return self._discriminator if agent == DISCRIMINATOR else self._generator

    def value(self, discriminator: Any, generator: Any) -> Any:
        """V(D, G) in nats, by quadrature."""
        if not isinstance(discriminator, Tensor) and not isinstance(generator, Tensor):
            c, fit = self.exact(DISCRIMINATOR, discriminator), self._fit(generator)
            return float(self.value(torch.from_numpy(c), torch.tensor(fit, dtype=torch.float64)))
        c, g = torch.as_tensor(discriminator), torch.as_tensor(generator)
        return _expected_log(c, self.std, self.mean) + _expected_log(-c, g[0], g[1])

    def best_discriminator(self, generator: Any) -> Strategy:
        """(c0, c1, c2) of log p(x) - log q(x): the score of Proposition 1."""
        a, b = self._fit(generator)
        own, other = 1 / self.std**2, 1 / a**2
        constant = np.log(a / self.std) + (other * b**2 - own * self.mean**2) / 2
        return np.array([constant, own * self.mean - other * b, (other - own) / 2])

    def kl(self, generator: Any) -> float:
        """KL(p || q), closed form, in nats."""
        a, b = self._fit(generator)
        return _gaussian_kl(self.mean, self.std, b, a)

    def reverse_kl(self, generator: Any) -> float:
        """KL(q || p), closed form, in nats."""
        a, b = self._fit(generator)
        return _gaussian_kl(b, a, self.mean, self.std)

    def jsd(self, generator: Any) -> float:
        """JSD(p, q) in nats, by quadrature; see `jsd_with_error`."""
        return self.jsd_with_error(generator)[0]

    def jsd_with_error(self, generator: Any) -> tuple[float, float]:
        """JSD(p, q), and its largest error: the difference to the result with half the panels, plus the rounding.

        The integrals over p and over q are separate, each on panels of its own width and of the other's width.
        """
        a, b = self._fit(generator)
        fine, coarse = (self._jsd(a, b, panels) for panels in (64, 32))
        return float(np.clip(fine, 0.0, np.log(2.0))), abs(fine - coarse) + 1e-14

    def _jsd(self, a: float, b: float, panels: int) -> float:
        c0, c1, c2 = self.best_discriminator([a, b])
        total = 0.0
        for centre, width, sign in ((self.mean, self.std, 1.0), (b, a, -1.0)):
            bends = [(m + k * s - centre) / width for m, s in ((self.mean, self.std), (b, a)) for k in BENDS]
            z, weights = panelled(panels, bends)
            x = centre + width * z
            score = sign * (c0 + c1 * x + c2 * x * x)
            total += float((weights * (np.log(2.0) - np.logaddexp(0.0, -score))).sum())
        return total / 2

    def criterion(self, generator: Any) -> float:
        """C(G) = -log 4 + 2 JSD(p, q): Theorem 1."""
        return -LOG_4 + 2 * self.jsd(generator)

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        """C(G) less the least V(D, .) over distributions on [-50, 50], which a point of the largest score attains."""
        c0, c1, c2 = self.exact(DISCRIMINATOR, discriminator)
        peak = np.clip(-c1 / (2 * c2), -BOUND, BOUND) if c2 < 0 else 0.0
        highest = max(c0 + c1 * x + c2 * x * x for x in (-BOUND, BOUND, float(peak)))
        least = float(_expected_log(torch.from_numpy(self.exact(DISCRIMINATOR, discriminator)), self.std, self.mean))
        return max(float(self.criterion(generator) - least + np.logaddexp(0.0, highest)), 0.0)

    def _fit(self, generator: Any) -> tuple[float, float]:
        """(a, b) of a generator whose width is above 0."""
        a, b = self.exact(GENERATOR, generator).tolist()
        if not a > 0:
            raise WiringError(f"the scale of generator_0 is {a}; expected a number above 0, as N(b, a^2) has a width")
        return a, b

    def truth(self, discriminator: Any, generator: Any) -> dict[str, float]:
        """V, its gap to the best D, the divergences, and the exploitability."""
        found, best = self.value(numbers(discriminator), numbers(generator)), self.criterion(generator)
        jsd, error = self.jsd_with_error(generator)
        return {
            "value": found,
            "criterion": best,
            "discriminator_gap": max(best - found, 0.0),
            "jsd": jsd,
            "jsd_error": error,
            "kl": self.kl(generator),
            "reverse_kl": self.reverse_kl(generator),
            "exploitability": self.exploitability(discriminator, generator),
        }

    @property
    def equilibrium(self) -> tuple[Strategy, Strategy]:
        """D = 1/2 everywhere, and the scale and shift of the data."""
        return np.zeros(3), np.array([self.std, self.mean])


def _expected_log(c: Tensor, scale: Any, shift: Any) -> Tensor:
    """E log sigmoid(c0 + c1 x + c2 x^2) of x = scale z + shift: panels end where the score turns its sign."""
    z, weights = (
        torch.from_numpy(part)
        for part in panelled(
            64, _bends(c.detach(), float(torch.as_tensor(scale).detach()), float(torch.as_tensor(shift).detach()))
        )
    )
    x = scale * z + shift
    return (weights * logsigmoid(c[0] + c[1] * x + c[2] * x * x)).sum()


def _bends(c: Tensor, scale: float, shift: float) -> list[float]:
    """Where log sigmoid bends, in standard deviations: around the roots of the score, the nearer the steeper it is."""
    c0, c1, c2 = c.tolist()
    line = np.array([c2 * scale**2, (c1 + 2 * c2 * shift) * scale, c0 + c1 * shift + c2 * shift**2])
    found: list[float] = []
    for root in np.roots(line):
        centre, steepness = float(root.real), max(abs(2 * line[0] * root + line[1]), abs(line[0]) ** 0.5, 1.0)
        found += [centre + k * REACH / float(steepness) for k in (-4, -2, -1, 0, 1, 2, 4)]
    return found


def panelled(panels: int, breaks: list[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same on panels, which also end at `breaks`, where the integrand bends."""
    edges = np.unique(np.clip([*np.linspace(-TAIL, TAIL, panels + 1), *breaks], -TAIL, TAIL))
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half + half * NODES).ravel()
    return z, (half * WEIGHTS).ravel() * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def _gaussian_kl(mean: float, std: float, other_mean: float, other_std: float) -> float:
    ratio = (std / other_std) ** 2
    return float(0.5 * (ratio - 1 - np.log(ratio)) + (mean - other_mean) ** 2 / (2 * other_std**2))
