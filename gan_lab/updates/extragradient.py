"""Extragradient: look ahead, then move from where you were by the gradient found there.

w+ = w + h v(w)
w' = w + h v(w+)
"""

import numpy as np

from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update


class Extragradient(Update):
    """The extragradient method: two fields in each step, of which the first only looks ahead."""

    name = "extragradient"
    equation = "w+ = w + h v(w); w' = w + h v(w+)"
    source = "Korpelevich 1976; Gidel et al. 2019, section 3.1"
    shareable = True

    def step(self, pair: PlayerPair) -> None:
        """Look ahead, return, and move."""
        here = pair.where()
        pair.move(pair.field())
        ahead = pair.field()
        pair.put(here)
        pair.move(ahead)

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """I + h J (I + h J)."""
        identity = np.eye(len(jacobian))
        return identity + rate * jacobian @ (identity + rate * jacobian)
