"""The random numbers of a learner: one of 64 bits for every step, the same in Python and compiled.

Its high half chooses the action. Where the steps are drawn from tables too, its low half is the outcome.

Source: Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA: SplitMix64.
"""

from typing import Any, Final, TypeVar

import numpy as np

T = TypeVar("T")
BITS: Final = (1 << 64) - 1
LOW: Final = (1 << 32) - 1
AT_ONCE: Final = 128  # numbers that are made together


class RandomBits:
    """A stream of 64-bit numbers.

    Args:
        seed: A whole number from 0 on; None: a different stream each time.

    Attributes:
        key: Where the stream begins.
        count: How many numbers were drawn.
        high: The high half of the last one.
    """

    def __init__(self, seed: int | None) -> None:
        """Begin the stream."""
        self.key: int = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
        self.count: int = 0
        self.high: int = 0
        self._low: int | None = None
        self._first, self._numbers = 0, list[int]()  # those that come next

    def draw(self) -> int:
        """32 bits, the high half of the next number; `low` has the other half."""
        place = self.count - self._first
        if not 0 <= place < len(self._numbers):
            self._first, place = self.count, 0
            self._numbers = mixed(self.key, np.arange(self.count, self.count + AT_ONCE, dtype=np.uint64)).tolist()
        number = self._numbers[place]
        self.count += 1
        self._low, self.high = number & LOW, number >> 32
        return self.high

    def low(self) -> int:
        """32 bits, the low half of the last number or, where it was taken before, of the next one."""
        if self._low is None:
            self.draw()
        assert self._low is not None
        low, self._low = self._low, None
        return low

    def again(self) -> int:
        """32 more bits that belong to the last number."""
        return mixed(mixed(self.key, self.count - 1), 1) >> 32


def mixed(key: int, number: Any) -> Any:
    """The 64-bit number of that place in the stream of a key; of a uint64 array of places, an array."""
    z = (key + number * 0x9E3779B97F4A7C15) & BITS
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & BITS
    return z ^ (z >> 31)


def one_of(choices: list[T], uniform: int) -> T:
    """One of them, by 32 uniform bits.

    >>> one_of([5, 7], 1 << 31)
    7
    """
    return choices[(uniform * len(choices)) >> 32]
