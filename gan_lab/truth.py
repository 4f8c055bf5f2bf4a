"""What is exactly true of a generated distribution q beside the data's p, on n atoms. Natural logarithms: nats.

    D*(x) = p(x) / (p(x) + q(x))                        Proposition 1
    C(G)  = max_D V(D, G) = -log 4 + 2 JSD(p, q)        Theorem 1

Zeros are limits: 0 log 0 = 0, and KL is infinite where p has mass and q has none.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr, xlog1py, xlogy

from gan_lab.errors import WiringError, real_array

LOG_4: Final = float(np.log(4.0))
SUM_ERROR: Final = {"float32": 1e-5, "float16": 1e-2}  # of a softmax in these numbers; it is divided by its sum then
Array = NDArray[np.float64]


def distribution(numbers: ArrayLike, name: str = "p") -> Array:
    """(n,) float64 that add up to 1.

    Raises:
        WiringError: Not one axis, a number that is negative or not finite, or another sum; says which.
    """
    found = real_array(name, numbers)
    given = getattr(np.asarray(numbers), "dtype", None)
    if found.ndim != 1 or not found.size:
        raise WiringError(f"{name} has shape {found.shape}; expected (n,), the probabilities of n atoms")
    wrong = np.flatnonzero(~((found >= 0) & np.isfinite(found)))
    if wrong.size:
        raise WiringError(f"{name}[{wrong[0]}] is {found[wrong[0]]}; expected a probability of at least 0")
    if abs(total := float(found.sum()) - 1.0) > (allowed := SUM_ERROR.get(str(given), 1e-9)):
        raise WiringError(f"{name} adds up to {total + 1.0:.12g}; expected 1. Divide it by its sum")
    return found / found.sum() if allowed > 1e-9 else found


def verdicts(numbers: ArrayLike, atoms: int) -> Array:
    """(n,) float64 of D on n atoms.

    Raises:
        WiringError: Another number of atoms, or a number that is no probability; says which.
    """
    found = np.asarray(numbers, dtype=np.float64)
    if found.shape != (atoms,):
        raise WiringError(f"d has shape {found.shape}; expected ({atoms},), a probability for each atom")
    wrong = np.flatnonzero(~((found >= 0) & (found <= 1)))
    if wrong.size:
        raise WiringError(f"d[{wrong[0]}] is {found[wrong[0]]}; expected a probability from 0 to 1")
    return found


def _pair(p: ArrayLike, q: ArrayLike) -> tuple[Array, Array]:
    first, second = distribution(p, "p"), distribution(q, "q")
    if first.shape != second.shape:
        raise WiringError(f"p has {len(first)} atoms and q has {len(second)}; expected the same number")
    return first, second


def optimal_discriminator(p: ArrayLike, q: ArrayLike) -> Array:
    """(n,) D* = p / (p + q); 1/2 on atoms that neither has, where D does not matter.

    Where q has mass, however little, D* stays below 1, so that log(1 - D*) is finite as it should be.

    Source: Goodfellow et al. 2014, Proposition 1.

    >>> optimal_discriminator([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    array([0.66666667, 0.66666667, 0.        ])
    """
    p, q = _pair(p, q)
    both = p + q
    best = np.divide(p, both, out=np.full_like(p, 0.5), where=both > 0)
    return np.where(q > 0, np.minimum(best, np.nextafter(1.0, 0.0)), best)


def value(d: ArrayLike, p: ArrayLike, q: ArrayLike) -> float:
    """V(D, G) = sum p log d + sum q log(1 - d), in nats; -inf where D is surely wrong.

    Source: Goodfellow et al. 2014, equation 1.

    >>> round(value([0.5, 0.5], [0.3, 0.7], [0.6, 0.4]), 6)
    -1.386294
    """
    p, q = _pair(p, q)
    d = verdicts(d, len(p))
    return float((xlogy(p, d) + xlog1py(q, -d)).sum())


def kl(p: ArrayLike, q: ArrayLike) -> float:
    """KL(p || q) = sum p log(p / q), in nats; infinite where p has mass and q none. Mode covering.

    >>> kl([0.5, 0.5], [1.0, 0.0])
    inf
    """
    p, q = _pair(p, q)
    return max(float(rel_entr(p, q).sum()), 0.0)


def reverse_kl(p: ArrayLike, q: ArrayLike) -> float:
    """KL(q || p), in nats: what a generator minimises that may miss modes.

    >>> round(reverse_kl([0.5, 0.5], [1.0, 0.0]), 6)
    0.693147
    """
    return kl(q, p)


def jsd(p: ArrayLike, q: ArrayLike) -> float:
    """Jensen-Shannon divergence (KL(p || m) + KL(q || m)) / 2 with m = (p + q) / 2, in nats, 0 to log 2.

    Source: Lin 1991; Goodfellow et al. 2014, Theorem 1.

    >>> round(jsd([1.0, 0.0], [0.0, 1.0]), 6)
    0.693147
    """
    p, q = _pair(p, q)
    middle = 0.5 * p + 0.5 * q
    return float(np.clip(0.5 * (rel_entr(p, middle) + rel_entr(q, middle)).sum(), 0.0, np.log(2.0)))


def tv(p: ArrayLike, q: ArrayLike) -> float:
    """Total variation, half the sum of |p - q|, 0 to 1.

    >>> tv([0.5, 0.5], [1.0, 0.0])
    0.5
    """
    p, q = _pair(p, q)
    return 0.5 * float(np.abs(p - q).sum())


def w1(p: ArrayLike, q: ArrayLike, positions: ArrayLike | None = None) -> float:
    """Wasserstein-1 distance on the line, in units of the positions: the area between the distribution functions.

    Args:
        p: (n,) probabilities.
        q: (n,) probabilities.
        positions: (n,) where the atoms are; 0, 1, ..., n - 1 by default.

    >>> w1([1.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    2.0
    """
    p, q = _pair(p, q)
    at = np.arange(len(p), dtype=np.float64) if positions is None else np.asarray(positions, dtype=np.float64)
    if at.shape != p.shape or not np.isfinite(at).all():
        raise WiringError(f"positions have shape {at.shape}; expected {p.shape}, finite")
    order = np.argsort(at)
    return float((np.abs(np.cumsum((p - q)[order]))[:-1] * np.diff(at[order])).sum())


def criterion(p: ArrayLike, q: ArrayLike) -> float:
    """C(G) = V(D*, G) = -log 4 + 2 JSD(p, q), least (-log 4) where q = p.

    Source: Goodfellow et al. 2014, Theorem 1.

    >>> criterion([0.3, 0.7], [0.3, 0.7]) == -LOG_4
    True
    """
    return -LOG_4 + 2.0 * jsd(p, q)


def generator_gradient(d: ArrayLike, q: ArrayLike, form: str = "minimax") -> Array:
    """(n,) gradient of the generator's loss by the logits t of q = softmax(t), with D fixed.

    For the loss L(q) = sum q l it is q (l - sum q l), with l = log(1 - d) ("minimax") or -log d
    ("non_saturating"). Atoms without mass have none.

    Source: Goodfellow et al. 2014, section 3.

    >>> generator_gradient([0.5, 0.5], [0.3, 0.7])
    array([0., 0.])
    """
    q = distribution(q, "q")
    d = verdicts(d, len(q))
    if form not in ("minimax", "non_saturating"):
        raise WiringError(f"form is {form!r}; expected 'minimax' or 'non_saturating'")
    with np.errstate(divide="ignore"):
        losses = np.log1p(-d) if form == "minimax" else -np.log(d)
    return softmax_gradient(losses, q)


def frozen_mixture_gradient(p: ArrayLike, q: ArrayLike) -> Array:
    """(n,) gradient of KL(q || m) by the logits of q, with m = (p + q) / 2 frozen where it is.

    With the optimal D it is the generator's gradient: minimising V against D* is, to first order, minimising
    the reverse KL to the mixture, and that of 2 JSD.

    Source: the envelope theorem; Arjovsky and Bottou 2017, Theorem 2.4.

    >>> bool(np.allclose(frozen_mixture_gradient([0.3, 0.7], [0.5, 0.5]),
    ...                  generator_gradient(optimal_discriminator([0.3, 0.7], [0.5, 0.5]), [0.5, 0.5])))
    True
    """
    p, q = _pair(p, q)
    middle = 0.5 * p + 0.5 * q
    ratio = np.divide(q, middle, out=np.ones_like(q), where=q > 0)
    return softmax_gradient(np.log(ratio), q)


def softmax_gradient(losses: Any, q: Array) -> Array:
    """(n,) gradient of sum q l by the logits of q, for losses l that do not depend on q: q (l - sum q l).

    Where some losses are infinite it is the limit: all of the pull is towards or away from those atoms; and none
    where they are infinite on all atoms that have mass, so that no atom is better than another.
    """
    counted = np.where(q > 0, losses, 0.0)
    endless = np.isinf(counted)
    if endless.any():
        if endless[q > 0].all():
            return np.zeros_like(q)
        toward = np.sign(counted[endless][0]) * np.inf
        return np.where(q > 0, np.where(endless, toward, -toward), 0.0)
    return q * (counted - (q * counted).sum())
