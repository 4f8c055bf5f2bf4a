"""Balduzzi et al. 2018, The Mechanics of n-Player Differentiable Games: symplectic gradient adjustment (SGA).

Let J = S + A, with S symmetric and A antisymmetric. For players who climb, v becomes v - lambda A^T v = v + lambda A
v, whose Jacobian is (I + lambda A) J: on J = -e I + A with A's eigenvalues +-i m it has -e - lambda m^2 +- i m (1 -
lambda e). In a game with A = 0 nothing changes.

Four players: each has the loss e w^2 / 2, and each pair a product with opposite signs. A is 1 above the diagonal and
-1 below; its eigenvalues are +-i (sqrt(2) + 1) and +-i (sqrt(2) - 1). The slowest factor has m = sqrt(2) - 1: even
where e < 0 pushes all away, SGA with lambda = 1 pulls in if m^2 > -e.
"""

import numpy as np
import torch
from paper import Row, main
from playing import both, radius
from quadratic_game import QuadraticGame

from gan_lab.updates import SymplecticAdjustment
from gan_lab.updates.derivatives import Derivatives

PAPER = "Balduzzi et al. 2018"
TITLE = "SGA: two and four players who turn around each other converge"
DIFFERS = "The four players' losses are from memory; the mixture of Gaussians is left out."


def four_players(e: float, weight: float, h: float, steps: int = 60) -> np.ndarray:
    """(steps + 1, 4) strategies; each player climbs minus its own loss, as adjusted."""
    A = torch.ones(4, 4).double().triu(1) - torch.ones(4, 4).double().tril(-1)
    w = torch.tensor([0.1, -0.2, 0.3, 0.1]).double()
    places = [w.numpy()]
    for _ in range(steps):
        own = list(w.clone().requires_grad_().split(1))
        payoffs = [(x * (A[i] @ torch.cat(own)) - e * x**2 / 2).sum() for i, x in enumerate(own)]
        w = w + h * SymplecticAdjustment(weight).adjusted(Derivatives(payoffs, [[x] for x in own]))
        places.append(w.numpy())
    return np.array(places)


def rows() -> list[Row]:
    h, m, found = 0.1, 1.0, []
    for weight in (0.0, 0.5, 1.0):
        factor = abs(1 + h * complex(-0.25 - weight * m**2, m * (1 - weight * 0.25)))
        game, rule = QuadraticGame(m, 0.25, 0.25), SymplecticAdjustment(weight)
        found += both(f"two players, lambda = {weight:g}", factor, game, rule, h)
    still = QuadraticGame(0.0, 0.25, 0.5)
    found += both("no turning, lambda = 1: 1 - h hold", 1 - h / 4, still, SymplecticAdjustment(), h)[1:]
    for e, weight, m in ((0.01, 1.0, np.sqrt(2) - 1), (-0.01, 1.0, np.sqrt(2) - 1), (0.01, 0.0, np.sqrt(2) + 1)):
        given = abs(1 + h * complex(-e - weight * m**2, m * (1 - weight * e)))
        what = f"four players, e = {e:g}, lambda = {weight:g}: factor of an update"
        found.append(Row(what, given, radius(four_players(e, weight, h))))
    return found


if __name__ == "__main__":
    main(rows)
