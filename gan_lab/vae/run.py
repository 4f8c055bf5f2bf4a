"""What training a VAE leaves behind."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.games import SampleGame
from gan_lab.training.run import Status
from gan_lab.vae.neural_vae import NeuralVAE


@dataclass(eq=False)
class VAERun:
    """A training run of a VAE.

    Attributes:
        game: Whose data it learned from.
        vae: As it is now.
        settings: Batch size and seed.
        steps: Updates made.
        status: How it ended.
        truth: A row for each evaluation: step, `elbo` of fresh data and its two terms `reconstruction` and `kl`, the
            decoder's `std`, and what the game knows of the samples.
    """

    game: SampleGame
    vae: NeuralVAE
    settings: dict[str, Any]
    steps: int = 0
    status: Status = Status.RUNNING
    truth: list[dict[str, float]] = field(default_factory=list)

    def sample(self, count: int, seed: int | None = None) -> NDArray[np.float32]:
        """(count, d) samples, the decoder's noise included."""
        size = self.vae.latent_size + self.vae.dimension
        noise = np.random.default_rng(seed).standard_normal((count, size), dtype=np.float32)
        with torch.no_grad():
            return np.asarray(self.vae.act(noise).numpy())

    def look(self, seed: int, count: int = 5000) -> dict[str, float]:
        """The ELBO of fresh data, and the truth beside fresh samples."""
        rng = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            terms = self.vae.terms(torch.from_numpy(self.game.real(count, rng)))
        reconstruction, kl = (float(term.mean()) for term in terms)
        found = {"elbo": reconstruction - kl, "reconstruction": reconstruction, "kl": kl, "std": self.vae.std}
        return {**found, **self.game.truth(self.sample(count, seed), rng)}

    def report(self) -> str:
        """The last evaluation, in words and numbers."""
        last = self.truth[-1] if self.truth else {"step": float(self.steps), **self.look(0)}
        figures = ", ".join(f"{name} {value:.4g}" for name, value in last.items() if name != "step")
        return f"VAE on {self.game.name}, {self.steps} updates. {self.status.value}\n  {figures}"

    def __repr__(self) -> str:
        """The report."""
        return self.report()
