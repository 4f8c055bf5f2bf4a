"""Undo and redo, for any state that is a value."""

from typing import Final, Generic, TypeVar

T = TypeVar("T")
LONGEST: Final = 1000


class History(Generic[T]):
    """The present, what was before it, and what was undone.

    Changes of one stroke, such as dragging a slider, are undone together.

    >>> history = History("a")
    >>> history.change("b"); history.change("c", stroke=1); history.change("d", stroke=1)
    >>> history.undo(), history.undo(), history.undo(), history.redo(), history.present
    (True, True, False, True, 'b')
    """

    def __init__(self, first: T) -> None:
        """Begin with nothing to undo."""
        self.present = first
        self._past: list[T] = []
        self._future: list[T] = []
        self._stroke: object = None

    def change(self, new: T, stroke: object = None) -> None:
        """Make `new` the present; within one stroke only the first change can be undone to."""
        if stroke is None or stroke != self._stroke:
            self._past.append(self.present)
            del self._past[:-LONGEST]
        self._stroke = stroke
        self._future.clear()
        self.present = new

    def end_stroke(self) -> None:
        """The next change is one of its own."""
        self._stroke = None

    def undo(self) -> bool:
        """Go back one change; whether there was one."""
        return self._move(self._past, self._future)

    def redo(self) -> bool:
        """Go forth again; whether something had been undone."""
        return self._move(self._future, self._past)

    def _move(self, source: list[T], target: list[T]) -> bool:
        self._stroke = None
        if not source:
            return False
        target.append(self.present)
        self.present = source.pop()
        return True
