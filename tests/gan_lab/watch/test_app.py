"""The window's state, commands and mouse, without a window; and the command line."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import gan_lab
from gan_lab.cli.commands import app as command_line
from gan_lab.games import MixtureGame
from gan_lab.watch.app import WatchApp
from gan_lab.watch.commands import COMMANDS
from gan_lab.watch.drawing.layout import Layout
from gan_lab.watch.launch import make_app, opening
from gan_lab.watch.session import SPEEDS, Session
from gan_lab.watch.side import MOST_PICTURES
from gan_lab.watch.views import VIEWS
from gridworld_env.ui.widgets.controls import Buttons
from gridworld_env.ui.widgets.events import Closed, Dropped, Key, Pointer
from gridworld_env.ui.widgets.geometry import Point, Rect
from gridworld_env.ui.widgets.slider import Slider

WINDOW = Rect(0, 0, 1240, 890)


def opened(game: Any = "ring8", **options: Any) -> WatchApp:
    if game not in ("dirac", "bilinear"):
        options = {"recipe": "plain", "batch_size": 8, **options}
    app = make_app(opening(game, **options), lambda *_: None)
    app.lay_out(WINDOW, 1.0)
    return app


def press(app: WatchApp, *strokes: str) -> None:
    for stroke in strokes:
        app.handle(Key(stroke, stroke if len(stroke) == 1 else ""))


def settle(app: WatchApp) -> None:
    """Until nothing goes on any more."""
    while app.session.drawing_pictures or app.session.job is not None:
        app.advance(time.perf_counter())


def run_until(app: WatchApp, done: Callable[[Session], bool]) -> None:
    for _ in range(4000):
        if done(app.session):
            return
        app.advance(time.perf_counter())
    raise AssertionError(f"still not after 4000 frames: {app.session.status}")


def on_board(app: WatchApp, x: float, y: float, bound: float = 1.35) -> Point:
    main = app.places.main
    return main.center[0] + x / bound * main.width / 2, main.center[1] - y / bound * main.height / 2


def drag(app: WatchApp, *points: Point, button: int = 1) -> None:
    app.handle(Pointer("press", points[0], button))
    for point in points[1:]:
        app.handle(Pointer("move", point, button))
    app.handle(Pointer("release", points[-1], button))


def test_single_steps_update_and_run() -> None:
    app = opened()
    session = app.session
    press(app, "d")
    assert "discriminator moved alone: its payoff was -" in session.status[0]
    press(app, "g", "n")
    assert session.live_run.run.steps == 1
    assert session.status[0].startswith("update 1: payoffs discriminator_0")
    settle(app)
    assert session.picture_maker.picture is not None
    assert session.picture_maker.picture.step == 1
    press(app, "space")
    assert (session.running, app.busy) == (True, True)
    run_until(app, lambda it: it.live_run.run.steps >= 5 and len(it.recording.frames) >= 2)
    press(app, "space")
    settle(app)
    assert not app.busy
    steps = session.live_run.run.steps
    for _ in range(5):
        app.advance(time.perf_counter())
    assert session.live_run.run.steps == steps
    assert session.curves.rows[-1]["step"] == steps


def test_the_slow_speed_is_kept_and_the_picture_follows() -> None:
    app = opened("dirac")
    session = app.session
    settle(app)
    session.speed = 2.0
    press(app, "space")
    for moment in np.arange(0.0, 3.01, 0.05):
        session._play(float(moment), time.perf_counter() + 1.0)
    assert session.live_run.run.steps == 7  # at 0, 0.5, ..., 3
    press(app, "pageup", "pageup", "pagedown")
    assert session.speed == 5.0
    for _ in SPEEDS:
        press(app, "pageup")
    assert session.speed == SPEEDS[-1]


def test_no_frame_takes_much_longer_than_one_part_of_a_picture() -> None:
    """A picture is made between frames: `advance` comes back long before it is finished."""
    app = opened()
    app.session._begin_picture()
    parts = 0
    while app.session.picture_maker.busy:
        app.session.picture_maker.work(time.perf_counter() + 1e-9)
        parts += 1
    assert parts > 8


def test_a_new_seed_makes_new_players_and_the_rules_stay() -> None:
    app = opened()
    press(app, "shift+1", "ctrl+3", "ctrl+shift+1", "w")
    live_run = app.session.live_run
    weight = next(iter(live_run.run.generator.parameters())).detach().clone()
    press(app, "shift+r")
    again = app.session.live_run
    assert again is not live_run
    assert bool((next(iter(again.run.generator.parameters())) == weight).all())
    press(app, "r")
    fresh = app.session.live_run
    assert not bool((next(iter(fresh.run.generator.parameters())) == weight).all())
    assert (fresh.seed, fresh.recipe.loss, fresh.rule.name) == (1, "minimax", "extragradient")
    content: Any = fresh.pair.env.game_state
    assert (content.penalty.name, content.penalty_weight) == ("r1", live_run.pair.env.game_state.penalty_weight)
    dirac = opened("dirac")
    press(dirac, "shift+2", "t", "n", "r")
    assert (dirac.session.live_run.rate("generator"), dirac.session.live_run.recipe.loss) == (0.4, "non_saturating")


def test_recipes_of_the_game_and_plain() -> None:
    app = opened()
    press(app, "o")
    assert app.session.live_run.recipe == gan_lab.RECIPES["ring8"]
    press(app, "shift+o")
    assert app.session.live_run.recipe == gan_lab.RECIPES["plain"]
    dirac = opened("dirac")
    press(dirac, "o")
    assert dirac.session.status == ("dirac has no recipe: its players learn by plain gradient ascent", True)


def test_refusals_are_said_and_nothing_changes() -> None:
    app = opened("bilinear")
    pair = app.session.live_run.pair
    press(app, "shift+2")
    assert app.session.status[1]
    assert "played for V(D, G) alone" in app.session.status[0]
    assert app.session.live_run.pair is pair
    press(app, "ctrl+1", "k")
    assert "has no k" in app.session.status[0]
    ring = opened()
    press(ring, "ctrl+7")
    assert "no meaning in 'ring8'" in ring.session.status[0]
    press(ring, "k", "k", "shift+k")
    assert ring.session.live_run.rule.discriminator_steps == 2


def test_starting_again_says_which_rules_hold() -> None:
    app = opened(batch_size=8)
    press(app, "ctrl+shift+1", "shift+r")
    assert "penalty r1" in app.session.live_run.rules
    assert app.session.status[0] == "ring8, seed 0: new players, by the rules as they were"
    press(app, "r")
    assert "seed 1" in app.session.status[0]


def test_a_diverged_run_stops_says_why_and_starts_again() -> None:
    app = opened()
    app.set_rate("generator", 1e30)
    app.set_rate("discriminator", 1e30)
    press(app, "space")
    run_until(app, lambda it: bool(it.live_run.diverged))
    session = app.session
    assert not session.running
    assert session.status[1]
    assert session.problem.startswith("diverged:")
    press(app, "space")
    assert "R restarts it" in session.status[0]
    press(app, "d", "n")
    assert session.status[1]
    press(app, "shift+o", "n")
    assert not session.problem
    assert session.live_run.run.steps == 1


def test_data_are_drawn_and_erased_with_the_mouse() -> None:
    app = opened()
    settle(app)
    press(app, "p")
    drag(app, on_board(app, -0.5, 0.5), on_board(app, -0.2, 0.5), on_board(app, 0.1, 0.5))
    game = app.session.live_run.game
    assert isinstance(game, MixtureGame)
    assert game.name == "drawing"
    np.testing.assert_allclose(game.means, [[-0.5, 0.5], [-0.2, 0.5], [0.1, 0.5]], atol=2e-3)
    settle(app)
    drag(app, on_board(app, 0.6, -0.4))
    settle(app)
    assert len(app.session.live_run.game.means) == 4  # pyright: ignore[reportAttributeAccessIssue] - a mixture
    drag(app, on_board(app, -0.21, 0.51), button=3)
    np.testing.assert_allclose(app.session.live_run.game.means[:, 0], [-0.5, 0.1, 0.6], atol=2e-3)  # pyright: ignore
    live_run = app.session.live_run
    drag(app, on_board(app, 0.0, 0.0), button=3)  # there is nothing
    drag(app, (app.content.right - 5, 40.0))  # beside the paper
    assert app.session.live_run is live_run
    press(app, "n", "p")
    assert (app.session.drawing, live_run.run.steps) == (False, 1)
    press(app, "shift+p")
    assert (app.session.drawing, app.session.drawn_data.blobs) == (True, [])
    press(app, "alt+1")
    assert (app.session.drawing, app.session.live_run.game.name) == (False, "ring8")


def test_the_width_of_what_is_drawn_is_chosen_by_a_slider() -> None:
    app = opened()
    app.turn_page("Game")
    press(app, "p")
    drag(app, on_board(app, 0.0, 0.0))
    control, rect = next(
        (one, rect) for one, rect in app.panel.places() if isinstance(one, Slider) and "drawn" in one.title
    )
    drag(app, (rect.x + 100, rect.bottom - 10), (rect.right - 8, rect.bottom - 10))
    assert control.value() == 0.2
    assert app.session.live_run.game.std == 0.2  # pyright: ignore[reportAttributeAccessIssue] - a mixture


def test_a_click_puts_the_players_of_two_numbers_there() -> None:
    app = opened("dirac")
    settle(app)
    press(app, "n", "n")
    settle(app)
    drag(app, on_board(app, -0.6, 0.9, bound=1.5))
    live_run = app.session.live_run
    assert live_run.place == pytest.approx((-0.6, 0.9), abs=0.01)
    assert (live_run.run.steps, len(live_run.trajectory)) == (0, 1)
    settle(app)
    assert [row["step"] for row in app.session.curves.rows] == [0.0]


def test_small_pictures_are_enlarged_by_a_click_and_layers_toggled() -> None:
    app = opened()
    for name, place in app.places.small.items():
        drag(app, place.center)
        assert app.session.view == name
        assert app.session.status[0] == VIEWS[name].help
    press(app, "1", "x", "l")
    assert app.session.view == "samples"
    assert app.session.layers == {"generated", "exact"}
    press(app, "x")
    assert "real" in app.session.layers


@pytest.mark.parametrize("game", ["ring8", "dirac", "bump"])
def test_every_command_and_every_button_does_something_or_says_why_not(game: str) -> None:
    app = opened(game)
    for command in COMMANDS:
        if command.name.startswith("game grid"):
            continue  # the same as the others, and slow
        before = (app.session.stamp, app.stamp)
        app.run(command)
        assert (app.session.stamp, app.stamp) != before, command.name
        app.prompt, app.help_open, app.session.running = None, False, False
        if app.session.live_run.game.name != game:
            app.session.start(game, "plain" if game == "ring8" else None)
    assert app.closing
    app.lay_out(WINDOW, 1.0)
    for control, rect in app.panel.places():
        if isinstance(control, Buttons):
            for button, _ in control.places(rect):
                assert button.hint
                assert button.lit() in (True, False)
        if isinstance(control, Slider):
            assert control.shown(control.value())


def test_rates_and_weights_are_dragged() -> None:
    app = opened()
    for title, reading in (
        ("learning rate of D", lambda: app.session.live_run.rate("discriminator")),
        ("learning rate of G", lambda: app.session.live_run.rate("generator")),
        ("weight of the penalty", lambda: app.session.live_run.pair.env.game_state.penalty_weight),
    ):
        rect = next(rect for one, rect in app.panel.places() if getattr(one, "title", "") == title)
        drag(app, (rect.x + 8, rect.bottom - 10))
        assert reading() == 1e-5, title


def test_files_are_asked_for_and_wrong_names_refused(tmp_path: Path) -> None:
    app = opened("dirac")

    def answer(stroke: str, name: str) -> None:
        press(app, stroke, "ctrl+backspace")
        for letter in name:
            app.handle(Key("x", letter))
        press(app, "return")

    for stroke, name, words in (
        ("ctrl+p", "now.jpg", "ends in .png"),
        ("ctrl+p", "none/now.png", "in a folder that exists"),
        ("ctrl+g", "run.gif", "nothing has happened since the start"),
        ("ctrl+g", "run.png", "ends in .gif"),
    ):
        answer(stroke, str(tmp_path / name))
        assert app.session.status[1], name
        assert words in app.session.status[0]
    app.handle(Dropped("file"))
    app.handle(Closed())
    assert app.closing
    assert not list(tmp_path.iterdir())


def test_a_recording_keeps_the_whole_run_in_few_pictures() -> None:
    session = opened("dirac").session
    scene = session.scene
    for _ in range(5000):
        session.recording.add(lambda: scene)
    assert MOST_PICTURES // 2 <= len(session.recording.frames) <= MOST_PICTURES


@pytest.mark.parametrize("size", [(436, 450), (916, 830), (1900, 1100)])
def test_everything_has_its_place_at_every_size(size: tuple[int, int]) -> None:
    content = Rect(0, 0, *size)
    places = Layout(content)
    everything = [places.main, places.words, *places.small.values(), *places.charts]
    for rect in everything:
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.right <= content.right + 1e-6
        assert rect.bottom <= content.bottom + 1e-6
    assert places.main.width == places.main.height
    for number, one in enumerate(everything):
        for other in everything[number + 1 :]:
            apart = one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y
            assert apart, (one, other)


def test_the_command_refuses_what_cannot_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    found = CliRunner().invoke(command_line, ["watch", "ring8"])
    assert found.exit_code == 2
    assert "no display here" in found.output
    monkeypatch.setattr("gridworld_env.ui.widgets.display.has_display", lambda: True)
    for arguments, words in (
        (["watch", "digits"], "cannot be watched"),
        (["watch", "ring8", "--loss", "hing"], "did you mean 'hinge'"),
        (["watch", "dirac", "--noise", "2"], "neither modes nor noise"),
        (["watch", "bilinear", "--penalty", "r1"], "no penalty"),
    ):
        found = CliRunner().invoke(command_line, arguments)
        assert (found.exit_code, words in " ".join(found.output.split())) == (2, True), found.output


@pytest.mark.parametrize("end", ["ctrl-c", "close"])
def test_the_report_is_printed_however_the_window_ends(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    window = pytest.importorskip("gridworld_env.ui.widgets.pygame_window")
    monkeypatch.setattr("gridworld_env.ui.widgets.display.has_display", lambda: True)
    monkeypatch.setitem(os.environ, "SDL_VIDEODRIVER", "dummy")
    step = window.AppWindow.step

    def stepped(self: Any, events: Any = None) -> None:
        step(self, [])
        if self.app.session.live_run.run.steps >= 3:
            if end == "ctrl-c":
                raise KeyboardInterrupt
            self.app.quit()

    monkeypatch.setattr(window.AppWindow, "step", stepped)
    found = CliRunner().invoke(command_line, ["watch", "dirac", "--update", "simultaneous", "--seed", "4"])
    assert found.exit_code == 0, found.output
    assert "updates. Interrupted: what was learned until then is kept." in found.output
    assert "exploitability" in found.output
