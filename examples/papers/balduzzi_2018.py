"""Balduzzi et al. 2018, The Mechanics of n-Player Differentiable Games: symplectic gradient adjustment (SGA).

Let J = S + A, with S symmetric and A antisymmetric. For players who climb, v becomes v - lambda A^T v = v + lambda A
v, whose Jacobian is (I + lambda A) J: on J = -e I + A with A's eigenvalues +-i m it has -e - lambda m^2 +- i m (1 -
lambda e). In a game with A = 0 nothing changes.

Four players: each has the loss e w^2 / 2, and each pair a product with opposite signs. A is 1 above the diagonal and
-1 below; its eigenvalues are +-i (sqrt(2) + 1) and +-i (sqrt(2) - 1). The slowest factor has m = sqrt(2) - 1: even
where e < 0 pushes all away, SGA with lambda = 1 pulls in if m^2 > -e.
"""

from typing import Any

import numpy as np
import torch
from paper import Row, main
from playing import QuadraticGame, both, radius

from gan_lab.updates import Update

PAPER = "Balduzzi et al. 2018"
TITLE = "SGA: two and four players who turn around each other converge"
DIFFERS = "lambda has a fixed sign. The four players' losses are from memory; the mixture of Gaussians is left out."


def adjusted(v: list[Any], w: list[Any], weight: float) -> list[torch.Tensor]:
    """v - weight A^T v of a field with its graph, by J^T v and J v: the second is the slope of J^T u in u."""
    here = [part.detach() for part in v]
    u = [part.clone().requires_grad_() for part in here]
    back = torch.autograd.grad(v, w, u, create_graph=True, materialize_grads=True)
    ahead = torch.autograd.grad(back, u, here, materialize_grads=True)
    return [a - weight * (b.detach() - c) / 2 for a, b, c in zip(here, back, ahead, strict=True)]


class SGA(Update):
    name, source, joint = "sga", "Balduzzi et al. 2018", True
    equation = "w' = w + h (v - lambda A^T v)"

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight

    def step(self, pair: Any) -> None:
        d, g = pair.field(create_graph=True)
        moved = adjusted([*d, *g], [*pair.discriminator.trained, *pair.generator.trained], self.weight)
        pair.move((moved[: len(d)], moved[len(d) :]))

    def operator(self, jacobian: np.ndarray, split: int, rate: float) -> np.ndarray:
        return np.eye(len(jacobian)) + rate * (jacobian - self.weight * (jacobian - jacobian.T).T @ jacobian / 2)


def four_players(e: float, weight: float, h: float, steps: int = 60) -> np.ndarray:
    """(steps + 1, 4) strategies; each player goes down its own loss, as adjusted."""
    w, A = torch.tensor([0.1, -0.2, 0.3, 0.1]).double(), torch.ones(4, 4).triu(1) - torch.ones(4, 4).tril(-1)
    places = [w.numpy()]
    for _ in range(steps):
        own = [part.clone().requires_grad_() for part in w]
        losses = [e * x**2 / 2 - x * sum(A[i, j] * own[j] for j in range(4)) for i, x in enumerate(own)]
        field = [-torch.autograd.grad(loss, x, create_graph=True)[0] for loss, x in zip(losses, own, strict=True)]
        w = w + h * torch.stack(adjusted(field, own, weight))
        places.append(w.numpy())
    return np.array(places)


def rows() -> list[Row]:
    h, m, found = 0.1, 1.0, []
    for weight in (0.0, 0.5, 1.0):
        factor = abs(1 + h * complex(-0.25 - weight * m**2, m * (1 - weight * 0.25)))
        found += both(f"two players, lambda = {weight:g}", factor, QuadraticGame(m, 0.25, 0.25), SGA(weight), h)
    found += both("no turning, lambda = 1: 1 - h hold", 1 - h / 4, QuadraticGame(0.0, 0.25, 0.5), SGA(), h)[1:]
    for e, weight, m in ((0.01, 1.0, np.sqrt(2) - 1), (-0.01, 1.0, np.sqrt(2) - 1), (0.01, 0.0, np.sqrt(2) + 1)):
        given = abs(1 + h * complex(-e - weight * m**2, m * (1 - weight * e)))
        what = f"four players, e = {e:g}, lambda = {weight:g}: factor of an update"
        found.append(Row(what, given, radius(four_players(e, weight, h))))
    return found


if __name__ == "__main__":
    main(rows)
