"""The explorer answering events, without a window."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridworld_env.explorer.app import ExplorerApp
from gridworld_env.explorer.commands import COMMANDS
from gridworld_env.explorer.launch import make_app
from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.mouse import squares_between
from gridworld_env.explorer.session import Session
from gridworld_env.ui.widgets.controls import Buttons
from gridworld_env.ui.widgets.events import Closed, Dropped, Key, Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.slider import Slider

WINDOW = Rect(0, 0, 1240, 840)


@pytest.fixture
def app() -> ExplorerApp:
    app = make_app(Session(make_document({"map_name": "lecture"}), seed=1), lambda *_: None)
    app.lay_out(WINDOW, 1.0)
    return app


def middle(app: ExplorerApp, row: int, column: int) -> Point:
    x, y = app.viewport.corner(row, column)
    return (x + app.viewport.cell / 2) / app.density, (y + app.viewport.cell / 2) / app.density


def drag(app: ExplorerApp, *squares: tuple[int, int], button: int = 1) -> None:
    app.handle(Pointer("press", middle(app, *squares[0]), button))
    for square in squares[1:]:
        app.handle(Pointer("move", middle(app, *square), button))
    app.handle(Pointer("release", middle(app, *squares[-1]), button))


def strokes(app: ExplorerApp, *keys: str) -> None:
    for key in keys:
        app.handle(Key(key, key if len(key) == 1 else ""))


def test_a_stroke_paints_without_gaps_and_is_undone_as_one(app: ExplorerApp) -> None:
    strokes(app, "w")
    drag(app, (0, 0), (2, 2))  # so fast that the mouse was not seen in between
    assert app.session.document.rows == ("#..+", ".#.-", "S.#.")
    drag(app, (0, 0), button=3)
    assert app.session.document.rows == ("...+", ".#.-", "S.#.")
    strokes(app, "ctrl+z", "ctrl+z")
    assert app.session.document.rows == ("...+", ".#.-", "S...")
    strokes(app, "ctrl+y", "ctrl+shift+z")
    assert app.session.document.rows == ("...+", ".#.-", "S.#.")


@given(st.tuples(*[st.integers(-30, 30)] * 4))
def test_a_line_of_squares_has_no_gaps(ends: tuple[int, int, int, int]) -> None:
    first, last = ends[:2], ends[2:]
    line = squares_between(first, last)
    if first == last:
        assert not line
        return
    assert line[-1] == last
    for (r0, c0), (r1, c1) in zip([first, *line], line, strict=False):
        assert max(abs(r1 - r0), abs(c1 - c0)) == 1


def test_every_brush_paints_by_the_mouse(app: ExplorerApp) -> None:
    painted = {}
    for name, key in (("plus", "+"), ("minus", "-"), ("end", "t"), ("reward", "r"), ("wind", "v"), ("start", "s")):
        strokes(app, key)
        drag(app, (2, 2))
        painted[name] = app.session.document.cell(2, 2)
        strokes(app, "ctrl+z")
    assert (painted["plus"].terminal, painted["plus"].reward) == (True, 1.0)
    assert (painted["minus"].terminal, painted["minus"].reward) == (True, -1.0)
    assert (painted["end"].terminal, painted["end"].reward) == (True, -1.0)  # the amount
    assert (painted["reward"].terminal, painted["reward"].reward) == (False, -1.0)
    assert painted["wind"].wind == (-1, 0)
    assert painted["start"].start


def test_the_keyboard_alone_paints_plans_and_walks(app: ExplorerApp) -> None:
    strokes(app, "right", "right", "w", "u")
    assert app.session.document.rows[2] == "S.#."
    strokes(app, "ctrl+z", "return")
    assert app.session.planning.values[7] == pytest.approx(0.9**4 - 0.04 * (1 + 0.9 + 0.81 + 0.729))
    strokes(app, "left", "left", "d", "m")
    assert app.session.agent.steps == 1
    strokes(app, "shift+up")
    last = app.session.agent.last
    assert last is not None
    assert last.intended == 0
    strokes(app, "0", "n", "ctrl+b", "e", "i")
    counts = app.session.planning.counts
    assert (counts.sweeps, counts.backups, counts.evaluations, counts.improvements) == (1, 1, 1, 1)
    strokes(app, "[", "{", ".", ";")
    rules = app.session.document.rules
    assert (rules.step_reward, rules.slip, app.session.document.discount) == (-0.15, 0.01, 0.89)
    strokes(app, "alt+right", "alt+down")
    assert app.session.document.rows == ("...+.", ".#.-.", "S....", ".....")


@pytest.mark.parametrize("command", [one.name for one in COMMANDS])
def test_every_command_runs_on_every_kind_of_map_and_loses_nothing(command: str, app: ExplorerApp) -> None:
    """Whatever is refused leaves a message and the map."""
    for name in ("lecture", "sutton-barto-6.10", "frozenlake-4x4"):
        app.session.change(make_document({"map_name": name}))
        app.lay_out(WINDOW, 1.0)
        app.run(COMMANDS[command])
        for now in np.arange(0.0, 0.3, 0.1):
            app.advance(float(now))
        assert app.session.document.grid.num_states == len(app.session.planning.values)
        assert app.session.planning.policy.shape == (
            len(app.session.planning.values),
            app.session.planning.num_actions,
        )
        assert app.session.scene.grid is app.session.document.grid
        app.session.stop()
        app.prompt, app.overlay, app.help_open, app.closing = None, None, False, False


def test_every_command_has_a_key() -> None:
    assert all(command.keys for command in COMMANDS)


def test_every_button_runs_a_command_or_changes_a_brush(app: ExplorerApp) -> None:
    titles = [
        button.title if isinstance(button.title, str) else button.title()
        for control in app.panel.controls
        if isinstance(control, Buttons)
        for button in control.buttons
    ]
    assert {
        "Sweep",
        "Backup",
        "Evaluate",
        "Improve",
        "Value iteration",
        "Start again",
        "Undo",
        "Save",
        "PNG",
        "GIF",
    } <= set(titles)
    assert {"Values", "Policy", "Q", "Change", "Optimal", "Lower", "Upper", "Width"} <= set(titles)


def slider_of(app: ExplorerApp, title: str) -> tuple[Slider, Rect]:
    for control, place in app.panel.places():
        if isinstance(control, Slider) and control.title.startswith(title):
            return control, place
    raise AssertionError(title)


def test_dragging_the_step_reward_flips_the_policy_as_it_goes(app: ExplorerApp) -> None:
    strokes(app, "k")
    slider, place = slider_of(app, "step reward")
    track = slider.track(place)
    corner = []
    app.handle(Pointer("press", (track.x + track.width * 1.99 / 2.5, track.y), 1))
    for reward in (-0.01, -0.3, -0.6, -0.7, -1.5, -2.0):
        app.handle(Pointer("move", (track.x + track.width * (reward + 2) / 2.5, track.y), 1))
        assert app.session.document.rules.step_reward == pytest.approx(reward, abs=0.011)
        corner.append(int(app.session.planning.policy[10].argmax()))
    app.handle(Pointer("release", (track.x, track.y), 1))
    assert corner == [3, 3, 3, 0, 0, 0]  # left, the long way to the +1, and then up, into the -1
    strokes(app, "ctrl+z")
    assert app.session.document.rules.step_reward == -0.04


def test_a_dragged_rule_is_said_and_stays_said_when_the_mouse_is_let_go(app: ExplorerApp) -> None:
    slider, place = slider_of(app, "step reward")
    track = slider.track(place)
    for kept, said in ((False, "Enter solves"), (True, "solved, error at most")):
        if kept:
            strokes(app, "k")
        app.handle(Pointer("press", (track.x + 1, track.y), 1))
        app.handle(Pointer("move", (track.x + track.width * (0.5 + kept) / 2.5, track.y), 1))
        app.handle(Pointer("move", (track.x + track.width * (0.5 + kept) / 2.5, track.y + 1), 1))  # changes nothing
        app.handle(Pointer("release", (track.x + track.width * (0.5 + kept) / 2.5, track.y), 1))
        assert app.hint == ""
        assert app.session.status[0].startswith(f"step reward {-1.5 + kept:g}; ")
        assert said in app.session.status[0]
    captions = [shown.caption for shown in app.session.recording.frames]
    assert any(caption.startswith("step reward -0.5; the policy changed") for caption in captions)


def test_a_refusal_is_said_and_the_map_is_as_it_was(app: ExplorerApp) -> None:
    strokes(app, "w")
    for row in range(3):
        drag(app, (row, 0), (row, 3))
    text, refusal = app.session.status
    assert refusal
    assert "no square to start on" in text
    assert app.session.document.rows == ("####", "####", "#...")


def test_a_wrong_file_name_is_said_and_a_right_one_works(app: ExplorerApp, tmp_path: Path) -> None:
    def answer(text: str) -> None:
        strokes(app, "ctrl+backspace", *text, "return")

    strokes(app, "ctrl+s")
    answer(str(tmp_path / "no" / "such" / "folder.json"))
    assert app.session.status[1]
    assert "there is no folder" in app.session.status[0]
    strokes(app, "ctrl+s")
    answer(str(tmp_path / "mine.json"))
    assert not app.session.status[1]
    assert app.title.startswith("mine.json - ")
    strokes(app, "w", "u")
    assert app.title.startswith("mine.json * - ")
    strokes(app, "ctrl+s")  # it has a name now
    assert app.prompt is None
    assert app.title.startswith("mine.json - ")
    app.handle(Dropped(str(tmp_path / "mine.json")))
    assert app.session.document.rows == ("...+", ".#.-", "#...")


def test_the_help_sheet_opens_and_any_key_closes_it(app: ExplorerApp) -> None:
    for key in ("f1", "?"):
        strokes(app, key)
        assert app.help_open
        strokes(app, "escape")
        assert not app.help_open
    strokes(app, "f1", "n")
    assert not app.help_open
    assert app.session.planning.counts.sweeps == 1


def test_a_hint_gives_way_to_what_is_said(app: ExplorerApp) -> None:
    slider, place = slider_of(app, "slip")
    app.handle(Pointer("move", slider.track(place).center))
    assert "slip" in app.hint
    strokes(app, "n")
    assert app.hint == ""
    app.handle(Pointer("move", slider.track(place).center))
    assert "slip" in app.hint


def test_nothing_is_painted_again_while_nothing_happens(app: ExplorerApp) -> None:
    app.handle(Pointer("move", middle(app, 1, 0)))
    stamp = app.stamp
    for now in range(5):
        app.advance(float(now))
        app.handle(Pointer("move", middle(app, 1, 0)))
    assert app.stamp == stamp
    assert not app.busy
    app.handle(Pointer("move", middle(app, 2, 0)))
    assert app.stamp != stamp


def test_a_run_keeps_its_pace_and_does_not_make_up_for_pauses(app: ExplorerApp) -> None:
    app.session.change(make_document({"map_name": "four-rooms"}))
    app.session.speed = 10.0
    strokes(app, "space")
    for now in np.arange(100.0, 101.0, 1 / 60):
        app.advance(float(now))
    assert 9 <= app.session.planning.counts.sweeps <= 11
    before = app.session.planning.counts.sweeps
    app.advance(500.0)
    assert app.session.planning.counts.sweeps == before + 1
    strokes(app, "space")
    assert not app.busy


def test_a_slow_run_is_painted_when_it_steps_and_not_between(app: ExplorerApp) -> None:
    app.session.speed = 2.0
    strokes(app, "space")
    stamps = []
    for now in np.arange(100.0, 101.0, 1 / 60):
        app.advance(float(now))
        stamps.append(app.stamp)
    assert len(set(stamps)) <= 4


def test_closing_and_quitting(app: ExplorerApp) -> None:
    strokes(app, "ctrl+q")
    assert app.closing
    app.closing = False
    app.handle(Closed())
    assert app.closing
