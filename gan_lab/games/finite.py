"""The game of Theorem 1 on n atoms: the moves are the whole distribution q and D on every atom."""

from typing import Any, Final

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import ArrayLike
from scipy.special import expit
from torch import Tensor

from gan_lab import truth
from gan_lab.errors import WiringError
from gan_lab.games.game import DISCRIMINATOR
from gan_lab.games.strategy_game import Strategy, StrategyGame, numbers
from gan_lab.metrics.duality_gap import best_payoff, log_odds
from gan_lab.payoffs.losses import Loss, uses_weights
from gan_lab.payoffs.penalties import Penalty

SMALLEST: Final = 1e-12  # D is kept this far from 0 and 1 where its logit is taken, so that the slope is finite


class FiniteGame(StrategyGame):
    """Data p on n atoms; V(D, G) = sum p log D + sum q log(1 - D).

    The generator plays q, (n,) numbers of at least 0 that are divided by their sum (all zeros stand for the uniform
    distribution). The discriminator plays D, (n,) probabilities.

    Args:
        p: (n,) probabilities of the data.

    Raises:
        WiringError: p is not a distribution.

    Source: Goodfellow et al. 2014, section 4.

    >>> game = FiniteGame([0.2, 0.3, 0.5])
    >>> game.best_discriminator([0.2, 0.3, 0.5])
    array([0.5, 0.5, 0.5])
    >>> game.exploitability([0.5, 0.5, 0.5], [0.2, 0.3, 0.5])
    0.0
    """

    name = "finite"
    known_value: float = -truth.LOG_4
    picture = "atoms"
    forms: tuple[str, str] = ("logits", "softmax")

    def __init__(self, p: ArrayLike = (0.1, 0.2, 0.3, 0.4)) -> None:
        """Check and keep the distribution of the data."""
        self.p: truth.Array = truth.distribution(p)
        self._box = Box(0.0, 1.0, self.p.shape, np.float64)

    @classmethod
    def random(cls, atoms: int, rng: np.random.Generator) -> "FiniteGame":
        """A game whose p is drawn uniformly from all distributions on n atoms."""
        return cls(rng.dirichlet(np.ones(atoms)))

    def start(self, agent: str) -> Strategy:
        """D = 1/2 everywhere, and the uniform q."""
        return np.full(self.p.shape, 0.5 if agent == DISCRIMINATOR else 1 / len(self.p))

    def space(self, agent: str) -> Box:
        """The strategies of either player: [0, 1]^n."""
        return self._box

    def projected(self, agent: str, move: Tensor) -> Tensor:
        """Probabilities; the generator's are divided by their sum."""
        clipped = torch.clamp(move, 0.0, 1.0)
        if agent == DISCRIMINATOR:
            return clipped
        total = clipped.sum()
        return clipped / total if total > 0 else torch.full_like(clipped, 1 / len(clipped))

    def idle_directions(self, agent: str, strategy: Strategy) -> Strategy:
        """The direction in which the generator's numbers are scaled, as they are divided by their sum."""
        return super().idle_directions(agent, strategy) if agent == DISCRIMINATOR else strategy[None]

    def value(self, discriminator: Any, generator: Any) -> Any:
        """V(D, G) in nats."""
        if not isinstance(discriminator, Tensor) and not isinstance(generator, Tensor):
            return truth.value(discriminator, self.p, generator)
        p, d, q = torch.from_numpy(self.p), torch.as_tensor(discriminator), torch.as_tensor(generator)
        for name, given in (("D", d), ("q", q)):
            if given.shape != p.shape:
                raise WiringError(f"{name} has shape {tuple(given.shape)}; expected {tuple(p.shape)}")
        real, fake = d.where(p > 0, 0.5), d.where((q > 0) | (d < 1), 0.5)  # 0 log 0 = 0, and so is its slope
        return (torch.xlogy(p, real) + torch.special.xlog1py(q, -fake)).sum()

    def check_loss(self, loss: Loss, penalty: Penalty | None) -> None:
        """Refuse penalties, as atoms have no slope, and a loss that ignores the probabilities of the atoms."""
        if penalty is not None:
            raise WiringError(f"the game 'finite' has no slope to penalise; expected no penalty, not {penalty.name!r}")
        if not uses_weights(loss):
            raise WiringError(
                f"the loss {loss.name!r} ignores the weights p and q of the points; expected averages by "
                "gan_lab.payoffs.losses.mean(numbers, p) instead of numbers.mean()"
            )

    def payoffs(self, loss: Loss, discriminator: Tensor, generator: Tensor) -> tuple[Tensor, Tensor]:
        """The payoffs under any loss, from the scores logit D with the weights p and q."""
        if loss.zero_sum and loss.is_value:
            value = self.value(discriminator, generator)
            return value, -value
        scores, p = torch.logit(discriminator, eps=SMALLEST), torch.from_numpy(self.p)
        return loss.discriminator(scores, scores, p, generator), loss.generator(scores, scores, p, generator)

    def best_discriminator(self, q: ArrayLike) -> Strategy:
        """(n,) D* = p / (p + q): Proposition 1."""
        return truth.optimal_discriminator(self.p, q)

    def criterion(self, q: ArrayLike) -> float:
        """C(G) = max_D V(D, G) = -log 4 + 2 JSD(p, q): Theorem 1."""
        return truth.criterion(self.p, q)

    def best_generator(self, d: ArrayLike) -> Strategy:
        """(n,) q that minimises V(D, .): all mass on the atoms with the largest D, divided equally among ties."""
        best = truth.verdicts(d, len(self.p))
        most = best == best.max()
        return most / most.sum()

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        """max_D' V(D', G) - min_G' V(D, G'), both exact."""
        q = generator.detach().numpy() if isinstance(generator, Tensor) else generator
        d, q = numbers(discriminator), truth.distribution(q, "q")  # which allows for the rounding of float32
        gap = self.criterion(q) - truth.value(d, self.p, self.best_generator(d))
        return max(gap, 0.0)

    def gradients(self, d: ArrayLike, q: ArrayLike) -> tuple[Strategy, Strategy]:
        """((n,) dV/dD = p / D - q / (1 - D), (n,) dV/dq = log(1 - D)); in dV/dD, terms without mass are 0."""
        d, q = truth.verdicts(d, len(self.p)), truth.distribution(q, "q")
        if q.shape != self.p.shape:
            raise WiringError(f"q has {len(q)} atoms; expected {len(self.p)}")
        with np.errstate(divide="ignore"):
            up = np.divide(self.p, d, out=np.zeros_like(d), where=self.p > 0)
            down = np.divide(q, 1 - d, out=np.zeros_like(d), where=q > 0)
            return up - down, np.log1p(-d)

    def truth(self, discriminator: Any, generator: Any) -> dict[str, float]:
        """V, its gap to the best D, the divergences, and the exploitability."""
        d, q = numbers(discriminator), numbers(generator)
        found = self.value(d, q)
        return {
            "value": found,
            "criterion": self.criterion(q),
            "discriminator_gap": max(self.criterion(q) - found, 0.0),
            "jsd": truth.jsd(self.p, q),
            "kl": truth.kl(self.p, q),
            "reverse_kl": truth.reverse_kl(self.p, q),
            "tv": truth.tv(self.p, q),
            "exploitability": self.exploitability(d, q),
        }

    def truth_under(self, loss: Loss, discriminator: Strategy, generator: Strategy) -> dict[str, float]:
        """`truth` for the D of these scores, and what the players could gain in the payoffs of the loss."""
        if loss.is_value:
            return self.truth(discriminator, generator)
        scores, p, q = (torch.from_numpy(part) for part in (discriminator, self.p, generator))
        scores = torch.logit(scores, eps=SMALLEST)
        odds = log_odds(loss, scores, scores, p, q)
        found = self.truth(torch.sigmoid(odds(scores)).numpy(), generator)
        best = best_payoff(loss, self.p, generator)
        now = float(loss.discriminator(scores, scores, p, q))
        of_generator = best_atom(loss, scores, p) - float(loss.generator(scores, scores, p, q))
        found["exploitability"] = np.inf if best is None else max(best - now, 0.0) + max(of_generator, 0.0)
        return found

    @property
    def equilibrium(self) -> tuple[Strategy, Strategy]:
        """D = 1/2 everywhere, and q = p."""
        return np.full(self.p.shape, 0.5), self.p.copy()

    def equilibrium_under(self, loss: Loss) -> tuple[Strategy, Strategy]:
        """D = sigmoid of the neutral score of the loss, and q = p."""
        return np.full(self.p.shape, expit(loss.neutral)), self.p.copy()


def best_atom(loss: Loss, scores: Tensor, p: Tensor) -> float:
    """max_j u_G(e_j): what the generator is paid for all its mass on the best atom.

    A payoff that is affine in q has the same slope everywhere, and u(e_j) = u(q) + slope_j - slope . q: one slope says
    which atom is best. Where the payoff there is another than that, it is no such payoff, and all atoms are tried.
    """
    count = len(p)
    middle = torch.full((count,), 1 / count, dtype=torch.float64, requires_grad=True)
    payoff = loss.generator(scores, scores, p, middle)
    (slope,) = torch.autograd.grad(payoff, middle) if payoff.requires_grad else (torch.zeros(count),)
    said = float(payoff.detach()) + slope - slope.mean()
    best = int(said.argmax())
    found = _at(loss, scores, p, best)
    if abs(found - float(said[best])) <= 1e-9 * (1 + abs(found)):
        return found
    return max(_at(loss, scores, p, atom) for atom in range(count))


def _at(loss: Loss, scores: Tensor, p: Tensor, atom: int) -> float:
    q = torch.zeros_like(p)
    q[atom] = 1.0
    return float(loss.generator(scores, scores, p, q))
