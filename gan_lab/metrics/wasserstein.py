"""The distance that a Wasserstein GAN plays for, of samples: what the critic's payoff is at most, in units of the data.

    W1(p, q) = max over s with |s(x) - s(y)| <= |x - y| of E_p s - E_q s = min over couplings of E |x - y|

Of n samples of either kind the best coupling pairs them up. It is above 0 for equal distributions too: what n fresh
samples of the data are away from n others is shown beside it.

Source: Arjovsky, Chintala and Bottou 2017, section 2; Villani 2009, chapter 6.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

PAIRED: Final = 300  # samples of either kind: n^3 operations
DRAWN: Final = 4  # times that samples are paired with data, and twice as often data with data


def w1_of_samples(first: Any, second: Any) -> float:
    """W1 of (n, d) samples and as many others: the least mean distance of pairs.

    >>> w1_of_samples([[0.0], [1.0]], [[1.5], [0.5]])
    0.5
    """
    distances = cdist(np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64))
    return float(distances[linear_sum_assignment(distances)].mean())


def w1_beside_data(game: Any, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
    """W1 of samples and data (`w1`), of data and other data (`w1_floor`), and how far off their difference can be.

    `w1_error` is two standard deviations.
    """
    n = min(PAIRED, len(samples) // DRAWN)
    away = [w1_of_samples(samples[k * n : (k + 1) * n], game.real(n, rng)) for k in range(DRAWN)]
    floors = [w1_of_samples(game.real(n, rng), game.real(n, rng)) for _ in range(2 * DRAWN)]
    error = 2 * float(np.sqrt(np.var(away, ddof=1) / DRAWN + np.var(floors, ddof=1) / (2 * DRAWN)))
    return {"w1": float(np.mean(away)), "w1_floor": float(np.mean(floors)), "w1_error": error}
