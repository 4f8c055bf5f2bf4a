"""Gidel et al. 2019, A Variational Inequality Perspective on GANs: steps on psi theta, and the mean of the iterates.

On V = psi theta the field turns: v(w) = J w with J^2 = -I. With the step h, the squared distance to 0 is multiplied by
    1 + h^2               for simultaneous steps: they diverge,
    1 / (1 + h^2)         for the implicit step,
    1 - h^2 + h^4         for extragradient, as I + h J (I + h J) = (1 - h^2) I + h J,
and alternating steps circle: their matrix A has determinant 1 and trace 2 - h^2, and psi^2 + theta^2 + h psi theta
stays what it was, so that the distance never falls below sqrt((1 - h / 2) / (1 + h / 2)) of the first. Their mean
comes to 0 as 1 / T, since w(0) + ... + w(T - 1) = (I - A)^-1 (w(0) - w(T)). With singular values s of a matrix, h s
takes the place of h.
"""

import numpy as np
from paper import Row, main
from playing import path, radius

import gan_lab

PAPER = "Gidel et al. 2019 (extragradient)"
TITLE = "extragradient, the implicit step and averaging on a bilinear game"
DIFFERS = "The bilinear games are the paper's; its WGANs on CIFAR-10 are left out."
MATRIX = np.array([[1.0, 0.5], [0.0, 1.5]])


def rows() -> list[Row]:
    h, found = 0.3, []
    squared = {
        "simultaneous": 1 + h**2,
        "implicit": 1 / (1 + h**2),
        "extragradient": 1 - h**2 + h**4,
        "alternating": 1.0,
    }
    for update, factor in squared.items():
        measured = radius(path("bilinear", update, h, steps=20)) ** 2
        found.append(Row(f"{update}: factor of the squared distance", factor, measured))
    game = gan_lab.games.BilinearGame(MATRIX)
    spread = h * np.linalg.svd(MATRIX)[1]
    worst = np.sqrt(1 - spread**2 + spread**4).max()
    places = path(game, "extragradient", h, ([0.1, 0.3], [0.2, -0.1]), steps=30)
    found.append(Row("extragradient on a 2 x 2 matrix: the slowest factor", worst, radius(places)))

    steps, start = 400, np.array([0.1, 0.2])
    A = np.array([[1.0, h], [-h, 1 - h**2]])
    places = path("bilinear", "alternating", h, ([0.1], [0.2]), steps=steps)
    for count in (100, steps):
        rest = np.linalg.solve(np.eye(2) - A, start - np.linalg.matrix_power(A, count) @ start)
        mean = float(np.linalg.norm(places[:count].mean(axis=0)))
        given = float(np.linalg.norm(rest)) / count
        found.append(Row(f"alternating: distance of the mean of {count} iterates", given, mean, 1e-9))
    first, last = (float(np.linalg.norm(place)) for place in places[[0, -1]])
    least = np.sqrt((1 - h / 2) / (1 + h / 2))
    found.append(Row("alternating: last distance over the first", least, last / first, kind="at least"))
    return found


if __name__ == "__main__":
    main(rows)
