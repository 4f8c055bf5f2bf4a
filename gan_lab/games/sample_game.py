"""Games of samples: the generator shows samples, the discriminator judges each of them."""

from abc import ABC, abstractmethod
from typing import Any, Final

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

DISCRIMINATOR: Final = "discriminator_0"
GENERATOR: Final = "generator_0"
NOISE_BOUND: Final = 8.0  # beyond which a standard normal number is not drawn in practice


class SampleGame(ABC):
    """Real samples, noise, and what is known of the truth.

    Attributes:
        name: How the game is called.
        dimension: Numbers d of one sample.
        noise_size: Numbers of one noise vector.
        bound: Samples lie in [-bound, bound]^d.
        scale: About how large the numbers of a sample are.
        image_shape: (channels, height, width) where samples are images, as flat vectors; None where they are not.
    """

    name: str
    dimension: int
    noise_size: int
    bound: float
    scale: float
    image_shape: tuple[int, int, int] | None = None

    @property
    def single(self) -> "SampleGame":
        """The game of one sample at a time: itself, unless a move is a pack of samples."""
        return self

    def singles(self, samples: NDArray[Any]) -> NDArray[Any]:
        """The samples of moves: themselves, unless a move is a pack of samples."""
        return samples

    @abstractmethod
    def real(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, d) samples of the data."""

    @abstractmethod
    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """What (n, d) samples of a generator tell, beside the truth of the data."""

    def unseen(self, count: int, rng: np.random.Generator) -> NDArray[np.float32] | None:
        """(count, d) samples of the data that are never shown to the players; None where all that is shown is new."""
        return None

    def noise(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, noise_size) standard normal numbers."""
        drawn = rng.standard_normal((count, self.noise_size), dtype=np.float32)
        return np.clip(drawn, -NOISE_BOUND, NOISE_BOUND, out=drawn)

    def observation_space(self, agent: str, batch_size: int) -> Box:
        """Noise for the generator; for the discriminator 2n samples, of which the first n are real."""
        if agent == GENERATOR:
            return Box(-NOISE_BOUND, NOISE_BOUND, (batch_size, self.noise_size), np.float32)
        return Box(-self.bound, self.bound, (2 * batch_size, self.dimension), np.float32)

    def action_space(self, agent: str, batch_size: int) -> Box:
        """Samples from the generator; probabilities from the discriminator."""
        if agent == GENERATOR:
            return Box(-self.bound, self.bound, (batch_size, self.dimension), np.float32)
        return Box(0.0, 1.0, (2 * batch_size,), np.float32)
