"""On how many threads the parallel loops run."""

from collections.abc import Iterator
from contextlib import contextmanager

import numba


@contextmanager
def at_most(wanted: int) -> Iterator[None]:
    """Parallel loops on `wanted` threads, at least 1 and no more than before, while the block runs."""
    before = numba.get_num_threads()
    numba.set_num_threads(max(min(before, wanted), 1))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def available() -> int:
    """On how many threads a parallel loop would run now."""
    return numba.get_num_threads()
