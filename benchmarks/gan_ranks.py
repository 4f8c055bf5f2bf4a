"""When several processes pay: milliseconds an update of one process and of two, on the same batch.

    .venv/bin/python benchmarks/gan_ranks.py

The networks are those of the ring8 recipe, relativistic with R1 + R2; each process has one thread. Both take turns in
the measurement, and the fastest of many short stretches counts, so that what else the machine does counts less.
"""

import os
import subprocess
import sys
import time

import torch

from gan_lab.games import make_game
from gan_lab.ranks import is_launched, join_ranks
from gan_lab.recipes import RECIPES
from gan_lab.setting_up import Place, set_up

BATCHES = (64, 320, 1280, 5120)
STRETCH, SECONDS, ROUNDS = 3, 4.0, 3


def measure() -> None:
    """Print, on rank 0, the fastest stretch of each batch size."""
    torch.set_num_threads(1)
    cpu = torch.device("cpu")
    with join_ranks(is_launched(), cpu) as ranks:
        for batch in BATCHES:
            torch.manual_seed(31)
            recipe = RECIPES["ring8"].with_(batch_size=batch, averaging=None)
            table, rule, _ = set_up(make_game("ring8"), recipe, None, None, 100, 31, Place(cpu, ranks, ranks.count))
            fastest, begun = float("inf"), time.perf_counter()
            while ranks.first(lambda begun=begun: time.perf_counter() - begun < SECONDS):
                start = time.perf_counter()
                for _ in range(STRETCH):
                    rule.step(table)
                fastest = min(fastest, (time.perf_counter() - start) / STRETCH)
            if ranks.rank == 0:
                print(batch, 1e3 * fastest, flush=True)


def rows() -> list[tuple[int, float, float, str]]:
    """(batch, one process, two processes, ratio)."""
    best: dict[tuple[int, int], float] = {}
    for _ in range(ROUNDS):
        for count in (1, 2):
            launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"] if count > 1 else []
            command = [sys.executable, *launch, __file__, "--measure"]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
            for batch, milliseconds in (line.split() for line in said.splitlines()):
                key = int(batch), count
                best[key] = min(best.get(key, float("inf")), float(milliseconds))
    pairs = [(batch, best[batch, 1], best[batch, 2]) for batch in BATCHES]
    return [(batch, one, two, f"{one / two:.2f}") for batch, one, two in pairs]


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure()
    else:
        for batch, one, two, ratio in rows():
            print(f"batch {batch} | one process {one:.1f} ms | two {two:.1f} ms | {ratio} times as fast")
