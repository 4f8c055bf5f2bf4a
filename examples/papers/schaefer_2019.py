"""Schaefer and Anandkumar 2019, Competitive Gradient Descent (CGD): each player answers the other's own next step.

Both play the equilibrium of the local bilinear game, with a price on large steps. Let O be the part of J that holds
the other player's influence: the step dw solves (I - h O) dw = h v. On V = a psi theta all of J is O, and dw = h J w',
so that CGD is the implicit step, and multiplies by 1 / sqrt(1 + h^2 a^2) for every h. The factors of the other rules
are derived in the files of their papers. With h = .2 and gamma = 1, consensus is at 1 for a = 3 and above it for a =
6. Only CGD converges at all of 1, 3 and 6.
"""

from typing import Any

import numpy as np
import torch
from paper import Row, main
from playing import QuadraticGame, both

import gan_lab
from gan_lab.games import BilinearGame
from gan_lab.updates import Update
from gan_lab.updates.update import plain_rate

PAPER = "Schaefer and Anandkumar 2019"
TITLE = "CGD converges for every step on bilinear games"
DIFFERS = "h = .2, gamma = 1 and a = 1, 3, 6 are from memory. Cross derivatives are a dense matrix; no networks."


class CompetitiveGradient(Update):
    """O = [[0, dv_D / dtheta], [dv_G / dpsi, 0]]."""

    name, source, joint = "cgd", "Schaefer and Anandkumar 2019", True
    equation = "(I - h O) (w' - w) = h v(w)"

    def check(self, pair: Any) -> None:
        if pair.env.game_state.game.of_samples:
            raise gan_lab.WiringError("'cgd' has a dense matrix of cross derivatives: it plays strategies, no networks")

    def step(self, pair: Any) -> None:
        (d,), (g,) = pair.field(create_graph=True)
        v, rate = torch.cat([d, g]).detach(), plain_rate(pair)
        matrix = torch.eye(len(v), dtype=v.dtype)  # I - h O
        matrix[: len(d), len(d) :] = -rate * _slopes(d, pair.generator.trained[0])
        matrix[len(d) :, : len(d)] = -rate * _slopes(g, pair.discriminator.trained[0])
        moved = torch.linalg.solve(matrix, v).split([len(d), len(g)])
        pair.move(([moved[0]], [moved[1]]))

    def operator(self, jacobian: np.ndarray, split: int, rate: float) -> np.ndarray:
        I, O = np.eye(len(jacobian)), jacobian.copy()  # noqa: N806
        O[:split, :split] = O[split:, split:] = 0.0
        return I + rate * np.linalg.solve(I - rate * O, jacobian)


def _slopes(field: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """(m, n) derivatives of a field by the other player's strategy."""
    return torch.stack([torch.autograd.grad(part, by, retain_graph=True)[0] for part in field])


def rows() -> list[Row]:
    h, found, cgd = 0.2, [], CompetitiveGradient()
    for a in (1.0, 3.0, 6.0):
        x = h * a
        factors: dict[Any, float] = {
            cgd: 1 / np.sqrt(1 + x**2),
            "simultaneous": np.sqrt(1 + x**2),
            "consensus": abs(1 - h * a**2 + 1j * x),
            "extragradient": np.sqrt(1 - x**2 + x**4),
            "optimistic": abs(1 + 2j * x + np.emath.sqrt(1 - 4 * x**2)) / 2,
        }
        for rule, factor in factors.items():
            what, memory = f"a = {a:g}, {'CGD' if rule is cgd else rule}", int(rule == "optimistic")
            found += both(what, factor, BilinearGame([[a]]), rule, h, memory, start=([1e-6], [2e-6]), steps=8)
    two, game = BilinearGame([[1.0, 0.5], [0.0, 1.5]]), QuadraticGame(turn=1.0, hold=0.5, pull=0.5)
    slow = 1 / np.sqrt(1 + (10 * np.linalg.svd(two.matrix)[1].min()) ** 2)
    found += both("CGD, h = 10, 2 x 2 matrix", slow, two, cgd, 10.0, start=([0.1, 0.3], [0.2, -0.1]), steps=12)
    mixed = abs(1 + 0.2 * (-0.5 + 1j) / (1 - 0.2j))  # J has the eigenvalues -1/2 +- i, and O has +- i
    return found + both("CGD where J is not all O: 1 + h (i - 1/2) / (1 - h i)", mixed, game, cgd, 0.2)


if __name__ == "__main__":
    main(rows)
