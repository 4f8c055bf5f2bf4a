"""Mescheder, Nowozin and Geiger 2017, The Numerics of GANs: large steps diverge, and consensus moves the eigenvalues.

An eigenvalue l = -a + b i of the field's Jacobian J becomes 1 + h l of an update with the step h. It is smaller than 1
if (1 - h a)^2 + h^2 b^2 < 1, so if h < 2 a / (a^2 + b^2). Consensus adds -gamma grad |v|^2 / 2, with the Jacobian
-gamma J^T J. On J = [[-a, b], [-b, -a]] that is -gamma (a^2 + b^2) I: each eigenvalue moves left by gamma (a^2 + b^2).
"""

from typing import Any

import numpy as np
from paper import Row, main
from playing import path, played
from quadratic_game import QuadraticGame
from scipy.optimize import brentq

import gan_lab

PAPER = "Mescheder et al. 2017"
TITLE = "consensus moves the eigenvalues left by gamma |l|^2"
DIFFERS = "Games of two numbers, where the paper's experiments train networks on mixtures and faces."


def of_flow(places: np.ndarray, h: float) -> complex:
    """The eigenvalue l of the Jacobian that an update 1 + h l shows, the one above the real axis."""
    return max((complex(factor) - 1 for factor in played(places)), key=lambda flow: flow.imag) / h


def largest_step(game: gan_lab.games.StrategyGame, update: Any, **options: Any) -> float:
    """The step at which the spectral radius is 1."""
    return brentq(lambda h: gan_lab.spectrum(game, update, rate=h, **options).radius - 1, 1e-3, 3.0, xtol=1e-12)


def rows() -> list[Row]:
    game, h = QuadraticGame(turn=1.0, hold=0.25, pull=0.25), 0.1
    found = [
        Row(
            f"eigenvalue of the game with a = .25, b = 1, gamma = {gamma:g}",
            complex(-0.25 - gamma * (0.25**2 + 1), 1),
            of_flow(path(game, gan_lab.updates.Consensus(gamma), h), h),
        )
        for gamma in (0.0, 0.5, 1.0)
    ]
    found += [
        Row(
            f"eigenvalue of the Dirac GAN, gamma = {gamma:g}: i / 2 - gamma / 4",
            complex(-gamma / 4, 0.5),
            of_flow(path("dirac", gan_lab.updates.Consensus(gamma), h), h),
        )
        for gamma in (1.0, 2.0)
    ]
    left = 0.25 + 0.5 * (0.25**2 + 1)
    return [
        *found,
        Row("largest step without: 2 a / (a^2 + b^2)", 0.5 / (0.25**2 + 1), largest_step(game, "simultaneous"), 1e-8),
        Row(
            "largest step with gamma = .5: 2 a' / (a'^2 + b^2), a' = a + gamma (a^2 + b^2)",
            2 * left / (left**2 + 1),
            largest_step(game, "consensus", weight=0.5),
            1e-8,
        ),
        Row(
            "a bit more than that diverges: played",
            1.0,
            abs(played(path(game, "simultaneous", 0.48))[0]),
            kind="at least",
        ),
        Row("a bit less converges: played", 1.0, abs(played(path(game, "simultaneous", 0.46))[0]), kind="at most"),
    ]


if __name__ == "__main__":
    main(rows)
