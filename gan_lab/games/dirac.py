"""The Dirac GAN: the data are one point at 0, G is one point at theta, and D's score is psi x.

    V(psi, theta) = log sigmoid(0) + log sigmoid(-psi theta)

The smallest GAN there is: its only equilibrium is (0, 0), and many rules never arrive there.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from gymnasium.spaces import Box
from scipy.optimize import minimize_scalar
from torch import Tensor

from gan_lab.errors import number_above_0
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.games.strategy_game import BOUND, Strategy, StrategyGame, box, box_in_words
from gan_lab.payoffs.losses import Loss, find_loss
from gan_lab.payoffs.penalties import Penalty
from gan_lab.truth import LOG_4

SCORES: Final = 65  # at which a payoff is looked at for its best, before it is refined around there


class DiracGame(StrategyGame):
    """Strategies are theta (1,) of the generator and psi (1,) of the discriminator, both in [-bound, bound].

    Any loss can be played, and any penalty of the slope psi.

    Args:
        bound: Largest absolute value of a strategy; the exploitability grows with it.

    Raises:
        WiringError: The bound is not a finite number above 0.

    Source: Mescheder, Geiger and Nowozin 2018, section 2.

    >>> game = DiracGame()
    >>> round(game.value([0.0], [0.0]), 6)
    -1.386294
    """

    name = "dirac"
    known_value: float = -LOG_4

    def __init__(self, bound: float = BOUND) -> None:
        """Make the box of strategies."""
        self.bound: float = number_above_0("bound", bound)
        self._box, self.deviations = box(self.bound, 1), box_in_words(self.bound)

    def space(self, agent: str) -> Box:
        """The strategies of either player: [-bound, bound]."""
        return self._box

    def value(self, discriminator: Any, generator: Any) -> Any:
        """V(psi, theta) = -log 2 - log(1 + exp(psi theta))."""
        if isinstance(discriminator, Tensor) or isinstance(generator, Tensor):
            psi, theta = torch.as_tensor(discriminator), torch.as_tensor(generator)
            return self.payoffs(find_loss("minimax"), psi, theta)[0]
        psi, theta = self.exact(DISCRIMINATOR, discriminator), self.exact(GENERATOR, generator)
        return float(-np.log(2.0) - np.logaddexp(0.0, psi * theta).item())

    def check_loss(self, loss: Loss, penalty: Penalty | None) -> None:
        """Accept every loss and penalty."""

    def payoffs(self, loss: Loss, discriminator: Tensor, generator: Tensor) -> tuple[Tensor, Tensor]:
        """The payoffs under any loss, for the score 0 of the data and the score psi theta of the generated point."""
        fake = discriminator * generator
        real = torch.zeros_like(fake)
        return loss.discriminator(real, fake, None, None), loss.generator(real, fake, None, None)

    def slope_penalty(self, penalty: Penalty, discriminator: Tensor, generator: Tensor) -> Tensor:
        """The penalty of the slope psi, which is the same everywhere."""
        points = torch.stack([torch.zeros_like(generator), generator]).detach().requires_grad_()
        return penalty.slope(points, (points * discriminator).flatten(), 1, lambda x: (x * discriminator).flatten())

    def _point(self, discriminator: Any, generator: Any) -> tuple[float, float]:
        return self.exact(DISCRIMINATOR, discriminator).item(), self.exact(GENERATOR, generator).item()

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        """The exploitability: what the players gain together by the best psi' and theta' of the box."""
        psi, theta = self._point(discriminator, generator)
        best = -np.logaddexp(0.0, -self.bound * abs(theta))
        worst = -np.logaddexp(0.0, self.bound * abs(psi))
        return float(max(best - worst, 0.0))

    def truth(self, discriminator: Any, generator: Any) -> dict[str, float]:
        """V, the Wasserstein distance |theta|, the distance to the equilibrium, and the exploitability."""
        psi, theta = self._point(discriminator, generator)
        return {**super().truth([psi], [theta]), "w1": abs(theta)}

    def truth_under(self, loss: Loss, discriminator: Strategy, generator: Strategy) -> dict[str, float]:
        """`truth`, and what the players could gain in the payoffs of the loss."""
        found = self.truth(discriminator, generator)
        if loss.zero_sum and loss.is_value:
            return found
        psi, theta = self._point(discriminator, generator)

        def of_discriminator(fake: Tensor) -> Tensor:
            return loss.discriminator(torch.zeros_like(fake), fake, None, None)

        def of_generator(fake: Tensor) -> Tensor:
            return loss.generator(torch.zeros_like(fake), fake, None, None)

        gains = [
            _gain(payoff, psi * theta, self.bound * abs(other))
            for payoff, other in ((of_discriminator, theta), (of_generator, psi))
        ]
        return found | {"exploitability": sum(gains)}

    @property
    def equilibrium(self) -> tuple[Strategy, Strategy]:
        """(0, 0)."""
        return np.zeros(1), np.zeros(1)


def _gain(payoff: Callable[[Tensor], Tensor], score: float, reach: float) -> float:
    """What a player gains by the best score of the generated point in [-reach, reach]: 0 where it can move none."""
    if reach == 0:
        return 0.0

    def at(fake: float) -> float:
        return float(payoff(torch.tensor([fake], dtype=torch.float64)))

    scores = np.linspace(-reach, reach, SCORES)
    found = [at(float(fake)) for fake in scores]
    best = int(np.argmax(found))
    around = scores[max(best - 1, 0)], scores[min(best + 1, SCORES - 1)]
    refined = minimize_scalar(lambda fake: -at(fake), bounds=around, method="bounded", options={"xatol": 1e-12})
    return max(found[best], -float(refined.fun), at(score)) - at(score)
