"""Distances of two sets of samples by features of them: Frechet's, of Gaussians with their moments, and a kernel's.

    Frechet   |m - m'|^2 + tr(S + S' - 2 (S S')^1/2)         m, S: mean and covariance of the features
    kernel    E k(x, x') + E k(y, y') - 2 E k(x, y)          k(x, y) = (x . y / d + 1)^3, over different pairs

With the features of an Inception network they are called FID and KID. Here the features are others, and so are the
numbers: they must not be compared with FID.

Sources: Heusel et al. 2017, equation 6; Binkowski et al. 2018, section 3.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def frechet_distance(first: Any, second: Any) -> float:
    """Frechet's distance, squared, of (n, k) and (m, k) features.

    >>> frechet_distance([[-1.0], [1.0]], [[1.0], [3.0]])
    4.0
    """
    one, other = (np.asarray(part, dtype=np.float64) for part in (first, second))
    covariances = [np.atleast_2d(np.cov(part.T, bias=True)) for part in (one, other)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariances[1] @ root), 0.0)).sum()
    apart = float(((one.mean(axis=0) - other.mean(axis=0)) ** 2).sum())
    return max(apart + float(np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * shared), 0.0)


def kernel_distance(first: Any, second: Any) -> float:
    """The unbiased estimate of the kernel's distance, squared, of (n, k) and (m, k) features; below 0 by chance alone.

    >>> kernel_distance([[0.0], [0.0]], [[1.0], [1.0]])
    7.0
    """
    one, other = (np.asarray(part, dtype=np.float64) for part in (first, second))
    within = [(_kernel(part, part).sum() - _kernel_diagonal(part).sum()) / _pairs(len(part)) for part in (one, other)]
    return float(sum(within) - 2 * _kernel(one, other).mean())


def _pairs(count: int) -> int:
    return count * (count - 1)


def _kernel(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return (one @ other.T / one.shape[1] + 1) ** 3


def _kernel_diagonal(part: NDArray[np.float64]) -> NDArray[np.float64]:
    return ((part**2).sum(axis=1) / part.shape[1] + 1) ** 3
