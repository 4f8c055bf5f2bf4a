"""Frames of a run whose length nobody knows beforehand: thinned evenly, and never without the last."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

MOST_FRAMES: Final = 240
MOST_BYTES: Final = 6_000_000

Frame = TypeVar("Frame")


class Thinning(Generic[Frame]):
    """Every k-th frame of a run, and its last; k doubles whenever there are too many, or too large ones.

    Args:
        size: Bytes of a frame.
        together: Bytes of several frames that share some of what they hold; None: the sum of their sizes.
        most_frames: How many are kept at most.
        most_bytes: How many bytes are kept at most, though never fewer than two frames.

    Attributes:
        every: k.
        seen: How many frames there were.

    >>> thinning = Thinning(lambda frame: 8, most_frames=4)
    >>> for frame in range(8):
    ...     thinning.add(lambda frame=frame: frame)
    >>> thinning.every, thinning.frames
    (4, [0, 4, 7])
    """

    every: int
    seen: int

    def __init__(
        self,
        size: Callable[[Frame], int] = lambda frame: 0,
        *,
        together: Callable[[list[Frame]], int] | None = None,
        most_frames: int = MOST_FRAMES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Begin without frames."""
        self._total = together or (lambda frames: sum(map(size, frames)))
        self._most_frames, self._most_bytes = most_frames, most_bytes
        self._kept: list[Frame] = []
        self._last: Callable[[], Frame] | None = None
        self.every, self.seen = 1, 0

    def add(self, frame: Callable[[], Frame]) -> None:
        """Take the next frame, which is made only if it is kept or is the last."""
        self.seen += 1
        if (self.seen - 1) % self.every:
            self._last = frame
            return
        self._kept.append(made := frame())
        self._last = None
        while self._is_full():
            if self._kept[-1] is made and len(self._kept) % 2 == 0:
                self._last = lambda: made
            self._kept = self._kept[::2]
            self.every *= 2

    def _is_full(self) -> bool:
        count = len(self._kept) + 1  # the last one may have to stand beside them
        if count > self._most_frames:
            return True
        return len(self._kept) > 2 and self._total(self._kept) > self._most_bytes

    @property
    def frames(self) -> list[Frame]:
        """Those that are kept, in order, the last included."""
        return self._kept if self._last is None else [*self._kept, self._last()]

    def __str__(self) -> str:
        """The number of kept frames, and of all frames."""
        kept = len(self._kept) + (self._last is not None)
        ordinal = f"{self.every}{'nd' if self.every % 10 == 2 else 'th'}"  # of a power of two
        return f"all {kept}" if kept == self.seen else f"{kept} of {self.seen}: every {ordinal} and the last"
