"""The Dirac GAN: the data are one point at 0, G is one point at theta, and D's score is psi x.

    V(psi, theta) = log sigmoid(0) + log sigmoid(-psi theta)

The smallest GAN there is: its only equilibrium is (0, 0), and many rules never arrive there.
"""

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from torch import Tensor

from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.games.strategy_game import Strategy, StrategyGame
from gan_lab.payoffs.losses import Loss, find_loss
from gan_lab.payoffs.penalties import Penalty
from gan_lab.truth import LOG_4

BOUND = 10.0


class DiracGame(StrategyGame):
    """Strategies are theta (1,) of the generator and psi (1,) of the discriminator, both in [-10, 10].

    Any loss and any penalty of the slope psi.

    Source: Mescheder, Geiger and Nowozin 2018, section 2.

    >>> game = DiracGame()
    >>> round(game.value([0.0], [0.0]), 6)
    -1.386294
    """

    name = "dirac"
    known_value: float = -LOG_4

    def __init__(self) -> None:
        """Make the box of strategies."""
        self._box = Box(-BOUND, BOUND, (1,), np.float64)

    def start(self, agent: str) -> Strategy:
        """1 for both."""
        return np.ones(1)

    def space(self, agent: str) -> Box:
        """[-10, 10] for either."""
        return self._box

    def value(self, discriminator: Any, generator: Any) -> Any:
        """V(psi, theta) = -log 2 - log(1 + exp(psi theta))."""
        if isinstance(discriminator, Tensor) or isinstance(generator, Tensor):
            psi, theta = torch.as_tensor(discriminator), torch.as_tensor(generator)
            return self.payoffs(find_loss("minimax"), psi, theta)[0]
        psi, theta = self.exact(DISCRIMINATOR, discriminator), self.exact(GENERATOR, generator)
        return float(-np.log(2.0) - np.logaddexp(0.0, psi * theta).item())

    def check_loss(self, loss: Loss, penalty: Penalty | None) -> None:
        """All have a meaning here."""

    def payoffs(self, loss: Loss, discriminator: Tensor, generator: Tensor) -> tuple[Tensor, Tensor]:
        """Of any loss, on the scores 0 of the data and psi theta of the generated point."""
        fake = discriminator * generator
        real = torch.zeros_like(fake)
        return loss.discriminator(real, fake, None, None), loss.generator(real, fake, None, None)

    def slope_penalty(self, penalty: Penalty, discriminator: Tensor, generator: Tensor) -> Tensor:
        """Of the slope psi, the same everywhere."""
        points = torch.stack([torch.zeros_like(generator), generator]).detach().requires_grad_()
        return penalty.slope(points, (points * discriminator).flatten(), 1, lambda x: (x * discriminator).flatten())

    def _point(self, discriminator: Any, generator: Any) -> tuple[float, float]:
        return self.exact(DISCRIMINATOR, discriminator).item(), self.exact(GENERATOR, generator).item()

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        """Against the best psi' and theta' of the box."""
        psi, theta = self._point(discriminator, generator)
        best = -np.logaddexp(0.0, -BOUND * abs(theta))
        worst = -np.logaddexp(0.0, BOUND * abs(psi))
        return float(max(best - worst, 0.0))

    def truth(self, discriminator: Any, generator: Any) -> dict[str, float]:
        """V, the Wasserstein distance |theta|, the distance to the equilibrium, and the exploitability."""
        psi, theta = self._point(discriminator, generator)
        return {
            "value": self.value([psi], [theta]),
            "w1": abs(theta),
            "distance": float(np.hypot(psi, theta)),
            "exploitability": self.exploitability([psi], [theta]),
        }

    @property
    def equilibrium(self) -> tuple[Strategy, Strategy]:
        """(0, 0)."""
        return np.zeros(1), np.zeros(1)
