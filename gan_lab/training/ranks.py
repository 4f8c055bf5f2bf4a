"""Processes that train together: one sum a turn, and evaluations by the first of them alone.

`torch.distributed` calls a process a rank. Nothing else of this package knows of it.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch import distributed as processes

from gan_lab.errors import GameError, WiringError
from gan_lab.launched import is_launched

T = TypeVar("T")


class Ranks:
    """The processes of a run, seen from one of them.

    Args:
        rank: Which of them this one is.
        count: How many there are.

    >>> Ranks().first(lambda: 7)
    7
    """

    rank: int
    count: int

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        """Set the rank and the number of processes; by default there is one process."""
        self.rank, self.count = rank, count

    def sum(self, numbers: Tensor) -> Tensor:
        """The sum of a tensor over all ranks, in its place: the one exchange of a turn.

        Raises:
            GameError: Another process has ended.
        """
        if self.count > 1:
            try:
                processes.all_reduce(numbers)
            except RuntimeError as error:
                raise GameError(
                    f"rank {self.rank} has lost the other processes: look at what they said ({error})"
                ) from None
        return numbers

    def gather(self, found: T) -> list[T]:
        """What each rank has, in their order."""
        if self.count == 1:
            return [found]
        everyone: list[Any] = [None] * self.count
        processes.all_gather_object(everyone, found)
        return everyone

    def first(self, work: Callable[[], T]) -> T:
        """What rank 0 alone does; the others wait, and return or raise the same."""
        if self.count == 1:
            return work()
        said: list[Any] = [None, None]
        if self.rank == 0:
            try:
                said[0] = work()
            except (Exception, KeyboardInterrupt) as error:
                processes.broadcast_object_list([None, portable(error)])
                raise
        processes.broadcast_object_list(said)
        if said[1] is not None:
            raise said[1]
        return said[0]

    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite tensors with those of rank 0."""
        if self.count > 1:
            with torch.no_grad():
                for tensor in tensors:
                    whole = tensor.detach().clone(memory_format=torch.contiguous_format)
                    processes.broadcast(whole, src=0)
                    tensor.copy_(whole)

    def check_same(self, facts: Mapping[str, Any], advice: str) -> None:
        """Refuse ranks that disagree.

        Raises:
            WiringError: On all of them, with the first fact that differs.
        """
        everyone = self.gather(dict(facts))
        for rank, found in enumerate(everyone):
            for name in {**everyone[0], **found}:
                mine, theirs = everyone[0].get(name), found.get(name)
                if mine != theirs:
                    raise WiringError(f"{name} is {theirs!r} on rank {rank}, and {mine!r} on rank 0: {advice}")


def portable(error: BaseException) -> BaseException:
    """An error that another process can raise: itself, or one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever an exception of somebody else's makes of being copied
        return GameError(f"rank 0 stopped with {type(error).__name__}: {error}")
    return error


@contextmanager
def join_ranks(distributed: bool, device: torch.device) -> Iterator[Ranks]:
    """The ranks of a run: those of the process group that there is, or one that lasts as long as the run.

    Raises:
        WiringError: There is no process group, and this process was not launched as one of several.
    """
    if not distributed:
        yield Ranks()
        return
    if not processes.is_available():
        raise WiringError("distributed=True needs a PyTorch that is built with torch.distributed; this one is not")
    if processes.is_initialized():
        if device.type == "cpu" and processes.get_backend() == "nccl":
            raise WiringError(
                "the process group is of 'nccl', which exchanges nothing on device 'cpu': make one of 'gloo'"
            )
        yield Ranks(processes.get_rank(), processes.get_world_size())
        return
    if not is_launched():
        raise WiringError(
            "distributed=True, but this process is alone: start it with torchrun --nproc-per-node=2, or call "
            "torch.distributed.init_process_group first"
        )
    if device.type == "cuda":
        torch.cuda.set_device(device)
    processes.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ranks(processes.get_rank(), processes.get_world_size())
    finally:
        processes.destroy_process_group()
