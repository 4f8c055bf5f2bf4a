"""Chavdarova et al. 2021, Taming GANs with Lookahead-Minmax: k steps of any rule, then only a part of the way.

w' = w + a (w(k) - w), where w(k) is k inner steps ahead. If an inner step has the matrix A, an update has (1 - a) I +
a A^k. Plain steps on V = psi theta have 1 +- i h, so that an update has the factor |1 - a + a (1 + i h)^k|: though
plain steps diverge, it is below 1 where (1 + i h)^k has turned far enough, by k arctan h, and has not grown too much.
With k = 1 the factor sqrt(1 + a^2 h^2) is always above 1. Alternating steps have length 1 and the angle t = arccos(1 -
h^2 / 2): the factor is |1 - a + a e^(i k t)|.
"""

import numpy as np
from paper import Row, main
from playing import both

import gan_lab
from gan_lab.updates import Lookahead

PAPER = "Chavdarova et al. 2021"
TITLE = "lookahead converges around rules that do not"
DIFFERS = (
    "The bilinear game with exact payoffs, k and a chosen here; the paper's stochastic games and images are left out."
)


def rows() -> list[Row]:
    h, a, plain, found = 0.2, 0.5, gan_lab.updates.Simultaneous(), []
    turn = np.exp(1j * np.arccos(1 - h**2 / 2))
    for k in (1, 5, 10):
        found += both(
            f"plain, k = {k}", abs(1 - a + a * (1 + 1j * h) ** k), "bilinear", Lookahead(plain, k, a), h, steps=15
        )
    for k in (5, 15):
        rule = Lookahead(gan_lab.updates.Alternating(), k, a)
        found += both(f"alternating, k = {k}", abs(1 - a + a * turn**k), "bilinear", rule, h, steps=15)
    found += both(
        "Dirac GAN, plain, k = 10", abs(1 - a + a * (1 + 0.5j * h) ** 10), "dirac", Lookahead(plain, 10), h, steps=15
    )
    ks = np.arange(1, 31)
    given = np.abs(1 - a + a * (1 + 1j * h) ** ks)
    seen = np.array([gan_lab.spectrum("bilinear", Lookahead(plain, int(k), a), rate=h).radius for k in ks])
    fastest = [int(ks[np.argmin(factors ** (1 / ks))]) for factors in (given, seen)]
    largest = [int(ks[factors < 1].max()) for factors in (given, seen)]
    return [
        *found[2:],
        *found[:2],
        Row("plain, k up to 30: the fastest for each inner step", fastest[0], fastest[1], 0.0),
        Row("plain, k up to 30: the largest that converges", largest[0], largest[1], 0.0),
    ]


if __name__ == "__main__":
    main(rows)
