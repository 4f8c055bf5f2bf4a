"""Hoang et al. 2018, MGAN: several generators, and a classifier that tells which of them made a sample.

The K generators share a discriminator. Each is paid for samples that look real, and for samples by which the classifier
C knows it. One player holds all of them; the first K numbers of its noise choose among them. C is a further player:

    u_G = E log D(G_k(z)) + beta E log C_k(G_k(z))        u_C = E log C_k(G_k(z))

For fixed generators of densities p_k the best C is p_k / (p_1 + ... + p_K), and E log C_k + log K is then their JSD
(Theorem 1), which is at most log K; any other C is paid less. In the first row three generators rest, N(-1.5, 1),
N(0, 1) and N(1.5, 1): the best C is a softmax of lines.
"""

from typing import Any

import numpy as np
import torch
from paper import Row, main
from three_players import RESTS, fresh, jsd_of_shifts, network, ring
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, logsigmoid

import gan_lab

PAPER = "Hoang et al. 2018"
TITLE = "MGAN: the classifier's payoff is the JSD of the generators"
DIFFERS = "A ring of eight modes in place of images; C does not share layers with D."
MEANS = (-1.5, 0.0, 1.5)


class Several(nn.Module):
    """K generators: of (n, K + k) noise, the first K numbers choose one, which sees the others."""

    def __init__(self, *parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, noise: Tensor) -> Tensor:
        made = torch.stack([part(noise[:, len(self.parts) :]) for part in self.parts], dim=1)
        return made[torch.arange(len(noise)), noise[:, : len(self.parts)].argmax(dim=1)]


def mgan(count: int, beta: float) -> Any:
    """The loss of so many generators."""

    def known(turn: gan_lab.Turn) -> Tensor:
        return -cross_entropy(turn.classifier(turn.fake), turn.noise[:, :count].argmax(dim=1))

    def of_generator(turn: gan_lab.Turn) -> Tensor:
        return logsigmoid(turn.discriminator(turn.fake)).mean() + beta * known(turn)

    return gan_lab.turn_loss("mgan", {"generator": of_generator, "classifier": known}, plays={"classifier": count})


def jsd(game: Any, parts: list[nn.Module], classifier: nn.Module, make: Any, steps: int) -> float:
    """E log C_k + log K of fresh samples, after some updates; at most the JSD of the generators."""
    loss, several = mgan(len(parts), 0.5), gan_lab.Generator(Several(*parts), make)
    others = [gan_lab.Seat("classifier", classifier, gan_lab.adam(1e-2))]
    judge = gan_lab.Discriminator(network(game.dimension, 1), make)
    run = gan_lab.train(game, several, judge, others=others, loss=loss, steps=steps, batch_size=256, looks=1)
    return loss.payoffs["classifier"](fresh(run, 100_000)).item() + np.log(len(parts))


def rows() -> list[Row]:
    torch.manual_seed(1)
    lines, line = [nn.Linear(1, 1) for _ in MEANS], gan_lab.games.MixtureGame([[0.0]], 1.0, noise_size=4)
    for part, mean in zip(lines, MEANS, strict=True):
        part.load_state_dict({"weight": torch.ones(1, 1), "bias": torch.tensor([mean])})
    at_rest = jsd(line, [*lines], nn.Linear(1, 3), RESTS, 300)
    parts: list[nn.Module] = [network(2, 2, 32) for _ in range(4)]
    on_ring = jsd(ring(6), parts, network(2, 4, 32), gan_lab.adam(2e-3, betas=(0.5, 0.99)), 200)
    what = "E log C + log K of"
    return [
        Row(f"{what} three normal generators, beside their JSD", jsd_of_shifts(MEANS), at_rest, 0.01),
        Row(f"{what} four generators on a ring, beside log 4", np.log(4), on_ring, 0.1),
    ]


if __name__ == "__main__":
    main(rows)
