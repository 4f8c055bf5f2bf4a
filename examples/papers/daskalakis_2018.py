"""Daskalakis et al. 2018, Training GANs with Optimism: the last iterate converges where plain steps diverge.

On V = psi theta with the step h, w' = w + 2 h v(w) - h v(w-) multiplies by the roots of l^2 - (1 + 2 i h) l + i h = 0,
so
    l = (1 + 2 i h +- sqrt(1 - 4 h^2)) / 2.
For h <= 1/2, |l|^2 = (1 + sqrt(1 - 4 h^2)) / 2 < 1. For h > 1/2, l = (1 + i (2 h + sqrt(4 h^2 - 1))) / 2, of length 1
where 2 h + sqrt(4 h^2 - 1) = sqrt(3): at h = 1 / sqrt(3). Plain steps multiply by sqrt(1 + h^2). With singular values
s of a matrix, h s takes the place of h; the smallest decides about the last iterate.
"""

import numpy as np
from paper import Row, main
from playing import path, radius
from scipy.optimize import brentq

import gan_lab

PAPER = "Daskalakis et al. 2018"
TITLE = "optimistic steps: the last iterate converges on bilinear games"
DIFFERS = "Bilinear games with exact payoffs, as in the paper; its WGANs on DNA and CIFAR-10 are left out."
MATRIX = np.array([[1.0, 0.5], [0.0, 1.5]])


def factor(h: float) -> float:
    """|l| of the larger root."""
    return float(abs(1 + 2j * h + np.emath.sqrt(1 - 4 * h**2))) / 2


def rows() -> list[Row]:
    found = []
    for h in (0.1, 0.4, 0.55):
        found.append(
            Row(
                f"optimistic, h = {h:g}: factor of an update",
                factor(h),
                radius(path("bilinear", "optimistic", h)[1:], 1),
            )
        )
        found.append(
            Row(f"plain, h = {h:g}: factor", np.sqrt(1 + h**2), radius(path("bilinear", "simultaneous", h, steps=10)))
        )
    limit = brentq(lambda h: gan_lab.spectrum("bilinear", "optimistic", rate=h).radius - 1, 0.52, 0.7, xtol=1e-12)
    game, h, start = gan_lab.games.BilinearGame(MATRIX), 0.2, ([0.1, 0.3], [0.2, -0.1])
    worst = max(factor(h * s) for s in np.linalg.svd(MATRIX)[1])
    places = path(game, "optimistic", h, start, steps=400)
    last = float(np.linalg.norm(places[-1]))
    late = (last / float(np.linalg.norm(places[200]))) ** (1 / 200)
    plain = path(game, "simultaneous", h, start, steps=60)
    growth = np.sqrt(1 + (h * np.linalg.svd(MATRIX)[1]) ** 2)
    return [
        *found,
        Row("largest h that converges: 1 / sqrt(3)", 1 / np.sqrt(3), limit, 1e-9),
        Row("2 x 2 matrix: factor of the last 200 of 400 updates", worst, late, 1e-3),
        Row("its last distance to the equilibrium", 1e-3, last, kind="at most"),
        Row(
            "plain steps there: distance after 60 updates over the first",
            growth.min() ** 60,
            _far(plain),
            kind="at least",
        ),
        Row("and at most", growth.max() ** 60, _far(plain), kind="at most"),
    ]


def _far(places: np.ndarray) -> float:
    return float(np.linalg.norm(places[-1]) / np.linalg.norm(places[0]))


if __name__ == "__main__":
    main(rows)
