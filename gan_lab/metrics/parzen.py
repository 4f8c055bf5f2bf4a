"""Parzen windows: a density guessed from samples, and how wrong the guess is where the truth is known.

    log p(x) ~ log mean_i N(x; x_i, h^2 I)        h chosen on other samples, as Goodfellow et al. 2014 did

It was the common way to put a likelihood on an implicit model. In more than a few dimensions it is far too low,
and it ranks models wrongly (Theis, van den Oord and Bethge 2016).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from gan_lab.errors import WiringError

Array = NDArray[np.float64]


def parzen_log_likelihood(points: Any, samples: Any, width: float) -> Array:
    """(m,) log density of (m, d) points under windows of a width on (n, d) samples.

    Raises:
        WiringError: Arrays of other shapes, or a width that is not positive.

    >>> parzen_log_likelihood([[0.0]], [[0.0]], 1.0).round(4)
    array([-0.9189])
    """
    at, on = np.asarray(points, dtype=np.float64), np.asarray(samples, dtype=np.float64)
    if at.ndim != 2 or on.ndim != 2 or at.shape[1] != on.shape[1]:
        raise WiringError(f"points have shape {at.shape} and samples {on.shape}; expected (m, d) and (n, d)")
    if not width > 0:
        raise WiringError(f"width is {width!r}; expected a number above 0")
    at, on = at - (centre := on.mean(axis=0)), on - centre  # squares of large numbers have no small differences
    squares = (at**2).sum(axis=1)[:, None] - 2 * at @ on.T + (on**2).sum(axis=1)
    constant = np.log(len(on)) + at.shape[1] * (np.log(width) + 0.5 * np.log(2 * np.pi))
    return logsumexp(-0.5 * np.maximum(squares, 0.0) / width**2, axis=1) - constant


def best_width(samples: Any, held_out: Any, widths: Sequence[float]) -> float:
    """The width under which held-out samples are likeliest."""
    return max(widths, key=lambda width: float(parzen_log_likelihood(held_out, samples, width).mean()))


def parzen_bias(dimension: int, samples: int, rng: np.random.Generator) -> tuple[float, float]:
    """Mean error of the guess on a standard normal, in nats a point, and its standard error.

    The generator is perfect here: its samples are the data's. So all of the error is the method's.
    """
    drawn, held_out, points = (rng.standard_normal((count, dimension)) for count in (samples, 500, 500))
    width = best_width(drawn, held_out, np.logspace(-1, 0.5, 15).tolist())
    truth = -0.5 * (points**2).sum(axis=1) - 0.5 * dimension * np.log(2 * np.pi)
    error = parzen_log_likelihood(points, drawn, width) - truth
    return float(error.mean()), float(error.std(ddof=1) / len(error) ** 0.5)
