"""Consensus optimization: both players also climb down the squared length of the field.

w' = w + h (v(w) - gamma grad 1/2 |v(w)|^2)
"""

from itertools import islice

import numpy as np
import torch

from gan_lab.errors import number_of_at_least_0
from gan_lab.updates.player_pair import PlayerPair
from gan_lab.updates.update import Matrix, Update


class Consensus(Update):
    """Consensus optimisation, which needs each payoff's gradient with respect to both players' parameters.

    Args:
        weight: Weight gamma of the second term, at least 0.
    """

    name = "consensus"
    equation = "w' = w + h (v(w) - gamma grad 1/2 |v(w)|^2)"
    source = "Mescheder, Nowozin and Geiger 2017, Algorithm 2"
    joint = True

    def __init__(self, weight: float = 1.0) -> None:
        """Set gamma."""
        self.weight: float = number_of_at_least_0("the weight of consensus", weight)

    def step(self, pair: PlayerPair) -> None:
        """Move along the field, and down the gradient of its squared length through both players."""
        fields = pair.field(create_graph=True)
        field = [part for own in fields for part in own]
        half_square = sum(((part**2).sum() for part in field), start=torch.zeros((), dtype=field[0].dtype)) / 2
        parameters = [parameter for player in pair.players.values() for parameter in player.trained]
        pull = torch.autograd.grad(half_square, parameters, allow_unused=True)
        moved = iter(
            part.detach() - (0.0 if down is None else self.weight * down)
            for part, down in zip(field, pull, strict=True)
        )
        pair.move([list(islice(moved, len(own))) for own in fields])

    def operator(self, jacobian: Matrix, split: int, rate: float) -> Matrix:
        """I + h (J - gamma J^T J)."""
        return np.eye(len(jacobian)) + rate * (jacobian - self.weight * jacobian.T @ jacobian)
