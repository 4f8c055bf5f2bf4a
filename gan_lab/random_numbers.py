"""Torch's random numbers: one stream for the whole process, so that one thread at a time has it, and gives it back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

CPU = torch.device("cpu")
_TAKEN = threading.RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, torch's random numbers from a seed; outside, as they were. Other threads wait.

    >>> with seeded(7):
    ...     first = torch.rand(1)
    >>> with seeded(7):
    ...     bool(torch.rand(1) == first)
    True
    """
    with _TAKEN, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed % 2**63)
        yield


class RunNumbers:
    """The random numbers of a run: torch's inside `with`, from where the last `with` left them; outside, as they were.

    Runs of several threads take turns, so that each is what it would be alone.

    Args:
        seed: Of the first number.
        device: Where the run is played, whose own numbers these are too.

    >>> one, other = RunNumbers(7), RunNumbers(7)
    >>> with one:
    ...     first = torch.rand(2)
    >>> drawn = []
    >>> for _ in range(2):
    ...     with other:
    ...         drawn.append(torch.rand(1))
    >>> bool((torch.cat(drawn) == first).all())
    True
    """

    def __init__(self, seed: int, device: torch.device = CPU) -> None:
        """Begin the stream with the seed."""
        self._device, self._own, self._outside = device, None, []
        self._seed = int(np.random.SeedSequence(seed).generate_state(1)[0])

    def __enter__(self) -> "RunNumbers":
        """Take the stream; wait while another thread has it."""
        _TAKEN.acquire()
        self._outside: list[Any] = [*self._outside, self._states()]
        if self._own is None:
            torch.manual_seed(self._seed)
        else:
            self._set(self._own)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the stream back."""
        self._own: Any = self._states()
        self._set(self._outside.pop())
        _TAKEN.release()

    def _states(self) -> list[torch.Tensor]:
        found = [torch.get_rng_state()]
        return [*found, torch.cuda.get_rng_state(self._device)] if self._device.type == "cuda" else found

    def _set(self, states: list[torch.Tensor]) -> None:
        torch.set_rng_state(states[0])
        if len(states) > 1:
            torch.cuda.set_rng_state(states[1], self._device)
