"""Questions in a window: one whose answer is typed, and one with a few answers to choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.commands import stroke_label
from gridworld_env.ui.widgets.controls import Button, Buttons
from gridworld_env.ui.widgets.events import Key, Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.painter import Painter
from gridworld_env.ui.widgets.text_flow import wrapped

NOWHERE = Rect(0, 0, 0, 0)
WIDTH = 420.0  # points of a question with answers to choose from


@dataclass
class Prompt:
    """A question with an answer being typed.

    Attributes:
        question: What is asked.
        answer: What has been typed so far.
        then: Called with the answer when Enter ends it.
        open: Whether it still waits; Escape or Enter close it.

    >>> asked = Prompt("name?", "map", then=print)
    >>> asked.key(Key("1", "1")); asked.key(Key("return"))
    map1
    >>> asked.open
    False
    """

    question: str
    answer: str
    then: Callable[[str], None]
    open: bool = field(default=True)

    def key(self, key: Key) -> None:
        """Answer a key."""
        if key.stroke == "escape":
            self.open = False
        elif key.stroke == "return":
            self.open = False
            self.then(self.answer.strip())
        elif key.stroke == "backspace":
            self.answer = self.answer[:-1]
        elif key.stroke == "ctrl+backspace":
            self.answer = ""
        elif key.text.isprintable():
            self.answer += key.text


@dataclass(frozen=True)
class Answer:
    """An answer that can be chosen.

    Attributes:
        title: What is written on its button.
        stroke: The key that chooses it.
        run: What it does.
    """

    title: str
    stroke: str
    run: Callable[[], None] = lambda: None


@dataclass
class Choice:
    """A question in the middle of the window, with a button and a key for each answer.

    Attributes:
        question: What is asked.
        answers: What can be chosen; Escape chooses the last one, which changes nothing.
        open: Whether it still waits.

    >>> asked = Choice("Save the map?", [Answer("Save", "s", lambda: print("saved")), Answer("Go back", "escape")])
    >>> asked.key(Key("x", "x")); asked.key(Key("s", "s"))
    saved
    >>> asked.open
    False
    """

    question: str
    answers: Sequence[Answer]
    open: bool = field(default=True)
    _place: Rect = NOWHERE
    _pointer: Point | None = None

    def key(self, key: Key) -> None:
        """Answer a key."""
        for answer in self.answers:
            if key.stroke == answer.stroke or key.other == answer.stroke:
                self._choose(answer)
                return
        if key.stroke == "escape":
            self._choose(self.answers[-1])

    def pointer(self, event: Pointer) -> None:
        """Answer the mouse."""
        self._pointer = event.position
        if event.kind == "press" and self._place.holds(event.position):
            self._buttons().press(event.position, self._place)

    def paint(self, painter: Painter, rect: Rect) -> None:
        """Paint it in the middle of a rectangle."""
        painter.fill(rect, style.INK, opacity=0.35)
        wide = min(WIDTH, rect.width - 20)
        lines = wrapped(self.question, wide - 32, lambda text: painter.text_width(text, style.TEXT))
        buttons = self._buttons()
        high = 20 + len(lines) * 20 + 12 + buttons.height() + 16
        box = Rect(rect.x + (rect.width - wide) / 2, rect.y + (rect.height - high) / 2, wide, high)
        painter.fill(box, style.PAPER, 8)
        painter.outline(box, style.EDGE, 1, 8)
        for number, line in enumerate(lines):
            place = Rect(box.x + 16, box.y + 16 + number * 20, wide - 32, 20)
            painter.text(line, place, style.TEXT, style.INK, "left")
        self._place = Rect(box.x + 16, box.bottom - 16 - buttons.height(), wide - 32, buttons.height())
        buttons.paint(painter, self._place, self._pointer)

    def _buttons(self) -> Buttons:
        return Buttons(
            [
                Button(f"{answer.title} ({stroke_label(answer.stroke)})", lambda answer=answer: self._choose(answer))
                for answer in self.answers
            ],
            min(len(self.answers), 3),
        )

    def _choose(self, answer: Answer) -> None:
        self.open = False
        answer.run()
