"""Alternating gradient ascent, Algorithm 1: k steps of the discriminator, then one of the generator.

    psi'   = psi + h grad_psi u_D(psi, theta)       k times
    theta' = theta + h grad_theta u_G(psi', theta)

Momentum is the optimizers': `ascent(rate, momentum)`.
"""

import numpy as np

from gan_lab.errors import whole_number
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update


class Alternating(Update):
    """Each player learns on its own turn.

    Args:
        discriminator_steps: Turns k of the discriminator before each turn of the generator.
    """

    name = "alternating"
    equation = "psi' = psi + h v_D(psi, theta), k times; theta' = theta + h v_G(psi', theta)"
    source = "Goodfellow et al. 2014, Algorithm 1"
    shareable = True

    def __init__(self, discriminator_steps: int = 1) -> None:
        """Set k."""
        self.discriminator_steps: int = whole_number("discriminator_steps", discriminator_steps, 1, 10**6)

    def step(self, pair: PlayerPair) -> None:
        """Play one cycle of turns, in which each player learns from its own turns."""
        for _ in range(len(pair.players) - 1 + self.discriminator_steps):
            player, payoff = pair.turn()
            player.move(pair.gradient(player, payoff))

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """The matrix of k steps of the discriminator, followed by one step of the generator."""
        discriminator, generator = np.eye(len(jacobian)), np.eye(len(jacobian))
        discriminator[:split] += rate * jacobian[:split]
        generator[split:] += rate * jacobian[split:]
        return generator @ np.linalg.matrix_power(discriminator, self.discriminator_steps)
