"""Confidence intervals of means, and balls of distributions, that hold with a probability that is proven.

Each function takes an exponent: what it says is wrong with a probability of at most exp(-exponent). Arrays of counts n,
means and so on have any one shape.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """A lower and an upper end; each is wrong with a probability of at most exp(-exponent)."""

    low: Floats
    high: Floats


def bernstein(n: Floats, mean: Floats, variance: Floats, exponent: float, width: float = 1.0) -> Interval:
    """Empirical Bernstein: mean -+ (sqrt(2 variance x / n) + 7 width x / (3 (n - 1))), with x = exponent + log 2.

    Args:
        n: Numbers of independent samples.
        mean: Their means.
        variance: Their variances, with n - 1 in the denominator.
        exponent: Each end is wrong with a probability of at most exp(-exponent).
        width: They lie in an interval of this width.

    Source: Maurer and Pontil (2009), "Empirical Bernstein bounds and sample-variance penalization", Theorem 4.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        term = exponent + np.log(2.0)
        far = np.sqrt(2.0 * variance * term / n) + 7.0 * width * term / (3.0 * (n - 1.0))
    far = np.where(n > 1, far * (1.0 + 1e-12), np.inf)
    return Interval(mean - far, mean + far)


def kullback_leibler(n: Floats, mean: Floats, exponent: float) -> Interval:
    """All q with n kl(mean, q) <= exponent, where kl(p, q) = p log(p / q) + (1 - p) log((1 - p) / (1 - q)).

    For n independent samples in [0, 1]. It is Chernoff's bound, which is tighter than Hoeffding's and Bernstein's for
    probabilities.

    Source: Garivier and Cappe (2011), "The KL-UCB algorithm for bounded stochastic bandits and beyond", Section 2;
    Chernoff (1952).
    """
    p = np.clip(mean, 0.0, 1.0)
    low, high = np.zeros_like(p), np.ones_like(p)
    inside, below = p.copy(), p.copy()  # bisection between the mean and the ends, which are kept on the safe side
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(60):
            middle, lower = 0.5 * (inside + high), 0.5 * (low + below)
            fits = n * _divergence(p, middle) <= exponent
            inside, high = np.where(fits, middle, inside), np.where(fits, high, middle)
            fits = n * _divergence(p, lower) <= exponent
            below, low = np.where(fits, lower, below), np.where(fits, low, lower)
    known = n > 0
    return Interval(
        np.where(known, low * (1.0 - 1e-12), 0.0), np.where(known, np.minimum(high * (1.0 + 1e-12), 1.0), 1.0)
    )


def _divergence(p: Floats, q: Floats) -> Floats:
    first = np.where(p > 0.0, p * np.log(p / q), 0.0)
    return first + np.where(p < 1.0, (1.0 - p) * (np.log1p(-p) - np.log1p(-q)), 0.0)


def weissman(n: Floats, outcomes: NDArray[np.int64], exponent: float) -> Floats:
    """The L1 distance sqrt(2 (log(2^k - 2) + exponent) / n) of the frequencies of k outcomes from their probabilities.

    Source: Weissman, Ordentlich, Seroussi, Verdu and Weinberger (2003), "Inequalities for the L1 deviation of the
    empirical distribution", Theorem 2.1, with phi >= 2.
    """
    k = outcomes.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        sides = np.where(k < 50, np.log(np.maximum(2.0 ** np.minimum(k, 50) - 2.0, 1.0)), k * np.log(2.0))
        return np.where(
            (n > 0) & (k > 1), np.sqrt(2.0 * (sides + exponent) / n) * (1.0 + 1e-12), np.where(k > 1, np.inf, 0.0)
        )


def level(claims: int, delta: float, steps: int = 0, peeled: bool = False) -> float:
    """The exponent with which all of some claims hold together, with probability 1 - delta.

    Args:
        claims: How many there are; each has the same share of delta.
        delta: The probability that one is wrong.
        steps: 0 where the number of samples of each claim was decided beforehand. Else the samples of a claim were
            those that `steps` steps happened to bring, up to so many: the claim is made for every such number.
        peeled: Whether that takes no more than the factor e ceil(exponent log steps) of Kullback-Leibler sets (Garivier
            and Cappe, 2011, Theorem 10), and not the factor `steps`, the union over the numbers.
    """
    exponent = float(np.log(max(claims, 1) / delta))
    if steps <= 1:
        return exponent
    if not peeled:
        return exponent + float(np.log(steps))
    found = exponent + 1.0
    for _ in range(100):  # e ceil(found log steps) exp(-found) <= exp(-exponent), from below
        found = exponent + 1.0 + float(np.log(np.ceil(found * np.log(steps))))
    return found + 1e-9
