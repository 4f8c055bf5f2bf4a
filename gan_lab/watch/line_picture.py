"""What is drawn of a game of samples of one number: figure 1 of Goodfellow et al. 2014, as numbers.

Of a generator of one noise number its density is known exactly: G carries the mass between two neighbouring numbers of
noise to the interval between their samples,

    p_g(x) = p_z(z) / |G'(z)|, summed over all z with G(z) = x

so that D* = p_data / (p_data + p_g) and D - D* need no blur here. With more noise numbers p_g is estimated, as in the
plane: by a Gaussian of width h around each sample, and p_data is blurred alike.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from gan_lab.errors import DivergedError
from gan_lab.games import MixtureGame
from gan_lab.games.sample_game import GENERATOR
from gan_lab.metrics.duality_gap import log_odds
from gan_lab.payoffs.losses import find_loss
from gan_lab.players import move_of
from gan_lab.truth import jsd
from gan_lab.watch.density import blur_width, optimum
from gan_lab.watch.live_run import LiveRun
from gan_lab.watch.sample_picture import note_on, scores_on, with_outside

Array = NDArray[np.float64]
CELLS: Final = 400  # of the line
COUNTED: Final = 4000  # intervals of the noise, or samples, that p_g is computed from
FURTHEST: Final = 6.0  # of the noise, whose mass beyond is 2e-9
WAYS: Final = 21  # arrows from z to x, which carry equal shares of the noise


@dataclass(frozen=True, eq=False)
class Line:
    """A picture of a game on the line, as numbers.

    Attributes:
        step: Updates played.
        edges: (c + 1,) ends of the cells.
        data: (c,) p_data, the mean density in each cell.
        fake: (c,) p_g, likewise.
        learned: (c,) D at the middle of each cell.
        exact: (c,) D*, NaN where neither density has mass.
        blur: h, by which both densities are blurred; 0: not at all, p_g is exact.
        noise: (w,) numbers of noise that the arrows begin at.
        ways: (w,) where the generator puts them.
        numbers: V, the divergences, and whatever else is a curve.
        note: What has to be known to read D; may be empty.
    """

    step: int
    edges: Array
    data: Array
    fake: Array
    learned: Array
    exact: Array
    blur: float
    noise: Array
    ways: Array
    numbers: dict[str, float]
    note: str

    @property
    def middles(self) -> Array:
        """(c,) of the cells."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    @property
    def difference(self) -> Array:
        """(c,) D - D*."""
        return self.learned - self.exact


def ends_of(game: MixtureGame) -> tuple[float, float]:
    """What the picture shows of the line: the data, and as much again on either side of narrow ones."""
    low, high = float(game.means.min()) - 5 * game.std, float(game.means.max()) + 5 * game.std
    return low, high


def pushed_mass(samples: Array, masses: Array, edges: Array) -> Array:
    """(c,) probability of each cell, where the mass between neighbours lies evenly between their samples.

    Args:
        samples: (n,) where the generator puts n numbers of noise, in order.
        masses: (n - 1,) of the noise between neighbours; they add up to 1.
        edges: (c + 1,) of the cells.

    >>> pushed_mass(np.array([0.0, 1.0, 3.0]), np.array([0.5, 0.5]), np.array([0.0, 1.0, 2.0, 3.0])).tolist()
    [0.5, 0.25, 0.25]
    """
    low, high = np.minimum(samples[:-1], samples[1:]), np.maximum(samples[:-1], samples[1:])
    # An interval without length counts as a point, which belongs to the cell on its right.
    share = (edges[:, None] - low) / np.maximum(high - low, 1e-300)
    return np.diff(np.clip(share, 0.0, 1.0) @ masses)


def draw(live_run: LiveRun) -> Generator[None, None, Line]:
    """Make the picture, in parts of a few milliseconds each.

    Raises:
        DivergedError: Samples or scores are not finite.
    """
    game, run = live_run.game, live_run.run
    assert isinstance(game, MixtureGame)  # others are not drawn on the line
    edges, loss = np.linspace(*ends_of(game), CELLS + 1), find_loss(live_run.recipe.loss)
    middles = ((edges[1:] + edges[:-1]) / 2)[:, None].astype(np.float32)
    exact = game.noise_size == 1
    blur = 0.0 if exact else blur_width(game, 2 * (edges[1] - edges[0]))
    noise = ndtri(np.linspace(0.5 / COUNTED, 1 - 0.5 / COUNTED, COUNTED))[:, None] if exact else live_run.noise(COUNTED)
    fake = _moved(run.generator, noise)
    real = game.real(COUNTED, np.random.default_rng([live_run.seed, 3]))
    yield
    scores = [scores_on(run.discriminator, part) for part in (real, fake, middles)]
    odds = log_odds(loss, *scores[:2])
    learned = torch.sigmoid(odds(scores[2])).clamp(0.0, 1.0).double().numpy()
    yield
    p = _data_mass(game, edges, blur)
    q = _exact_mass(run.generator, edges) if exact else _counted(fake[:, 0], edges, blur)
    best, cell = optimum(p, q, 100 * COUNTED if exact else COUNTED), np.diff(edges)
    yield
    numbers = game.truth(fake, np.random.default_rng(run.steps)) | {"jsd": jsd(with_outside(p), with_outside(q))}
    numbers |= _values(odds(scores[2]).double(), odds(scores[1]).double(), _data_mass(game, edges, 0.0))
    starts = ndtri((np.arange(WAYS) + 0.5) / WAYS)
    lines = np.zeros((WAYS, game.noise_size))
    lines[:, 0] = starts
    ways = _moved(run.generator, lines)[:, 0].astype(np.float64)
    return Line(run.steps, edges, p / cell, q / cell, learned, best, blur, starts, ways, numbers, note_on(loss))


def _exact_mass(generator: Any, edges: Array) -> Array:
    """(c,) probability of each cell under the generator, which maps one number of noise."""
    noise = np.linspace(-FURTHEST, FURTHEST, COUNTED + 1)
    masses = np.diff(ndtr(noise))
    return pushed_mass(_moved(generator, noise[:, None])[:, 0].astype(np.float64), masses / masses.sum(), edges)


def _moved(generator: Any, noise: NDArray[np.floating]) -> NDArray[np.floating]:
    samples = move_of(generator, torch.from_numpy(np.asarray(noise, dtype=np.float32)))
    if not np.isfinite(samples).all():
        raise DivergedError(f"the samples of {GENERATOR} are not finite", player=GENERATOR)
    return samples


def _values(line: torch.Tensor, fake: torch.Tensor, p: Array) -> dict[str, float]:
    """V, and the mean of D on either kind of samples: of the data by a sum over the cells, of G over the noise."""
    shares, logsigmoid = torch.from_numpy(p / p.sum()), torch.nn.functional.logsigmoid
    return {
        "value": float(shares @ logsigmoid(line) + logsigmoid(-fake).mean()),
        "on_real": float(shares @ torch.sigmoid(line)),
        "on_fake": float(torch.sigmoid(fake).mean()),
    }


def _data_mass(game: MixtureGame, edges: Array, blur: float) -> Array:
    """(c,) probability of each cell under the data: exact."""
    below = ndtr((edges[:, None] - game.means[:, 0]) / np.hypot(game.std, blur))
    return np.diff(below @ game.weights)


def _counted(samples: NDArray[np.floating], edges: Array, blur: float) -> Array:
    """(c,) probability of each cell: counts of samples, blurred."""
    from scipy.ndimage import gaussian_filter1d

    counts = np.histogram(samples, bins=edges)[0] / len(samples)
    return gaussian_filter1d(counts, blur / (edges[1] - edges[0]), mode="constant", truncate=5.0)
