"""How much a test tries: a quarter in `make test`, all of it in `make test-long`."""

import os

LONG = bool(os.environ.get("GRIDWORLD_LONG"))


def times(number: int) -> int:
    """So many of `number` repetitions.

    >>> times(100) in (25, 100)
    True
    """
    return number if LONG else -(-number // 4)
