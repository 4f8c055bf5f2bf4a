"""What samples of a generator tell where its density cannot be evaluated: estimates that say how far off they can be.

The generator is an implicit model: it samples, but p_g(x) is not known. Counting its samples in bins whose true
probabilities are known gives a divergence of binned distributions. By the data processing inequality it is at
most the true one, and by sampling noise it is off by about (bins - 1) / 8n, plus its spread.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from scipy.special import bdtr, chdtr, chdtrc, chdtri, logsumexp, ndtri, pdtrc, rel_entr

from gan_lab import truth
from gan_lab.errors import WiringError

SHELLS: Final = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0])  # radii, in standard deviations, between bins
RESAMPLES: Final = 100
COUNTED: Final = 200_000  # samples of the data that are counted where the shares of bins have no closed form
COUNTED_AT_ONCE: Final = 10_000
COUNTED_SEED: Final = 20140610
CHANCE: Final = 1e-6  # of a false alarm, where modes are counted by what samples show
FALSE_ALARM: Final = 1e-3  # that a mode of perfect samples is called missed
FEWEST: Final = 20  # samples expected of a mode that can be missed
HARDLY_ANY: Final = 0.2  # of its weight: a mode with a larger share is there, at a wrong one
SHARE_STEPS: Final = 200
HIGH_QUALITY_RADIUS: Final = 3.0  # in standard deviations


def mode_counts(samples: Any, means: NDArray[Any], std: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(K,) samples nearest to each mode, and the nearest modes of those within `good_radius` standard deviations.

    Source of the protocol: Srivastava et al. 2017 (VEEGAN), section 4.1.

    >>> counts, good = mode_counts([[0.0], [0.1], [5.0]], np.array([[0.0], [4.0]]), 0.1)
    >>> counts, good
    (array([2, 1]), array([0, 0]))
    """
    nearest, squares = nearest_modes(samples, means)
    good = nearest[squares <= (good_radius(means.shape[1]) * std) ** 2]
    return np.bincount(nearest, minlength=len(means)), good


def reverse_kl_of_shares(shares: NDArray[Any], weights: NDArray[Any]) -> float:
    """KL(shares of the samples || weights of the data), in nats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(shares > 0, shares * np.log(shares / weights), 0.0).sum())


def nearest_modes(samples: Any, means: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(n,) nearest mode of each sample, and the square of its distance.

    Raises:
        WiringError: Samples of the wrong shape, or not finite.
    """
    found = np.asarray(samples, dtype=np.float64)
    if found.ndim != 2 or not len(found) or found.shape[1] != means.shape[1]:
        raise WiringError(f"samples have shape {found.shape}; expected (n, {means.shape[1]})")
    if not np.isfinite(found).all():
        raise WiringError(f"sample {int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])} is not finite")
    squares = np.stack([((found - mean) ** 2).sum(axis=1) for mean in means], axis=1)  # without an (n, K, d) array
    nearest = squares.argmin(axis=1)
    return nearest, squares[np.arange(len(found)), nearest]


def binned(game: Any, samples: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(bins,) probabilities of a mixture, and (bins,) shares of samples, by nearest mode and by shells around it."""
    nearest, squares = nearest_modes(samples, game.means)
    p = cells_of_data(game)
    shell = np.searchsorted(shells(game.dimension), np.sqrt(squares) / game.std, side="right")
    counts = np.bincount(nearest * (len(SHELLS) + 1) + shell, minlength=p.size)
    return p.ravel(), counts / counts.sum()


def shells(dimension: int) -> NDArray[np.float64]:
    """(7,) radii between bins, in standard deviations: in d dimensions those that part as much as SHELLS do in two.

    >>> shells(2)
    array([0.5, 1. , 1.5, 2. , 2.5, 3. , 4. ])
    """
    return SHELLS if dimension <= 2 else np.sqrt(chdtri(dimension, chdtrc(2, SHELLS**2)))


def good_radius(dimension: int) -> float:
    """Within how many standard deviations of a mode a sample is good: 3, and in d > 2 dimensions what keeps as many.

    >>> good_radius(2), round(good_radius(50), 1)
    (3.0, 8.7)
    """
    return float(shells(dimension)[SHELLS.tolist().index(HIGH_QUALITY_RADIUS)])


def is_separated(game: Any) -> bool:
    """Whether the modes lie so far apart that a shell around one, up to the last, holds samples of no other."""
    reach = 2 * shells(game.dimension)[-1] * game.std
    return len(game.means) < 2 or float(pdist(game.means).min()) >= reach


def cells_of_data(game: Any) -> NDArray[np.float64]:
    """(K, 8) probabilities of the data, by nearest mode and shell: exact where modes are far apart.

    Otherwise they are counted from 200,000 samples of the data, once for each game.
    """
    if is_separated(game):
        edges = np.concatenate([[0.0], chdtr(game.dimension, shells(game.dimension) ** 2), [1.0]])
        found = game.weights[:, None] * np.diff(edges)
        return found / found.sum()
    if getattr(game, "_cells", None) is None:
        rng = np.random.default_rng(COUNTED_SEED)
        counts = np.zeros((len(game.means), len(SHELLS) + 1))
        for _ in range(COUNTED // COUNTED_AT_ONCE):
            nearest, squares = nearest_modes(game.real(COUNTED_AT_ONCE, rng), game.means)
            shell = np.searchsorted(shells(game.dimension), np.sqrt(squares) / game.std, side="right")
            np.add.at(counts, (nearest, shell), 1)
        game._cells = counts / counts.sum()
    return game._cells


def missed_beyond_chance(weights: NDArray[Any], found: int, count: int) -> int:
    """How many of K modes are missing, in excess of what n samples of the data lack; 0 where chance explains it.

    The number of modes without a sample has the mean sum (1 - weight)^n, and a tail within that of a Poisson number, as
    modes are empty less often together than if they were independent. A false alarm has a probability of at most 1e-6.

    Source: Dubhashi and Ranjan 1998, on balls and bins; Hoeffding 1956.

    >>> even = np.full(100, 0.01)
    >>> missed_beyond_chance(even, 63, 100), missed_beyond_chance(even, 20, 100), missed_beyond_chance(even, 99, 5000)
    (0, 43, 1)
    """
    expected = float(((1 - weights) ** count).sum())
    missing = len(weights) - found
    return round(missing - expected) if missing > expected and pdtrc(missing - 1, expected) < CHANCE else 0


def modes_missed(game: Any, samples: Any) -> int:
    """How many modes get much less than their share, of those that so many samples can show.

    Under p_g = p the posterior probability of a mode, given a sample, has the mode's weight as its mean. A mode is
    missed if that mean over n samples is below its weight by more than chance allows, at a rate of a false alarm of at
    most 1 in 1,000 for all modes together, and the share that fits the samples best is below a fifth of the weight.

    Source: the score test of a weight; Dempster, Laird and Rubin 1977 for the shares that fit best.

    >>> from gan_lab.games import MixtureGame
    >>> game = MixtureGame([[-1.0], [1.0]], std=1.0, weights=[0.8, 0.2])
    >>> rng = np.random.default_rng(7)
    >>> modes_missed(game, game.real(5000, rng)), modes_missed(game, rng.normal(-1.0, 1.0, (5000, 1)))
    (0, 1)
    """
    weights, n = game.weights, len(samples)
    logs = game.log_parts(samples)  # (n, K)
    posterior = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    lacking = posterior.mean(axis=0) - weights < -ndtri(1 - FALSE_ALARM / len(weights)) * _spread_of_data(game, n)
    lacking &= weights * n >= FEWEST
    if not lacking.any():
        return 0
    shares = weights.copy()
    ratios = posterior / np.where(weights > 0, weights, 1.0)
    for _ in range(SHARE_STEPS):  # the mean over samples of ratios * shares / (their sum over modes)
        shares = shares * ((1.0 / (ratios @ shares)) @ ratios) / n
    return int((lacking & (shares < HARDLY_ANY * weights)).sum())


def _spread_of_data(game: Any, count: int) -> NDArray[np.float64]:
    """(K,) standard deviations of the mean posterior of n samples of the data, worked out once for each game and n."""
    known = game.__dict__.setdefault("_spreads", {})
    if count not in known:
        logs = game.log_parts(game.real(count, np.random.default_rng(COUNTED_SEED)))
        posterior = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        variance = posterior.var(axis=0) + np.maximum(game.weights * (1 - game.weights), 0) / count
        known[count] = np.sqrt(variance / count)
    return known[count]


def jsd_floor(game: Any, count: int) -> float:
    """The binned JSD that n samples of the data themselves have, as a mean of 100 drawn anew."""
    return counted_jsd_floor(cells_of_data(game).ravel(), count)


def counted_jsd_floor(p: NDArray[np.float64], count: int) -> float:
    """The JSD of (bins,) probabilities and of n samples of them, as a mean of 100 drawn anew."""
    return _floor_of(np.asarray(p, dtype=np.float64).tobytes(), count)


@lru_cache(maxsize=64)  # the same for every look at a game
def _floor_of(numbers: bytes, count: int) -> float:
    p = np.frombuffer(numbers)
    drawn = np.random.default_rng(COUNTED_SEED).multinomial(count, p / p.sum(), size=RESAMPLES) / count
    return float(_divergences(p, drawn).mean())


def _divergences(p: NDArray[np.float64], counts: NDArray[Any]) -> NDArray[np.float64]:
    """(m,) `truth.jsd` of (bins,) probabilities and of each row of (m, bins) counts or shares."""
    q = counts / counts.sum(axis=1, keepdims=True)
    middle = 0.5 * p + 0.5 * q
    return np.clip(0.5 * (rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=1), 0.0, np.log(2.0))


def reverse_kl_floor(game: Any, count: int) -> float:
    """The KL of shares that n samples of the data themselves have: about (K - 1) / 2n where no mode is rare."""
    weights = cells_of_data(game).sum(axis=1)
    weights = weights[weights > 0]
    if count * weights.min() >= FEWEST:
        return (len(weights) - 1) / (2 * count)
    drawn = np.random.default_rng(COUNTED_SEED).multinomial(count, weights / weights.sum(), size=RESAMPLES) / count
    return float(np.mean([reverse_kl_of_shares(row, weights) for row in drawn]))


def binned_jsd(game: Any, samples: Any) -> tuple[float, float]:
    """JSD of a mixture and of samples, counted by nearest mode and by shells around it; and its error.

    The first is a lower bound of the true JSD, up to the second: what counting n samples adds, `jsd_floor`, which is
    about (bins - 1) / 8n, and two standard deviations of resampling.
    """
    p, q = binned(game, samples)
    counts = np.rint(q * len(samples)).astype(np.int64)
    return truth.jsd(p, q), counted_jsd_spread(p, counts) + jsd_floor(game, len(samples))


def counted_jsd_spread(p: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    """Two standard deviations, by resampling, of the JSD of (bins,) probabilities and of samples that are counted."""
    n = int(counts.sum())
    redrawn = np.random.default_rng(counts.tolist()).multinomial(n, counts / n, size=RESAMPLES) / n
    return 2 * float(_divergences(p, redrawn).std())


def far_below(weights: NDArray[Any], counts: NDArray[Any], count: int) -> NDArray[np.bool_]:
    """(K,) whether a kind of samples, of probability weight, has far too few of n: less than a fifth of its share.

    Judged are the kinds of which 20 samples or more are expected. By an exact test of the binomial number of each, the
    probability that any of them is called so for samples of the data is at most 1 in 1,000.

    >>> far_below(np.array([0.5, 0.1]), np.array([40, 0]), 500), far_below(np.array([0.5, 0.1]), np.array([8, 0]), 100)
    (array([ True,  True]), array([ True, False]))
    """
    judged = weights * count >= FEWEST
    rare = bdtr(counts, count, weights) < FALSE_ALARM / len(weights)
    return judged & rare & (counts < HARDLY_ANY * weights * count)
