"""The importance-weighted bound of a VAE's log-likelihood, with its standard error.

    L_K(x) = E log (1/K) sum_k w_k,   w_k = p(x, z_k) / q(z_k | x),  z_k ~ q        ELBO = L_1 <= L_K <= log p(x)

Source: Burda, Grosse and Salakhutdinov 2016, theorem 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import WiringError, whole_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.vae.neural_vae import NeuralVAE

Array = NDArray[np.float64]
AT_ONCE = 400_000  # weights computed in one go, which keeps the memory in bounds
DECODED = 2**25  # numbers decoded in one go


@dataclass(frozen=True, eq=False)
class Bound:
    """A lower bound of log p(x), in nats.

    Attributes:
        points: (n,) bound of each point, estimated from K draws.
        elbo: (n,) ELBO of each point, estimated from the same draws; never above `points`.
    """

    points: Array
    elbo: Array

    @property
    def mean(self) -> float:
        """The mean bound over the points."""
        return float(self.points.mean())

    @property
    def standard_error(self) -> float:
        """The standard error of the mean; it includes the draw of the points and that of the z."""
        return float(self.points.std(ddof=1) / len(self.points) ** 0.5)

    def __repr__(self) -> str:
        """The mean and its standard error."""
        return f"log p(x) >= {self.mean:.4f} +- {self.standard_error:.4f} nats a point ({len(self.points)} points)"


@takes_own_names
def importance_bound(vae: NeuralVAE, points: Any, samples: int = 100, seed: int = 0) -> Bound:
    """The bound L_K of (n, d) points, with K = `samples` draws of z for each.

    Args:
        vae: The model.
        points: (n, d), at least two.
        samples: K; the bound rises to log p(x) as K grows.
        seed: Seed of the draws; torch's own random numbers do not change.

    Raises:
        WiringError: The points have another shape, or `samples` is below 1.

    >>> bound = importance_bound(NeuralVAE(2, 1, (8,)), np.zeros((3, 2)), samples=10)
    >>> bool((bound.elbo <= bound.points).all())
    True
    """
    found = np.asarray(points, dtype=np.float32)
    if found.ndim != 2 or found.shape[1] != vae.dimension or len(found) < 2:
        raise WiringError(f"points have shape {found.shape}; expected (n, {vae.dimension}), at least two")
    samples = whole_number("samples", samples, 1)
    parts = []
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for part in torch.from_numpy(found).split(max(1, min(AT_ONCE, DECODED // vae.dimension) // samples)):
            weights = vae.log_weights(part, samples).double()
            parts.append((torch.logsumexp(weights, dim=0) - np.log(samples), weights.mean(dim=0)))
    bounds, elbos = (torch.cat(column).numpy() for column in zip(*parts, strict=True))
    return Bound(bounds, elbos)
