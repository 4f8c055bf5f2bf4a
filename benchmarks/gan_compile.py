"""Does torch.compile pay on the processor, in networks of the size of ring8's? The bare loop with and without it.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/gan_compile.py

Both loops are `the_same_bits` of gan.py; one of them has compiled networks. They take turns. Printed are milliseconds
of processor time an update, the median and range of the ratio, and the seconds of the first two updates, in which
PyTorch compiles. It needs a C++ compiler.
"""

import statistics
import time
from copy import deepcopy

import torch
from gan import Case, cases, spread, the_same_bits

ROUNDS, UPDATES = 5, 100


class Compiled(Case):
    """The same networks, compiled."""

    def players(self):  # type: ignore[no-untyped-def]
        """The same ones each time."""
        players = super().players()
        for player in players:
            player.network.compile()
        return players


def row(case: Case) -> str:
    wants = {**case.__dict__, "updates": UPDATES}
    begin, times = time.perf_counter(), []
    the_same_bits(Compiled(**{**wants, "updates": 1}))
    first = time.perf_counter() - begin
    for _ in range(ROUNDS):
        times.append([1e3 * the_same_bits(deepcopy(kind(**wants)))[0] for kind in (Case, Compiled)])
    plain, compiled = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = spread([one[1] / one[0] for one in times])
    return f"{case.name} | {plain:.2f} | {compiled:.2f} | {ratio} | {first:.0f}"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for case in cases()[:4]:
        if not case.relativistic:  # of the penalties, PyTorch would compile the second derivatives, too
            print(row(case), flush=True)
