"""Panels, sliders, prompts and command tables, without any drawing library."""

from collections.abc import Sequence
from typing import Any

import pytest

from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.commands import Command, CommandTable, stroke_label
from gridworld_env.ui.widgets.controls import Button, Buttons, ColorScale, Lines
from gridworld_env.ui.widgets.events import Key, Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.help_sheet import help_columns, paint_help
from gridworld_env.ui.widgets.painter import Align
from gridworld_env.ui.widgets.panel import Panel
from gridworld_env.ui.widgets.prompt import Prompt
from gridworld_env.ui.widgets.slider import Slider
from gridworld_env.ui.widgets.style import Color


class Notes:
    """A painter that notes the texts and where they are."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, Rect]] = []

    def fill(self, rect: Rect, color: Color, radius: float = 0.0, opacity: float = 1.0) -> None: ...
    def outline(self, rect: Rect, color: Color, width: float = 1.0, radius: float = 0.0) -> None: ...
    def disc(self, center: Point, radius: float, color: Color) -> None: ...
    def polygon(self, points: Sequence[Point], color: Color) -> None: ...
    def line(self, points: Sequence[Point], color: Color, width: float = 1.0) -> None: ...
    def clip(self, rect: Rect | None) -> None: ...

    def text(self, text: str, rect: Rect, size: int, color: Color, align: Align = "center") -> None:
        self.texts.append((text, rect))

    def text_width(self, text: str, size: int) -> float:
        return 0.5 * size * len(text)


def command(name: str, *keys: str, group: str = "All") -> Command[list[str]]:
    return Command(name, keys, name.capitalize(), f"Do {name}.", group, lambda done: done.append(name))


def test_a_table_finds_commands_by_name_and_by_key() -> None:
    table = CommandTable([command("stop", "escape"), command("go", "g", "ctrl+g", group="More")])
    done: list[str] = []
    found = table.of_stroke("ctrl+g")
    assert found is not None
    found.run(done)
    assert (done, table["stop"].keys, list(table.groups())) == (["go"], ("escape",), ["All", "More"])


@pytest.mark.parametrize(
    ("commands", "match"),
    [
        ([command("a", "x"), command("b", "x")], "'x' runs both 'a' and 'b'"),
        ([command("a", "x"), command("a", "y")], "'a' is there twice"),
        ([Command("a", (), "A", "", "All", print)], "lacks a title, a help line"),
    ],
)
def test_a_table_refuses_what_is_ambiguous(commands: list[Command[Any]], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        CommandTable(commands)


def test_strokes_are_shown_as_people_write_them() -> None:
    assert [stroke_label(one) for one in ("ctrl+shift+z", "pageup", "?", "+", "escape")] == [
        *("Ctrl+Shift+Z", "PgUp", "?", "+", "Esc")
    ]


def test_the_help_sheet_shows_every_command_once_and_none_outside_it() -> None:
    table = CommandTable([command(f"c{n}", chr(97 + n % 26) * (1 + n // 26), group=f"g{n // 9}") for n in range(60)])
    notes, sheet = Notes(), Rect(0, 0, 1200, 800)
    assert paint_help(notes, sheet, "Keys", table) == 0
    texts = [text for text, _ in notes.texts]
    assert all(texts.count(one.help) == 1 for one in table)
    for _, rect in notes.texts:
        assert rect.x >= sheet.x
        assert rect.right <= sheet.right + 1e-9
        assert rect.bottom <= sheet.bottom
    assert len(help_columns(notes, table, 250, 10_000)) == 1


@pytest.mark.parametrize("width", [400, 760, 1280, 1600])
def test_what_is_too_long_for_its_column_of_the_help_sheet_is_wrapped(width: float) -> None:
    """Every word of keys and help is painted in a place that is wide enough for it."""
    keys = ("ctrl+y", "ctrl+shift+z")
    long = "Do what was undone " + "again and " * 12 + "again"
    redo: Command[Any] = Command("redo", keys, "Redo", long, "Files", print)
    notes = Notes()
    others: list[Command[Any]] = [command(f"c{n}", chr(97 + n), group=f"g{n}") for n in range(20)]
    table = CommandTable([redo, *others])
    hidden = paint_help(notes, Rect(0, 0, width, 480), "Keys", table)
    for text, place in notes.texts[:-1]:
        assert notes.text_width(text, style.SMALL) <= place.width + 1e-9 or text.startswith("Keys"), text
    words = " ".join(text for text, _ in notes.texts)
    assert "Ctrl+Y, Ctrl+Shift+Z" in words
    assert words.count("again") == 13
    assert (hidden > 0) == (max(place.bottom for _, place in notes.texts) > 480)


class Dial:
    """A number that a slider changes."""

    def __init__(self) -> None:
        self.value, self.done = 0.0, 0

    def slider(self) -> Slider:
        return Slider(
            "dial", -2.0, 0.5, 0.01,
            value=lambda: self.value,
            choose=lambda value: setattr(self, "value", value),
            done=lambda: setattr(self, "done", self.done + 1),
        )  # fmt: skip


def test_a_slider_is_dragged_from_end_to_end_and_beyond() -> None:
    dial = Dial()
    panel = Panel([Lines(lambda: ["title"], heading=True), dial.slider()])
    panel.rect = Rect(100, 0, 300, 400)
    _, place = panel.places()[1]
    track = dial.slider().track(place)
    seen = []
    panel.pointer(Pointer("press", (track.x, track.y), 1))
    for x in (track.x + track.width / 2, track.right, track.right + 500, 0.0):
        panel.pointer(Pointer("move", (x, 900.0), 1))  # held, it follows wherever the mouse goes
        seen.append(dial.value)
    panel.pointer(Pointer("release", (0.0, 0.0), 1))
    assert seen == [-0.75, 0.5, 0.5, -2.0]
    assert dial.done == 1
    panel.pointer(Pointer("move", (track.right, track.y), 0))
    assert dial.value == -2.0


def test_every_value_of_a_slider_is_a_multiple_of_its_step() -> None:
    slider, place = Dial().slider(), Rect(0, 0, 300, 33)
    for x in range(300):
        value = slider.at(float(x), place)
        assert -2.0 <= value <= 0.5
        assert value == round(value, 2)


def test_buttons_run_where_they_are_painted() -> None:
    done: list[int] = []
    buttons = Buttons([Button(str(n), lambda n=n: done.append(n), hint=f"hint {n}") for n in range(7)], 3)
    panel = Panel([buttons])
    panel.rect = Rect(0, 0, 200, 300)
    place = panel.places()[0][1]
    for _, where in buttons.places(place):
        panel.pointer(Pointer("press", where.center, 1))
        panel.pointer(Pointer("release", where.center, 1))
        assert panel.hint() == f"hint {done[-1]}"
    assert done == list(range(7))
    panel.pointer(Pointer("press", (1.0, 1.0), 1))
    assert len(done) == 7


def test_a_panel_that_is_too_high_scrolls_to_its_end_and_no_further() -> None:
    done: list[int] = []
    rows = [Buttons([Button(str(n), lambda n=n: done.append(n))], 1) for n in range(30)]
    panel = Panel(rows)
    panel.rect = Rect(0, 0, 200, 300)
    panel.pointer(Pointer("wheel", (50.0, 50.0), wheel=-1000.0))
    last = panel.places()[-1][1]
    assert last.bottom == panel.rect.bottom - 10
    panel.pointer(Pointer("press", last.center, 1))
    assert done == [29]
    panel.pointer(Pointer("wheel", (50.0, 50.0), wheel=1000.0))
    assert panel.scrolled == 0


def test_a_prompt_is_typed_corrected_and_given_up() -> None:
    given: list[str] = []
    prompt = Prompt("name", "x", given.append)
    for key in (Key("a", "a"), Key("shift+b", "B"), Key("backspace"), Key("left"), Key("1", "1"), Key("return")):
        prompt.key(key)
    assert given == ["xa1"]
    prompt = Prompt("name", "x", given.append)
    prompt.key(Key("ctrl+backspace"))
    assert prompt.answer == ""
    prompt.key(Key("escape"))
    assert not prompt.open
    assert len(given) == 1


def test_a_scale_without_ends_paints_nothing() -> None:
    notes = Notes()
    ColorScale(lambda: [(0, 0, 0)], lambda: None).paint(notes, Rect(0, 0, 100, 18), None)
    assert notes.texts == []
