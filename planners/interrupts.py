"""Ctrl-C that waits until something is done which must not be left half done."""

import signal
import threading
from importlib import import_module
from types import FrameType
from typing import Any

try:  # what `signal.signal` calls; itself it looks for names of handlers, which takes longer than a small kernel
    _set_handler: Any = import_module("_signal").signal
except ImportError:
    _set_handler = signal.signal


class interrupts_wait:  # noqa: N801 - used as a function is
    """Ctrl-C takes effect at the end of the block.

    >>> with interrupts_wait():
    ...     print("done, whatever was pressed")
    done, whatever was pressed
    """

    _pressed: tuple[int, FrameType | None] | None = None
    _before: Any = None

    def __enter__(self) -> None:
        """Take note of Ctrl-C from now on; handlers run in the main thread only."""
        if threading.current_thread() is threading.main_thread():
            self._before = _set_handler(signal.SIGINT, self._note)

    def __exit__(self, *_: object) -> None:
        """Do what Ctrl-C does, if it was pressed."""
        if self._before is None:
            return
        _set_handler(signal.SIGINT, self._before)
        if self._pressed is not None and callable(self._before):
            self._before(*self._pressed)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._pressed = (number, frame)
