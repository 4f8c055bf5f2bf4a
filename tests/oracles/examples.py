"""How much a test tries: a quarter in `make test` and `make test-long`, all of it in `make test-thorough`."""

import os

THOROUGH = bool(os.environ.get("GRIDWORLD_THOROUGH"))


def times(number: int) -> int:
    """So many of `number` repetitions.

    >>> times(100) in (25, 100)
    True
    """
    return number if THOROUGH else -(-number // 4)
