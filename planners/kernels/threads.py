"""On how many threads loops run."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numba
from numba.core import config as _config

config: Any = _config  # has what environment variables say
_most: ContextVar[int | None] = ContextVar("most threads", default=None)


@contextmanager
def at_most(wanted: int) -> Iterator[None]:
    """Loops on `wanted` threads, at least 1 and no more than before, while the block runs."""
    before, limit = numba.get_num_threads(), max(min(available(), wanted), 1)
    token = _most.set(limit)
    numba.set_num_threads(min(before, limit))
    try:
        yield
    finally:
        numba.set_num_threads(before)
        _most.reset(token)


def available() -> int:
    """On how many threads a loop would run now: NUMBA_NUM_THREADS, or as many as `at_most` allows.

    Numba is not asked, as it starts its own threads in order to answer.
    """
    limit = _most.get()
    return config.NUMBA_NUM_THREADS if limit is None else limit
