"""A game of two numbers, with a turn, a hold of D's own and a pull of G's own."""

from typing import Any

import numpy as np
from gymnasium.spaces import Box

import gan_lab


class QuadraticGame(gan_lab.games.StrategyGame):
    """V(psi, theta) = turn psi theta - hold psi^2 / 2 + pull theta^2 / 2, with the equilibrium 0.

    The field is (turn theta - hold psi, -turn psi - pull theta), and its Jacobian [[-hold, turn], [-turn, -pull]].
    """

    name, known_value = "quadratic", 0.0

    def __init__(self, turn: float = 1.0, hold: float = 0.0, pull: float = 0.0) -> None:
        self.turn, self.hold, self.pull = turn, hold, pull

    @property
    def equilibrium(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(1), np.zeros(1)

    def space(self, agent: str) -> Box:
        return Box(-10.0, 10.0, (1,), np.float64)

    def value(self, discriminator: Any, generator: Any) -> Any:
        psi, theta = discriminator, generator
        return (self.turn * psi * theta - self.hold * psi**2 / 2 + self.pull * theta**2 / 2).sum()

    def exploitability(self, discriminator: Any, generator: Any) -> float:
        """The best answers are at the ends of the box, or where the slope is 0."""
        up = self.turn * generator / self.hold if self.hold > 0 else 0.0
        down = -self.turn * discriminator / self.pull if self.pull > 0 else 0.0
        best = max(self.value(np.clip(psi, -10, 10), generator) for psi in (-10.0, 10.0, up))
        least = min(self.value(discriminator, np.clip(theta, -10, 10)) for theta in (-10.0, 10.0, down))
        return float(best - least)
