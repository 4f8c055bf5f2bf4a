"""Work in the background of a window, a slice of a frame at a time, at its own pace."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Final

Steps = Iterator[None]
LONGEST_PAUSE: Final = 0.25  # seconds; after a longer one, what was missed is not made up for


class Pace:
    """Counts the steps that are due, so that so many happen in a second whatever the frames do.

    >>> pace = Pace()
    >>> [pace.due(now, speed=10.0) for now in (0.0, 0.05, 0.1, 0.125, 0.2)]
    [1, 0, 1, 0, 1]
    """

    def __init__(self) -> None:
        """The first step is due at once."""
        self._next: float | None = None

    def due(self, now: float, speed: float) -> int:
        """How many are due at a time in seconds, at so many a second."""
        if self._next is None or now - self._next > LONGEST_PAUSE:
            self._next = now
        count = max(0, int((now - self._next) * speed + 1.0 + 1e-9))
        self._next += count / speed
        return count


class Job:
    """A generator and its pace.

    Args:
        name: What it is called.
        steps: It; each `next` is one step.
        paced: Whether the speed slider holds; else it goes on as fast as the window allows.
        recorded: Whether an unpaced one is remembered for the animation, once a frame.
    """

    name: str
    steps: Steps
    paced: bool
    recorded: bool

    def __init__(self, name: str, steps: Steps, *, paced: bool = True, recorded: bool = True) -> None:
        """Its first step is due at once."""
        self.name, self.steps, self.paced, self.recorded = name, steps, paced, recorded
        self._pace = Pace()

    def due(self, now: float, speed: float) -> int:
        """How many steps are due at a time in seconds."""
        return self._pace.due(now, speed) if self.paced else 1_000_000


class _StoppedError(Exception):
    """Nobody waits for the result any more."""


def in_thread(
    work: Callable[[Callable[[Any], None]], Any], report: Callable[[Any], None], is_wanted: Callable[[], bool]
) -> Generator[None, None, Any]:
    """Steps that wait for work in a thread, so that the window goes on answering.

    Args:
        work: It, given a function that it calls from time to time; there it is stopped where nobody waits any more.
        report: Called, between the steps, with what that function was last called with.
        is_wanted: Whether the result is still asked for.

    Returns:
        The result; None where it is not asked for any more.
    """
    told: list[Any] = []
    left = False

    def progress(moment: Any) -> None:
        if left:
            raise _StoppedError
        told[:] = [moment]

    pool = ThreadPoolExecutor(1)
    try:
        working = pool.submit(work, progress)
        while not wait([working], timeout=0.005).done:
            if not is_wanted():
                return None
            if told:
                report(told.pop())
            yield
        return working.result() if is_wanted() else None
    finally:
        left = True
        pool.shutdown(wait=False)
