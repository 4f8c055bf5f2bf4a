"""An affine Gaussian encoder: q(z | x) = N(A x + b, S), with the same S for every x."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearEncoder:
    """q(z | x) = N(A x + b, S).

    Attributes:
        weights: (k, d) A.
        offset: (k,) b.
        covariance: (k, k) S, symmetric and positive definite.

    Raises:
        WiringError: Arrays of other shapes, or a covariance that is none.

    >>> LinearEncoder([[0.5, 0.0]], [0.0], [[0.2]]).means([[2.0, 7.0]])
    array([[1.]])
    """

    weights: Any
    offset: Any
    covariance: Any

    def __post_init__(self) -> None:
        """Check the arrays and keep them as float64."""
        weights, offset, covariance = (
            np.asarray(array, dtype=np.float64) for array in (self.weights, self.offset, self.covariance)
        )
        size = len(weights)
        if weights.ndim != 2 or offset.shape != (size,) or covariance.shape != (size, size):
            raise WiringError(
                f"weights, offset and covariance have shapes {weights.shape}, {offset.shape} and {covariance.shape}; "
                "expected (k, d), (k,) and (k, k)"
            )
        if not np.allclose(covariance, covariance.T) or (size and np.linalg.eigvalsh(covariance).min() <= 0):
            raise WiringError("the covariance is not symmetric and positive definite")
        for name, array in (("weights", weights), ("offset", offset), ("covariance", covariance)):
            object.__setattr__(self, name, array)

    def means(self, points: Any) -> Array:
        """(n, k) means of z for (n, d) points."""
        return np.asarray(points, dtype=np.float64) @ self.weights.T + self.offset

    def kl_to_prior(self, points: Any) -> Array:
        """(n,) KL(q(z | x) || N(0, I)) = (tr S + |m|^2 - k - log det S) / 2, in nats."""
        constant = np.trace(self.covariance) - len(self.covariance) - np.linalg.slogdet(self.covariance)[1]
        return 0.5 * (constant + (self.means(points) ** 2).sum(axis=1))

    def kl_to(self, other: "LinearEncoder", points: Any) -> Array:
        """(n,) KL(q(z | x) || r(z | x)) to another encoder r, in nats.

        >>> one = LinearEncoder([[1.0]], [0.0], [[1.0]])
        >>> one.kl_to(LinearEncoder([[1.0]], [2.0], [[1.0]]), [[0.0]])
        array([2.])
        """
        precision = np.linalg.inv(other.covariance)
        apart = self.means(points) - other.means(points)
        constant = np.trace(precision @ self.covariance) - len(precision)
        constant += np.linalg.slogdet(other.covariance)[1] - np.linalg.slogdet(self.covariance)[1]
        return 0.5 * (constant + np.einsum("ni,ij,nj->n", apart, precision, apart))
