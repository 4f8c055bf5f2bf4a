"""The linear VAE, in which everything is exact: probabilistic principal component analysis.

    z ~ N(0, I_k)        x | z ~ N(W z + mu, std^2 I_d)               decoder
    x ~ N(mu, W W^T + std^2 I_d)                                      its density
    z | x ~ N(M^-1 W^T (x - mu), std^2 M^-1)   M = W^T W + std^2 I_k  its posterior
    ELBO(x, q) = log p(x) - KL(q(z | x) || p(z | x))                  equal to log p(x) at the posterior

Sources: Tipping and Bishop 1999, sections 3.1 and 3.2; Lucas et al. 2019, sections 3 and 4.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearEncoder:
    """An affine Gaussian encoder: q(z | x) = N(A x + b, S), with the same S for every x.

    Attributes:
        weights: (k, d) A.
        offset: (k,) b.
        covariance: (k, k) S, symmetric and positive definite.

    Raises:
        WiringError: The arrays have other shapes, or the covariance is not symmetric and positive definite.

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


@dataclass(frozen=True, eq=False)
class LinearVAE:
    """x = W z + mu + std * noise.

    Attributes:
        loadings: (d, k) W.
        mean: (d,) mu.
        std: Standard deviation of the decoder's noise, above 0.

    Raises:
        WiringError: Arrays of other shapes or not finite, or a std that is not positive.

    >>> model = LinearVAE([[3.0], [4.0]], [0.0, 0.0], std=1.0)
    >>> model.log_density([[0.0, 0.0]]).round(4)          # covariance with eigenvalues 26 and 1
    array([-3.4669])
    """

    loadings: Any
    mean: Any
    std: float

    def __post_init__(self) -> None:
        """Check the arrays and keep them as float64."""
        loadings, mean = np.asarray(self.loadings, dtype=np.float64), np.asarray(self.mean, dtype=np.float64)
        if loadings.ndim != 2 or mean.shape != loadings.shape[:1] or not len(mean):
            raise WiringError(f"loadings and mean have shapes {loadings.shape} and {mean.shape}; expected (d, k), (d,)")
        if not np.isfinite(loadings).all() or not np.isfinite(mean).all():
            raise WiringError("loadings or mean are not finite")
        if not 0 < self.std < np.inf:
            raise WiringError(f"std is {self.std!r}; expected a number above 0: with none, p(x) is no density")
        object.__setattr__(self, "loadings", loadings)
        object.__setattr__(self, "mean", mean)

    @classmethod
    def fit(cls, data: Any, latent_size: int, std: float | None = None) -> "LinearVAE":
        """Fit the maximum-likelihood model of (n, d) data: W = U (L - std^2 I)^(1/2).

        U and L are the k leading eigenvectors and eigenvalues of the data's covariance, std^2 is the mean of the
        others. W is unique up to a rotation of z; this one is that of the principal components.

        Args:
            data: (n, d) points.
            latent_size: Number k of latent dimensions, from 0 to d - 1.
            std: Fixed standard deviation of the decoder's noise, for which the best W is found; None: it is fitted too.

        Raises:
            WiringError: The data have another shape, the latent size leaves no noise, or the data have no noise.

        Source: Tipping and Bishop 1999, equations 15 and 16.

        >>> LinearVAE.fit([[-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]], 1).std
        1.0
        """
        mean, eigenvalues, vectors = _principal(data, latent_size)
        discarded = len(mean) - latent_size
        variance = float(eigenvalues[:discarded].mean()) if std is None else std**2
        if std is None and variance <= 1e-14 * max(eigenvalues[-1], 1e-300):
            raise WiringError(
                f"the data lie in {latent_size} directions: the likelihood grows without end as std goes to 0. "
                "Take a smaller latent_size"
            )
        scales = np.sqrt(np.maximum(eigenvalues[discarded:] - variance, 0.0))
        return cls((vectors[:, discarded:] * scales)[:, ::-1], mean, variance**0.5 if std is None else std)

    @property
    def noise_size(self) -> int:
        """Length of a noise vector: k for z and d for the decoder's noise."""
        return sum(self.loadings.shape)

    def act(self, observation: Any, /) -> Array:
        """(n, d) samples for (n, k + d) standard normal noise."""
        noise = np.asarray(observation, dtype=np.float64)
        latent_size = self.loadings.shape[1]
        if noise.ndim != 2 or noise.shape[1] != self.noise_size:
            raise WiringError(f"noise has shape {noise.shape}; expected (n, {self.noise_size}), z and decoder noise")
        return self.decode(noise[:, :latent_size]) + self.std * noise[:, latent_size:]

    def decode(self, latent: Any) -> Array:
        """(n, d) means of x for (n, k) z."""
        return np.asarray(latent, dtype=np.float64) @ self.loadings.T + self.mean

    def log_density(self, points: Any) -> Array:
        """(n,) log p(x), in nats.

        It is computed from the singular values of W, so that it stays exact for a std far below them.
        """
        centred = self._checked(points) - self.mean
        directions, scales, _ = np.linalg.svd(self.loadings, full_matrices=False)
        variances, along = scales**2 + self.std**2, centred @ directions
        across = centred - along @ directions.T
        free = len(self.mean) - len(scales)
        squares = (along**2 / variances).sum(axis=1) + (across**2).sum(axis=1) / self.std**2
        volume = np.log(variances).sum() + 2 * free * np.log(self.std) + len(self.mean) * np.log(2 * np.pi)
        return -0.5 * (squares + volume)

    def posterior(self) -> LinearEncoder:
        """p(z | x), as the encoder that makes the ELBO exact."""
        precision = self.loadings.T @ self.loadings + self.std**2 * np.eye(self.loadings.shape[1])
        weights = np.linalg.solve(precision, self.loadings.T)
        return LinearEncoder(weights, -weights @ self.mean, self.std**2 * np.linalg.inv(precision))

    def reconstruction(self, points: Any, encoder: LinearEncoder) -> Array:
        """(n,) E_q log p(x | z), the first term of the ELBO, in nats."""
        found = self._checked(points)
        squares = ((found - self.decode(encoder.means(found))) ** 2).sum(axis=1)
        squares += np.trace(self.loadings.T @ self.loadings @ encoder.covariance)
        return -0.5 * squares / self.std**2 - len(self.mean) * (np.log(self.std) + 0.5 * np.log(2 * np.pi))

    def elbo(self, points: Any, encoder: LinearEncoder | None = None) -> Array:
        """(n,) E_q log p(x | z) - KL(q(z | x) || p(z)), in nats; the default encoder is the posterior.

        >>> model = LinearVAE([[3.0], [4.0]], [0.0, 0.0], std=1.0)
        >>> bool(np.allclose(model.elbo([[1.0, 2.0]]), model.log_density([[1.0, 2.0]])))
        True
        """
        encoder = encoder or self.posterior()
        return self.reconstruction(points, encoder) - encoder.kl_to_prior(points)

    def _checked(self, points: Any) -> Array:
        found = np.asarray(points, dtype=np.float64)
        if found.ndim != 2 or found.shape[1] != len(self.mean):
            raise WiringError(f"points have shape {found.shape}; expected (n, {len(self.mean)})")
        return found


def _principal(data: Any, latent_size: int) -> tuple[Array, Array, Array]:
    """(d,) mean of the data, and (d,) eigenvalues, rising, and (d, d) eigenvectors of their covariance."""
    points = np.asarray(data, dtype=np.float64)
    if points.ndim != 2 or len(points) < 2 or not np.isfinite(points).all():
        raise WiringError(f"data have shape {points.shape}; expected (n, d), finite, of at least two points")
    size = points.shape[1]
    if isinstance(latent_size, bool) or not isinstance(latent_size, int) or not 0 <= latent_size < size:
        raise WiringError(
            f"latent_size is {latent_size!r}; expected 0 to {size - 1}: with all {size} directions explained there "
            "is no noise left, and the likelihood has no maximum"
        )
    mean = points.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh((points - mean).T @ (points - mean) / len(points))
    return mean, eigenvalues, vectors
