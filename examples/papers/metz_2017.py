"""Metz et al. 2017, Unrolled Generative Adversarial Networks: the gradient of the surrogate, and ring8.

The generator goes down f_K(theta) = V(psi^K(theta), theta), with psi^K after K steps of D's ascent. On V = s psi theta
- e psi^2 / 2 + k theta^2 / 2 one step is psi -> (1 - h e) psi + h s theta, so with c = (1 - h e)^K
    psi^K = c psi + (1 - c) s theta / e,
    df_K / dtheta = s psi^K + k theta + (s theta - e psi^K) (1 - c) s / e.
For K without end D plays its best answer, and the slope is that of max V: (s^2 / e + k) theta. On V = psi theta, psi^K
= psi + K h theta and the update is [[1, h], [-h, 1 - 2 K h^2]], with determinant 1 - (2 K - 1) h^2: while its
eigenvalues are complex, the factor is sqrt(1 - (2 K - 1) h^2). G knows where D is going.
"""

import numpy as np
from paper import Row, main, recorded
from playing import path, radius
from quadratic_game import QuadraticGame

import gan_lab

PAPER = "Metz et al. 2017"
TITLE = "the surrogate's gradient, and its rate on a bilinear game"
DIFFERS = "Games of two numbers; ring8 is read from the benchmark's record: another network, fewer updates."
S, E, K, H = 1.0, 0.5, 0.2, 0.1


def derived(steps: int, psi: float, theta: float) -> float:
    """df_K / dtheta."""
    c = (1 - H * E) ** steps
    ahead = c * psi + (1 - c) * S * theta / E
    return S * ahead + K * theta + (S * theta - E * ahead) * (1 - c) * S / E


def rows() -> list[Row]:
    game, start, found = QuadraticGame(turn=S, hold=E, pull=K), ([0.3], [-0.7]), []
    for steps in (1, 5, 20, 400):
        places = path(game, gan_lab.updates.Unrolled(steps), H, start, steps=1)
        found.append(
            Row(
                f"slope of the surrogate, K = {steps}",
                derived(steps, 0.3, -0.7),
                (places[0, 1] - places[1, 1]) / H,
                1e-10,
            )
        )
    found.append(Row("slope of max V, beside K = 400", (S**2 / E + K) * -0.7, found[-1].measured, 1e-6))
    for steps in (1, 5):
        factor = np.sqrt(1 - (2 * steps - 1) * 0.2**2)
        measured = radius(path("bilinear", gan_lab.updates.Unrolled(steps), 0.2, steps=20))
        found.append(Row(f"bilinear, K = {steps}, h = .2: factor of an update", factor, measured))
        predicted = gan_lab.spectrum("bilinear", "unrolled", rate=0.2, unrolled_steps=steps).radius
        found.append(Row(f"bilinear, K = {steps}: gan_lab.spectrum", factor, predicted, 1e-9))
    runs = recorded("gan_methods.jsonl", game="ring8", method="unrolled5")
    modes = float(np.mean([run["live"]["modes"] for run in runs]))
    why = f"not reproduced: {runs[0]['steps']:,} updates in {len(runs)} runs, where the paper's figure has 25,000"
    return [*found, Row("ring8, K = 5: modes found", 8.0, modes, origin="printed", apart=why)]


if __name__ == "__main__":
    main(rows)
