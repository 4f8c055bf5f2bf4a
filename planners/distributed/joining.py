"""How a process finds the others: the process group of torchrun, and who shares the cores of a machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from planners.distributed.guard import guarded
from planners.distributed.processes import Alone, Processes
from planners.errors import InvalidOptionError

WORTH_A_THREAD: Final = 10_000  # states of a part; with fewer, threads wait for each other longer than they work


@contextmanager
def process_group(timeout: float = 600.0) -> Iterator[None]:
    """The gloo process group that torchrun's environment variables describe, while the block runs.

    In a script that torchrun may restart, use it instead of `torch.distributed.init_process_group`: gloo finds
    the addresses of processes that are gone there.

    Args:
        timeout: Seconds after which a process that waits for another one gives up, and after which a process that was
            stopped is killed.
    """
    torch = _torch(timeout)
    with guarded(timeout), torch.default_group(timeout):
        yield


@contextmanager
def joined(distributed: bool, timeout: float) -> Iterator[Processes]:
    """The processes of the initialised default group; or this one alone."""
    processes = _torch(timeout).TorchProcesses(timeout) if distributed else Alone()
    yield processes
    processes.close()  # not after an error: those who are gone would be waited for


@contextmanager
def on_threads(processes: Processes, states_a_part: int) -> Iterator[None]:
    """Compiled loops on as many threads as there are cores for this process, where that is worth it."""
    from planners.kernels import threads

    cores = os.cpu_count() or 1
    with threads.at_most(cores // processes.local_size if states_a_part >= WORTH_A_THREAD else 1):
        yield


def _torch(timeout: float) -> Any:
    if not 0.0 < timeout < float("inf"):
        raise InvalidOptionError(f"timeout is {timeout!r}; expected a positive number of seconds")
    try:
        from planners.distributed import _torch
    except ModuleNotFoundError as error:
        raise InvalidOptionError("distributed=True needs torch, which is not installed: pip install torch") from error
    return _torch
