"""100 random settings, each played and played again by `gan_lab.train(**run.settings)`: how many end with other bits?

    python benchmarks/gan_settings.py                  100 settings, on one thread and on two by turns, through JSON
    python benchmarks/gan_settings.py --count 20 --seed 7 --processes    the second time in a fresh process

Drawn: the game, with arguments of its own; the loss, the penalty and its weight; the update rule with its numbers;
rates and weights as numbers and as schedules of every kind; the recipe; networks, optimizers, and players that have
learned before; batch, steps, seed, threads. Bits: all parameters and buffers of both players, and every evaluation.
Measured with seed 1: 100 of 100 end with the same bits, in 70 s of processor time. In fresh processes: 50 of 50 with
seed 11, and 50 of 50 with seed 12.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import nn

import gan_lab
from gan_lab.updates import Alternating, Consensus, Extragradient, Optimistic, Simultaneous, Unrolled

AGAIN = """
import json, sys
import gan_lab
from benchmarks.gan_settings import digest
print(digest(gan_lab.train(**json.load(sys.stdin))))
"""


def drawn(rng: np.random.Generator) -> dict[str, Any]:
    """Arguments of `train`."""
    torch.manual_seed(int(rng.integers(2**31)))
    asked: dict[str, Any] = {"seed": int(rng.integers(1000)), "steps": int(rng.integers(2, 7)), "looks": 1}
    asked["threads"] = int(rng.integers(1, 3))
    return asked | (of_strategies(rng) if rng.random() < 0.35 else of_samples(rng))


def of_strategies(rng: np.random.Generator) -> dict[str, Any]:
    games = [
        lambda: "dirac", lambda: "finite", lambda: "gaussian", lambda: gan_lab.games.DiracGame(5.0),
        lambda: gan_lab.games.FiniteGame(rng.dirichlet(np.ones(4))),
        lambda: gan_lab.games.BilinearGame(rng.normal(size=(2, 3))),
    ]  # fmt: skip
    rules = [Simultaneous, lambda: Alternating(int(rng.integers(1, 4))), Extragradient, Optimistic, Consensus]
    asked = {"game": games[rng.integers(len(games))](), "update": rules[rng.integers(len(rules))]()}
    if rng.random() < 0.3:
        asked["game"] = "dirac"
        how = gan_lab.ascent(0.1) if rng.random() < 0.5 else gan_lab.adam(0.05)
        asked["generator"] = gan_lab.Strategist("generator_0", [rng.normal()], how)
        return asked | {"update": "alternating", "discriminator_rate": schedule(rng, 0.1)}
    return asked | {"rate": schedule(rng, 0.1)}


def of_samples(rng: np.random.Generator) -> dict[str, Any]:
    games = [
        lambda: "ring8", lambda: gan_lab.games.ring(int(rng.integers(2, 9)), std=0.1),
        lambda: gan_lab.games.MixtureGame(rng.normal(size=(3, 2)), 0.2, rng.dirichlet(np.ones(3)), noise_size=4),
        lambda: gan_lab.games.PointsGame(rng.normal(size=(200, 3))),
        lambda: gan_lab.games.DatasetGame(gan_lab.games.ring(), 50, seed=3), lambda: "digits",
    ]  # fmt: skip
    game = gan_lab.games.make_game(games[rng.integers(len(games))]())
    rules = ["alternating", Alternating(2), Extragradient(), Unrolled(2), "simultaneous", Optimistic()]
    asked: dict[str, Any] = {"game": game, "update": rules[rng.integers(len(rules))], "batch_size": 16}
    asked["recipe"] = ["plain", "r3gan", "minimax", None][rng.integers(4)]
    asked["loss"] = [None, "minimax", "hinge", "least_squares", "relativistic"][rng.integers(5)]
    asked["penalty"] = ["none", "r1", "r1r2", "gradient_penalty"][rng.integers(4)]
    asked["penalty_weight"] = schedule(rng, 0.5)
    given = rng.random(2) < 0.4
    if isinstance(asked["update"], Unrolled) or asked["update"] == "optimistic":
        given[:] = False
    if given[0]:
        asked["generator"] = gan_lab.Generator(network(rng, game.noise_size, game.dimension), optimizer(rng))
    if given[1]:
        asked["discriminator"] = gan_lab.Discriminator(network(rng, game.dimension, 1), optimizer(rng))
    if given.all() and rng.random() < 0.5:  # players that have learned before
        gan_lab.train(game, asked["generator"], asked["discriminator"], steps=2, batch_size=16, looks=1)
    names = ("generator_rate", "discriminator_rate")
    return asked | {name: schedule(rng, 1e-3) for name, own in zip(names, given, strict=True) if not own}


def schedule(rng: np.random.Generator, size: float) -> Any:
    start, end = (size * rng.uniform(0.2, 1.0, 2)).tolist()
    return [
        start, f"linear({start}, 0)", f"cosine({start}, {end}, first=0.3)", f"exponential({start}, {end})",
        f"steps([{start}, {end}, 0], [0.3, 0.7])",
        gan_lab.Schedule(start, end, last=0.5, then=gan_lab.Schedule(end, start, 0.6)),
    ][rng.integers(6)]  # fmt: skip


def network(rng: np.random.Generator, inputs: int, outputs: int) -> nn.Module:
    width, bias = int(rng.integers(3, 12)), bool(rng.random() < 0.5)
    between = [nn.LeakyReLU(0.1), nn.Tanh(), nn.GELU(), nn.Softplus(2.0)][rng.integers(4)]
    norm = [[], [nn.LayerNorm(width)], [nn.BatchNorm1d(width)], [nn.Dropout(0.2)]][rng.integers(4)]
    return nn.Sequential(nn.Linear(inputs, width, bias=bias), *norm, between, nn.Linear(width, outputs))


def optimizer(rng: np.random.Generator) -> Any:
    return [
        gan_lab.adam(1e-3), gan_lab.ascent(1e-2, 0.5),
        lambda parameters: torch.optim.RMSprop(parameters, 1e-3, maximize=True),
        lambda parameters: torch.optim.AdamW(parameters, 2e-3, weight_decay=0.1, maximize=True),
        lambda parameters: torch.optim.Adam(
            [{"params": parameters[:1], "lr": 1e-4}, {"params": parameters[1:]}], maximize=True
        ),
    ][rng.integers(5)]  # fmt: skip


def digest(run: Any) -> str:
    """Of all bits."""
    import hashlib

    found = hashlib.sha256(json.dumps([run.history, run.truth, run.averaged_truth]).encode())
    for player in run.players.values():
        for value in player.state_dict().values():
            found.update(value.detach().contiguous().numpy().tobytes())
    return found.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None, help="of what is drawn; drawn itself if not said")
    parser.add_argument("--processes", action="store_true", help="the second time in a fresh process")
    chosen = parser.parse_args()
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if chosen.seed is None else chosen.seed
    rng, alike, refused, begin = np.random.default_rng(seed), 0, 0, time.process_time()
    for number in range(chosen.count):
        asked = drawn(rng)
        try:
            run = gan_lab.train(**asked)
        except gan_lab.GameError as error:  # what does not fit, or diverges, has no settings to play again
            refused += 1
            print(f"{number}: {str(error)[:150]}")
            continue
        settings = json.dumps(run.settings)
        if chosen.processes:
            command = [sys.executable, "-c", AGAIN]
            found = subprocess.run(command, input=settings, text=True, capture_output=True, check=False)
            again = found.stdout.strip() or found.stderr[-300:]
        else:
            try:
                again = digest(gan_lab.train(**json.loads(settings)))
            except gan_lab.GameError as error:
                again = str(error)
        alike += again == digest(run)
        if number % 10 == 9:
            print(f"{number + 1} drawn, {alike} alike, {refused} refused", flush=True)
        if again != digest(run):
            print(f"{number}: {again[:300]}; settings {settings[:2000]}")
    played = chosen.count - refused
    took = f"{time.process_time() - begin:.0f} s of processor time"
    print(f"seed {seed}: {alike} of {played} settings end with the same bits ({refused} others were refused); {took}")


if __name__ == "__main__":
    main()
