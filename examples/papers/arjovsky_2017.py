"""Arjovsky, Chintala and Bottou 2017, Wasserstein GAN: example 1, two parallel lines, and what clipping does.

The data are (0, z) and the generator's points (theta, z), with z uniform on [0, 1]. Each point of one line is theta
away from its partner on the other, and no pairing is nearer, so that W1 = |theta|. The lines have no point in common
unless theta = 0. Then JSD = log 2 and total variation = 1, whatever theta is: their slope in theta is 0.

A critic of one weight, s(x) = psi x with |psi| <= c, is a c-Lipschitz function. Its best payoff against a point at
theta is c |theta|: clipping scales W1 by c.
"""

import numpy as np
import torch
from paper import Row, main

import gan_lab
from gan_lab.metrics.wasserstein import w1_of_samples
from gan_lab.payoffs.losses import find_loss

PAPER = "Arjovsky et al. 2017"
TITLE = "parallel lines: W1 has a slope, JSD has none"
DIFFERS = (
    "40 points stand for each line. The paper's figure 1 is these curves; its training runs on images are left out."
)
POINTS = np.linspace(0.0, 1.0, 40)


def between(theta: float) -> tuple[float, float, float]:
    """(W1, JSD, TV) of the two lines."""
    data = np.stack([np.zeros(40), POINTS], 1)
    moved = np.stack([np.full(40, theta), POINTS], 1)
    atoms, place = np.unique(np.concatenate([data, moved]), axis=0, return_inverse=True)
    p, q = (np.bincount(part, minlength=len(atoms)) / 40 for part in np.split(place.ravel(), 2))
    return w1_of_samples(data, moved), gan_lab.truth.jsd(p, q), gan_lab.truth.tv(p, q)


def clipped(bound: float, theta: float) -> float:
    """The payoff of a critic in [-bound, bound] after it climbed on its own."""
    game = gan_lab.games.DiracGame(bound)
    player = gan_lab.Strategist("discriminator_0", [0.0], gan_lab.ascent(0.1))
    player.box = torch.tensor([-bound], dtype=torch.float64), torch.tensor([bound], dtype=torch.float64)
    away = torch.tensor([theta], dtype=torch.float64)
    for _ in range(50):
        player.learn(game.payoffs(find_loss("wasserstein"), player.act(), away)[0])
    return game.payoffs(find_loss("wasserstein"), player.act(), away)[0].item()


def rows() -> list[Row]:
    found = []
    for theta in (1.0, 0.5, -0.1, 0.0):
        w1, jsd, tv = between(theta)
        found += [
            Row(f"theta = {theta:g}: W1 = |theta|", abs(theta), w1, 1e-12, "printed"),
            Row(f"theta = {theta:g}: JSD", np.log(2) if theta else 0.0, jsd, 1e-12, "printed"),
            Row(f"theta = {theta:g}: total variation", 1.0 if theta else 0.0, tv, 1e-12, "printed"),
        ]
    above, below = between(0.5 + 1e-3), between(0.5 - 1e-3)
    slopes = [(up - down) / 2e-3 for up, down in zip(above, below, strict=True)]
    return [
        *found,
        Row("slope of W1 in theta, at .5", 1.0, slopes[0], 1e-9),
        Row("slope of JSD in theta, at .5", 0.0, slopes[1], 1e-9),
        *(
            Row(f"critic clipped at {c:g}, theta = .5: c |theta|", c / 2, clipped(c, 0.5), 1e-12)
            for c in (0.6, 1.0, 2.0)
        ),
    ]


if __name__ == "__main__":
    main(rows)
