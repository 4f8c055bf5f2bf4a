"""p_data, p_g and the optimal discriminator on a square of cells, both densities blurred alike.

p_g of a generator is not known: it is estimated by a kernel, a Gaussian of width h around each of n samples, which is
an estimate of p_g blurred by h. Beside it p_data has to be blurred by the same h, or D* would not be 1/2 where the two
agree; for a mixture of Gaussians that is exact: the widths of its modes become sqrt(std^2 + h^2).

    D*(x) = p_h(x) / (p_h(x) + q_h(x))          Proposition 1 of Goodfellow et al. 2014, of the blurred pair
          = E D*(y), over y of the data and of G alike, each by the kernel's weight at x - y

The second line is compared with a D that has learned: D itself, averaged in the same way. So a perfect D is D*, up to
what counting samples adds, however narrow the modes are.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr

from gan_lab.games import MixtureGame

Array = NDArray[np.float64]
CHUNK = 64  # points at a time, so that a table of points and modes stays in the cache


def blur_width(game: MixtureGame, cell: float) -> float:
    """h: about a cell, so that single samples do not show; half a mode's width where that is more."""
    return max(0.75 * cell, 0.5 * game.std)


def cell_edges(bound: float, cells: int) -> Array:
    """(cells + 1,) edges from -bound to bound."""
    return np.linspace(-bound, bound, cells + 1)


def cell_centers(bound: float, cells: int) -> NDArray[np.float32]:
    """(cells * cells, 2) middles of the cells, row by row from the upper left."""
    edges = cell_edges(bound, cells)
    line = (edges[:-1] + edges[1:]) / 2
    x, y = np.meshgrid(line, line[::-1])
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def data_mass(game: MixtureGame, bound: float, cells: int, width: float) -> Array:
    """(cells, cells) probability of each cell under the data blurred by `width`, rows from above: exact.

    >>> game = MixtureGame([[0.0, 0.0]], 0.1)
    >>> float(data_mass(game, 1.0, 4, 0.0).sum().round(9))
    1.0
    """
    std = np.hypot(game.std, width)
    below = ndtr((cell_edges(bound, cells)[:, None, None] - game.means) / std)
    inside = np.diff(below, axis=0)  # (cells, K, 2): a Gaussian's cell is a product of two intervals
    return np.einsum("yk,xk,k->yx", inside[::-1, :, 1], inside[:, :, 0], game.weights)


def sample_mass(
    samples: NDArray[np.floating], bound: float, cells: int, width: float, weights: Array | None = None
) -> Array:
    """(cells, cells) probability of each cell, estimated from (n, 2) samples that are blurred by `width`.

    With (n,) weights each sample counts so much instead of 1.
    """
    from scipy.ndimage import gaussian_filter

    edges = cell_edges(bound, cells)
    found = np.histogram2d(samples[:, 1], samples[:, 0], bins=(edges, edges), weights=weights)[0]
    counts = found[::-1] / len(samples)
    return gaussian_filter(counts, width * cells / (2 * bound), mode="constant", truncate=5.0)


def averaged_verdicts(
    samples: list[NDArray[np.floating]], verdicts: list[Array], bound: float, cells: int, width: float
) -> Array:
    """(cells, cells) mean of D over real and generated samples near each cell; NaN far from all of them.

    Args:
        samples: (n, 2) real ones, and as many generated ones.
        verdicts: (n,) D of each of them.
        bound: As of `cell_edges`.
        cells: As of `cell_edges`.
        width: Standard deviation of the kernel.
    """
    said, mass = np.zeros((cells, cells)), np.zeros((cells, cells))
    for part, verdict in zip(samples, verdicts, strict=True):
        said += sample_mass(part, bound, cells, width, verdict)
        mass += sample_mass(part, bound, cells, width)
    return np.divide(said, mass, out=np.full_like(said, np.nan), where=mass > 0.5 / len(samples[0]))


def is_separated(game: MixtureGame) -> bool:
    """Whether its modes are eight widths apart, as counting by the nearest mode supposes."""
    gaps = np.linalg.norm(game.means[:, None] - game.means, axis=2)
    np.fill_diagonal(gaps, np.inf)
    return bool(gaps.min() >= 8 * game.std)


def optimum(p: Array, q: Array, samples: int) -> Array:
    """D* of two tables of masses; NaN where neither has as much as half a sample of the n that q was counted by.

    >>> optimum(np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.0, 0.0]), 100)
    array([0.5, 1. , nan])
    """
    both = p + q
    return np.divide(p, both, out=np.full_like(p, np.nan), where=both > 0.5 / samples)


def log_mixture(points: Array, means: Array, std: float, weights: Array | None = None) -> tuple[Array, Array]:
    """(m,) log density of a mixture of round Gaussians at (m, d) points, and its (m, d) gradient.

    With samples as means it is the kernel estimate; without weights they are alike.
    """
    shares = np.full(len(means), 1 / len(means)) if weights is None else weights
    constant = means.shape[1] * np.log(std * np.sqrt(2 * np.pi))
    logs, slopes = [], []
    for start in range(0, len(points), CHUNK):
        away = means - points[start : start + CHUNK, None, :]
        with np.errstate(divide="ignore"):
            exponents = np.log(shares) - 0.5 * (away**2).sum(axis=2) / std**2
        log = logsumexp(exponents, axis=1)
        logs.append(log - constant)
        slopes.append(np.einsum("mk,mkd->md", np.exp(exponents - log[:, None]), away) / std**2)
    return np.concatenate(logs), np.concatenate(slopes)
