"""Precision and recall of samples, density and coverage, by nearest neighbours.

    manifold(X)  = union over x in X of the balls B(x, distance of x to its k-th nearest neighbour in X)
    precision    = share of generated samples in manifold(real)            are they good?
    recall       = share of real samples in manifold(generated)            is everything there?
    density      = mean over generated samples of (real balls that hold it) / k        1 on average for q = p
    coverage     = share of real balls that hold a generated sample

Precision and recall need no density and no known modes. One far outlier among the real samples has a large ball,
which flatters precision; density and coverage count balls of real samples and are less easily fooled.

Sources: Kynkäänniemi et al. 2019, section 2; Naeem et al. 2020, section 3.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from gan_lab.errors import WiringError

TREES: Final = 64  # dimensions, beyond which a tree looks at every point


@dataclass(frozen=True)
class PrecisionRecall:
    """Shares from 0 to 1, except density, which may exceed 1.

    Attributes:
        precision: Of generated samples near real ones.
        recall: Of real samples near generated ones.
        density: Real balls around a generated sample, over k.
        coverage: Of real balls with a generated sample in them.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def precision_recall(real: Any, generated: Any, neighbours: int = 3) -> PrecisionRecall:
    """The four shares of generated samples beside real ones.

    Args:
        real: (n, d) samples of the data.
        generated: (m, d) samples of the model; for a fair recall take m = n.
        neighbours: k, at least 1 and below n and m. Small: strict, and noisy; what k is belongs beside the figures.

    Raises:
        WiringError: Arrays of other shapes or not finite, or k out of range.

    Cost: O((n + m) log(n + m)) in few dimensions, O(n m) in many.

    >>> real = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
    >>> precision_recall(real, [[0.1], [1.1], [1.9]], neighbours=1)          # sharp, and half is missing
    PrecisionRecall(precision=1.0, recall=0.5, density=2.0, coverage=0.5)
    """
    first, second = _points(real, "real"), _points(generated, "generated")
    if first.shape[1] != second.shape[1]:
        raise WiringError(f"real samples have {first.shape[1]} numbers each and generated ones {second.shape[1]}")
    fewest = min(len(first), len(second))
    if isinstance(neighbours, bool) or not isinstance(neighbours, int | np.integer) or not 1 <= neighbours < fewest:
        raise WiringError(f"neighbours is {neighbours!r}; expected 1 to {fewest - 1}, below the number of samples")
    inside_real = _members(first, second, neighbours)
    inside_generated = _members(second, first, neighbours)
    sizes = np.array([len(members) for members in inside_real])
    return PrecisionRecall(
        precision=_share(inside_real, len(second)),
        recall=_share(inside_generated, len(first)),
        density=float(sizes.sum() / (neighbours * len(second))),
        coverage=float((sizes > 0).mean()),
    )


def _members(centres: NDArray[np.float64], others: NDArray[np.float64], neighbours: int) -> list[list[int]]:
    """For the ball of each centre, which of the others it holds."""
    if centres.shape[1] > TREES:
        return _members_by_products(centres, others, neighbours)
    # The nearest neighbour of a centre is itself, at distance 0: one more is asked for.
    radii = np.asarray(KDTree(centres).query(centres, k=[neighbours + 1])[0])[:, 0]
    # A ball holds the neighbour on its rim, which the rounding of a root and its square would leave out at times.
    return list(KDTree(others).query_ball_point(centres, radii * (1 + 1e-12)))


def _members_by_products(centres: NDArray[np.float64], others: NDArray[np.float64], neighbours: int) -> list[list[int]]:
    """The same by |x - y|^2 = |x|^2 + |y|^2 - 2 x.y, whose rounding is allowed for: no tree helps here."""
    middle = centres.mean(axis=0)
    first, second = centres - middle, others - middle
    own = _squares(first, first)
    np.fill_diagonal(own, 0.0)
    radii = np.partition(own, neighbours, axis=1)[:, neighbours]
    rounding = 1e-13 * max(float(np.einsum("ij,ij->i", part, part).max()) for part in (first, second))
    inside = _squares(first, second) <= (radii * (1 + 1e-12) + rounding)[:, None]
    return [np.flatnonzero(row).tolist() for row in inside]


def _squares(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = [np.einsum("ij,ij->i", part, part) for part in (one, other)]
    return norms[0][:, None] + norms[1] - 2 * one @ other.T


def _share(members: list[list[int]], count: int) -> float:
    found = np.zeros(count, dtype=bool)
    for part in members:
        found[part] = True
    return float(found.mean())


def _points(samples: Any, name: str) -> NDArray[np.float64]:
    found = np.asarray(samples, dtype=np.float64)
    if found.ndim != 2 or not found.size:
        raise WiringError(f"{name} samples have shape {found.shape}; expected (n, d)")
    if not np.isfinite(found).all():
        raise WiringError(f"{name} sample {int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])} is not finite")
    return found
