"""What each player wants, as a function of the discriminator's scores: one payoff each, both to be maximised.

A score is a logit, so that D(x) = sigmoid(score). `real` are the scores of real samples, `fake` those of
generated ones. On a finite game they are those of all atoms, and `real_weights`, `fake_weights` its probabilities.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import rel_entr
from torch import Tensor
from torch.nn.functional import logsigmoid, relu
from torch.utils.checkpoint import checkpoint

from gan_lab.errors import WiringError, choose

PAIRS: Final = 2**23  # of atoms that are compared at once: 64 MB
Array = NDArray[np.float64]
Payoff = Callable[[Tensor, Tensor, Tensor | None, Tensor | None], Tensor]


@dataclass(frozen=True)
class Loss:
    """The payoffs of a GAN's two players.

    Attributes:
        name: How it is chosen.
        discriminator: (real, fake, real_weights, fake_weights) -> payoff of the discriminator.
        generator: The same for the generator.
        zero_sum: Whether the two always add up to 0.
        relative: Whether only differences of scores count, so that they are known up to a constant.
        equation: Both, as text.
        source: Where it is from.
        log_odds: Scores as log D / (1 - D), of the D that this loss trains to be p / (p + q); up to a constant where
            the loss is `relative`. None: the best score is no function of p / q alone, or it is not known.
        neutral: The score of every sample at the equilibrium, where p_g = p.
        best: (p, q), probabilities of n atoms -> what the discriminator's best scores are worth, infinite where there
            is no bound. None: it is looked for by numbers.
        payoffs: By seat, payoffs of a whole turn, which count instead: see `gan_lab.payoffs.turns.turn_loss`.
        plays: By seat, how many numbers a player of `payoffs` says of a row.
        sees: By seat, what a player of `payoffs` observes in the environment, as a function of the turn.
    """

    name: str
    discriminator: Payoff
    generator: Payoff
    zero_sum: bool = False
    relative: bool = False
    equation: str = ""
    source: str = ""
    log_odds: Callable[[Tensor], Tensor] | None = None
    neutral: float = 0.0
    best: Callable[[Array, Array], float] | None = None
    payoffs: Mapping[str, Callable[[Any], Tensor]] = field(default_factory=dict[str, Callable[[Any], Tensor]])
    plays: Mapping[str, int] = field(default_factory=dict[str, int])
    sees: Mapping[str, Callable[[Any], Tensor]] = field(default_factory=dict[str, Callable[[Any], Tensor]])

    @property
    def is_value(self) -> bool:
        """Whether scores are the log-odds of D, as in V(D, G) itself."""
        return self.log_odds is _as_they_are and not self.relative

    @property
    def judges_samples(self) -> bool:
        """Whether the discriminator is paid for scores of samples. If not, it may judge anything, such as pairs."""
        return "discriminator" not in self.payoffs

    @property
    def compares(self) -> bool:
        """Whether what the generator is paid depends on the scores of real samples: NaN among them would show.

        >>> LOSSES["relativistic"].compares, LOSSES["non_saturating"].compares
        (True, False)
        """
        try:
            payoff = self.generator(torch.full((2,), torch.nan), torch.zeros(2), None, None)
            return not bool(torch.isfinite(torch.as_tensor(payoff)).all())
        except (RuntimeError, ValueError, TypeError, IndexError):  # one of its own, which asks for other numbers
            return True

    @property
    def is_unbounded(self) -> bool:
        """Whether D gains without bound wherever p_g is not p, unless its slope is held: a critic, as Wasserstein's."""
        return self.best is not None and self.best(np.array([0.5, 0.5]), np.array([0.25, 0.75])) == np.inf


def _as_they_are(scores: Tensor) -> Tensor:
    return scores


def _of_probabilities(scores: Tensor) -> Tensor:
    return torch.logit(scores.clamp(0.0, 1.0), eps=1e-6)


def mean(scores: Tensor, weights: Tensor | None) -> Tensor:
    """The mean of a batch, or of a distribution; atoms without mass do not count, whatever their score."""
    if weights is None:
        return scores.mean()
    return (scores.where(weights > 0, 0.0) * weights).sum()


def uses_weights(loss: Loss) -> bool:
    """Whether the discriminator's payoff depends on the probabilities of atoms; one by `.mean()` does not.

    >>> uses_weights(LOSSES["hinge"])
    True
    """
    scores, p = torch.tensor([0.5, -0.25]).double(), torch.tensor([0.75, 0.25]).double()
    q = p.flip(0)
    return not torch.equal(loss.discriminator(scores, scores, p, q), loss.discriminator(scores, scores, q, p))


def _value(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return mean(logsigmoid(real), p) + mean(logsigmoid(-fake), q)


def _minus_value(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return -_value(real, fake, p, q)


def _fools(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return mean(logsigmoid(fake), q)


def _more_real(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    """E log sigmoid(s(x) - s(G(z))), over pairs of a batch or over the product of two distributions.

    Of many atoms, the pairs of some rows at a time: they are computed again for the gradient, and never kept.
    """
    if p is None or q is None:
        return logsigmoid(real - fake).mean()
    rows = max(1, PAIRS // len(q))
    if rows >= len(p):
        return _of_pairs(real, fake, p, q)
    parts = zip(real.split(rows), p.split(rows), strict=True)
    return torch.stack([_again(_of_pairs, part, fake, share, q) for part, share in parts]).sum()


def _of_pairs(real: Tensor, fake: Tensor, p: Tensor, q: Tensor) -> Tensor:
    return p @ logsigmoid(real[:, None] - fake[None, :]) @ q


def _again(of: Callable[..., Tensor], *parts: Tensor) -> Tensor:
    """The same, with nothing kept for the gradient but the parts."""
    return checkpoint(of, *parts, use_reentrant=False) if torch.is_grad_enabled() else of(*parts)


def _less_real(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return _more_real(fake, real, q, p)


def _critic(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return mean(real, p) - mean(fake, q)


def _minus_critic(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return -_critic(real, fake, p, q)


def _squares(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return -0.5 * (mean((real - 1) ** 2, p) + mean(fake**2, q))


def _squares_generator(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return -0.5 * mean((fake - 1) ** 2, q)


def _hinge(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return -mean(relu(1 - real), p) - mean(relu(1 + fake), q)


def _score(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return mean(fake, q)


def _best_value(p: Array, q: Array) -> float:
    """-log 4 + 2 JSD: Theorem 1."""
    return float((rel_entr(p, p + q) + rel_entr(q, p + q)).sum())


def _best_critic(p: Array, q: Array) -> float:
    return 0.0 if np.allclose(p, q, rtol=0.0, atol=1e-12) else np.inf


def _best_squares(p: Array, q: Array) -> float:
    both = p + q
    return -0.5 * float(np.divide(p * q, both, out=np.zeros_like(both), where=both > 0).sum())


def _best_hinge(p: Array, q: Array) -> float:
    return -2.0 * float(np.minimum(p, q).sum())


_ALL = (
    Loss(
        "minimax", _value, _minus_value, True, False,
        "D: V = E log D(x) + E log(1 - D(G(z))); G: -V", "Goodfellow et al. 2014, equation 1", _as_they_are,
        best=_best_value,
    ),
    Loss(
        "non_saturating", _value, _fools, False, False,
        "D: V; G: E log D(G(z))", "Goodfellow et al. 2014, section 3", _as_they_are,
        best=_best_value,
    ),
    Loss(
        "relativistic", _more_real, _less_real, False, True,
        "D: E log sigmoid(s(x) - s(G(z))); G: E log sigmoid(s(G(z)) - s(x))",
        "Jolicoeur-Martineau 2018; Huang et al. 2024 (R3GAN), section 2", _as_they_are,
    ),
    Loss(
        "wasserstein", _critic, _minus_critic, True, True,
        "D: E s(x) - E s(G(z)); G: minus that", "Arjovsky, Chintala and Bottou 2017, section 3",
        best=_best_critic,
    ),
    Loss(
        "least_squares", _squares, _squares_generator, False, False,
        "D: -(E (s(x) - 1)^2 + E s(G(z))^2) / 2; G: -E (s(G(z)) - 1)^2 / 2", "Mao et al. 2017, section 3.2",
        _of_probabilities, 0.5, _best_squares,
    ),
    Loss(
        "hinge", _hinge, _score, False, False,
        "D: -E max(0, 1 - s(x)) - E max(0, 1 + s(G(z))); G: E s(G(z))", "Lim and Ye 2017; Miyato et al. 2018",
        best=_best_hinge,
    ),
)  # fmt: skip
LOSSES: Final[dict[str, Loss]] = {loss.name: loss for loss in _ALL}


def find_loss(loss: "str | Loss") -> Loss:
    """A loss by name; `WiringError` with the nearest names for an unknown one.

    >>> find_loss("minimax").zero_sum
    True
    """
    if callable(loss):
        raise WiringError(
            f"loss is {loss!r}; expected a name, or a gan_lab.payoffs.losses.Loss(name, discriminator, generator, "
            "...), as there are two players: each of the two is a function (real, fake, p, q) -> payoff of their scores"
        )
    return loss if isinstance(loss, Loss) else choose(loss, LOSSES, "loss")
