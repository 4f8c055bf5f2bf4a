"""When several processes pay: milliseconds an update of one process and of each of two, on the same batch.

    .venv/bin/python benchmarks/gan_ranks.py

The networks are those of the ring8 recipe, relativistic with R1 + R2; each process has one thread. Both take turns in
the measurement, and the fastest of many short stretches counts, so that what else the machine does counts less. On a
machine that is never quiet the time on the clock says nothing; the time of the processor, which is printed beside it,
says at least how much work a process is spared, and so what two free cores could give at best.
"""

import os
import subprocess
import sys
import time

import torch

from gan_lab.games import make_game
from gan_lab.recipes.choose import RECIPES
from gan_lab.training.assembly import Place, assemble
from gan_lab.training.ranks import is_launched, join_ranks

BATCHES = (64, 320, 1280, 5120)
STRETCH, SECONDS, ROUNDS = 3, 4.0, 3


def measure() -> None:
    """Print, on rank 0, the fastest stretch of each batch size."""
    torch.set_num_threads(1)
    cpu = torch.device("cpu")
    with join_ranks(is_launched(), cpu) as ranks:
        for batch in BATCHES:
            torch.manual_seed(31)
            recipe = RECIPES["ring8"].with_(batch_size=batch, averaging=None, steps=100)
            made = assemble(make_game("ring8"), recipe, None, None, 31, Place(cpu, ranks, ranks.count))
            fastest, least, begun = float("inf"), float("inf"), time.perf_counter()
            while ranks.first(lambda begun=begun: time.perf_counter() - begun < SECONDS):
                start, worked = time.perf_counter(), time.process_time()
                for _ in range(STRETCH):
                    made.rule.step(made.pair)
                fastest = min(fastest, (time.perf_counter() - start) / STRETCH)
                least = min(least, (time.process_time() - worked) / STRETCH)
            if ranks.rank == 0:
                print(batch, 1e3 * fastest, 1e3 * least, flush=True)


def rows() -> list[tuple[float, ...]]:
    """(batch, on the clock of one process and of two, on the processor of one and of each of two)."""
    best: dict[tuple[int, int, str], float] = {}
    for _ in range(ROUNDS):
        for count in (1, 2):
            launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"] if count > 1 else []
            command = [sys.executable, *launch, __file__, "--measure"]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
            for batch, *figures in (line.split() for line in said.splitlines()):
                for name, milliseconds in zip(("clock", "processor"), figures, strict=True):
                    key = int(batch), count, name
                    best[key] = min(best.get(key, float("inf")), float(milliseconds))
    keys = [(1, "clock"), (2, "clock"), (1, "processor"), (2, "processor")]
    return [(batch, *(best[batch, count, name] for count, name in keys)) for batch in BATCHES]


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure()
    else:
        for batch, one, two, work, each in rows():
            print(f"batch {batch} | clock {one:.1f}, {two:.1f} ms: {one / two:.2f} times as fast", end="")
            print(f" | processor {work:.1f}, {each:.1f} ms: at best {work / each:.2f} times")
