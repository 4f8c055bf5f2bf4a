"""The memory bandwidth of the machine, as McCalpin's STREAM triad measures it."""

import time
from functools import cache

import numpy as np

ELEMENTS = 20_000_000  # three arrays of 160 MB: far more than any cache
TIMES = 10


@cache
def triad_bandwidth(threads: int = 2) -> float:
    """GB/s of a = b + 3 c in float64 with that many threads, the best of ten; 24 bytes an element, as STREAM counts.

    Of one thread by seconds of the processor, which hold on a busy machine too; of several by the clock.
    """
    import numba

    clock = time.thread_time if threads == 1 else time.perf_counter

    @numba.njit(parallel=threads > 1)
    def triad(a, b, c):
        for i in numba.prange(len(a)):
            a[i] = b[i] + 3.0 * c[i]

    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    a, b, c = np.zeros(ELEMENTS), np.ones(ELEMENTS), np.full(ELEMENTS, 2.0)
    triad(a, b, c)
    best = float("inf")
    for _ in range(TIMES):
        begin = clock()
        triad(a, b, c)
        best = min(best, clock() - begin)
    return 24.0 * ELEMENTS / best / 1e9


if __name__ == "__main__":
    print(f"STREAM triad: {triad_bandwidth():.1f} GB/s")
