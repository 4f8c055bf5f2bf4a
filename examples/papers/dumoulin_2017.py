"""Dumoulin et al. 2017, Adversarially learned inference (ALI): an encoder plays beside the generator.

The discriminator tells pairs (x, E(x)) from pairs (G(z), z), where E(x) = mean(x) + exp(scale(x)) e with e ~ N(0, 1):

    V(D, G, E) = E log D(x, E(x)) + E log(1 - D(G(z), z))

z are the first numbers of the noise, as many as E codes a sample by; the others are G's own. For fixed G and E the best
D is q / (q + p) of the densities q of the first pairs and p of the second, and V = -log 4 + 2 JSD(q, p) (Propositions 1
and 2). In the first row G and E rest: the pairs are normal with variances 1 and the correlations .8 and -.3, and D, a
quadratic, learns. At an equilibrium the pairs are alike, and G inverts E. `benchmarks/gan_three_players.py` records how
nearly a run on a ring does so.
"""

from typing import Any

import numpy as np
import torch
from paper import Row, main, recorded
from three_players import RESTS, Quadratic, fresh, jsd_of_normals
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

import gan_lab

PAPER = "Dumoulin et al. 2017"
TITLE = "ALI: the best D of pairs, and an encoder that inverts the generator"
DIFFERS = "A ring of eight modes in place of images; small networks."


def ali(size: int) -> Any:
    """The loss, with codes of so many numbers."""

    def of_data(turn: gan_lab.Turn) -> Tensor:
        mean, scale = turn.encoder(turn.real).chunk(2, dim=1)
        code = mean + scale.exp() * turn.more_noise()[:, :size]
        return turn.discriminator(torch.cat([turn.real, code], dim=1))

    def of_generator(turn: gan_lab.Turn) -> Tensor:
        return turn.discriminator(torch.cat([turn.fake, turn.noise[:, :size]], dim=1))

    payoffs = {
        "discriminator": lambda turn: logsigmoid(of_data(turn)).mean() + logsigmoid(-of_generator(turn)).mean(),
        "generator": lambda turn: logsigmoid(of_generator(turn)).mean(),
        "encoder": lambda turn: logsigmoid(-of_data(turn)).mean(),
    }
    return gan_lab.turn_loss("ali", payoffs, source="Dumoulin et al. 2017, Algorithm 1")


def at_rest(a: float, b: float) -> float:
    """V of normal pairs with these correlations: D alone learns."""
    generator, encoder, loss = nn.Linear(2, 1, bias=False), nn.Linear(1, 2), ali(1)
    generator.load_state_dict({"weight": torch.tensor([[b, (1 - b**2) ** 0.5]])})
    encoder.load_state_dict({"weight": torch.tensor([[a], [0.0]]), "bias": torch.tensor([0.0, np.log(1 - a**2) / 2])})
    torch.manual_seed(1)
    players = gan_lab.Generator(generator, RESTS), gan_lab.Discriminator(Quadratic(), gan_lab.adam(0.03))
    game, others = gan_lab.games.MixtureGame([[0.0]], 1.0, noise_size=2), [gan_lab.Seat("encoder", encoder, RESTS)]
    run = gan_lab.train(game, *players, others=others, loss=loss, steps=200, batch_size=500, looks=1)
    return loss.payoffs["discriminator"](fresh(run, 100_000)).item()


def rows() -> list[Row]:
    last = recorded("gan_three_players.jsonl", paper="ALI")[-1]
    what = f"ring, {last['updates']:,} updates (recorded)"
    return [
        Row(
            "normal pairs: V, beside -log 4 + 2 JSD",
            -np.log(4) + 2 * jsd_of_normals(0.8, -0.3),
            at_rest(0.8, -0.3),
            0.015,
        ),
        Row(f"{what}: |G(E(x)) - x|, over the distance of other samples", 0.0, last["ratio"], 0.2),
        Row(f"{what}: modes", 8, last["modes"]),
    ]


if __name__ == "__main__":
    main(rows)
