"""One thread and two in turn, on the same model in one process: what a second thread is worth, and never costs.

    python benchmarks/threads.py [MODEL [DISCOUNT [PAIRS]]]        # 9 pairs of forest-300000 at 0.9

Prints seconds on the clock, the median of each with the least and the largest, the median of the ratios of the pairs
(above 1: two threads are faster), how many calls helpers were asked in, and the load of the machine.
"""

import os
import statistics
import sys
import time

import models

import planners
from planners.kernels import blocks, threads


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "forest-300000"
    discount = float(sys.argv[2]) if len(sys.argv) > 2 else 0.9
    pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 9
    model, asked, ask = models.build(name, discount), [0, 0], blocks.Helpers.ask

    def counted(helpers: blocks.Helpers, *given: object) -> bool:
        answer = ask(helpers, *given)  # pyright: ignore[reportArgumentType]
        asked[answer] += 1
        return answer

    blocks.Helpers.ask = counted
    planners.solve(model, discount=discount, tolerance=1e-6)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(pairs):
        for count, taken in seconds.items():
            with threads.at_most(count):
                begin = time.perf_counter()
                planners.solve(model, discount=discount, tolerance=1e-6)
                taken.append(time.perf_counter() - begin)
    for count, taken in seconds.items():
        print(f"{count} threads: {statistics.median(taken):.3f} s ({min(taken):.3f} to {max(taken):.3f})")
    ratio = statistics.median(one / two for one, two in zip(*seconds.values(), strict=True))
    print(f"ratio {ratio:.2f}; helpers were asked in {asked[1]} calls of {sum(asked)}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
