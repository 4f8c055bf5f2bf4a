"""How functions are compiled and called: with a cache where one can be written, safe in forks, and under Ctrl-C.

Ctrl-C waits while compiled code runs or Numba compiles it: a `KeyboardInterrupt` in the middle of Numba would become a
`SystemError`, or leave a function half compiled. It is raised when the call ends, so that no result is lost.

GNU's OpenMP ends a process that was forked from one with threads as soon as it starts threads of its own. So in a
forked process, such as one of a `multiprocessing.Pool`, loops that would be parallel run on one thread.
"""

import os
from collections.abc import Callable
from functools import cached_property
from types import FunctionType
from typing import Any

from numba import njit
from numba.core.registry import CPUDispatcher

from planners.interrupts import interrupts_wait

# nobody calls them from C: without an entry for C, each takes less time to compile
OPTIONS: dict[str, Any] = {"nogil": True, "boundscheck": False, "no_cfunc_wrapper": True}


class _Process:
    """Whether this process was forked from another one that had imported this file."""

    forked = False


def _note_fork() -> None:
    _Process.forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


class Compiled(CPUDispatcher):
    """A function that Numba compiles for the types of its arguments when it is first called with them."""

    def __call__(self, *args: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Call it; Ctrl-C waits until it is done."""
        with interrupts_wait():
            return super().__call__(*args)


class InParallel(Compiled):
    """The same with loops on all threads that Numba may use."""

    @cached_property
    def alone(self) -> Any:
        """The same function on one thread, under a name of its own: the cache knows functions by their names."""
        function: Any = self.py_func
        name = f"{function.__name__}_alone"
        copied = FunctionType(
            function.__code__, function.__globals__, name, function.__defaults__, function.__closure__
        )
        copied.__qualname__, copied.__module__ = name, function.__module__
        return compiled(copied)

    def __call__(self, *args: Any) -> Any:
        """Call it; on one thread in a forked process."""
        return self.alone(*args) if _Process.forked else super().__call__(*args)


def compiled(function: Callable[..., Any]) -> Any:
    """A function that is compiled when it is first called."""
    return _dispatcher(function, Compiled)


def called_by_compiled(function: Callable[..., Any]) -> Any:
    """The same for what compiled functions alone call: it has no entry for Python, which takes time to compile."""
    return _dispatcher(function, Compiled, no_cpython_wrapper=True)


def vectorised(function: Callable[..., Any]) -> Any:
    """The same, whose sums may be added in any order, several numbers at once: last bits depend on the processor."""
    return _dispatcher(function, Compiled, fastmath={"reassoc", "contract"})


def in_parallel(function: Callable[..., Any]) -> Any:
    """A function that is compiled when it is first called, whose `prange` loops run on many threads."""
    return _dispatcher(function, InParallel, parallel=True)


def _dispatcher(function: Callable[..., Any], kind: type[Compiled], **options: Any) -> Any:
    try:
        dispatcher: Any = njit(cache=True, **OPTIONS, **options)(function)
    except RuntimeError:  # no folder to write a cache into: a read-only installation, and no home
        dispatcher = njit(**OPTIONS, **options)(function)
    dispatcher.__class__ = kind
    return dispatcher
