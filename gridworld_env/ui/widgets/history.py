"""Undo and redo, for any state that is a value. What is kept is counted in bytes."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
Parts = Callable[[Any], Iterable[Any]]
LONGEST: Final = 1000
MOST_BYTES: Final = 64_000_000


def nothing_of(state: Any) -> Iterable[Any]:
    """The parts of a state that takes no memory worth counting."""
    return ()


def bytes_of(parts: Iterable[Any]) -> int:
    """Bytes of strings and arrays; what is there twice counts once.

    >>> import numpy as np
    >>> array = np.zeros(5)
    >>> bytes_of([array, array])
    40
    """
    different = {id(part): part for part in parts}.values()
    return sum(part.nbytes if hasattr(part, "nbytes") else sys.getsizeof(part) for part in different)


class History(Generic[T]):
    """The present, what was before it, and what was undone.

    Changes of one stroke, such as dragging a slider, are undone together. A state that is kept costs the bytes of those
    of its parts that the state after it does not share; the oldest are dropped where all together cost too much.

    Args:
        first: The first state.
        parts: The strings and arrays that a state is made of.
        most_bytes: What the states beside the present one may cost.

    >>> history = History("a")
    >>> history.change("b"); history.change("c", stroke=1); history.change("d", stroke=1)
    >>> history.undo(), history.undo(), history.undo(), history.redo(), history.present
    (True, True, False, True, 'b')
    """

    def __init__(self, first: T, parts: Parts = nothing_of, most_bytes: int = MOST_BYTES) -> None:
        """Begin with nothing to undo."""
        self.present: T = first
        self._parts, self._most_bytes = parts, most_bytes
        self._past: list[tuple[T, int]] = []
        self._future: list[tuple[T, int]] = []
        self._stroke: object = None

    def change(self, new: T, stroke: object = None) -> None:
        """Make `new` the present; within one stroke only the first change can be undone to."""
        old = self.present if stroke is None or stroke != self._stroke else None
        base = self._past.pop()[0] if old is None and self._past else old
        self._stroke = stroke
        self._future.clear()
        self.present = new
        if base is not None:
            shared = {id(part) for part in self._parts(new)}
            cost = bytes_of(part for part in self._parts(base) if id(part) not in shared)
            self._past.append((base, cost))
        del self._past[:-LONGEST]
        while self.nbytes > self._most_bytes:
            del self._past[0]

    @property
    def nbytes(self) -> int:
        """What the states beside the present one cost."""
        return sum(cost for _, cost in (*self._past, *self._future))

    def others(self) -> Iterator[T]:
        """The states beside the present one."""
        for state, _ in (*self._past, *self._future):
            yield state

    def end_stroke(self) -> None:
        """The next change is one of its own."""
        self._stroke = None

    def undo(self) -> bool:
        """Go back one change; whether there was one."""
        return self._move(self._past, self._future)

    def redo(self) -> bool:
        """Go forth again; whether something had been undone."""
        return self._move(self._future, self._past)

    def _move(self, source: list[tuple[T, int]], target: list[tuple[T, int]]) -> bool:
        self._stroke = None
        if not source:
            return False
        state, cost = source.pop()
        target.append((self.present, cost))
        self.present = state
        return True
