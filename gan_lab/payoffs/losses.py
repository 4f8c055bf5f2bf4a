"""What each player wants, as a function of the discriminator's scores: one payoff each, both to be maximised.

A score is a logit, so that D(x) = sigmoid(score). `real` are the scores of real samples, `fake` those of
generated ones. On a finite game they are those of all atoms, and `real_weights`, `fake_weights` its probabilities.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from torch import Tensor
from torch.nn.functional import logsigmoid, relu

from gan_lab.errors import choose

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
    """

    name: str
    discriminator: Payoff
    generator: Payoff
    zero_sum: bool
    relative: bool
    equation: str
    source: str


def mean(scores: Tensor, weights: Tensor | None) -> Tensor:
    """The mean of a batch, or of a distribution; atoms without mass do not count, whatever their score."""
    if weights is None:
        return scores.mean()
    return (scores.where(weights > 0, 0.0) * weights).sum()


def _value(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return mean(logsigmoid(real), p) + mean(logsigmoid(-fake), q)


def _minus_value(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return -_value(real, fake, p, q)


def _fools(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    return mean(logsigmoid(fake), q)


def _more_real(real: Tensor, fake: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    """E log sigmoid(s(x) - s(G(z))), over pairs of a batch or over the product of two distributions."""
    if p is None or q is None:
        return logsigmoid(real - fake).mean()
    return p @ logsigmoid(real[:, None] - fake[None, :]) @ q


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


_ALL = (
    Loss(
        "minimax", _value, _minus_value, True, False,
        "D: V = E log D(x) + E log(1 - D(G(z))); G: -V", "Goodfellow et al. 2014, equation 1",
    ),
    Loss(
        "non_saturating", _value, _fools, False, False,
        "D: V; G: E log D(G(z))", "Goodfellow et al. 2014, section 3",
    ),
    Loss(
        "relativistic", _more_real, _less_real, False, True,
        "D: E log sigmoid(s(x) - s(G(z))); G: E log sigmoid(s(G(z)) - s(x))",
        "Jolicoeur-Martineau 2018; Huang et al. 2024 (R3GAN), section 2",
    ),
    Loss(
        "wasserstein", _critic, _minus_critic, True, True,
        "D: E s(x) - E s(G(z)); G: minus that", "Arjovsky, Chintala and Bottou 2017, section 3",
    ),
    Loss(
        "least_squares", _squares, _squares_generator, False, False,
        "D: -(E (s(x) - 1)^2 + E s(G(z))^2) / 2; G: -E (s(G(z)) - 1)^2 / 2", "Mao et al. 2017, section 3.2",
    ),
    Loss(
        "hinge", _hinge, _score, False, False,
        "D: -E max(0, 1 - s(x)) - E max(0, 1 + s(G(z))); G: E s(G(z))", "Lim and Ye 2017; Miyato et al. 2018",
    ),
)  # fmt: skip
LOSSES: Final[dict[str, Loss]] = {loss.name: loss for loss in _ALL}


def find_loss(loss: "str | Loss") -> Loss:
    """A loss by name; `WiringError` with the nearest names for an unknown one.

    >>> find_loss("minimax").zero_sum
    True
    """
    return loss if isinstance(loss, Loss) else choose(loss, LOSSES, "loss")
