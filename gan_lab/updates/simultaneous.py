"""Simultaneous gradient ascent: both players move from the same place.

    w' = w + h v(w)

On the Dirac and the bilinear game every step leads away from the equilibrium.
"""

import numpy as np

from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update


class Simultaneous(Update):
    """Simultaneous gradient ascent: both gradients are taken before either player moves."""

    name = "simultaneous"
    equation = "w' = w + h v(w)"
    source = "Mescheder, Geiger and Nowozin 2018, section 2.2"
    shareable = True

    def step(self, pair: PlayerPair) -> None:
        """Take both gradients, then make both moves."""
        pair.move(pair.field())

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """I + h J."""
        return np.eye(len(jacobian)) + rate * jacobian
