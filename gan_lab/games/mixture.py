"""Mixtures of Gaussians whose modes, weights and widths are known: ring8, grid25, grid100 and any other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from gan_lab.errors import SIZE, WiringError, number_above_0, real_array, whole_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games.sample_game import SampleGame
from gan_lab.metrics.estimates import (
    FEWEST,
    binned,
    binned_jsd,
    cells_of_data,
    jsd_floor,
    mode_counts,
    modes_missed,
    reverse_kl_floor,
    reverse_kl_of_shares,
)


class MixtureGame(SampleGame):
    """A mixture of K round Gaussians of the same width.

    Args:
        means: (K, d) centres of the modes.
        std: Standard deviation of each mode in every direction.
        weights: (K,) shares of the modes; equal by default.
        name: Name of the game.
        noise_size: Length of a noise vector.
        narrow: Whether the modes are so narrow compared with their distances that training needs the recipe for narrow
            modes, `gan_lab.mixture_recipe`; otherwise the plain recipe is used.

    Raises:
        WiringError: Arrays of the wrong shape, weights that are not a distribution, or a width that is not positive.

    >>> MixtureGame([[-1.0], [1.0]], std=0.1).real(3, np.random.default_rng(7)).shape
    (3, 1)
    """

    std: float
    name: str
    noise_size: int

    def __init__(
        self,
        means: Sequence[Sequence[float]] | NDArray[Any],
        std: float,
        weights: Sequence[float] | NDArray[Any] | None = None,
        *,
        name: str = "mixture",
        noise_size: int = 8,
        narrow: bool = False,
    ) -> None:
        """Check and keep the mixture."""
        self.means: NDArray[np.float64] = real_array("means", means)
        if self.means.ndim != 2 or not self.means.size or not np.isfinite(self.means).all():
            raise WiringError(f"means have shape {self.means.shape}; expected (K, d), finite")
        std = number_above_0("std", std)
        count = len(self.means)
        self.weights: NDArray[np.float64] = (
            np.full(count, 1 / count) if weights is None else real_array("weights", weights)
        )
        if self.weights.shape != (count,) or not ((self.weights >= 0).all() and abs(self.weights.sum() - 1) <= 1e-9):
            raise WiringError(f"weights are {weights!r}; expected {count} numbers of at least 0 that add up to 1")
        self._narrow = narrow
        self.std, self.name, self.noise_size = float(std), name, whole_number("noise_size", noise_size, 1)
        self.dimension: int = self.means.shape[1]
        self.bound: float = float(np.abs(self.means).max() + 20 * std + 1)
        self.scale: float = float(np.abs(self.means).max() + std)
        self._cumulative = np.cumsum(self.weights)
        self._cumulative[-1] = 1.0

    @property
    def narrow(self) -> bool:
        """Whether training needs the recipe for narrow modes."""
        return self._narrow

    @property
    def mode_count(self) -> int:
        """The number of modes whose share is above 0."""
        return int((self.weights > 0).sum())

    def known(self) -> str:
        """What is known of this game: the modes."""
        return f"{len(self.means)} modes of width {self.std:g}; divergences estimated from samples"

    def real(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """(count, d) samples of the mixture."""
        modes = np.searchsorted(self._cumulative, rng.random(count), side="right")
        spread = rng.standard_normal((count, self.dimension), dtype=np.float32) * np.float32(self.std)
        return (self.means[modes] + spread).astype(np.float32)

    def log_parts(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(n, K) log of the contribution of each mode to p(x), at (n, d) points."""
        found = np.asarray(points, dtype=np.float64)
        squares = np.stack([((found - mean) ** 2).sum(axis=1) for mean in self.means], axis=1)
        constant = self.dimension * (np.log(self.std) + 0.5 * np.log(2 * np.pi))
        with np.errstate(divide="ignore"):
            return np.log(self.weights) - 0.5 * squares / self.std**2 - constant

    def log_density(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(n,) log p(x) of (n, d) points."""
        return logsumexp(self.log_parts(points), axis=1)

    def binned(self, samples: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(bins,) probabilities of the data, and (bins,) shares of the samples, in the bins of the JSD."""
        return binned(self, samples)

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """The modes found, the share of good samples, and the divergences of the shares.

        A mode is found if a sample is within three standard deviations of it; such samples are good. In more than two
        dimensions the radius is larger, so that it holds as much of a mode as in two dimensions. `modes_missed` counts,
        among the modes that so many samples can show, those with no good sample or much less than their share: see
        `gan_lab.metrics.estimates`. `reverse_kl` is KL(shares of the samples' nearest modes || those of the data's),
        and `jsd` is the JSD in finer bins. `reverse_kl_floor` and `jsd_floor` are what n samples of the data themselves
        would have.
        """
        counts, good = mode_counts(samples, self.means, self.std)
        found = np.bincount(good, minlength=len(self.means)) > 0
        shares = cells_of_data(self).sum(axis=1)
        can_be_shown = shares * len(samples) >= FEWEST
        jsd, error = binned_jsd(self, samples)
        return {
            "modes": float((found & (self.weights > 0)).sum()),
            "modes_missed": float(max((can_be_shown & ~found).sum(), modes_missed(self, samples))),
            "high_quality": len(good) / len(samples),
            "reverse_kl": reverse_kl_of_shares(counts / counts.sum(), shares),
            "reverse_kl_floor": reverse_kl_floor(self, len(samples)),
            "jsd": jsd,
            "jsd_error": error,
            "jsd_floor": jsd_floor(self, len(samples)),
        }


@takes_own_names
def ring(modes: int = 8, radius: float = 1.0, std: float = 0.01, name: str | None = None) -> MixtureGame:
    """Modes on a circle, evenly spaced (PacGAN's radius and width: Lin et al. 2018, section 4.1)."""
    modes, radius = whole_number("modes", modes, 1, SIZE), number_above_0("radius", radius)
    angles = 2 * np.pi * np.arange(modes) / modes
    means = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return MixtureGame(means, std, name=f"ring{modes}" if name is None else name, narrow=True)


@takes_own_names
def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05, name: str | None = None) -> MixtureGame:
    """Side x side modes around the origin (VEEGAN, Srivastava et al. 2017)."""
    side, spacing = whole_number("side", side, 1, 10**4), number_above_0("spacing", spacing)
    line = spacing * (np.arange(side) - (side - 1) / 2)
    means = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return MixtureGame(means, std, name=f"grid{side * side}" if name is None else name, narrow=True)
