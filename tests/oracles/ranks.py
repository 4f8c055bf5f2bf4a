"""One process of three that train together: `python -m tests.oracles.ranks RANK FOLDER SEED`.

All three play some scenarios in one process group, then two of them all scenarios in another, and each writes to FOLDER
what it has of them. A scenario is a function of the
rank, the folder and the seed; the tests call the same functions, without ranks, for what one process makes of them.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn

import gan_lab
from gan_lab import Discriminator, Generator, Run, ascent, train
from gan_lab.networks.perceptrons import perceptron

Found = dict[str, Any]
BATCH = 24
SMALL: Any = {"batch_size": BATCH, "truth_every": 1000}


def players(seed: int, rate: float = 0.05) -> tuple[Generator, Discriminator]:
    """Smooth ones: where a ReLU bends, the gradient of a slope penalty jumps, by which rounding decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = perceptron([8, 24, 24, 2], bounded=True), perceptron([2, 24, 24, 1], bounded=True)
    return Generator(networks[0], ascent(rate)), Discriminator(networks[1], ascent(rate))


def found_of(run: Run) -> Found:
    parameters = {
        f"{name}.{key}": value.clone()
        for name, player in run.players.items()
        for key, value in player.state_dict().items()
    }
    if run.average is not None:
        parameters |= {f"average.{key}": value.clone() for key, value in run.average.state_dict().items()}
    return {"parameters": parameters, "history": run.history, "status": run.status.name, "steps": run.steps}


def plain(seed: int, where: Any, **options: Any) -> Found:
    """By plain ascent, under which rounding does not grow."""
    return found_of(train("ring8", *players(seed), seed=seed, **{**SMALL, **options}, **where))


def relativistic(seed: int, where: Any) -> Found:
    return plain(seed, where, loss="relativistic", penalty="r1r2", penalty_weight=0.1, steps=60)


def minimax(seed: int, where: Any) -> Found:
    return plain(seed, where, loss="minimax", update=gan_lab.updates.Alternating(2), steps=60)


def gradient_penalty(seed: int, where: Any) -> Found:
    return plain(seed, where, loss="wasserstein", penalty="gradient_penalty", penalty_weight=1.0, steps=60)


def simultaneous(seed: int, where: Any) -> Found:
    return plain(seed, where, update="simultaneous", penalty="r1", steps=60)


def extragradient(seed: int, where: Any) -> Found:
    return plain(seed, where, update="extragradient", penalty="r2", steps=60)


def optimistic(seed: int, where: Any) -> Found:
    return plain(seed, where, update="optimistic", loss="non_saturating", steps=60)


def recipe(seed: int, where: Any) -> Found:
    """As users train: Adam, under which rounding grows a thousandfold in a few updates; schedules; an average."""
    own = gan_lab.RECIPES["ring8"].with_(batch_size=BATCH, steps=60)
    return found_of(train("ring8", recipe=own, seed=seed, truth_every=1000, **where))


EQUAL: dict[str, Callable[[int, Any], Found]] = {
    made.__name__: made
    for made in (relativistic, minimax, gradient_penalty, simultaneous, extragradient, optimistic, recipe)
}


def guessed(turn: gan_lab.Turn) -> Tensor:
    """How well the classifier tells the first four numbers of the noise from the sample (InfoGAN's Q)."""
    return -(turn.classifier(turn.fake) - turn.noise[:, :4]).square().mean()


def three_players(seed: int, where: Any) -> Found:
    """With a classifier, whose payoff the generator has too."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = gan_lab.Seat("classifier", perceptron([2, 24, 4], bounded=True), ascent(0.05))
    payoffs = {
        "generator": lambda turn: turn.discriminator(turn.fake).mean() + guessed(turn),
        "classifier": guessed,
    }
    return plain(seed, where, loss=gan_lab.turn_loss("infogan", payoffs), others=[classifier], steps=60)


def three(rank: int, folder: Path, seed: int) -> Found:
    return three_players(seed, {"distributed": True})


def uneven(rank: int, folder: Path, seed: int) -> Found:
    """25 samples in two shares."""
    return plain(seed, {"distributed": True}, batch_size=25, loss="minimax", penalty="r1", steps=60)


def others(rank: int, folder: Path, seed: int) -> Found:
    """Players that differ from rank to rank: those of rank 0 play."""
    run = train("ring8", *players(seed + rank), seed=seed, steps=20, distributed=True, **SMALL)
    return found_of(run)


def exchanges(rank: int, folder: Path, seed: int) -> Found:
    """How many numbers each exchange of eight updates has, two of which are followed by a look."""
    sizes: list[int] = []
    all_reduce = distributed.all_reduce

    def counted(tensor: Tensor, *arguments: Any, **options: Any) -> Any:
        sizes.append(tensor.numel() if tensor.dtype == torch.float64 else -1)
        return all_reduce(tensor, *arguments, **options)

    distributed.all_reduce = counted
    try:
        run = train("ring8", *players(seed), seed=seed, steps=8, batch_size=BATCH, truth_every=4, distributed=True)
    finally:
        distributed.all_reduce = all_reduce
    own = [sum(p.numel() for p in player.parameters()) for player in (run.discriminator, run.generator)]
    return {"sizes": sizes, "parameters": own}


def resumed(rank: int, folder: Path, seed: int) -> Found:
    file, own = folder / "run.safetensors", gan_lab.RECIPES["plain"].with_(batch_size=BATCH)
    for steps in (10, 20):
        again: Any = {"resume": file} if steps == 20 else {"checkpoint": file}
        run = train("ring8", recipe=own, steps=steps, seed=seed, truth_every=5, distributed=True, **again)
    return found_of(run)


def stopped(rank: int, folder: Path, seed: int) -> Found:
    called: list[int] = []

    def stop(run: Run) -> bool:
        called.append(run.steps)
        return run.steps >= 6

    run = train("ring8", *players(seed), steps=50, truth_every=3, batch_size=BATCH, callbacks=[stop], distributed=True)
    return {**found_of(run), "called": called, "looks": len(run.truth)}


def troubled(rank: int, seed: int, trouble: Callable[[Tensor], Tensor], **options: Any) -> Run:
    """Something happens to the discriminator of rank 1, at its 20th call."""
    generator, discriminator = players(seed)
    if rank == 1:
        discriminator.network.register_forward_hook(Hook(20, trouble))
    return train("ring8", generator, discriminator, seed=seed, **{**SMALL, "steps": 50, **options}, distributed=True)


class Hook:
    """Of a network: its n-th output is replaced."""

    def __init__(self, call: int, trouble: Callable[[Tensor], Tensor]) -> None:
        self.left, self.trouble = call, trouble

    def __call__(self, module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
        self.left -= 1
        return self.trouble(output) if self.left == 0 else None


def interrupted(rank: int, folder: Path, seed: int) -> Found:
    """Ctrl-C reaches rank 1 alone."""

    def press(output: Tensor) -> Tensor:
        os.kill(os.getpid(), signal.SIGINT)
        return output

    before = signal.getsignal(signal.SIGINT)
    run = troubled(rank, seed, press)
    return {**found_of(run), "handler": signal.getsignal(signal.SIGINT) is before}


def diverged(rank: int, folder: Path, seed: int) -> Found:
    return found_of(troubled(rank, seed, lambda output: output * float("nan")))


def failed(rank: int, folder: Path, seed: int) -> Found:
    def fail(output: Tensor) -> Tensor:
        raise FloatingPointError("no more numbers")

    return found_of(troubled(rank, seed, fail))


def changed(rank: int, folder: Path, seed: int) -> Found:
    """A callback, which rank 0 alone calls, changes a player."""

    def change(run: Run) -> None:
        with torch.no_grad():
            run.generator.trained[0][0] = 0.0

    run = train("ring8", *players(seed), steps=9, batch_size=BATCH, truth_every=3, callbacks=[change], distributed=True)
    return found_of(run)


def strangers(rank: int, folder: Path, seed: int) -> Found:
    return plain(seed + rank, {"distributed": True}, steps=5)


def no_place(rank: int, folder: Path, seed: int) -> Found:
    return plain(seed, {"distributed": True}, steps=5, checkpoint=folder / "none" / "run.safetensors")


SCENARIOS: dict[str, Callable[[int, Path, int], Found]] = {
    made.__name__: made
    for made in (
        three, uneven, others, exchanges, resumed, stopped, interrupted, diverged, failed, changed, strangers, no_place
    )
}  # fmt: skip


def play(rank: int, count: int, folder: Path, seed: int) -> None:
    """What one of so many processes finds."""
    store = f"file://{folder}/store{count}"
    distributed.init_process_group("gloo", store, timedelta(seconds=180), rank=rank, world_size=count)
    chosen = EQUAL if count == 2 else {name: EQUAL[name] for name in ("simultaneous", "recipe")}
    found: dict[str, Found] = {name: made(seed, {"distributed": True}) for name, made in chosen.items()}
    for name, scenario in SCENARIOS.items() if count == 2 else ():
        try:
            found[name] = scenario(rank, folder, seed)
        except Exception as error:
            found[name] = {"error": f"{type(error).__name__}: {error}", "step": getattr(error, "step", None)}
    torch.save(found, folder / f"rank{rank}of{count}.pt")
    distributed.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    own = int(sys.argv[1])
    for size in (3, 2) if own < 2 else (3,):
        play(own, size, Path(sys.argv[2]), int(sys.argv[3]))
