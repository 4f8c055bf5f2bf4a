"""Huang et al. 2024, The GAN is dead; long live the GAN! (R3GAN): RpGAN circles, and penalties on both sides end it.

On the Dirac GAN the relativistic payoff is f(s(x) - s(G(z))) = f(-psi theta) for D, with f(t) = log sigmoid(t), and
its slopes at 0 are those of the plain GAN: +-f'(0) i, f'(0) = 1/2. R1 with the weight g adds -g psi to psi's move, R2
the same at the generated point, both together -2 g psi. With c the sum,
    l^2 + c l + f'(0)^2 = 0,    l = -c / 2 +- sqrt(c^2 / 4 - f'(0)^2),
which converges for each c > 0, the fastest in flow at c = 2 f'(0) = 1: then l = -1/2 twice.
"""

from typing import Any

import numpy as np
from paper import Row, main, recorded
from playing import both

import gan_lab

PAPER = "Huang et al. 2024"
TITLE = "RpGAN + R1 + R2 converges locally, RpGAN alone does not"
DIFFERS = (
    "On the Dirac GAN either penalty is enough; the paper's R1 alone fails on stacked MNIST, which it cannot show. "
    "Training on images is left out."
)
H = 0.2


def rows() -> list[Row]:
    found: list[Row] = []
    cases: list[tuple[str, float, dict[str, Any]]] = [
        ("RpGAN", 0.0, {}),
        ("RpGAN + R1, weight .3", 0.3, {"penalty": "r1", "penalty_weight": 0.3}),
        ("RpGAN + R2, weight .3", 0.3, {"penalty": "r2", "penalty_weight": 0.3}),
        ("RpGAN + R1 + R2, weight .3", 0.6, {"penalty": "r1r2", "penalty_weight": 0.3}),
        ("RpGAN + R1 + R2, weight 1", 2.0, {"penalty": "r1r2", "penalty_weight": 1.0}),
    ]
    for name, c, wants in cases:
        factor = abs(1 + H * (-c / 2 + np.emath.sqrt(c**2 / 4 - 1 / 4)))
        found += both(name, factor, "dirac", "simultaneous", H, loss="relativistic", **wants)
    weights = np.linspace(0.05, 1.5, 30)
    wants: dict[str, Any] = {"loss": "relativistic", "penalty": "r1r2"}
    rates = [gan_lab.spectrum("dirac", "simultaneous", rate=1e-3, penalty_weight=w, **wants).radius for w in weights]
    runs = recorded("gan_digits.jsonl", game="stacked_digits")
    modes, kl = (float(np.mean([run["live"][name] for run in runs])) for name in ("modes", "reverse_kl"))
    why = f"not comparable: stacked digits of 8 x 8, {runs[0]['steps']:,} updates of small networks"
    return [
        *found,
        Row("fastest weight of R1 + R2, of .05 to 1.5: c = 2 weight = 1", 0.5, float(weights[np.argmin(rates)]), 1e-9),
        Row("1000 modes, RpGAN + R1 + R2: modes (table 1)", 1000.0, modes, origin="printed", apart=why),
        Row("1000 modes, RpGAN + R1 + R2: reverse KL (table 1)", 0.0781, kl, origin="printed", apart=why),
    ]


if __name__ == "__main__":
    main(rows)
