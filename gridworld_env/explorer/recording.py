"""What was shown, one picture after the other, kept small enough to become an animation."""

from dataclasses import dataclass
from typing import Final

from gridworld_env.grid.grid import Grid
from gridworld_env.rendering.overlay import Overlay

MOST: Final = 120  # pictures
MOST_BYTES: Final = 64_000_000


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One picture as data; the drawing waits until somebody wants it.

    Attributes:
        grid: The map.
        overlay: What lay over it.
        agent: State of the agent; None: none.
        trail: States of its episode.
        caption: What the status line said.
    """

    grid: Grid
    overlay: Overlay
    agent: int | None
    trail: tuple[int, ...]
    caption: str

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        arrays = (self.overlay.values, self.overlay.policy, self.overlay.action_values)
        return sum(array.nbytes for array in arrays if array is not None) + 8 * len(self.trail)


class Recording:
    """Pictures of the run so far. When it is full, every second one is dropped, and from then on is not taken."""

    def __init__(self) -> None:
        """Nothing was shown yet."""
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.snapshots: list[Snapshot] = []
        self._bytes, self._stride, self._seen = 0, 1, 0

    def add(self, snapshot: Snapshot) -> None:
        """Remember a picture; a map of another size begins a new recording."""
        if self.snapshots and self.snapshots[-1].grid.kind.shape != snapshot.grid.kind.shape:
            self.clear()
        self._seen += 1
        if self._seen % self._stride:
            return
        self.snapshots.append(snapshot)
        self._bytes += snapshot.nbytes
        if len(self.snapshots) > MOST or (self._bytes > MOST_BYTES and len(self.snapshots) > 2):
            self.snapshots = self.snapshots[::2]
            self._stride *= 2
            self._bytes = sum(one.nbytes for one in self.snapshots)
