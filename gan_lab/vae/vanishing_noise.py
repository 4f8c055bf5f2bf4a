"""Can a VAE use a deterministic x = G(z)? What happens to the likelihood as the decoder's noise goes to 0.

Of data off the decoder's manifold log p(x) falls like -1 / std^2, on it it rises like log 1 / std, without end
either way: in the limit there is no density, and nothing left to maximise. The gradient of the reconstruction
term, (x - f(z)) / std^2, explodes on the way, and the posterior shrinks to a point, infinitely far from the prior.
A GAN never asks for a density: its discriminator compares samples, and x = G(z) is all that it needs.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

import numpy as np
import torch

from gan_lab.games import SampleGame
from gan_lab.vae.linear_vae import LinearVAE
from gan_lab.vae.neural_vae import NeuralVAE
from gan_lab.vae.quadrature import log_density_by_quadrature
from gan_lab.vae.training import train_vae

STDS: Final = (1.0, 0.3, 0.1, 0.03, 0.01, 0.001)


@dataclass(frozen=True)
class NoiseRow:
    """A model with one level of noise; means over the data.

    Attributes:
        std: Of the decoder's noise.
        log_p_data: log p(x) of the data, in nats a point.
        log_p_manifold: The same of points f(z) of the decoder's manifold, one for each point of the data.
        gradient: Root mean square of |x - f(z)| / std^2 at the posterior's mean z: of the reconstruction term by f.
        posterior_std: Of z, the geometric mean over its numbers.
        kl_to_prior: KL(q(z | x) || p(z)), in nats.
    """

    std: float
    log_p_data: float
    log_p_manifold: float
    gradient: float
    posterior_std: float
    kl_to_prior: float


class VanishingNoise(list[NoiseRow]):
    """A row for each level of noise, shown as a table."""

    def __repr__(self) -> str:
        """The table."""
        titles = ("std", "log p(data)", "log p(manifold)", "gradient", "posterior std", "KL to prior")
        lines = ["".join(f"{title:>16}" for title in titles)]
        return "\n".join(lines + ["".join(f"{number:>16.4g}" for number in astuple(row)) for row in self])

    def column(self, name: str) -> list[float]:
        """One attribute of every row."""
        assert name in {field.name for field in fields(NoiseRow)}
        return [getattr(row, name) for row in self]


def vanishing_noise(data: Any, latent_size: int = 1, stds: Sequence[float] = STDS) -> VanishingNoise:
    """The exact table of the linear VAE: for each std the W under which (n, d) data are likeliest.

    Raises:
        WiringError: Data of another shape, a latent size that explains everything, or a std that is not positive.

    >>> vanishing_noise([[-2.0, 1.0], [2.0, 1.0], [-2.0, -1.0], [2.0, -1.0]], stds=[1.0, 0.1, 0.01])
             std     log p(data) log p(manifold)        gradient   posterior std     KL to prior
               1          -3.531          -3.031           1.118             0.5          0.6931
             0.1          -50.73         -0.7284             100            0.05           2.996
            0.01           -4998           1.574           1e+04           0.005           5.298
    """
    points = np.asarray(data, dtype=np.float64)
    rows = VanishingNoise()
    for std in stds:
        model = LinearVAE.fit(points, latent_size, std)
        posterior = model.posterior()
        nearest = model.decode(posterior.means(points))
        errors = ((points - nearest) ** 2).sum(axis=1)
        # The manifold is an affine subspace; its points nearest to the data are the projections.
        directions = np.linalg.svd(model.loadings, full_matrices=False)[0]
        on_manifold = (points - model.mean) @ directions @ directions.T + model.mean
        rows.append(
            NoiseRow(
                std,
                float(model.log_density(points).mean()),
                float(model.log_density(on_manifold).mean()),
                float(errors.mean() ** 0.5 / std**2),
                float(np.exp(0.5 * np.linalg.slogdet(posterior.covariance)[1] / max(latent_size, 1))),
                float(posterior.kl_to_prior(points).mean()),
            )
        )
    return rows


def vanishing_noise_trained(
    game: SampleGame, stds: Sequence[float] = (0.3, 0.1, 0.03, 0.01), *, steps: int = 1500, seed: int = 0
) -> VanishingNoise:
    """The same of a neural VAE with one latent number, trained anew at each std; the likelihood by quadrature.

    Args:
        game: The data, of two dimensions or more: then the decoder's manifold is a curve, and data lie off it.
        stds: Of the decoder's noise, fixed.
        steps: Updates of each training.
        seed: Of everything random.

    >>> from gan_lab.games import MixtureGame
    >>> rows = vanishing_noise_trained(MixtureGame([[-1.0, 0.0], [1.0, 0.0]], 0.1), [0.3, 0.1], steps=3)
    >>> rows.column("std")
    [0.3, 0.1]
    """
    rows = VanishingNoise()
    points = game.real(300, np.random.default_rng([seed, 1]))
    for std in stds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            vae = NeuralVAE(game.dimension, 1, scale=game.scale, std=std)
        train_vae(game, vae, steps=steps, seed=seed, truth_every=max(steps, 1))
        with torch.no_grad():
            found = torch.from_numpy(points)
            nearest = vae.reconstruct(found)
            errors = ((found - nearest) ** 2).sum(dim=1)
            kl, log_stds = vae.terms(found)[1], vae.encode(found)[1]
        rows.append(
            NoiseRow(
                std,
                float(log_density_by_quadrature(vae, points)[0].mean()),
                float(log_density_by_quadrature(vae, nearest.numpy())[0].mean()),
                float(errors.mean().sqrt() / std**2),
                float(log_stds.mean().exp()),
                float(kl.mean()),
            )
        )
    return rows
