"""What the game costs: training through the environment beside a bare PyTorch loop, same networks, same batch.

    .venv/bin/python benchmarks/gan.py

Both take turns in the measurement, so that what disturbs one disturbs the other.
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import softplus

import gan_lab
from gan_lab.games import make_game
from gan_lab.recipes.choose import PLAIN
from gan_lab.updates.player_pair import PlayerPair

STEPS, ROUNDS = 100, 7
WEIGHT = 0.1


def players() -> tuple[torch.nn.Module, torch.nn.Module]:
    torch.manual_seed(31)
    game = make_game("ring8")
    return PLAIN.players(game)


def through_the_game(batch: int, relativistic: bool) -> float:
    """What `gan_lab.train` does between two looks at the truth."""
    discriminator, generator = players()
    wanted = {"loss": "relativistic", "penalty": "r1r2", "penalty_weight": WEIGHT} if relativistic else {}
    options = {"loss": "non_saturating", **wanted, "batch_size": batch, "max_cycles": None, "tensors": True}
    env = gan_lab.env("ring8", **options)
    env.reset(seed=31)
    pair, rule = PlayerPair(env, discriminator, generator), gan_lab.updates.Alternating()
    begin = time.perf_counter()
    for _ in range(STEPS):
        rule.step(pair)
    return (time.perf_counter() - begin) / STEPS


def bare(batch: int, relativistic: bool) -> float:
    """As one writes it by hand: separate passes for real and generated samples, `backward`, two Adams."""
    discriminator, generator = (player.network for player in players())
    game, rng = make_game("ring8"), np.random.default_rng(31)
    opt_d, opt_g = (
        torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.0, 0.99)) for net in (discriminator, generator)
    )

    def slope(samples: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        (gradient,) = torch.autograd.grad(scores.sum(), samples, create_graph=True)
        return gradient.square().sum(dim=1).mean() / 2

    begin = time.perf_counter()
    for _ in range(STEPS):
        real = torch.from_numpy(game.real(batch, rng)).requires_grad_(relativistic)
        with torch.no_grad():
            fake = generator(torch.randn(batch, 8))
        fake.requires_grad_(relativistic)
        on_real, on_fake = discriminator(real), discriminator(fake)
        if relativistic:
            loss = softplus(on_fake - on_real).mean() + WEIGHT * (slope(real, on_real) + slope(fake, on_fake))
        else:
            loss = softplus(-on_real).mean() + softplus(on_fake).mean()
        opt_d.zero_grad()
        loss.backward()
        opt_d.step()
        on_fake = discriminator(generator(torch.randn(batch, 8)))
        if relativistic:
            real = torch.from_numpy(game.real(batch, rng))
            loss = softplus(discriminator(real) - on_fake).mean()
        else:
            loss = softplus(-on_fake).mean()
        opt_g.zero_grad()
        loss.backward()
        opt_g.step()
    return (time.perf_counter() - begin) / STEPS


def measured(case: Callable[[Callable[[int, bool], float]], float]) -> tuple[float, float]:
    pairs = [(case(through_the_game), case(bare)) for _ in range(ROUNDS)]
    return min(first for first, _ in pairs), min(second for _, second in pairs)


def rows() -> list[tuple[str, str, str, str]]:
    """(case, ours, bare, ratio): milliseconds an update."""
    torch.set_num_threads(1)
    found = []
    for relativistic, name in ((False, "non-saturating"), (True, "relativistic, R1 + R2")):
        for batch in (64, 256):
            ours, theirs = measured(lambda how, b=batch, r=relativistic: how(b, r))
            found.append((f"{name}, batch {batch}", f"{1e3 * ours:.2f}", f"{1e3 * theirs:.2f}", f"{ours / theirs:.2f}"))
    return found


if __name__ == "__main__":
    for row in rows():
        print(" | ".join(row))
