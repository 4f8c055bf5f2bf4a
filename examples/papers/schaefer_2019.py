"""Schaefer and Anandkumar 2019, Competitive Gradient Descent (CGD): each player answers the other's own next step.

Both play the equilibrium of the local bilinear game, with a price on large steps. Let O be the part of J that holds
the other player's influence: the step dw solves (I - h O) dw = h v. On V = a psi theta all of J is O, and dw = h J w',
so that CGD is the implicit step, and multiplies by 1 / sqrt(1 + h^2 a^2) for every h. The factors of the other rules
are derived in the files of their papers. With h = .2 and gamma = 1, consensus is at 1 for a = 3 and above it for a =
6. Only CGD converges at all of 1, 3 and 6.
"""

from typing import Any

import numpy as np
from paper import Row, main
from playing import both
from quadratic_game import QuadraticGame

from gan_lab.games import BilinearGame

PAPER = "Schaefer and Anandkumar 2019"
TITLE = "CGD converges for every step on bilinear games"
DIFFERS = "h = .2, gamma = 1 and a = 1, 3, 6 are from memory. The rule plays networks, too; they are left out."


def rows() -> list[Row]:
    h, found, cgd = 0.2, [], "cgd"
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
            what, memory = f"a = {a:g}, {'CGD' if rule == cgd else rule}", int(rule == "optimistic")
            found += both(what, factor, BilinearGame([[a]]), rule, h, memory, start=([1e-6], [2e-6]), steps=8)
    two, start = BilinearGame(np.diag([1.0, 1.5])), ([0.1, 0.3], [0.2, -0.1])
    found += both("CGD, h = 10, singular values 1, 1.5", 1 / np.sqrt(101), two, cgd, 10.0, start=start, steps=12)
    game = QuadraticGame(turn=1.0, hold=0.5, pull=0.5)
    mixed = abs(1 + 0.2 * (-0.5 + 1j) / (1 - 0.2j))  # J has the eigenvalues -1/2 +- i, and O has +- i
    return found + both("CGD where J is not all O: 1 + h (i - 1/2) / (1 - h i)", mixed, game, cgd, 0.2)


if __name__ == "__main__":
    main(rows)
