"""One Gaussian fitted to two modes, by each divergence: covering and missing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from gan_lab.errors import choose

GRID = np.linspace(-30.0, 30.0, 6001)
STARTS = ((0.0, 1.0), (-3.0, 1.0), (3.0, 1.0), (0.0, 4.0))  # mean and standard deviation

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TwoModes:
    """Two Gaussians of width 1, at - and + `distance`, with shares that differ a little.

    Attributes:
        distance: Of each mode from 0.
        share: Of the right one.
    """

    distance: float = 4.0
    share: float = 0.5

    def log_density(self) -> Array:
        """The logarithm of p on the grid."""
        left, right = (log_gaussian(mean, 1.0) for mean in (-self.distance, self.distance))
        return np.logaddexp(np.log1p(-self.share) + left, np.log(self.share) + right)

    def share_of_larger_mode(self, fit: tuple[float, float]) -> float:
        """The mass that N(mean, std^2) has on the side of 0 where it has more."""
        q = np.exp(log_gaussian(*fit))
        right = float(np.trapezoid(q[GRID >= 0], GRID[GRID >= 0]))
        return max(right, 1 - right)


def log_gaussian(mean: float, std: float) -> Array:
    """The logarithm of N(x; mean, std^2) on the grid."""
    return -0.5 * ((GRID - mean) / std) ** 2 - np.log(std) - 0.5 * np.log(2 * np.pi)


def fit_gaussian(two: TwoModes, by: str) -> tuple[float, float]:
    """(mean, std) of the Gaussian nearest to two modes by a divergence, the best of several starts.

    Args:
        two: The data.
        by: "kl" (maximum likelihood, covers), "reverse_kl" or "jsd" (what a GAN minimises with the best D).

    Raises:
        WiringError: An unknown divergence.

    >>> fit_gaussian(TwoModes(4.0), "kl")[1] > 4.0, fit_gaussian(TwoModes(4.0), "reverse_kl")[1] < 1.1
    (True, True)
    """
    divergence = choose(by, {"kl": _kl, "reverse_kl": _reverse_kl, "jsd": _jsd}, "divergence")
    target = two.log_density()

    def loss(numbers: Any) -> float:
        return divergence(target, log_gaussian(float(numbers[0]), float(np.exp(numbers[1]))))

    fits = [minimize(loss, (mean, np.log(std)), method="Nelder-Mead", tol=1e-9) for mean, std in STARTS]
    best = min(fits, key=lambda fit: fit.fun)
    return float(best.x[0]), float(np.exp(best.x[1]))


def _kl(p: Array, q: Array) -> float:
    return float(np.trapezoid(np.exp(p) * (p - q), GRID))


def _reverse_kl(p: Array, q: Array) -> float:
    return _kl(q, p)


def _jsd(p: Array, q: Array) -> float:
    middle = np.logaddexp(p, q) - np.log(2)
    return (_kl(p, middle) + _kl(q, middle)) / 2
