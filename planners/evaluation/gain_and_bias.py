"""The gain g and the bias h of a Markov chain, with proven bounds.

    g = P g        g + h = r + P h        mean of h in each recurrent class = 0

g(s) is the mean reward a step in the long run. h(s) is how much more than that the first steps from s bring, in total.
In a recurrent class, from one of its states x until the chain comes back to x,

    g = expected reward / expected number of steps                  (renewal)
    h(s) = expected total of r - g on the way from s to x, less the mean of it

and for whatever h, g lies between the least and the largest r + P h - h of the class. Elsewhere g and h are totals on
the way to the classes. `planners.equations.proven_systems` proves each total.

Source: Puterman (2005), Sections 8.2 and A.5; Ross (1996), "Stochastic Processes", Theorem 3.6.1.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from planners.equations.graph import next_towards, recurrent_classes
from planners.equations.problem import SMALLEST_SUBNORMAL, UNIT_ROUNDOFF
from planners.equations.proven_systems import Total, total_reward

TWICE: Final = 2  # a better g gives a better h, and the other way round

Floats = NDArray[np.float64]


def gain_and_bias(
    chain: sparse.csr_array, termination: Floats, rewards: Floats, *, off: Floats | float = 0.0, roundings: int = 0
) -> tuple[Total, Total]:
    """The gain and the bias of a chain; after the end of an episode nothing is earned, and both are 0.

    Args:
        chain: (n, n) CSR of continuing probabilities.
        termination: (n,) probability that the episode ends.
        rewards: (n,) expected reward.
        off: How far each reward may be from the true one; (n,), or one number.
        roundings: How often each probability was rounded, beside the roundings of a model's tables.

    >>> gain, bias = gain_and_bias(sparse.csr_array([[0.5, 0.5], [1.0, 0.0]]), np.zeros(2), np.array([3.0, 0.0]))
    >>> gain.values.round(12), bias.values.round(12)
    (array([2., 2.]), array([ 0.66666667, -1.33333333]))
    """
    count = len(rewards)
    wrong = np.broadcast_to(np.asarray(off, dtype=np.float64), rewards.shape)
    closed = next_towards(chain, np.arange(count), np.ones(count, dtype=bool), termination > 0) < 0
    label = recurrent_classes(chain, closed)
    gain, bias = (Total(np.zeros(count), np.zeros(count)) for _ in range(2))
    recurrent, rest = np.flatnonzero(label >= 0), np.flatnonzero(label < 0)
    recurrent = recurrent[np.argsort(label[recurrent], kind="stable")]
    for states in np.split(recurrent, np.flatnonzero(np.diff(label[recurrent])) + 1) if len(recurrent) else ():
        found = _of_class(sparse.csr_array(chain[states][:, states]), rewards[states], wrong[states], roundings)
        for each, part in zip((gain, bias), found, strict=True):
            each.values[states], each.error[states] = part
    if len(rest):
        onward, leaves = chain[rest], termination[rest] + chain[rest] @ (label >= 0).astype(np.float64)
        _fill(gain, onward, leaves, rest, Total(np.zeros(len(rest)), np.zeros(len(rest))), roundings)
        paid = rewards[rest] - gain.values[rest]
        doubt = wrong[rest] + gain.error[rest] + _rounding(np.abs(rewards) + np.abs(gain.values))[rest]
        _fill(bias, onward, leaves, rest, Total(paid, doubt), roundings)
    return gain, bias


def _fill(
    target: Total, onward: sparse.csr_array, leaves: Floats, rest: NDArray[np.int64], paid: Total, roundings: int
) -> None:
    """Set a total in the other states, from what is paid there and what it is in the classes."""
    known = _sum(paid, onward, target, roundings)
    added = int(np.diff(onward.indptr).max(initial=0)) + 2
    inner = sparse.csr_array(onward[:, rest])
    found = total_reward(inner, leaves, known.values, 1.0, off=known.error, roundings=roundings + added)
    target.values[rest], target.error[rest] = found


def _of_class(chain: sparse.csr_array, rewards: Floats, off: Floats, roundings: int) -> tuple[Total, Total]:
    """The gain and the bias of a recurrent class."""
    count = len(rewards)
    if count == 1:
        return Total(rewards, off + _rounding(np.abs(rewards))), Total(np.zeros(1), np.zeros(1))
    pinned = int(np.argmax(chain.sum(axis=0)))
    way = np.flatnonzero(np.arange(count) != pinned)
    inner, back = sparse.csr_array(chain[way][:, way]), sparse.csr_array(chain[[pinned]][:, way])
    leaves = chain[way][:, [pinned]].toarray().ravel()

    def until(paid: Total) -> tuple[Total, Total]:
        """(n - 1,) and (1,): the expected total on the way to the pinned state, and of one return to it."""
        total = total_reward(inner, leaves, paid.values[way], 1.0, off=paid.error[way], roundings=roundings)
        return total, _sum(Total(paid.values[[pinned]], paid.error[[pinned]]), back, total, roundings)

    steps = until(Total(np.ones(count), np.zeros(count)))[1]
    gain, h = _ratio(until(Total(rewards, off))[1], steps), Total(np.zeros(count), np.zeros(count))
    for _ in range(TWICE):
        doubt = off + gain.error + _rounding(np.abs(rewards) + np.abs(gain.values))
        h.values[way], h.error[way] = until(Total(rewards - gain.values, doubt))[0]
        gain = _within(gain, _sum(Total(rewards, off), chain, h._replace(error=np.zeros(count)), roundings), h.values)
    mean = _ratio(until(h)[1], steps)
    error = h.error + mean.error + _rounding(np.abs(h.values) + np.abs(mean.values))
    return (
        Total(np.repeat(gain.values, count), np.repeat(gain.error, count)),
        Total(h.values - mean.values, error),
    )


def _sum(paid: Total, onward: sparse.csr_array, later: Total, roundings: int) -> Total:
    """The sums r + P V, with the errors of r and V and the rounding."""
    terms = int(np.diff(onward.indptr).max(initial=0)) + 10 + roundings
    values = paid.values + onward @ later.values
    sizes = np.abs(paid.values) + onward @ np.abs(later.values)
    near_zero = SMALLEST_SUBNORMAL * bool(paid.values.any() or later.values.any())  # a product may be rounded to 0
    rounding = terms * (_rounding(sizes) + near_zero)
    return Total(values, (paid.error + onward @ later.error) * (1.0 + 1e-9) + rounding)


def _ratio(above: Total, below: Total) -> Total:
    """The quotient, of a positive number."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found, least = above.values / below.values, below.values - below.error
        error = (above.error + np.abs(found) * below.error) / least * (1.0 + 1e-9) + _rounding(np.abs(found))
        error += SMALLEST_SUBNORMAL * (above.values != 0)
    proven = (least > 0) & np.isfinite(error)
    return Total(np.where(np.isfinite(found), found, 0.0), np.where(proven, error, np.inf))


def _within(gain: Total, backup: Total, h: Floats) -> Total:
    """The gain, which lies also between the least and the largest gain of one step, r + P h - h."""
    rounding = backup.error + _rounding(np.abs(backup.values) + np.abs(h))
    step = backup.values - h
    low = max(float((step - rounding).min()), float(gain.values[0] - gain.error[0]))
    high = min(float((step + rounding).max()), float(gain.values[0] + gain.error[0]))
    middle = 0.5 * (low + high)
    half = max(high - middle, middle - low) + float(_rounding(np.abs(middle)))
    return Total(np.array([middle]), np.array([half])) if np.isfinite(half) else gain


def _rounding(sizes: Any) -> Any:
    """What a sum or difference of numbers of such sizes is rounded by, at most."""
    return 2.0 * UNIT_ROUNDOFF * sizes + SMALLEST_SUBNORMAL * (sizes > 0)


def outwards(number: Any, error: Any, towards: float = np.inf) -> Any:
    """The next float in that direction; where there is no error, the number itself."""
    return np.where(error > 0.0, np.nextafter(number, towards), number)[()]
