"""How many steps are due, so that so many happen in a second whatever the frames do."""

from typing import Final

LONGEST_PAUSE: Final = 0.25  # seconds; after a longer one, what was missed is not made up for


class Pace:
    """Counts the steps that are due.

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
