"""How papers score samples of a mixture: they disagree, so that a figure means nothing without its protocol."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr, erf

from gan_lab.errors import WiringError
from gan_lab.games import MixtureGame
from gan_lab.metrics.estimates import nearest_modes, reverse_kl_of_shares


@dataclass(frozen=True)
class Protocol:
    """A way to count modes, good samples and the divergence of shares.

    Attributes:
        name: How it is chosen.
        samples: How many are drawn.
        box: Whether a sample is good in a box of three standard deviations each way, not in a disc.
        only_good: Whether the shares are of good samples only.
        radius: Of the ring; the grid is the same everywhere.
        published_steps: Updates of the published runs.
        source: Where it is from.
    """

    name: str
    samples: int
    box: bool
    only_good: bool
    radius: float
    published_steps: str
    source: str

    def ceiling(self, dimension: int = 2) -> float:
        """Share of good samples of the data itself: more than that is a defect.

        >>> [round(100 * PROTOCOLS[name].ceiling(), 2) for name in ("veegan", "self_conditioned")]
        [98.89, 99.46]
        """
        return float(erf(3 / np.sqrt(2)) ** dimension) if self.box else float(chdtr(dimension, 9.0))

    def floor(self, modes: int) -> float:
        """About what the reverse KL of so many samples of the data itself would be."""
        return (modes - 1) / (2 * self.samples)

    def score(self, game: MixtureGame, samples: Any) -> dict[str, float]:
        """Modes with a good sample nearest to them, share of good samples, reverse KL of the shares.

        Args:
            game: The mixture.
            samples: (n, d), n at least `samples` of the protocol; the first ones are counted.

        Raises:
            WiringError: Too few samples, or samples that do not fit.
        """
        if len(samples) < self.samples:
            raise WiringError(f"{len(samples)} samples; the protocol {self.name!r} counts {self.samples}")
        points = np.asarray(samples, dtype=np.float64)[: self.samples]
        nearest, squares = nearest_modes(points, game.means)
        limit = 3 * game.std
        good = (np.abs(points - game.means[nearest]) < limit).all(axis=1) if self.box else squares < limit**2
        hit = np.bincount(nearest[good], minlength=len(game.means)) > 0
        counted = nearest[good] if self.only_good else nearest
        return {
            "modes": float(hit.sum()),
            "high_quality": float(good.mean()),
            "reverse_kl": _reverse_kl(counted, game.weights),
        }


def _reverse_kl(nearest: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
    """KL(shares of the samples || weights); infinite where there are no samples."""
    if not len(nearest):
        return float("inf")
    return reverse_kl_of_shares(np.bincount(nearest, minlength=len(weights)) / len(nearest), weights)


_ALL = (
    Protocol("ours", 50_000, False, False, 1.0, "30,000 at most", "this package"),
    Protocol("veegan", 2_500, False, False, 1.0, "not said", "Srivastava et al. 2017, section 4.1"),
    Protocol("pacgan", 2_500, False, True, 1.0, "400,000", "Lin et al. 2018, section 4.1 and its code"),
    Protocol("self_conditioned", 50_000, True, False, 2.0, "100,000", "Liu et al. 2020, section 5.1 and its code"),
)
PROTOCOLS: Final[dict[str, Protocol]] = {protocol.name: protocol for protocol in _ALL}
