"""Work on blocks of states by several threads, which take the next block from one queue.

Nobody waits for a thread that has not begun: the others take its blocks. On a busy machine a thread may lose its
processor in the middle of a block, and the others have to wait for that block. Where the wait costs more than half of
what the helpers saved, the next calls do without them, and each time for twice as many calls. What a block computes
does not depend on which thread has taken it. Compiled code lets other threads run meanwhile.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from time import perf_counter
from typing import Any, Final

from planners.interrupts import interrupts_wait
from planners.kernels.threads import available

ENTRIES: Final = 1 << 16  # of the tables in a block: some tenths of a millisecond
WORTH_A_THREAD: Final = 1 << 18  # entries: a millisecond or more
LONG_WAIT: Final = 0.5  # of the time that helpers saved
MOST_ALONE: Final = 1024  # calls


class Helpers:
    """The threads of a process, and for how many calls they are not asked."""

    def __init__(self) -> None:
        """Begin without threads."""
        self.pool: ThreadPoolExecutor | None = None
        self.alone, self.next_alone = 0, 1

    def ask(self, work: Callable[[], None], count: int) -> bool:
        """Let up to `count` threads call `work` when they have a processor; whether they were asked."""
        if self.alone > 0:
            self.alone -= 1
            return False
        if self.pool is None:
            self.pool = ThreadPoolExecutor(os.cpu_count() or 1, "planners")
        for _ in range(count):
            self.pool.submit(work)
        return True

    def judge(self, saved: float, waited: float) -> None:
        """Decide whether they are asked again at once, from seconds of the calling thread."""
        if waited <= LONG_WAIT * saved:
            self.next_alone = max(self.next_alone // 2, 1)
        else:
            self.alone, self.next_alone = self.next_alone, min(2 * self.next_alone, MOST_ALONE)


_helpers = Helpers()
if hasattr(os, "register_at_fork"):  # a forked process has none of the threads
    os.register_at_fork(after_in_child=_helpers.__init__)


def size_of(tables: Any) -> int:
    """The number of entries of the largest array among the tables."""
    sizes = (size_of(each) if isinstance(each, tuple) else getattr(each, "size", 0) for each in tables)
    return max(sizes, default=0)


def over_blocks(work: Callable[[int, int], Any], count: int, entries: int) -> list[Any]:
    """What `work(first, last)` returns for blocks of 0..count-1, which read `entries` entries in all, in order.

    With one thread there is one block: the results must not depend on where blocks begin.
    """
    threads = min(available(), entries // WORTH_A_THREAD)
    size = max(count * ENTRIES // max(entries, 1), 1)
    blocks = [(first, min(first + size, count)) for first in range(0, count, size)]
    waiting, done, own = iter(range(len(blocks))), SimpleQueue[Any](), 0
    found: list[Any] = [None] * len(blocks)

    def help_out() -> None:
        for block in waiting:
            try:
                done.put((block, work(*blocks[block]), None))
            except BaseException as error:  # raised in the thread that waits for this one
                done.put((block, None, error))

    if threads < 2:
        return [work(0, count)]
    with (
        interrupts_wait()
    ):  # the arrays are in use until the helpers are done, and a block is taken and counted at once
        if not _helpers.ask(help_out, threads - 1):
            return [work(0, count)]
        began, error = perf_counter(), None
        try:
            for block in waiting:
                own += 1
                found[block] = work(*blocks[block])
        finally:
            ended, left = perf_counter(), len(list(waiting))  # after an error nothing is left to take
            for _ in range(len(blocks) - own - left):
                block, found[block], failed = done.get()
                error = error or failed
    _helpers.judge((ended - began) * (len(blocks) - own) / max(own, 1), perf_counter() - ended)
    if error is not None:
        raise error
    return found
