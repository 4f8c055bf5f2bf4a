"""Processes of torch.distributed: gloo carries everything; imported only when a process group is asked for."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any, Final

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch.distributed.rendezvous import rendezvous

from planners.distributed.interfaces import choose_interface
from planners.distributed.processes import Processes
from planners.errors import InvalidOptionError, LostProcessError

GROUPS: Final = count()  # those that this process has entered
MEETING_POINTS: Final[list[tuple[Any, int, int]]] = []


class TorchProcesses(Processes):
    """The processes of the initialised default group, in a gloo group of their own.

    Its own, so that numbers go by gloo even where the default group is NCCL's, and so that nothing that the
    caller sends meanwhile gets in between.
    """

    def __init__(self, timeout: float) -> None:
        """Make the group; whoever waits longer than `timeout` seconds for another gives up."""
        if not (dist.is_available() and dist.is_initialized()):
            raise InvalidOptionError(
                "distributed=True needs an initialised process group, and there is none. Start the script with "
                "`torchrun --nproc-per-node=N script.py` and call torch.distributed.init_process_group('gloo') in it, "
                "or use `torchrun --nproc-per-node=N -m planners MODEL`"
            )
        self.timeout = timeout
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        with self._naming_the_lost():
            self._group: Any = dist.new_group(backend="gloo", timeout=timedelta(seconds=timeout))
            self.hosts: Sequence[str] = self.gather(socket.gethostname())
        self.local_size = int(os.environ.get("LOCAL_WORLD_SIZE") or self.hosts.count(self.hosts[self.rank]))

    def largest(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """All-reduce by maximum, which is exact: no order of processes changes it."""
        tensor = torch.from_numpy(np.array(numbers, dtype=np.float64))
        with self._naming_the_lost():
            dist.all_reduce(tensor, op=dist.ReduceOp.MAX, group=self._group)
        return tensor.numpy()

    def gather(self, thing: Any) -> list[Any]:
        """All-gather of objects."""
        things: list[Any] = [None] * self.size
        with self._naming_the_lost():
            dist.all_gather_object(things, thing, group=self._group)
        return things

    def exchange(self, outgoing: Mapping[int, NDArray[Any]], incoming: Mapping[int, NDArray[Any]]) -> None:
        """An all-to-all in which only those take part who have something to say to each other."""
        with self._naming_the_lost():
            waiting = [dist.irecv(torch.from_numpy(a), src=rank, group=self._group) for rank, a in incoming.items()]
            waiting += [dist.isend(torch.from_numpy(a), dst=rank, group=self._group) for rank, a in outgoing.items()]
            for work in waiting:
                if work is not None:
                    work.wait()

    def close(self) -> None:
        """Give the group up."""
        dist.destroy_process_group(self._group)

    @contextmanager
    def _naming_the_lost(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise _lost(self.rank, self.size, self.timeout, error) from error


def _lost(rank: int, size: int, timeout: float, error: RuntimeError) -> LostProcessError:
    return LostProcessError(
        f"process {rank} of {size} waited for another one, which is gone or was silent for {timeout:g} s: "
        f"{str(error).splitlines()[0]}. Look at the output of the others; a run with checkpoints goes on from the last "
        "one when it is started again"
    )


def _meeting_point(timeout: float) -> tuple[Any, int, int]:
    """The store at torchrun's address, this process's number and how many there are; opened once."""
    if not MEETING_POINTS:
        MEETING_POINTS.append(next(rendezvous("env://", timeout=timedelta(seconds=timeout))))
    return MEETING_POINTS[0]


@contextmanager
def default_group(timeout: float) -> Iterator[None]:
    """The process group that torchrun's environment variables describe, while the block runs.

    After a restart torchrun may hand out the same store as before, in which the addresses of processes that are
    gone still stand, as do those of a group that was left. So each group of each attempt has a name of its own there.
    """
    limit = timedelta(seconds=timeout)
    choose_interface(os.environ.get("MASTER_ADDR", ""))
    store, rank, size = _meeting_point(timeout)
    name = f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}, group {next(GROUPS)}"
    attempt = dist.PrefixStore(name, store)  # pyright: ignore[reportPrivateImportUsage] - documented there
    try:
        dist.init_process_group("gloo", store=attempt, rank=rank, world_size=size, timeout=limit)
    except RuntimeError as error:
        raise _lost(rank, size, timeout, error) from error
    yield
    dist.destroy_process_group()  # not after an error: those who are gone would be waited for
