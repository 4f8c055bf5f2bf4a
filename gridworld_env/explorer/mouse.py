"""The mouse on the map: strokes of a tool, pushing the map about, the wheel."""

from collections.abc import Callable

from gridworld_env.explorer.session import Session
from gridworld_env.ui.widgets.events import Pointer
from gridworld_env.ui.widgets.geometry import Point

Square = tuple[int, int]


class Mouse:
    """What the mouse is doing on the map.

    The left button uses the tool, the right one paints free squares, the middle one (or Ctrl and the left one) pushes
    the map. The squares of a stroke are painted once a frame, and undone together.

    Args:
        session: Whose map is painted on.
        zoom: Makes squares larger by some notches, around a point.
        pan: Pushes the map right and down.
    """

    def __init__(
        self, session: Session, zoom: Callable[[int, Point], None], pan: Callable[[float, float], None]
    ) -> None:
        """Begin without a pressed button."""
        self._session, self._zoom, self._pan = session, zoom, pan
        self._strokes = 0
        self._painting = False
        self._waiting: list[Square] = []
        self._last: Square = (0, 0)
        self._tool: str | None = None
        self._panning: Point | None = None

    @property
    def holds(self) -> bool:
        """Whether a button is held that went down on the map."""
        return self._painting or self._panning is not None

    @property
    def waits(self) -> bool:
        """Whether there are squares that the stroke went over and that are not painted yet."""
        return bool(self._waiting)

    def answer(self, event: Pointer, square: Square | None) -> None:
        """Answer an event over the map, or one that began there; `square` is what is under the mouse."""
        if event.kind == "wheel":
            self._zoom(round(event.wheel) or (1 if event.wheel > 0 else -1), event.position)
        elif event.kind == "press":
            self._press(event, square)
        elif event.kind == "move":
            self._drag(event, square)
        else:
            self._release()

    def flush(self) -> None:
        """Paint what the stroke went over since the last time, all at once."""
        if self._waiting:
            squares, self._waiting = self._waiting, []
            self._session.attempt(lambda: self._session.use(squares, self._tool, ("tool", self._strokes)))

    def _press(self, event: Pointer, square: Square | None) -> None:
        if event.button == 2 or event.ctrl:
            self._panning = event.position
        elif square is not None:
            self._session.cursor = square
            self._strokes += 1
            self._painting, self._last, self._waiting = True, square, [square]
            self._tool = "free" if event.button == 3 else None
            self.flush()

    def _drag(self, event: Pointer, square: Square | None) -> None:
        if self._panning is not None:
            (x0, y0), (x1, y1) = self._panning, event.position
            self._pan(x1 - x0, y1 - y0)
            self._panning = event.position
        elif self._painting and square is not None and square != self._last:
            self._waiting += squares_between(self._last, square)
            self._last = self._session.cursor = square

    def _release(self) -> None:
        self.flush()
        if self._painting:
            self._session.history.end_stroke()
        self._painting, self._panning = False, None


def squares_between(first: tuple[int, int], last: tuple[int, int]) -> list[tuple[int, int]]:
    """The squares on the straight line from one to another, without the first: a fast mouse leaves no gaps.

    >>> squares_between((0, 0), (1, 3))
    [(0, 1), (1, 2), (1, 3)]
    """
    rows, columns = last[0] - first[0], last[1] - first[1]
    steps = max(abs(rows), abs(columns))
    shares = [step / steps for step in range(1, steps + 1)]
    return [(first[0] + round(rows * share), first[1] + round(columns * share)) for share in shares]
