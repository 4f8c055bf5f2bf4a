"""What a window asks before it goes on: a name, a yes or no, or which of several things."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from gridworld_env.ui.widgets.events import Key, Pointer
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.painter import Painter
from gridworld_env.ui.widgets.prompt import Answer, Choice, Prompt
from gridworld_env.ui.widgets.session import BaseSession

S = TypeVar("S", bound=BaseSession)


class Overlay(Protocol):
    """What lies over the window until it is answered."""

    open: bool

    def key(self, key: Key) -> None:
        """Answer a key."""
        ...

    def pointer(self, event: Pointer) -> None:
        """Answer the mouse."""
        ...

    def paint(self, painter: Painter, rect: Rect) -> None:
        """Paint it over a rectangle."""
        ...


class Questions(Generic[S]):
    """The part of a window that asks.

    Attributes:
        session: What the answers act on.
        prompt: A question in the status line; None: there is none.
        overlay: What lies over the window; None: nothing.
        closing: Whether the window is to close.
    """

    def __init__(self, session: S) -> None:
        """Begin without a question."""
        self.session = session
        self.prompt: Prompt | None = None
        self.overlay: Overlay | None = None
        self.closing = False
        self._changes = 0

    def changed(self) -> None:
        """Something is to be painted that the session does not know of."""
        self._changes += 1

    def lay_over(self, overlay: Overlay) -> None:
        """Lay something over the window."""
        self.overlay = overlay
        self.changed()

    def answer_overlay(self, answer: Callable[[Overlay], None]) -> None:
        """Hand an event to what lies over the window, and take that away where it is done."""
        overlay = self.overlay
        if overlay is not None:
            self.session.attempt(lambda: answer(overlay))
            if not overlay.open and self.overlay is overlay:
                self.overlay = None
        self.changed()

    def ask(self, question: str, answer: str, then: Callable[[S, str], Any], *, writes: bool = False) -> None:
        """Ask for a name in the status line, for something that is done to the session.

        Args:
            question: What is asked.
            answer: What is there already.
            then: Is called with the session and the name.
            writes: Whether it writes a file of that name: one that is there is not replaced without a question.
        """

        def named(name: str) -> None:
            if writes:
                self.if_may_replace(name, lambda: then(self.session, name))
            else:
                then(self.session, name)

        self.prompt = Prompt(question, answer, named)

    def if_may_replace(self, name: str, then: Callable[[], Any]) -> None:
        """Write a file; where there is one of that name, ask before."""
        if not Path(name).is_file():
            then()
            return
        replace = Answer("Replace", "r", lambda: self._do(then))
        self.lay_over(Choice(f"There is a file {name} already. Replace it?", [replace, Answer("Go back", "escape")]))

    def if_may_lose(self, then: Callable[[], Any]) -> None:
        """Do something that loses unsaved work; where there is some, ask before."""
        if not self.session.unsaved:
            then()
            return
        save = Answer("Save", "s", lambda: self.save_work(then))
        lose = Answer("Do not save", "n", lambda: self._do(then))
        self.lay_over(Choice(self.session.unsaved, [save, lose, Answer("Go back", "escape")]))

    def save_work(self, then: Callable[[], Any]) -> None:
        """Save what would be lost, and go on."""
        then()

    def quit(self) -> None:
        """Close the window; it asks first where something would be lost, and closes when told a second time."""
        if isinstance(self.overlay, Choice):
            self._close()
        else:
            self.if_may_lose(self._close)

    def _close(self) -> None:
        self.closing = True

    def _do(self, action: Callable[[], Any]) -> None:
        self.session.attempt(action)
