"""One Gaussian fitted to two modes, by each divergence: covering and missing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtr

from gan_lab.errors import WiringError, choose

GRID = np.linspace(-30.0, 30.0, 6001)  # for drawings
Z = np.linspace(-10.0, 10.0, 2001)  # standard deviations of whatever is integrated over
WEIGHTS = np.exp(-0.5 * Z**2) * (Z[1] - Z[0]) / np.sqrt(2 * np.pi)

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

    def __post_init__(self) -> None:
        """Refuse a distance or a share that is out of range."""
        if not (0 <= self.distance < np.inf and 0 < self.share < 1):
            raise WiringError(
                f"distance is {self.distance!r} and share {self.share!r}; expected a finite number of at least 0, and "
                "a share between 0 and 1"
            )

    def log_density(self, at: Array = GRID) -> Array:
        """The logarithm of p, on the grid or at other points."""
        left, right = (log_gaussian(mean, 1.0, at) for mean in (-self.distance, self.distance))
        return np.logaddexp(np.log1p(-self.share) + left, np.log(self.share) + right)

    def share_of_larger_mode(self, fit: tuple[float, float]) -> float:
        """The mass that N(mean, std^2) has on the side of 0 where it has more."""
        right = float(ndtr(fit[0] / fit[1]))
        return max(right, 1 - right)


def log_gaussian(mean: float, std: float, at: Array = GRID) -> Array:
    """The logarithm of N(x; mean, std^2), on the grid or at other points."""
    return -0.5 * ((at - mean) / std) ** 2 - np.log(std) - 0.5 * np.log(2 * np.pi)


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
    divergence = choose(by, {"kl": None, "reverse_kl": _reverse_kl, "jsd": _jsd}, "divergence")
    shift = (2 * two.share - 1) * two.distance
    whole = float(np.sqrt(1 + 4 * two.share * (1 - two.share) * two.distance**2))
    if divergence is None:  # the moments of p
        return shift, whole

    def loss(numbers: Any) -> float:
        return divergence(two, float(numbers[0]), float(np.exp(np.clip(numbers[1], -30.0, 30.0))))

    starts = ((shift, 1.0), (-two.distance, 1.0), (two.distance, 1.0), (shift, whole))
    fits = [minimize(loss, (mean, np.log(std)), method="Nelder-Mead", tol=1e-9) for mean, std in starts]
    best = min(fits, key=lambda fit: fit.fun)
    return float(best.x[0]), float(np.exp(best.x[1]))


def _reverse_kl(two: TwoModes, mean: float, std: float) -> float:
    x = mean + std * Z
    return float(WEIGHTS @ (log_gaussian(mean, std, x) - two.log_density(x)))


def _jsd(two: TwoModes, mean: float, std: float) -> float:
    """Each side is integrated over its own width: q over that of q, p over that of each mode."""

    def against_middle(own: Array, other: Array) -> float:
        return float(WEIGHTS @ (own - np.logaddexp(own, other) + np.log(2)))

    x = mean + std * Z
    of_q = against_middle(log_gaussian(mean, std, x), two.log_density(x))
    sides = ((-two.distance, 1 - two.share), (two.distance, two.share))
    of_p = sum(
        share * against_middle(two.log_density(centre + Z), log_gaussian(mean, std, centre + Z))
        for centre, share in sides
    )
    return (of_p + of_q) / 2
