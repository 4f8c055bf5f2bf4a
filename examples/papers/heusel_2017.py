"""Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule (TTUR): a game in which only that converges.

V = s psi theta - e psi^2 / 2 - m theta^2 / 2: D's own term holds it, and G's own term drives it away, with m > e. D
learns r times as fast. In units of G's step h the Jacobian is [[-r e, r s], [-s, m]], with trace m - r e and
determinant r (s^2 - e m). At one rate, r = 1, the trace is above 0, and all diverges, however small the steps are. In
the limit of small steps it converges where r > m / e; with the step h, 1 + h l is below 1 for a complex pair where
    trace + h determinant < 0,    r > m / (e - h (s^2 - e m)).
The faster D is, the nearer psi is to its best answer s theta / e, and theta alone has the slope m - s^2 / e < 0: the
slow eigenvalue comes to that, with an error that falls as 1 / r. Theorem 1 of the paper is about this limit, with
noise.
"""

import numpy as np
from paper import Row, main
from playing import path, played
from quadratic_game import QuadraticGame
from scipy.optimize import brentq

PAPER = "Heusel et al. 2017"
TITLE = "two time scales: one rate diverges, a faster D converges"
DIFFERS = "A game of two numbers without noise; the theorem has noise and falling rates. FIDs of images are left out."
S, E, M = 2.0, 1.0, 2.0
GAME = QuadraticGame(turn=S, hold=E, pull=-M)


def factors(r: float, h: float, steps: int = 30) -> np.ndarray:
    """The two factors of an update that was played, the larger first."""
    return played(path(GAME, "simultaneous", (r * h, h), ([1e-4], [2e-4]), steps))


def flow(r: float) -> np.ndarray:
    """The two eigenvalues of the Jacobian in units of G's step."""
    trace, determinant = M - r * E, r * (S**2 - E * M)
    return (trace + np.array([1, -1]) * np.emath.sqrt(trace**2 - 4 * determinant)) / 2


def rows() -> list[Row]:
    h, found = 0.01, []
    for r in (1.0, 1.5, 4.0):
        given = float(np.abs(1 + h * flow(r)).max())
        verdict = "converges" if given < 1 else "diverges"
        found.append(Row(f"D's rate {r:g} times G's: factor of an update ({verdict})", given, abs(factors(r, h)[0])))
    limit = brentq(lambda r: abs(factors(r, h, 10)[0]) - 1, 1.5, 3.0, xtol=1e-6)
    slow, gap = M - S**2 / E, []
    for r in (200.0, 400.0):
        h = 0.2 / r
        measured = (factors(r, h)[0].real - 1) / h
        gap.append(abs(measured - slow))
        found.append(Row(f"D's rate {r:g} times G's: G's slow eigenvalue", flow(r)[0].real, measured, 1e-5))
    tiny = abs(factors(1.0, 1e-4, 10)[0])
    return [
        Row("smallest D's rate over G's that converges, h = .01", M / (E - 0.01 * (S**2 - E * M)), limit, 1e-5),
        *found,
        Row("one rate, h = .0001: factor (diverges, too)", float(np.abs(1 + 1e-4 * flow(1.0)).max()), tiny, 1e-9),
        Row("limit of a very fast D: m - s^2 / e", slow, flow(1e6)[0].real, 1e-4),
        Row("distance to this limit at 200 over that at 400", 2.0, gap[0] / gap[1], 0.1),
    ]


if __name__ == "__main__":
    main(rows)
