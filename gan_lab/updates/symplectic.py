"""Symplectic gradient adjustment (SGA): the field is bent towards where its length falls, without changing its zeros.

    w' = w + h (v - lambda A^T v)        A = (J - J^T) / 2, the antisymmetric part of J = v'(w)

A is the part of J that turns the players around an equilibrium. In a game of one payoff for all it is 0, and SGA is
plain ascent. The paper's players minimise losses, so that its field is -v; its adjusted step is the same.

Alignment chooses the sign of lambda, so that an adjusted step goes towards stable equilibria and away from others:

    sign(-<v, J^T v> <A^T v, J^T v> / n + 1/10)        J^T v = grad 1/2 |v|^2
"""

import numpy as np
import torch

from gan_lab.errors import number_of_at_least_0
from gan_lab.updates.derivatives import Derivatives
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update

TOWARDS = 0.1  # the paper's epsilon: near an equilibrium, where v is small, the sign is +


class SymplecticAdjustment(Update):
    """Symplectic gradient adjustment, for any number of players and any optimizers.

    Args:
        weight: lambda, at least 0.
        align: Whether its sign is chosen at each step.

    >>> from gan_lab import spectrum
    >>> spectrum("dirac", "sga", rate=0.2).verdict
    'converges: a digit in 50 updates'
    """

    name = "sga"
    equation = "w' = w + h (v - lambda A^T v), A = (J - J^T) / 2"
    source = "Balduzzi et al. 2018, Algorithm 1"
    joint = True

    def __init__(self, weight: float = 1.0, align: bool = True) -> None:
        """Set lambda."""
        self.weight: float = number_of_at_least_0("the weight of sga", weight)
        self.align: bool = bool(align)

    def step(self, pair: PlayerPair) -> None:
        """Move along the adjusted field."""
        at = pair.derivatives()
        pair.move(at.parts(self.adjusted(at)))

    def adjusted(self, at: Derivatives) -> torch.Tensor:
        """(n,) v - lambda A^T v, by the products J v and J^T v."""
        field, back = at.field, at.transposed(at.field)
        turned = (back - at.times(field)) / 2
        is_away = self.align and float((field @ back) * (turned @ back)) / len(field) > TOWARDS
        return field + (self.weight if is_away else -self.weight) * turned

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """I + h (J - lambda A^T J); near an equilibrium alignment leaves lambda as it is."""
        turning = (jacobian - jacobian.T) / 2
        return np.eye(len(jacobian)) + rate * (jacobian - self.weight * turning.T @ jacobian)
