"""How far chance may lead: bounds that a right program misses once in a million runs of a test, or less often."""

import math
from collections.abc import Sequence

from scipy.stats import binom

ALARM = 1e-6  # the most that all the checks of one test may fail by chance, together


def hoeffding(number: int, width: float = 1.0, alarm: float = ALARM) -> float:
    """How far the mean of independent numbers of an interval of that width lies from its expectation at most.

    Source: Hoeffding (1963), Theorem 2: the probability of more is at most `alarm`.
    """
    return width * math.sqrt(math.log(2.0 / alarm) / (2.0 * number))


def check_counts(counts: Sequence[int], number: int, probabilities: Sequence[float], alarm: float = ALARM) -> None:
    """Each count of `number` independent draws has its probability, by exact binomial tails; `alarm` is for all."""
    assert len(counts) == len(probabilities)
    for count, probability in zip(counts, probabilities, strict=True):
        fewer, more = binom.cdf(count, number, probability), binom.sf(count - 1, number, probability)
        tail = 2.0 * min(float(fewer), float(more))
        assert tail > alarm / len(counts), f"{count} of {number} draws, of a probability of {probability:.6g}"
