"""Pictures of 32 x 32 in colour whose factors are known: modes, coverage and memorisation have an exact truth."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.games.images import ImagesGame
from gan_lab.games.rows import split
from gan_lab.games.shape_pictures import (
    FACTORS,
    SIDE,
    all_pictures,
    blur_of,
    certain_distances,
    factor_table,
    pairs_of_values,
    read_pictures,
)
from gan_lab.metrics.estimates import (
    FEWEST,
    counted_jsd_floor,
    counted_jsd_spread,
    far_below,
    missed_beyond_chance,
    reverse_kl_of_shares,
)
from gan_lab.truth import jsd

READ: Final = 2000  # samples of an evaluation
BLURRED: Final = 100  # samples whose blur is measured


class ShapesGame(ImagesGame):
    """One shape on each picture: a disc, a triangle or a cross, at 16 places, of two sizes and six hues.

    A fifth of the 576 combinations is held out: every value of every factor is shown, but not these combinations. The
    modes are the pictures that are shown; all have the same probability. What a sample shows is read exactly: see
    `gan_lab.games.shape_pictures`.

    Args:
        held_out: Share of the combinations that is never shown.
        noise_size: Length of a noise vector.
        seed: Seed of the split.

    Attributes:
        modes: Number of pictures that are shown.
        weights: (modes,) their probabilities.
        shown: (576,) whether each combination is shown, in the order of `factor_table`.

    Raises:
        WiringError: A share that is not between 0 and 1.

    >>> game = ShapesGame()
    >>> game.dimension, game.image_shape, game.modes, len(game.held_out)
    (3072, (3, 32, 32), 461, 115)
    >>> game.read(game.images[:1])
    [{'kind': 'disc', 'column': 7.0, 'row': 7.0, 'size': 4.5, 'hue': 'red'}]
    """

    def __init__(self, held_out: float = 0.2, *, noise_size: int = 32, seed: int = 0) -> None:
        """Draw the pictures, and split them."""
        pictures = all_pictures()
        shown, hidden = split(len(pictures), held_out, seed)
        self._begin(pictures[shown], pictures[hidden], (3, SIDE, SIDE), "shapes", noise_size)
        self.shown: NDArray[np.bool_] = np.isin(np.arange(len(pictures)), shown)
        self.modes: int = len(shown)
        self.weights: NDArray[np.float64] = np.full(self.modes, 1 / self.modes)

    @property
    def mode_count(self) -> int:
        """One for each picture that is shown."""
        return self.modes

    @property
    def distances(self) -> dict[str, str]:
        """The divergences of what samples show, and those of other games of samples."""
        return {**super().distances, "jsd_of_pictures": "JSD of what samples show"}

    @property
    def evaluated(self) -> int:
        """Number of samples in an evaluation."""
        return READ

    def known(self) -> str:
        """What is known of this game: everything."""
        return f"{self.modes} modes, read exactly; which combinations were never shown; blur in pixels"

    def read(self, samples: Any) -> list[dict[str, Any]]:
        """The factors that (n, 3072) samples show: those of the nearest picture."""
        nearest, _ = read_pictures(self.checked(samples))
        return [
            {name: values[number] for (name, values), number in zip(FACTORS.items(), row, strict=True)}
            for row in factor_table()[nearest]
        ]

    def factor_shares(self, samples: Any) -> dict[str, NDArray[np.float64]]:
        """For each factor the share of every value among (n, 3072) samples, by the nearest picture.

        >>> game = ShapesGame()
        >>> game.factor_shares(game.images[:6])["hue"].round(3).tolist()
        [0.333, 0.167, 0.167, 0.167, 0.167, 0.0]
        """
        rows = factor_table()[read_pictures(self.checked(samples))[0]]
        return {
            name: np.bincount(rows[:, place], minlength=len(values)) / len(rows)
            for place, (name, values) in enumerate(FACTORS.items())
        }

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """The exact truth of what samples show.

        `high_quality` is the share of good samples: they are nearer to one of the 576 pictures than half its distance
        to any other, so that what they show is beyond doubt. `new` is the share of good samples with a combination that
        was never shown: 0 if a generator has memorised, `new_expected` if it combines all values evenly. `modes` is the
        number of shown pictures that a good sample shows; n samples of the data would have about `modes_expected`.
        `modes_missed` counts the missing ones that chance does not explain, for as many samples as are good.
        `reverse_kl` is KL(shares of the shown pictures || those of the data), by the nearest of them. `values_missed`
        is the number of values of factors, of 19, that no good sample shows. `pairs_missed` is the number of pairs of
        values of two factors that far too few good samples show, out of the `pairs_judged` of which 20 or more are
        expected: see `gan_lab.metrics.estimates.far_below`.

        `jsd_of_pictures` is the JSD of the data and the samples over the pictures that they show beyond doubt. A sample
        of no picture, or of a picture that was never shown, counts as a place without data. It is at most the true JSD,
        apart from the bias of counting, `jsd_of_pictures_floor`. Its error is up to `jsd_of_pictures_error`, two
        standard deviations.

        `distance` is the root mean square, over all numbers of a picture, of the difference between a sample and its
        nearest picture. `blur` says how blurred it looks: see `blur_of`.
        """
        found = self.checked(samples)
        nearest, distances = read_pictures(found)
        good = distances < certain_distances()[nearest]
        hit = np.bincount(nearest[good], minlength=len(self.shown))
        shares = np.bincount(read_pictures(found, self.images)[0], minlength=self.modes) / len(found)
        counts = hit[self.shown]
        return {
            "modes": float((counts > 0).sum()),
            "modes_missed": float(missed_beyond_chance(self.weights, int((counts > 0).sum()), int(counts.sum()))),
            "modes_expected": float(self.modes * (1 - (1 - 1 / self.modes) ** len(found))),
            "high_quality": float(good.mean()),
            "new": float(hit[~self.shown].sum() / max(int(good.sum()), 1)),
            "new_expected": float((~self.shown).mean()),
            "reverse_kl": reverse_kl_of_shares(shares, self.weights),
            "reverse_kl_floor": (self.modes - 1) / (2 * len(found)),
            **self._jsd(counts, len(found)),
            **self._values(hit),
            "distance": float(np.sqrt((distances**2).mean() / self.dimension)),
            "blur": float(blur_of(found[:BLURRED], nearest[:BLURRED]).mean()),
        }

    def _jsd(self, counts: NDArray[np.int64], count: int) -> dict[str, float]:
        """Of the data and n samples, of which (modes,) counts show each shown picture, and the others none of them."""
        p, all_counts = np.append(self.weights, 0.0), np.append(counts, count - counts.sum())
        return {
            "jsd_of_pictures": jsd(p, all_counts / count),
            "jsd_of_pictures_error": counted_jsd_spread(p, all_counts),
            "jsd_of_pictures_floor": counted_jsd_floor(p, count),
        }

    def _values(self, hit: NDArray[np.int64]) -> dict[str, float]:
        """Which values, and pairs of them, good samples lack, of which (576,) show each picture."""
        table, pairs, goods = factor_table(), pairs_of_values(), int(hit.sum())
        values = sum(len(np.unique(column[hit > 0])) for column in table.T)
        weights = pairs[:, self.shown].mean(axis=1)
        return {
            "values_missed": float(sum(map(len, FACTORS.values())) - values),
            "pairs_missed": float(far_below(weights, pairs @ hit, goods).sum()),
            "pairs_judged": float((weights * goods >= FEWEST).sum()),
        }
