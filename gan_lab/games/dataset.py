"""A few points of another game, shown again and again: what data sets are, and mixtures are not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError, whole_number
from gan_lab.games.sample_game import SampleGame


class DatasetGame(SampleGame):
    """A fixed number of samples of a game, drawn once. The players see only these; the truth stays that of the game.

    Args:
        base: The game from which the samples are drawn.
        points: Number of samples.
        seed: Seed of the draw.

    Attributes:
        points: (n, d) the samples.

    Raises:
        WiringError: The base is not a game of samples, or the number of points is below 1.

    >>> from gan_lab.games import ring
    >>> game = DatasetGame(ring(), points=32)
    >>> game.name, game.points.shape, game.real(400, np.random.default_rng(7)).shape
    ('32 points of ring8', (32, 2), (400, 2))
    """

    base: SampleGame
    points: NDArray[np.float32]
    name: str
    image_shape: tuple[int, int, int] | None
    dimension: int
    noise_size: int
    bound: float
    scale: float

    def __init__(self, base: SampleGame, points: int, seed: int = 0) -> None:
        """Draw the points."""
        if not isinstance(base, SampleGame):
            raise WiringError(f"base is {base!r}; expected a game of samples, such as gan_lab.games.ring()")
        count, rng = whole_number("points", points, 1), np.random.default_rng(whole_number("seed", seed, 0))
        self.base, self.points = base, base.real(count, rng)
        self.name, self.image_shape = f"{count} points of {base.name}", base.image_shape
        self.dimension, self.noise_size = base.dimension, base.noise_size
        self.bound, self.scale = base.bound, base.scale
        self._own_reverse_kl = base.truth(self.points, rng).get("reverse_kl", 0.0)

    @property
    def origin(self) -> SampleGame:
        """The game from which the samples are drawn."""
        return self.base

    @property
    def binned(self) -> Any:
        """The bins of the base, which count the best payoff of a loss; an AttributeError where it has none."""
        return self.base.binned  # pyright: ignore[reportAttributeAccessIssue] - of mixtures

    def real(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, d) points, drawn with replacement."""
        return self.points[rng.integers(len(self.points), size=count)]

    def unseen(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, d) fresh samples of the base."""
        return self.base.real(count, rng)

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """What the base knows of the samples; the generator should learn the base, not the points.

        Where it counts modes, `reverse_kl_floor` includes the divergence of the points themselves.
        """
        found = self.base.truth(samples, rng)
        if "reverse_kl_floor" in found:
            found["reverse_kl_floor"] += self._own_reverse_kl
        return found
