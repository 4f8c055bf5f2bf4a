"""How blurred samples are beside modes that are known, and which modes they miss."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr

from gan_lab.metrics.estimates import good_radius, nearest_modes


class Modes(Protocol):
    """What is known of the data: modes of one width, as a `MixtureGame` has them.

    Attributes:
        means: (K, d) where they are.
        std: Their standard deviation.
        dimension: d.
    """

    means: NDArray[np.float64]
    std: float
    dimension: int


@dataclass(frozen=True, eq=False)
class Blur:
    """Samples beside the K modes of a mixture.

    Attributes:
        missed: Modes without a good sample: one within three standard deviations, and in more than two dimensions
            within what holds as much of the data.
        far: Share of samples farther than that from every mode; of the data itself 1.1 % in two or more dimensions.
        distance: Mean distance of a sample to the nearest mode, in standard deviations; of the data 1.25 in two.
        spread: (K, d) eigenvalues of the covariance of the samples nearest to each mode, over std^2, rising; NaN
            for modes with fewer than d + 1 of them. One sample half way to the next mode counts for thousands.
        core: (K, d) the same of the good samples, over what the data have there.
    """

    missed: int
    far: float
    distance: float
    spread: NDArray[np.float64]
    core: NDArray[np.float64]


def measure_blur(game: Modes, samples: Any) -> Blur:
    """Measure (n, d) samples beside the modes of a game.

    Raises:
        WiringError: Samples of another shape, or not finite.

    >>> from gan_lab.games import MixtureGame
    >>> game = MixtureGame([[-1.0], [1.0]], std=0.1)
    >>> blur = measure_blur(game, [[0.9], [1.1], [0.0], [1.0]])
    >>> blur.missed, blur.far, round(blur.distance, 6)
    (1, 0.25, 3.0)
    """
    found = np.asarray(samples, dtype=np.float64)
    nearest, squares = nearest_modes(found, game.means)
    radius, size = good_radius(game.dimension) ** 2, game.dimension
    near = squares <= radius * game.std**2
    hit = np.bincount(nearest[near], minlength=len(game.means)) > 0
    # Variance of a standard normal vector cut off at this radius, in every direction.
    kept = float(chdtr(size + 2, radius) / chdtr(size, radius))
    return Blur(
        missed=int((~hit).sum()),
        far=float(1 - near.mean()),
        distance=float(np.sqrt(squares).mean() / game.std),
        spread=_eigenvalues(found, nearest, game) / game.std**2,
        core=_eigenvalues(found[near], nearest[near], game) / (kept * game.std**2),
    )


def _eigenvalues(samples: NDArray[np.float64], nearest: NDArray[np.int64], game: Modes) -> NDArray[np.float64]:
    found = np.full(game.means.shape, np.nan)
    for mode in range(len(game.means)):
        own = samples[nearest == mode]
        if len(own) > game.dimension:
            found[mode] = np.linalg.eigvalsh(np.atleast_2d(np.cov(own.T)))
    return found
