"""A column of controls: where each lies, and which one the mouse is on."""

from collections.abc import Callable, Sequence

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.controls import Control
from gridworld_env.ui.widgets.events import Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.painter import Painter


class Panel:
    """Controls from top to bottom; where there is no room for all, the wheel scrolls them.

    Args:
        controls: What it holds; a function, where that changes.
    """

    def __init__(self, controls: Sequence[Control] | Callable[[], Sequence[Control]]) -> None:
        """Begin without a place: the program sets `rect`."""
        self._controls = controls
        self.rect: Rect = Rect(0, 0, 0, 0)
        self.scrolled: float = 0.0
        self._held: Control | None = None
        self._pointer: Point | None = None

    @property
    def controls(self) -> Sequence[Control]:
        """What it holds now."""
        return self._controls() if callable(self._controls) else self._controls

    def places(self) -> list[tuple[Control, Rect]]:
        """Each control and where it is, the scrolling taken off."""
        inner, y = self.rect.inset(style.MARGIN), self.rect.y + style.MARGIN - self.scrolled
        placed = []
        for control in self.controls:
            placed.append((control, Rect(inner.x, y, inner.width, control.height())))
            y += control.height() + style.GAP
        return placed

    def content_height(self) -> float:
        """Height of all controls with their margins."""
        return sum(control.height() + style.GAP for control in self.controls) - style.GAP + 2 * style.MARGIN

    def pointer(self, event: Pointer) -> bool:
        """Answer the mouse; whether the event was the panel's."""
        inside = self.rect.holds(event.position)
        self._pointer = event.position if inside else None
        if event.kind == "release" and self._held is not None:
            held, self._held = self._held, None
            held.release()
            return True
        if event.kind == "move" and self._held is not None:
            for control, place in self.places():
                if control is self._held:
                    control.drag(event.position, place)
            return True
        if not inside:
            return False
        if event.kind == "wheel":
            self.scroll(-3 * style.LINE_HEIGHT * event.wheel)
        elif event.kind == "press" and event.button == 1:
            for control, place in self.places():
                if place.holds(event.position) and control.press(event.position, place):
                    self._held = control
        return True

    def scroll(self, by: float) -> None:
        """Scroll, as far as there is something to see."""
        longest = max(0.0, self.content_height() - self.rect.height)
        self.scrolled = min(longest, max(0.0, self.scrolled + by))

    def hint(self) -> str:
        """One line about what is under the mouse."""
        if self._pointer is None:
            return ""
        for control, place in self.places():
            if place.holds(self._pointer):
                return control.hint(self._pointer, place)
        return ""

    def paint(self, painter: Painter) -> None:
        """Paint the background and every control that can be seen."""
        painter.fill(self.rect, style.PANEL)
        painter.fill(Rect(self.rect.x, self.rect.y, 1, self.rect.height), style.EDGE)
        painter.clip(self.rect)
        for control, place in self.places():
            if place.bottom > self.rect.y and place.y < self.rect.bottom:
                here = self._pointer is not None and place.holds(self._pointer)
                control.paint(painter, place, self._pointer if here else None)
        hidden = self.content_height() - self.rect.height
        if hidden > 0:
            share = self.rect.height / self.content_height()
            top = self.rect.y + self.scrolled * share
            painter.fill(Rect(self.rect.right - 5, top, 3, self.rect.height * share), style.TRACK, 1)
        painter.clip(None)
