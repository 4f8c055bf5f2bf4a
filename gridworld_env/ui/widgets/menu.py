"""A sheet of things to choose from, each with a name, a line about it and perhaps a picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.events import Key, Pointer
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.painter import Painter
from gridworld_env.ui.widgets.text_flow import wrapped

GAP: Final = 10.0
HEAD: Final = 40.0
LINE: Final = 16.0
LINES: Final = 4  # about an item, at most
WIDTH: Final = 232.0  # of a tile, at least
PICTURE: Final = 104.0
UNSEEN: Final = Rect(0, 0, 1000, 700)  # until it is painted
STEPS: Final = {"left": -1, "right": 1}


@dataclass(frozen=True)
class Item:
    """Something to choose.

    Attributes:
        title: Its name.
        about: What it is, in one sentence.
        run: What happens when it is chosen.
        picture: Paints it into a rectangle; None: it has no picture.
    """

    title: str
    about: str
    run: Callable[[], None]
    picture: Callable[[Painter, Rect], None] | None = None


@dataclass
class Menu:
    """Tiles over the whole window; arrow keys and Enter choose one, as the mouse does. Escape closes it.

    Attributes:
        title: What is chosen.
        items: What there is to choose; at least one.
        chosen: The number of the item that Enter takes.
        open: Whether it still waits.

    >>> menu = Menu("Maps", [Item("lecture", "3 by 4", lambda: print("lecture")), Item("maze", "9 by 9", print)])
    >>> menu.key(Key("right")); menu.key(Key("left")); menu.key(Key("return"))
    lecture
    >>> menu.open
    False
    """

    title: str
    items: Sequence[Item]
    chosen: int = 0
    open: bool = field(default=True)
    scrolled: float = 0.0
    _rect: Rect = UNSEEN

    @property
    def columns(self) -> int:
        """Tiles beside each other."""
        return max(1, int((self._rect.width - GAP) // (WIDTH + GAP)))

    @property
    def tile_height(self) -> float:
        """Height of a tile in points."""
        pictured = any(item.picture is not None for item in self.items)
        return (PICTURE + GAP if pictured else 0.0) + 20 + LINES * LINE + 12

    def places(self) -> list[Rect]:
        """Where each tile is, the scrolling taken off."""
        inner = Rect(self._rect.x + GAP, 0, self._rect.width - 2 * GAP, self.tile_height)
        tops = (self._rect.y + HEAD - self.scrolled + n * (self.tile_height + GAP) for n in range(self._rows))
        return [
            Rect(place.x, top, place.width, place.height) for top in tops for place in inner.columns(self.columns, GAP)
        ][: len(self.items)]

    @property
    def _rows(self) -> int:
        return -(-len(self.items) // self.columns)

    def key(self, key: Key) -> None:
        """Answer a key."""
        steps = STEPS | {"up": -self.columns, "down": self.columns, "home": -len(self.items), "end": len(self.items)}
        steps |= {"pageup": -3 * self.columns, "pagedown": 3 * self.columns}
        if key.stroke == "escape":
            self.open = False
        elif key.stroke in ("return", "space"):
            self._take(self.chosen)
        elif key.stroke in steps:
            self.chosen = min(len(self.items) - 1, max(0, self.chosen + steps[key.stroke]))
            place = self.places()[self.chosen]
            self.scroll(min(0.0, place.y - self._rect.y - HEAD) + max(0.0, place.bottom - self._rect.bottom + GAP))

    def pointer(self, event: Pointer) -> None:
        """Answer the mouse."""
        if event.kind == "wheel":
            self.scroll(-60 * event.wheel)
            return
        under = next((n for n, place in enumerate(self.places()) if place.holds(event.position)), None)
        if under is not None and event.position[1] >= self._rect.y + HEAD:
            self.chosen = under
            if event.kind == "press":
                self._take(under)

    def scroll(self, by: float) -> None:
        """Scroll, as far as there is something to see."""
        longest = self._rows * (self.tile_height + GAP) + HEAD - self._rect.height
        self.scrolled = min(max(0.0, longest), max(0.0, self.scrolled + by))

    def _take(self, number: int) -> None:
        self.open = False
        self.items[number].run()

    def paint(self, painter: Painter, rect: Rect) -> None:
        """Paint it over a rectangle."""
        self._rect = rect
        self.scroll(0)
        painter.fill(rect, style.PANEL)
        title = Rect(rect.x + GAP, rect.y, rect.width - 2 * GAP, HEAD)
        painter.text(self.title, title, style.TITLE, style.INK, "left")
        painter.clip(Rect(rect.x, rect.y + HEAD, rect.width, rect.height - HEAD))
        for number, (item, place) in enumerate(zip(self.items, self.places(), strict=True)):
            if place.bottom > rect.y + HEAD and place.y < rect.bottom:
                self._paint_tile(painter, item, place, number == self.chosen)
        painter.clip(None)

    def _paint_tile(self, painter: Painter, item: Item, place: Rect, chosen: bool) -> None:
        painter.fill(place, style.HOT if chosen else style.PAPER, style.RADIUS)
        painter.outline(place, style.LIT if chosen else style.EDGE, 2 if chosen else 1, style.RADIUS)
        inner = place.inset(8)
        y = inner.y
        if item.picture is not None:
            item.picture(painter, Rect(inner.x, y, inner.width, PICTURE))
            y += PICTURE + GAP / 2
        painter.text(item.title, Rect(inner.x, y, inner.width, 20), style.TEXT, style.INK, "left")
        lines = wrapped(item.about, inner.width, lambda text: painter.text_width(text, style.SMALL))
        for number, line in enumerate(lines[:LINES]):
            row = Rect(inner.x, y + 20 + number * LINE, inner.width, LINE)
            painter.text(line, row, style.SMALL, style.MUTED, "left")
