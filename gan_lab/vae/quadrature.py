"""A VAE's density by numerical integration over z, where z has one or two numbers.

    p(x) = integral of N(z; 0, I) N(x; f(z), std^2 I) dz

The sum over an even grid is the trapezoidal rule, which is very accurate for smooth functions that vanish at both
ends; how accurate, the same sum over every second node tells.
"""

from copy import deepcopy
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import WiringError
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.vae.neural_vae import HALF_LOG_2_PI, NeuralVAE

Array = NDArray[np.float64]
EDGE: Final = 7.0  # a standard normal z lies beyond with probability 3e-12
NODES: Final = {1: 16_001, 2: 401}  # on each axis
AT_ONCE: Final = 4_000_000


@takes_own_names
def log_density_by_quadrature(vae: NeuralVAE, points: Any, nodes: int | None = None) -> tuple[Array, Array]:
    """(n,) log p(x) of (n, d) points in nats, and (n,) its difference to the result on a grid half as fine.

    Args:
        vae: The model, with one or two latent numbers.
        points: (n, d).
        nodes: Number of nodes on each axis; odd.

    Raises:
        WiringError: There are more than two latent numbers, the points have another shape, or the number of nodes is
            even.

    >>> vae = NeuralVAE(2, 1, (8,))
    >>> log_p, error = log_density_by_quadrature(vae, [[0.0, 0.0]])
    >>> bool(error[0] < 1e-6)
    True
    """
    found = np.asarray(points, dtype=np.float64)
    if vae.latent_size not in NODES:
        raise WiringError(
            f"z has {vae.latent_size} numbers; a grid over more than 2 is too large: take importance_bound"
        )
    if found.ndim != 2 or found.shape[1] != vae.dimension:
        raise WiringError(f"points have shape {found.shape}; expected (n, {vae.dimension})")
    count = nodes or NODES[vae.latent_size]
    if count < 3 or count % 2 == 0:
        raise WiringError(f"nodes is {count!r}; expected an odd number of at least 3")
    line = torch.linspace(-EDGE, EDGE, count, dtype=torch.float64)
    axes = torch.meshgrid(*[line] * vae.latent_size, indexing="ij")
    latent = torch.stack([axis.flatten() for axis in axes], dim=1)
    even = torch.arange(count) % 2 == 0
    coarse = even if vae.latent_size == 1 else (even[:, None] & even).flatten()
    return _sums(vae, torch.from_numpy(found), latent, coarse, 2 * EDGE / (count - 1))


def _sums(
    vae: NeuralVAE, points: torch.Tensor, latent: torch.Tensor, coarse: torch.Tensor, spacing: float
) -> tuple[Array, Array]:
    size = vae.latent_size
    with torch.no_grad():
        means = deepcopy(vae.decoder).double()(latent) * vae.scale  # float32 would round the sum at the sixth digit
        prior = -0.5 * (latent**2).sum(dim=1) + size * (np.log(spacing) - HALF_LOG_2_PI)
        fine_parts, coarse_parts = [], []
        for part in points.split(max(1, AT_ONCE // len(latent))):
            squares = torch.cdist(part, means, compute_mode="donot_use_mm_for_euclid_dist") ** 2
            joint = prior - 0.5 * squares / vae.std**2 - vae.dimension * (np.log(vae.std) + HALF_LOG_2_PI)
            fine_parts.append(torch.logsumexp(joint, dim=1))
            coarse_parts.append(torch.logsumexp(joint[:, coarse], dim=1) + size * np.log(2))
    fine = torch.cat(fine_parts).numpy()
    return fine, np.abs(fine - torch.cat(coarse_parts).numpy())
