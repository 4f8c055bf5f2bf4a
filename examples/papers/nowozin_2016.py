"""Nowozin et al. 2016, f-GAN: for six divergences, the loss whose best D gives the divergence.

D_f(p || q) = sum q f(p / q), with f convex and f(1) = 0, is the largest value of sum p T - sum q f*(T), where f* is
the conjugate of f. By the slope in T, the best T is f'(p / q). A score v becomes T = g(v), with g onto the domain of
f*.

Each pair (g, f*) is a loss of gan_lab here. A solver climbs the discriminator's payoff in the scores of five atoms.
The given numbers come from f and f' alone.
"""

import numpy as np
import torch
from paper import Row, main
from scipy.optimize import minimize
from torch.nn.functional import logsigmoid, softplus

from gan_lab.payoffs.losses import Loss, mean

PAPER = "Nowozin et al. 2016"
TITLE = "f-divergences and their best T"
DIFFERS = "Five atoms take the place of networks. With f as in the file, JS is twice the JSD, and GAN 2 JSD - log 4."
P = np.array([0.1, 0.15, 0.2, 0.25, 0.3])
Q = np.array([0.3, 0.1, 0.1, 0.35, 0.15])
RATIO = P / Q
LOG_2 = float(np.log(2))
# name: f and f' of u = p / q, g(v), f*(g(v))
DIVERGENCES = {
    "KL": (lambda u: u * np.log(u), lambda u: 1 + np.log(u), lambda v: v, lambda v: torch.exp(v - 1)),
    "reverse KL": (lambda u: -np.log(u), lambda u: -1 / u, lambda v: -torch.exp(-v), lambda v: v - 1),
    "Pearson chi^2": (lambda u: (u - 1) ** 2, lambda u: 2 * (u - 1), lambda v: v, lambda v: v**2 / 4 + v),
    "squared Hellinger": (
        lambda u: (np.sqrt(u) - 1) ** 2,
        lambda u: 1 - 1 / np.sqrt(u),
        lambda v: 1 - torch.exp(-v),
        lambda v: torch.exp(v) - 1,
    ),
    "Jensen-Shannon": (
        lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2),
        lambda u: np.log(2 * u / (u + 1)),
        lambda v: LOG_2 + logsigmoid(v),
        lambda v: softplus(v) - LOG_2,
    ),
    "GAN": (
        lambda u: u * np.log(u) - (u + 1) * np.log(u + 1),
        lambda u: np.log(u / (u + 1)),
        logsigmoid,
        softplus,
    ),
}


def trained(loss: Loss) -> tuple[float, np.ndarray]:
    """The largest payoff of the discriminator, and the scores of the five atoms that give it."""
    p, q = torch.from_numpy(P), torch.from_numpy(Q)

    def down(v: np.ndarray) -> tuple[float, np.ndarray]:
        scores = torch.tensor(v, requires_grad=True)
        payoff = loss.discriminator(scores, scores, p, q)
        return -payoff.item(), -torch.autograd.grad(payoff, scores)[0].numpy()

    best = minimize(down, np.zeros(5), jac=True, method="BFGS", options={"gtol": 1e-9})
    return -best.fun, best.x


def rows() -> list[Row]:
    found = []
    for name, (f, slope, g, conjugate) in DIVERGENCES.items():
        up = lambda real, fake, p, q, g=g, c=conjugate: mean(g(real), p) - mean(c(fake), q)  # noqa: E731
        down = lambda real, fake, p, q, c=conjugate: mean(c(fake), q)  # noqa: E731
        loss = Loss(f"f-GAN, {name}", up, down, False, False, "D: E T(x) - E f*(T(G(z)))", "Nowozin et al. 2016")
        value, scores = trained(loss)
        off = float(np.abs(g(torch.from_numpy(scores)).numpy() - slope(RATIO)).max())
        found.append(Row(f"{name}: D's largest payoff, beside D_f", float((Q * f(RATIO)).sum()), value, 1e-8))
        found.append(Row(f"{name}: largest |T - f'(p / q)|", 0.0, off, 1e-4))
    return found


if __name__ == "__main__":
    main(rows)
