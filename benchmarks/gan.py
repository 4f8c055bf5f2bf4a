"""What the game costs: `gan_lab.train` beside bare PyTorch loops, with the same networks and the same batch.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/gan.py

Two loops are beside it, on ring8 and on pictures of 32 x 32: one as it is written by hand, and one that does what
`train` does, in the same order and from the same random numbers, so that its parameters are the same bits; the
benchmark checks that. The three take turns in the measurement, so that what disturbs one disturbs the others. The
time is the processor's: of a whole run without its looks at the truth, divided by the number of updates.
"""

import statistics
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import logsigmoid, softplus

import gan_lab
from gan_lab.games import ImagesGame, make_game
from gan_lab.recipes.choose import PLAIN, RECIPES

ROUNDS = 5
WEIGHT, RATE, BETAS = 0.1, 1e-3, (0.0, 0.99)
Loop = Callable[["Case"], tuple[float, list[torch.Tensor]]]  # seconds an update, and the generator's parameters


@dataclass(frozen=True)
class Case:
    """A game, its networks and what they are trained by."""

    name: str
    game: Any
    recipe: Any
    batch: int
    updates: int
    relativistic: bool = False

    def players(self) -> tuple[Any, Any]:
        """The same ones each time."""
        torch.manual_seed(31)
        discriminator, generator = self.recipe.players(self.game)
        for player in (discriminator, generator):
            player.set_optimizer(gan_lab.adam(RATE, BETAS))
        return discriminator, generator


def cases() -> list[Case]:
    ring, pictures = make_game("ring8"), ImagesGame(np.random.default_rng(31).uniform(-1, 1, (200, 1, 32, 32)))
    return [
        *(Case(f"ring8, non-saturating, batch {batch}", ring, PLAIN, batch, 200) for batch in (64, 256)),
        *(Case(f"ring8, relativistic, R1 + R2, batch {batch}", ring, PLAIN, batch, 200, True) for batch in (64, 256)),
        Case("32 x 32, non-saturating, batch 32", pictures, RECIPES["pictures"], 32, 4),
        Case("32 x 32, relativistic, R1 + R2, batch 16", pictures, RECIPES["r3gan_pictures"], 16, 4, True),
    ]


def through_the_game(case: Case) -> tuple[float, list[torch.Tensor]]:
    """`gan_lab.train` from the end of its first update to the end of its last."""
    discriminator, generator = case.players()
    ends: list[float] = []
    options: dict[str, Any] = {"loss": "non_saturating", "penalty": None}
    if case.relativistic:
        options = {"loss": "relativistic", "penalty": "r1r2", "penalty_weight": WEIGHT}
    gan_lab.train(
        case.game,
        generator,
        discriminator,
        recipe="plain",
        batch_size=case.batch,
        steps=case.updates + 1,
        truth_every=10**9,
        each_update=lambda run: ends.append(time.process_time()),
        **options,
    )
    return (ends[-1] - ends[0]) / case.updates, list(generator.trained)


def the_same_bits(case: Case) -> tuple[float, list[torch.Tensor]]:
    """The same operations without the game: one pass for real and generated samples, fused Adam upwards."""
    discriminator, generator = case.players()
    judge, make, draw = discriminator.network, generator.network, drawing(case)
    up_d, up_g = (
        torch.optim.Adam(player.trained, RATE, BETAS, maximize=True, fused=True)
        for player in (discriminator, generator)
    )
    n = case.batch

    def slopes(samples: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        (gradient,) = torch.autograd.grad(scores.sum(), samples, create_graph=True)
        return gradient.flatten(1).square().sum(dim=1).mean()

    def climb(optimizer: Any, parameters: list[Any], payoff: torch.Tensor) -> None:
        for parameter, part in zip(parameters, torch.autograd.grad(payoff, parameters), strict=True):
            alike = part.stride() == parameter.stride()
            parameter.grad = part if alike else torch.empty_like(parameter).copy_(part)
        optimizer.step()

    def update() -> None:
        noise, real = draw()
        with torch.no_grad():
            samples = torch.cat([real, make(noise)])
        samples.requires_grad_(case.relativistic)
        scores = judge(samples).flatten()
        if case.relativistic:
            payoff = logsigmoid(scores[:n] - scores[n:]).mean() - WEIGHT * slopes(samples, scores)
        else:
            payoff = logsigmoid(scores[:n]).mean() + logsigmoid(-scores[n:]).mean()
        climb(up_d, discriminator.trained, payoff)
        noise, real = draw(real)
        fake = judge(make(noise)).flatten()
        if case.relativistic:
            with torch.no_grad():
                on_real = judge(real).flatten()
            payoff = logsigmoid(fake - on_real).mean()
        else:
            payoff = logsigmoid(fake).mean()
        climb(up_g, generator.trained, payoff)

    return timed(update, case.updates), list(generator.trained)


def drawing(case: Case) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    """Draws the noise and, unless they are given, the real samples of a turn, from the numbers of `train`."""
    rng, game, n = np.random.default_rng(0), case.game, case.batch
    rng.uniform(size=(n, game.dimension))  # what `train` draws before the first turn
    game.real(n, rng), game.noise(n, rng)

    def draw(real: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        noise = torch.from_numpy(game.noise(n, rng))
        return noise, torch.from_numpy(game.real(n, rng)) if real is None else real

    return draw


def by_hand(case: Case) -> tuple[float, list[torch.Tensor]]:
    """As one writes it: separate passes for real and generated samples, `backward`, two Adams as they come."""
    discriminator, generator = (player.network for player in case.players())
    rng, game, n = np.random.default_rng(31), case.game, case.batch
    opt_d, opt_g = (torch.optim.Adam(net.parameters(), lr=RATE, betas=BETAS) for net in (discriminator, generator))

    def slope(samples: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        (gradient,) = torch.autograd.grad(scores.sum(), samples, create_graph=True)
        return gradient.flatten(1).square().sum(dim=1).mean() / 2

    def update() -> None:
        real = torch.from_numpy(game.real(n, rng)).requires_grad_(case.relativistic)
        with torch.no_grad():
            fake = generator(torch.randn(n, game.noise_size))
        fake.requires_grad_(case.relativistic)
        on_real, on_fake = discriminator(real), discriminator(fake)
        if case.relativistic:
            loss = softplus(on_fake - on_real).mean() + WEIGHT * (slope(real, on_real) + slope(fake, on_fake))
        else:
            loss = softplus(-on_real).mean() + softplus(on_fake).mean()
        opt_d.zero_grad()
        loss.backward()
        opt_d.step()
        on_fake = discriminator(generator(torch.randn(n, game.noise_size)))
        if case.relativistic:
            loss = softplus(discriminator(torch.from_numpy(game.real(n, rng))) - on_fake).mean()
        else:
            loss = softplus(-on_fake).mean()
        opt_g.zero_grad()
        loss.backward()
        opt_g.step()

    return timed(update, case.updates), list(generator.parameters())


def timed(update: Callable[[], None], updates: int) -> float:
    """Seconds of the processor an update, after a first one."""
    update()
    begin = time.process_time()
    for _ in range(updates):
        update()
    return (time.process_time() - begin) / updates


def rows() -> list[tuple[str, ...]]:
    """(case, ours, by hand, ratio, ratio to the loop of the same bits): milliseconds, medians, smallest to largest."""
    torch.set_num_threads(1)
    return [row(case) for case in cases()]


def row(case: Case) -> tuple[str, ...]:
    times: list[list[float]] = []
    for _ in range(ROUNDS):
        found = [loop(deepcopy(case)) for loop in (through_the_game, by_hand, the_same_bits)]
        same = all(torch.equal(one, other) for one, other in zip(found[0][1], found[2][1], strict=True))
        if not same:
            raise RuntimeError(f"{case.name}: train and the loop that should do the same have other bits")
        times.append([seconds for seconds, _ in found])
    ours, hand, _ = (1e3 * statistics.median(column) for column in zip(*times, strict=True))
    ratios = [f"{spread([one[0] / one[k] for one in times])}" for k in (1, 2)]
    return case.name, f"{ours:.2f}", f"{hand:.2f}", *ratios


def spread(ratios: list[float]) -> str:
    """The median, and the smallest and the largest."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    for one in rows():
        print(" | ".join(one))
