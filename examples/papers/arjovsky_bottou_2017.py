"""Arjovsky and Bottou 2017, Towards Principled Methods for Training GANs: what the non-saturating loss follows.

Hold D* = p / (p + q) of the present q. Its E_q[log(1 - D*)] is KL(q || m) - log 2 with m = (p + q) / 2 held, whose
slope is that of 2 JSD. And log(1 - D*) - log D* = log(q / p), whose mean is KL(q || p). So the slope of E_q[-log D*]
is that of KL(q || p) - 2 JSD (theorem 2.5): the JSD counts with the wrong sign.

And where D is right by a wide margin, the slope of log(1 - D) vanishes: on disjoint supports it is 0.
"""

import numpy as np
from paper import Row, main

import gan_lab
from gan_lab import truth

PAPER = "Arjovsky and Bottou 2017"
TITLE = "the non-saturating slope is that of KL(q || p) - 2 JSD"
DIFFERS = "Six atoms take the place of densities. The experiments on DCGAN's gradients are left out."


def slope(f, logits: np.ndarray, width: float = 1e-5) -> np.ndarray:
    """The gradient of f(softmax(logits)), by central differences."""

    def softmax(t: np.ndarray) -> np.ndarray:
        return np.exp(t - t.max()) / np.exp(t - t.max()).sum()

    steps = width * np.eye(len(logits))
    return np.array([(f(softmax(logits + s)) - f(softmax(logits - s))) / (2 * width) for s in steps])


def rows() -> list[Row]:
    rng = np.random.default_rng(5)
    p, logits = rng.dirichlet(np.ones(6)), rng.standard_normal(6)
    q = np.exp(logits) / np.exp(logits).sum()
    best = gan_lab.games.FiniteGame(p).best_discriminator(q)
    alternative = truth.generator_gradient(best, q, "non_saturating")
    saturating = truth.generator_gradient(best, q, "minimax")
    theorem = slope(lambda q: truth.reverse_kl(p, q) - 2 * truth.jsd(p, q), logits)
    twice = slope(lambda q: 2 * truth.jsd(p, q), logits)
    reverse = slope(lambda q: truth.reverse_kl(p, q), logits)
    apart = truth.generator_gradient(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.5, 0.5]))
    return [
        Row("theorem 2.5: largest difference of two gradients", 0.0, float(np.abs(alternative - theorem).max()), 1e-8),
        Row("its first component, of E_q[-log D*]", float(theorem[0]), float(alternative[0]), 1e-8),
        Row("minimax beside 2 JSD: largest difference", 0.0, float(np.abs(saturating - twice).max()), 1e-8),
        Row("both together beside KL(q || p)", 0.0, float(np.abs(alternative + saturating - reverse).max()), 1e-8),
        Row("disjoint supports: length of the minimax gradient", 0.0, float(np.linalg.norm(apart)), 1e-12),
    ]


if __name__ == "__main__":
    main(rows)
