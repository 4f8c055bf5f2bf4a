"""What an update of each rule costs on networks, over one of `simultaneous`, which takes each player's gradient once.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/gan_updates.py

Processor time on ring8 with the networks of "plain", batch 64, by plain ascent. The rules take turns; printed are the
median and the range of the ratios of five rounds.
"""

import statistics
import time
from itertools import pairwise

import torch
from gan import spread

import gan_lab
from gan_lab.recipes.choose import PLAIN

ROUNDS, UPDATES = 5, 12


def seconds(rule: str) -> float:
    """Of an update, after a first one."""
    torch.manual_seed(31)
    discriminator, generator = PLAIN.players(gan_lab.games.ring())
    for player in (discriminator, generator):
        player.set_optimizer(gan_lab.ascent(1e-3))
    ends: list[float] = []
    gan_lab.train(
        "ring8",
        generator,
        discriminator,
        update=rule,
        loss="minimax",
        steps=UPDATES + 1,
        batch_size=64,
        truth_every=10**9,
        each_update=lambda run: ends.append(time.process_time()),
    )
    return statistics.median(after - before for before, after in pairwise(ends))


if __name__ == "__main__":
    torch.set_num_threads(1)
    rules = [name for name in gan_lab.updates.UPDATES if name != "implicit"]
    rounds = [{rule: seconds(rule) for rule in rules} for _ in range(ROUNDS)]
    for rule in rules:
        print(f"{rule:<14} {spread([one[rule] / one['simultaneous'] for one in rounds])}")
