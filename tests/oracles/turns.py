"""Payoffs of whole turns, by plain PyTorch, which knows nothing of turns, and by `train`."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

import gan_lab
from gan_lab import Discriminator, Generator, Seat, adam, train
from gan_lab.games import SampleGame

N, RATE, UPDATES = 16, 1e-3, 20
Networks = dict[str, nn.Module]


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, 16), nn.LeakyReLU(0.2), nn.Linear(16, outputs))


def value(real: Tensor, fake: Tensor) -> Tensor:
    return logsigmoid(real).mean() + logsigmoid(-fake).mean()


def plain(
    networks: Networks, game: SampleGame, seed: int, turns: dict[str, Callable[..., Tensor]], bare: tuple[str, ...] = ()
) -> None:
    """Alternating turns by `backward` and Adam; (real, noise, more) -> payoff of each. `bare` turns see noise alone."""
    rng = np.random.default_rng(seed)
    rng.uniform(size=(N, game.dimension))  # what stands before the generator has moved
    game.real(N, rng)
    game.noise(N, rng)

    def more() -> Tensor:
        return torch.from_numpy(game.noise(N, rng))

    optimizers = {
        name: torch.optim.Adam(part.parameters(), RATE, (0.0, 0.99), maximize=True) for name, part in networks.items()
    }
    real = torch.empty(0)
    for _ in range(UPDATES):
        for name, payoff in turns.items():
            noise = more()
            real = real if name in bare else torch.from_numpy(game.real(N, rng))
            for part in networks.values():
                part.zero_grad()
            payoff(real, noise, more).backward()
            optimizers[name].step()


def both(
    networks: Networks, game: Any, turns: Any, bare: tuple[str, ...] = (), **options: Any
) -> tuple[Networks, gan_lab.Run]:
    """The same first parameters, played by hand and by `train`; the first ones and the run."""
    by_hand = copy.deepcopy(networks)
    players = {
        "generator": Generator(networks["generator"], adam(RATE)),
        "discriminator": Discriminator(networks["discriminator"], adam(RATE)),
        "others": [
            Seat(name, part, adam(RATE))
            for name, part in networks.items()
            if name not in ("generator", "discriminator")
        ],
    }
    plain(by_hand, game, 3, turns(by_hand), bare)
    run = train(game, **players, steps=UPDATES, seed=3, batch_size=N, looks=1, **options)
    return by_hand, run


def furthest(one: Networks, other: Networks) -> float:
    pairs = [(a, b) for name in one for a, b in zip(one[name].parameters(), other[name].parameters(), strict=True)]
    return max(float((a - b).abs().max().detach()) for a, b in pairs)
