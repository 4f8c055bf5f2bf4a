"""What keeps the discriminator smooth: penalties on its slope, subtracted from its payoff.

Each is a function of samples, which require gradients, and of their scores:

    R1                1/2 E |grad s(x)|^2        on real samples
    R2                1/2 E |grad s(G(z))|^2     on generated ones
    gradient penalty  E (|grad s(y)| - 1)^2      on mixtures y of the two

The first two read the scores of the discriminator's own turn and cost no further evaluation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor

from gan_lab.errors import WiringError, choose

WEIGHT: Final = 0.1  # of a penalty, where no other is chosen: in `train`, `spectrum` and the environments alike
Judge = Callable[[Tensor], Tensor]  # (n, d) samples -> (n,) scores


@dataclass(frozen=True)
class Penalty:
    """A penalty of the discriminator's slope.

    Attributes:
        name: How it is chosen.
        slope: (samples, scores, n, judge) -> penalty; the first n of the 2n samples are real.
        equation: As text.
        source: Where it is from.
        on: "real" or "generated", where the slope is penalised at these samples alone; "" otherwise.
        draws: Whether it draws random numbers of torch, by one `torch.rand` with a number for each pair of samples.
        payoffs: By seat, penalties of a whole turn: see `gan_lab.payoffs.turns.turn_penalty`.
    """

    name: str
    slope: Callable[[Tensor, Tensor, int, Judge], Tensor]
    equation: str
    source: str
    draws: bool = False
    on: str = ""
    payoffs: Mapping[str, Callable[[Any], Tensor]] = field(default_factory=dict[str, Callable[[Any], Tensor]])


def squared_slopes(samples: Tensor, scores: Tensor) -> Tensor:
    """(m,) squared norm of the gradient of each score by its own sample, differentiable."""
    (slopes,) = torch.autograd.grad(scores.sum(), samples, create_graph=True, allow_unused=True, materialize_grads=True)
    return slopes.flatten(1).square().sum(dim=1)


def _r1(samples: Tensor, scores: Tensor, n: int, judge: Judge) -> Tensor:
    return 0.5 * squared_slopes(samples, scores)[:n].mean()


def _r2(samples: Tensor, scores: Tensor, n: int, judge: Judge) -> Tensor:
    return 0.5 * squared_slopes(samples, scores)[n:].mean()


def _both(samples: Tensor, scores: Tensor, n: int, judge: Judge) -> Tensor:
    return squared_slopes(samples, scores).mean()  # a half of two means over halves of the batch


def _gradient_penalty(samples: Tensor, scores: Tensor, n: int, judge: Judge) -> Tensor:
    share = torch.rand(n, *([1] * (samples.dim() - 1)), dtype=samples.dtype).to(samples.device)
    between = (share * samples[:n] + (1 - share) * samples[n:]).detach().requires_grad_()
    return ((squared_slopes(between, judge(between)) + 1e-12).sqrt() - 1).square().mean()


_ALL = (
    Penalty("r1", _r1, "1/2 E |grad s(x)|^2", "Mescheder, Geiger and Nowozin 2018, equation 9", on="real"),
    Penalty("r2", _r2, "1/2 E |grad s(G(z))|^2", "Mescheder, Geiger and Nowozin 2018, equation 10", on="generated"),
    Penalty("r1r2", _both, "R1 + R2", "Huang et al. 2024 (R3GAN), section 2"),
    Penalty("gradient_penalty", _gradient_penalty, "E (|grad s(y)| - 1)^2", "Gulrajani et al. 2017, equation 3", True),
)
PENALTIES: Final[dict[str, Penalty]] = {penalty.name: penalty for penalty in _ALL}


def find_penalty(penalty: "str | Penalty | None") -> Penalty | None:
    """A penalty by name; None and "none" are no penalty; `WiringError` with the nearest names for an unknown one.

    >>> find_penalty("r1").equation
    '1/2 E |grad s(x)|^2'
    """
    if callable(penalty):
        raise WiringError(
            f"penalty is {penalty!r}; expected a name, or a gan_lab.payoffs.penalties.Penalty(name, slope, ...), whose "
            "slope is a function (samples, scores, n, judge) -> penalty"
        )
    if penalty is None or (isinstance(penalty, str) and penalty == "none"):
        return None
    return penalty if isinstance(penalty, Penalty) else choose(penalty, PENALTIES, "penalty")
