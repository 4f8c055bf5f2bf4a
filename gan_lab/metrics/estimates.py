"""What samples of a generator tell where its density cannot be evaluated: estimates that say how far off they can be.

The generator is an implicit model: it samples, but p_g(x) is not known. Counting its samples in bins whose true
probabilities are known gives a divergence of binned distributions. By the data processing inequality it is at
most the true one, and by sampling noise it is off by about (bins - 1) / 8n, plus its spread.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr

from gan_lab import truth
from gan_lab.errors import WiringError

SHELLS: Final = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0])  # radii, in standard deviations, between bins
RESAMPLES: Final = 100
HIGH_QUALITY_RADIUS: Final = 3.0  # in standard deviations


def mode_counts(samples: Any, means: NDArray[Any], std: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(K,) samples nearest to each mode, and the nearest modes of those within three standard deviations.

    Source of the protocol: Srivastava et al. 2017 (VEEGAN), section 4.1.

    >>> counts, good = mode_counts([[0.0], [0.1], [5.0]], np.array([[0.0], [4.0]]), 0.1)
    >>> counts, good
    (array([2, 1]), array([0, 0]))
    """
    nearest, squares = nearest_modes(samples, means)
    good = nearest[squares <= (HIGH_QUALITY_RADIUS * std) ** 2]
    return np.bincount(nearest, minlength=len(means)), good


def reverse_kl_of_shares(shares: NDArray[Any], weights: NDArray[Any]) -> float:
    """KL(shares of the samples || weights of the data), in nats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(shares > 0, shares * np.log(shares / weights), 0.0).sum())


def nearest_modes(samples: Any, means: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(n,) nearest mode of each sample, and the square of its distance.

    Raises:
        WiringError: Samples of the wrong shape, or not finite.
    """
    found = np.asarray(samples, dtype=np.float64)
    if found.ndim != 2 or not len(found) or found.shape[1] != means.shape[1]:
        raise WiringError(f"samples have shape {found.shape}; expected (n, {means.shape[1]})")
    if not np.isfinite(found).all():
        raise WiringError(f"sample {int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])} is not finite")
    squares = ((found[:, None, :] - means) ** 2).sum(axis=2)
    nearest = squares.argmin(axis=1)
    return nearest, squares[np.arange(len(found)), nearest]


def binned(game: Any, samples: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(bins,) probabilities of a mixture, and (bins,) shares of samples, by nearest mode and by shells around it."""
    nearest, squares = nearest_modes(samples, game.means)
    edges = np.concatenate([[0.0], chdtr(game.dimension, SHELLS**2), [1.0]])
    p = (game.weights[:, None] * np.diff(edges)).ravel()
    p /= p.sum()
    shell = np.searchsorted(SHELLS, np.sqrt(squares) / game.std, side="right")
    counts = np.bincount(nearest * (len(SHELLS) + 1) + shell, minlength=len(p))
    return p, counts / counts.sum()


def binned_jsd(game: Any, samples: Any) -> tuple[float, float]:
    """JSD of a mixture and of samples, counted by nearest mode and by shells around it; and its error.

    The first is a lower bound of the true JSD, up to the second: the bias (bins - 1) / 8n of counting n
    samples, and two standard deviations of resampling. The modes should be at least eight standard deviations
    apart, so that each shell belongs to one of them.
    """
    p, q = binned(game, samples)
    n = len(samples)
    counts = np.rint(q * n).astype(np.int64)
    found = truth.jsd(p, q)
    redrawn = np.random.default_rng(counts.tolist()).multinomial(n, q, size=RESAMPLES) / n
    spread = np.std([truth.jsd(p, row / row.sum()) for row in redrawn])
    return found, float(2 * spread + (len(p) - 1) / (8 * n))
