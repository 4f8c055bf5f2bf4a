"""Gidel et al. 2019, Negative Momentum for Improved Game Dynamics: on psi theta, momentum below 0 and turns converge.

With momentum b, w' = w + h v + b (w - w-). Simultaneous steps on a singular value s multiply by the roots l of ((l -
1) (l - b))^2 + h^2 s^2 l^2 = 0; alternating steps, where G sees D's move, by those with l^3 in place of l^2. For small
h these have l = 1 + i a + a^2 (1 / (1 - b) - 3/2) with a = h s / (1 - b), so that |l| is about 1 + a^2 (1 / (1 - b) -
1): below 1 for b < 0, and 1 - 4/27 h^2 s^2 at b = -1/2. For simultaneous steps 3/2 becomes 1, and |l| = 1 + a^2 (1 /
(1 - b) - 1/2) is above 1 for b > -1; for b < -1 another root is near b.
"""

from typing import Any

import numpy as np
import torch
from paper import Row, main
from playing import both
from torch.nn.utils import parameters_to_vector, vector_to_parameters

import gan_lab
from gan_lab.updates import Update

PAPER = "Gidel et al. 2019 (momentum)"
TITLE = "negative momentum and alternating steps converge on a bilinear game"
DIFFERS = "The rule is written in the file. The theorem's bound is from memory; GANs on images are left out."


class Momentum(Update):
    name, equation, source = "momentum", "w' = w + h v(w) + b (w - w-)", "Gidel et al. 2019, AISTATS"

    def __init__(self, momentum: float, in_turns: bool = True) -> None:
        self.momentum, self.in_turns = momentum, in_turns
        self.last: dict[str, torch.Tensor] = {}

    def step(self, pair: Any) -> None:
        field = pair.field() if not self.in_turns else ()
        for number, player in enumerate((pair.discriminator, pair.generator)):
            self.move(player, field[number] if field else pair.gradient(*pair.turn()))

    def move(self, player: Any, gradient: Any) -> None:
        here = parameters_to_vector(player.trained).detach()
        player.move(gradient)
        push = self.momentum * (here - self.last.get(player.name, here))
        vector_to_parameters(parameters_to_vector(player.trained).detach() + push, player.trained)
        self.last[player.name] = here

    def operator(self, jacobian: np.ndarray, split: int, rate: float) -> np.ndarray:
        I, n, b = np.eye(len(jacobian)), len(jacobian), self.momentum
        first, whole = np.diag(np.arange(n) < split).astype(float), np.eye(2 * n)
        for own in (first, I - first) if self.in_turns else (I,):  # the rows of those who move
            whole = np.block([[I + rate * own @ jacobian + b * own, -b * own], [0 * I, I]]) @ whole
        return np.vstack([whole[:n], np.eye(n, 2 * n)])

    def state(self) -> dict[str, torch.Tensor]:
        return dict(self.last)

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        self.last = dict(state)


def largest_root(b: float, product: float, in_turns: bool) -> float:
    last = [product**2] + [0.0] * (3 if in_turns else 2)  # h s = product
    return float(np.abs(np.roots(np.polyadd(np.poly([1, 1, b, b]), last))).max())


def rows() -> list[Row]:
    h, game, found = 0.3, gan_lab.games.BilinearGame([[1.0, 0.5], [0.0, 1.5]]), []
    spread = h * np.linalg.svd(game.matrix)[1]
    for momentum, in_turns in ((-0.5, True), (-0.25, True), (0.3, True), (-0.5, False), (0.3, False)):
        name = f"{'alternating' if in_turns else 'simultaneous'}, momentum {momentum:g}"
        root = max(largest_root(momentum, x, in_turns) for x in spread)
        found += both(name, root, game, Momentum(momentum, in_turns), h, 1, start=([1e-5, 3e-5], [2e-5, -1e-5]))
    small = gan_lab.spectrum("bilinear", Momentum(-0.5), rate=0.05).radius
    found.append(Row("momentum -1/2, h = .05: 1 - 4/27 h^2", 1 - 4 / 27 * 0.05**2, small, 1e-6))
    bound, squared = 1 - spread.min() ** 2 / 16, found[0].measured ** 2
    return [*found, Row("squared factor, 1 - h^2 s^2 / 16", bound, squared, origin="from memory", kind="at most")]


if __name__ == "__main__":
    main(rows)
