"""The variational autoencoder: a Gaussian encoder and a Gaussian decoder, trained by the ELBO.

    z ~ N(0, I_k)      x | z ~ N(f(z), std^2 I_d)      q(z | x) = N(m(x), diag s(x)^2)
    ELBO(x) = E_q log p(x | z) - KL(q(z | x) || p(z)),      z = m(x) + s(x) e,  e ~ N(0, I_k)

Source: Kingma and Welling 2014, sections 2.3, 2.4 and appendix B.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gan_lab.errors import DivergedError, WiringError, whole_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.networks.perceptrons import perceptron
from gan_lab.players import MakeOptimizer, adam, give_gradient

HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)
# The learned std starts small and moves slowly. Large, it would swamp what z could tell before the networks have
# learned anything, and z would stay unused (posterior collapse).
START_STD, STD_RATE = 0.1, 0.01


class NeuralVAE(nn.Module):
    """A VAE that acts like a `Generator` and learns only from data.

    Args:
        dimension: Length d of a sample.
        latent_size: Length k of a z.
        hidden: Sizes of the hidden layers of the decoder, and in reverse order of the encoder; (): both are affine.
        scale: Typical size of a sample's numbers.
        std: Fixed standard deviation of the decoder; None: it is learned, by its best value in closed form.
        optimizer: Optimizer by which it learns; it maximises.
        networks: (encoder, decoder) instead of perceptrons. The encoder maps (n, d) to (n, 2 k), means and logarithms
            of the standard deviations of z; the decoder maps (n, k) to (n, d).

    Raises:
        WiringError: A size is below 1, or a number is not positive.

    >>> vae = NeuralVAE(dimension=2, latent_size=3, hidden=(16,))
    >>> vae.act(torch.zeros(5, 3)).shape, vae.act(torch.zeros(5, 3 + 2)).shape
    (torch.Size([5, 2]), torch.Size([5, 2]))
    """

    dimension: int
    latent_size: int

    @takes_own_names
    def __init__(
        self,
        dimension: int,
        latent_size: int,
        hidden: Sequence[int] = (64, 64),
        *,
        scale: float = 1.0,
        std: float | None = None,
        optimizer: MakeOptimizer | None = None,
        networks: tuple[nn.Module, nn.Module] | None = None,
    ) -> None:
        """Make the two networks, unless they are given."""
        super().__init__()
        self.dimension = dimension = whole_number("dimension", dimension, 1)
        self.latent_size = latent_size = whole_number("latent_size", latent_size, 1)
        for name, number in (("scale", scale), ("std", 1.0 if std is None else std)):
            if not 0 < number < math.inf:
                raise WiringError(f"{name} is {number!r}; expected a number above 0")
        self.scale: float = float(scale)
        self.encoder: nn.Module
        self.decoder: nn.Module
        self.encoder, self.decoder = networks or (
            perceptron([dimension, *reversed(hidden), 2 * latent_size]),
            perceptron([latent_size, *hidden, dimension]),
        )
        start = math.log(START_STD * scale if std is None else std)
        self.learns_std: bool = std is None
        self.log_std: Tensor
        self.register_buffer("log_std", torch.tensor(start))
        self.trained: list[nn.Parameter] = [parameter for parameter in self.parameters() if parameter.requires_grad]
        self.optimizer: torch.optim.Optimizer = (optimizer or adam(2e-3, (0.9, 0.999)))(self.trained)
        if not self.optimizer.defaults.get("maximize"):
            raise WiringError("the optimizer of the VAE minimises, but the ELBO is maximised: give it maximize=True")

    @property
    def std(self) -> float:
        """The decoder's standard deviation."""
        return float(self.log_std.detach().double().exp())

    def act(self, observation: Tensor | NDArray[Any], /) -> Tensor:
        """(n, d) samples f(z) + std e; the noise is (n, k) z, for which torch draws e, or (n, k + d) z and e.

        Raises:
            WiringError: The noise has another shape.
        """
        noise = torch.as_tensor(observation)
        sizes = (self.latent_size, self.latent_size + self.dimension)
        if noise.ndim != 2 or noise.shape[1] not in sizes:
            raise WiringError(f"noise has shape {tuple(noise.shape)}; expected (n, {sizes[0]}) or (n, {sizes[1]})")
        means = self.decode(noise[:, : self.latent_size])
        drawn = noise[:, self.latent_size :] if noise.shape[1] == sizes[1] else torch.randn_like(means)
        return means + self.log_std.exp() * drawn

    def decode(self, latent: Tensor) -> Tensor:
        """(..., d) means f(z) of x for (..., k) z."""
        flat = latent.flatten(0, -2) if latent.ndim > 2 else latent  # a network for pictures takes one batch
        return self.decoder(flat).reshape(*latent.shape[:-1], self.dimension) * self.scale

    def encode(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(n, k) means and logarithms of the standard deviations of z, for (n, d) points."""
        means, log_stds = self.encoder(points / self.scale).chunk(2, dim=-1)
        return means, log_stds

    def reconstruct(self, points: Tensor) -> Tensor:
        """(n, d) reconstructions f(m(x)): the decoded means of z."""
        return self.decode(self.encode(points)[0])

    def log_likelihood(self, points: Tensor, latent: Tensor) -> Tensor:
        """(...) log p(x | z), in nats."""
        squares = ((points - self.decode(latent)) ** 2).sum(dim=-1)
        return -0.5 * squares * (-2 * self.log_std).exp() - self.dimension * (self.log_std + HALF_LOG_2_PI)

    def terms(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(n,) log p(x | z) at one z drawn from q(z | x), and (n,) KL(q(z | x) || p(z)), in nats."""
        means, log_stds = self.encode(points)
        latent = means + log_stds.exp() * torch.randn_like(means)
        kl = 0.5 * ((2 * log_stds).exp() + means**2 - 1 - 2 * log_stds).sum(dim=-1)
        return self.log_likelihood(points, latent), kl

    def elbo(self, points: Tensor) -> Tensor:
        """(n,) unbiased estimates of the ELBO of (n, d) points, from one z each."""
        reconstruction, kl = self.terms(points)
        return reconstruction - kl

    def log_weights(self, points: Tensor, count: int) -> Tensor:
        """(count, n) log p(x, z) - log q(z | x) for z drawn from q; the expected exponential is p(x)."""
        means, log_stds = self.encode(points)
        noise = torch.randn(count, *means.shape, dtype=means.dtype)
        latent = means + log_stds.exp() * noise
        log_ratio = (0.5 * (noise**2 - latent**2) + log_stds).sum(dim=-1)  # log p(z) - log q(z | x)
        return self.log_likelihood(points, latent) + log_ratio

    def learn(self, batch: Tensor | NDArray[Any]) -> float:
        """Take one step up the mean ELBO of a (n, d) batch; returns the ELBO before the step, in nats.

        Raises:
            WiringError: The batch has another shape.
            DivergedError: The ELBO or its gradient is not finite; then nothing is changed.
        """
        points = torch.as_tensor(batch)
        if points.ndim != 2 or points.shape[1] != self.dimension or not len(points):
            raise WiringError(f"the batch has shape {tuple(points.shape)}; expected (n, {self.dimension})")
        reconstruction, kl = self.terms(points)
        payoff = (reconstruction - kl).mean()
        gradient = torch.autograd.grad(payoff, self.trained)
        number = payoff.item()
        if not math.isfinite(number) or not all(bool(part.isfinite().all()) for part in gradient):
            what = f"ELBO is {number}" if not math.isfinite(number) else "gradient of the ELBO is not finite"
            raise DivergedError(f"the {what}", player="vae")
        give_gradient(self.trained, gradient)
        self.optimizer.step()
        if self.learns_std:
            self._improve_std(float(reconstruction.detach().mean()))
        return number

    def _improve_std(self, reconstruction: float) -> None:
        """Move std^2 towards the E |x - f(z)|^2 / d of the batch, where the ELBO is highest (Rybkin et al. 2021)."""
        variance = self.std**2
        best = -2 * variance * (reconstruction / self.dimension + float(self.log_std) + HALF_LOG_2_PI)
        self.log_std.add_(STD_RATE * 0.5 * math.log(max(best, 1e-30) / variance))
