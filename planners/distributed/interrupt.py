"""Ctrl-C in many processes: all of them stop after the same sweep, so that none waits for another."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from planners.distributed.processes import Processes


class Interrupt:
    """While it is open, Ctrl-C in one of several processes is kept until all of them have heard of it.

    Attributes:
        pressed: Whether it was pressed here; who sees it tells the others.
    """

    def __init__(self, processes: Processes) -> None:
        """Nothing has happened yet."""
        self._processes, self.pressed = processes, False
        self._before: Any = None

    def __enter__(self) -> Self:
        """Listen, where there is anybody to agree with."""
        if self._processes.size > 1 and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let Ctrl-C do again what it did before."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:  # a second time: at once
            raise KeyboardInterrupt
        self.pressed = True
