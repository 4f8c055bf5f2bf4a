"""The processes that solve one model together, and the four things that they do together.

`Alone` is one process, without torch; `TorchProcesses`, in `_torch`, are those of a group of torch.distributed.
"""

import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from planners.errors import (
    InvalidModelError,
    InvalidOptionError,
    InvalidPlanFileError,
    NotEnoughMemoryError,
    PlannerError,
)

T = TypeVar("T")

KEPT = (InvalidModelError, InvalidOptionError, InvalidPlanFileError, NotEnoughMemoryError, ValueError, OSError)


class Processes(ABC):
    """A process, number `rank` of `size`; `local_size` of them share its machine; `hosts` has that of each."""

    rank: int
    size: int
    local_size: int
    hosts: Sequence[str] = ("",)

    @abstractmethod
    def largest(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each place the largest number of any process; none may be NaN."""

    @abstractmethod
    def gather(self, thing: Any) -> list[Any]:
        """What each process gave, in their order; small things only."""

    @abstractmethod
    def exchange(self, outgoing: Mapping[int, NDArray[Any]], incoming: Mapping[int, NDArray[Any]]) -> None:
        """Send one array to each of some processes, and fill one from each of some; who sends and who expects agree."""

    @abstractmethod
    def close(self) -> None:
        """No more of this will follow."""

    def named(self, rank: int) -> str:
        """A process for people, with its machine where there are several."""
        where = f" on {self.hosts[rank]}" if len(set(self.hosts)) > 1 else ""
        return f"process {rank} of {self.size}{where}"

    def together(self, work: Callable[[], T], what: str) -> T:
        """Do something that may fail on some processes only; if so, all raise the same error.

        Otherwise the others would wait for one that is gone.

        Raises:
            PlannerError: Or the error's own kind: with the number of the process, and what it was doing.
        """
        result, failure = None, None
        try:
            result = work()
        except (PlannerError, ValueError, OSError, MemoryError) as error:
            failure = error
        if failure is not None and self.size == 1 and not isinstance(failure, MemoryError):
            raise failure
        told = self.gather(None if failure is None else (type(failure), what, str(failure)))
        for rank, found in enumerate(told):
            if found is not None:
                kind, its_work, text = found
                before = f"{self.named(rank)}, {its_work}: " if self.size > 1 else ""
                raise _told(kind, text, before) from failure
        return result  # type: ignore[return-value] - no failure, so there is a result


def _told(kind: type[Exception], text: str, before: str) -> Exception:
    """The error of one process as all raise it."""
    if issubclass(kind, MemoryError):
        return NotEnoughMemoryError(f"{before}{text or 'ran out of memory'}")
    known: Any = next((known for known in KEPT if issubclass(kind, known)), PlannerError)
    return known(before + text)


class Alone(Processes):
    """One process, which has nobody to talk to."""

    rank = 0
    size = 1
    local_size = 1

    def largest(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers."""
        return numbers

    def gather(self, thing: Any) -> list[Any]:
        """The thing."""
        return [thing]

    def exchange(self, outgoing: Mapping[int, NDArray[Any]], incoming: Mapping[int, NDArray[Any]]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Interrupt:
    """While it is open, Ctrl-C in some process is kept until all of them have heard of it, at the end of a sweep.

    Attributes:
        pressed: Whether it was pressed here; who sees it tells the others.
        signals: What stops the run so; SIGTERM too where a checkpoint can be written.
    """

    signals: tuple[signal.Signals, ...]

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.pressed, self.signals = False, (signal.SIGINT,)
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Listen."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._press) for number in self.signals}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the signals do again what they did before."""
        for number, before in self._before.items():
            signal.signal(number, before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:  # a second time: at once
            raise KeyboardInterrupt
        self.pressed: bool = True
