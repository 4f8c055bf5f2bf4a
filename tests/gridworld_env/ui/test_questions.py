"""What a window asks: names, whether to lose or to replace something, and which of several things to take."""

from pathlib import Path
from typing import Any

import pytest

from gridworld_env.ui.widgets.commands import CommandTable, Row
from gridworld_env.ui.widgets.events import Closed, Key, Pointer
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.menu import Item, Menu
from gridworld_env.ui.widgets.panel import Panel
from gridworld_env.ui.widgets.prompt import Choice
from gridworld_env.ui.widgets.session import BaseSession
from gridworld_env.ui.widgets.shell import Shell
from gridworld_env.ui.widgets.text_flow import wrapped

from .test_widgets import Notes


class Work(BaseSession):
    """Something that can be lost."""

    dirty = True

    @property
    def unsaved(self) -> str:
        return "It is not saved." if self.dirty else ""


class App(Shell[Work]):
    """A window about it."""

    def save_work(self, then: Any) -> None:
        self.session.dirty = False
        then()


def make_app() -> App:
    rows: list[Row[App]] = [
        ("full screen", "f11", "Full screen", "Fill the screen", lambda app: app.toggle_full_screen()),
        ("larger", "f12", "Larger", "Everything larger", lambda app: app.enlarge()),
        ("stop", "escape", "Stop", "Stop", lambda app: app.session.stop()),
        ("quit", "ctrl+q", "Quit", "Close the window", lambda app: app.quit()),
    ]
    app = App(Work("hello", 1.0), CommandTable.of_groups({"All": rows}), "Keys")
    app.panel = Panel([])
    return app


@pytest.mark.parametrize(
    ("answer", "closed", "dirty"), [("s", True, False), ("n", True, True), ("escape", False, True), ("x", False, True)]
)
def test_closing_asks_where_something_would_be_lost(answer: str, closed: bool, dirty: bool) -> None:
    for event in (Closed(), Key("ctrl+q")):
        app = make_app()
        app.handle(event)
        assert not app.closing
        app.handle(Key(answer))
        assert (app.closing, app.session.dirty) == (closed, dirty)
        assert (app.overlay is None) == (answer != "x")


def test_closing_twice_closes_and_what_is_saved_is_not_asked_about() -> None:
    app = make_app()
    app.handle(Closed())
    app.handle(Closed())
    assert app.closing
    app = make_app()
    app.session.dirty = False
    app.handle(Closed())
    assert app.closing


def test_a_question_is_answered_with_the_mouse() -> None:
    app, notes = make_app(), Notes()
    app.handle(Closed())
    app.paint(notes, Rect(0, 0, 900, 600))
    assert ("It is not saved." in [text for text, _ in notes.texts]) is True
    place = next(place for text, place in notes.texts if text.startswith("Do not save"))
    app.handle(Pointer("press", (place.x + 3, place.y + 3), 1))
    assert app.closing


def test_a_file_is_not_replaced_without_a_question(tmp_path: Path) -> None:
    app, path = make_app(), tmp_path / "there.txt"

    def write(session: Work, name: str) -> None:
        Path(name).write_text("new", encoding="utf-8")

    for answer, text in (("escape", "old"), ("r", "new")):
        path.write_text("old", encoding="utf-8")
        app.ask("Write to", str(path), write, writes=True)
        app.handle(Key("return"))
        assert isinstance(app.overlay, Choice)
        app.handle(Key(answer))
        assert path.read_text(encoding="utf-8") == text
    path.unlink()
    app.ask("Write to", str(path), write, writes=True)
    app.handle(Key("return"))
    assert path.exists()


def test_the_screen_is_filled_and_left_again_and_everything_grows() -> None:
    app = make_app()
    app.handle(Key("f11"))
    assert app.full_screen
    app.handle(Key("escape"))
    assert not app.full_screen
    seen = []
    for _ in range(4):
        app.handle(Key("f12"))
        seen.append(app.enlarged)
    assert seen == [1.25, 1.5, 2.0, 1.0]


def test_a_menu_is_walked_through_with_keys_and_mouse() -> None:
    taken: list[int] = []
    menu = Menu("Maps", [Item(f"map {n}", "about it", lambda n=n: taken.append(n)) for n in range(40)])
    notes, rect = Notes(), Rect(0, 0, 800, 400)
    menu.paint(notes, rect)
    for stroke, chosen in (("right", 1), ("down", 1 + menu.columns), ("up", 1), ("end", 39), ("home", 0), ("left", 0)):
        menu.key(Key(stroke))
        assert menu.chosen == chosen
        place = menu.places()[chosen]
        assert place.y >= 0
        assert place.bottom <= 400
    menu.pointer(Pointer("wheel", (5.0, 100.0), wheel=-1000.0))
    last = menu.places()[-1]
    assert last.bottom <= 400
    menu.pointer(Pointer("press", last.center, 1))
    assert (taken, menu.open) == ([39], False)


def test_lines_are_as_wide_as_they_may_be_and_lose_no_letter(rng: Any) -> None:
    for _ in range(50):
        text = " ".join("x" * int(rng.integers(1, 15)) for _ in range(int(rng.integers(1, 12))))
        lines = wrapped(text, 10, len)
        assert max(map(len, lines)) <= 10
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrapped("", 10, len) == [""]
