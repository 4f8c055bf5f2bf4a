"""Two runs in one window, the runs before them, and what is written of them; without a window."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import gan_lab
from gan_lab.cli.commands import app as command_line
from gan_lab.errors import WiringError
from gan_lab.games import MixtureGame
from gan_lab.players import Discriminator, Generator
from gan_lab.watch import files
from gan_lab.watch.app import PAGES
from gan_lab.watch.curves import beside_charts, phase_charts, plane_charts, ticks
from gan_lab.watch.drawing.layout import Layout
from gan_lab.watch.launch import differences
from gan_lab.watch.live_run import LiveRun
from gan_lab.watch.networks import network_of
from gan_lab.watch.watchable_games import WATCHED, watched_game
from gridworld_env.ui.widgets.geometry import Rect
from tests.gan_lab.watch.test_app import drag, on_board, opened, press, run_until, settle


def first_weights(live_run: LiveRun) -> torch.Tensor:
    return next(iter(live_run.run.generator.parameters())).detach()


def test_two_runs_are_the_same_until_one_is_changed_and_each_is_as_alone() -> None:
    app = opened("two_modes", beside={})
    session = app.session
    press(app, "n", "n", "n")
    first, second = (side.live_run for side in session.sides)
    assert torch.equal(first_weights(first), first_weights(second))
    press(app, "shift+6", "n", "n")  # hinge, of B, which is chosen
    assert (first.recipe.loss, second.recipe.loss) == ("non_saturating", "hinge")
    assert not torch.equal(first_weights(first), first_weights(second))
    alone = LiveRun(WATCHED["two_modes"](), "plain", batch_size=8)
    for _ in range(5):
        alone.update()
    assert torch.equal(first_weights(first), first_weights(alone))
    assert (first.run.steps, second.run.steps) == (5, 5)


def test_a_click_chooses_the_run_that_is_changed() -> None:
    app = opened("dirac", beside={"update": "extragradient"}, update="simultaneous")
    session = app.session
    settle(app)
    assert session.chosen == 1
    drag(app, Layout(app.content, 0).main.center)
    assert (session.chosen, session.sides[0].live_run.run.steps) == (0, 0)
    press(app, "ctrl+5")
    assert [side.live_run.rule.name for side in session.sides] == ["consensus", "extragradient"]
    drag(app, on_board(app, 0.5, -0.5, bound=1.5))  # now it puts the players of both there
    assert [side.live_run.place for side in session.sides] == [pytest.approx((0.5, -0.5), abs=0.02)] * 2
    press(app, "n", "r")
    assert [(side.live_run.seed, side.live_run.rule.name) for side in session.sides] == [
        (1, "consensus"),
        (1, "extragradient"),
    ]


def test_a_run_that_diverges_does_not_stop_the_other() -> None:
    app = opened("two_modes", beside={})
    session = app.session
    app.set_rate("generator", 1e30)
    app.set_rate("discriminator", 1e30)
    press(app, "space")
    run_until(app, lambda it: bool(it.live_run.diverged))
    assert session.running
    assert session.problem.startswith("B: diverged")
    steps, pictures = session.sides[0].live_run.run.steps, len(session.recording.frames)
    run_until(app, lambda it: it.sides[0].live_run.run.steps > steps + 2 and len(it.recording.frames) > pictures)
    press(app, "b")  # B alone
    press(app, "space", "space")
    assert not session.running


def test_both_are_shown_together_and_one_can_be_kept() -> None:
    app = opened("two_modes", beside={"penalty": "r1"})
    session = app.session
    settle(app)
    press(app, "n")
    settle(app)
    scene = session.recording.frames[-1]
    assert scene.beside is not None
    assert scene.title.startswith("A: two_modes, update 1")
    assert "penalty r1" in scene.beside.rules
    assert (scene.chosen, scene.beside.chosen) == (False, True)
    charts = beside_charts(plane_charts(scene.rows, 2), plane_charts(scene.beside.rows, 2))
    assert [line.label[:2] for line in charts[0].lines[-2:]] == ["B:", "A:"]
    press(app, "p")
    assert "drawn for one run" in session.status[0]
    press(app, "6")
    assert "networks are shown of one run" in session.status[0]
    second = session.live_run
    press(app, "b")
    assert [side.live_run for side in session.sides] == [second]
    press(app, "ctrl+z")
    assert len(session.sides) == 2
    halves = [Layout(app.content, side) for side in (0, 1)]
    assert halves[0].main.right <= halves[1].main.x
    assert all(half.words.bottom <= half.charts[0].y for half in halves)


def test_differences_are_read_and_refused_in_words() -> None:
    assert differences("loss=hinge , rate=.5") == {"loss": "hinge", "rate": 0.5}
    for text, words in (
        ("loss", "expected what is different"),
        ("los=hinge", "did you mean 'loss'"),
        ("rate=x", "a number"),
    ):
        with pytest.raises(WiringError, match=words):
            differences(text)
    own = opened("ring8", beside={"recipe": "ring8"})
    assert [side.live_run.recipe.penalty for side in own.session.sides] == [None, "r1r2"]
    with pytest.raises(WiringError, match="packs of 4 samples"):
        opened("ring8", recipe="pacgan4")


def test_the_command_shows_two_and_reports_both(monkeypatch: pytest.MonkeyPatch) -> None:
    window = pytest.importorskip("gridworld_env.ui.widgets.pygame_window")
    monkeypatch.setattr("gridworld_env.ui.widgets.display.has_display", lambda: True)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(window.AppWindow, "run", lambda self: None)
    found = CliRunner().invoke(command_line, ["watch", "dirac", "--beside", "update=consensus"])
    assert found.exit_code == 0, found.output
    assert "A: dirac, 0 updates" in found.output
    assert "B: dirac, 0 updates" in found.output
    for arguments, words in (
        (["--beside", "update=consensu"], "did you mean 'consensus'"),
        (["--beside", "update=consensus", "--html", "x.html"], "--beside is only for the window"),
    ):
        found = CliRunner().invoke(command_line, ["watch", "dirac", *arguments])
        assert (found.exit_code, words in " ".join(found.output.split())) == (2, True), found.output


def test_no_run_is_lost() -> None:
    app = opened("dirac")
    session = app.session
    press(app, "n", "n")
    first = session.live_run
    press(app, "r", "n", "alt+1")
    assert session.live_run.game.name == "ring8"
    press(app, "ctrl+z", "ctrl+z")
    assert session.live_run is first
    press(app, "n", "ctrl+y")
    assert session.live_run.run.steps == 1
    press(app, "ctrl+z", "ctrl+z")
    assert session.status == ("there is no run before this one", True)
    assert session.live_run is first
    assert first.run.steps == 3


def test_a_drawing_that_was_taken_away_comes_back() -> None:
    app = opened()
    app.page = "Game"
    press(app, "p")
    drag(app, on_board(app, -0.5, 0.5), on_board(app, 0.5, 0.5))
    drawn = list(app.session.drawn_data.blobs)
    press(app, "shift+p")
    assert app.session.drawn_data.blobs == []
    press(app, "ctrl+z")
    assert app.session.drawn_data.blobs == drawn
    press(app, "shift+p")
    drag(app, on_board(app, 0.0, 0.0))
    press(app, "ctrl+z", "ctrl+z")
    assert app.session.drawn_data.blobs == drawn


@pytest.mark.parametrize("game", ["two_modes", "bump", "dirac"])
def test_the_page_has_what_was_seen(game: str, tmp_path: Path) -> None:
    app = opened(game, recipe=None) if game == "dirac" else opened(game)
    session = app.session
    settle(app)
    with pytest.raises(ValueError, match="press Space first"):
        files.export_page(session, str(tmp_path / "a.html"))
    for _ in range(3):
        press(app, "n")
        settle(app)
    press(app, "shift+3")
    files.export_page(session, str(tmp_path / "a.html"))
    document = session.side.page().document()
    assert document["at"] == [0.0, 1.0, 2.0, 3.0]
    assert document["charts"]
    assert (tmp_path / "a.html").stat().st_size > 10_000
    assert "open it in a browser" in session.status[0]
    press(app, "n")
    settle(app)
    assert session.side.page().document()["at"] == [0.0, 1.0, 2.0, 3.0, 4.0]  # the page took nothing from the window


@pytest.mark.parametrize("game", ["two_modes", "bump", "dirac"])
def test_saved_players_are_read_by_the_package(game: str, tmp_path: Path) -> None:
    app = opened(game, recipe=None) if game == "dirac" else opened(game)
    press(app, "n", "ctrl+3", "t", "n")
    files.save_players(app.session, str(tmp_path / "run.safetensors"))
    live_run, found = app.session.live_run, gan_lab.load(tmp_path / "run.safetensors")
    assert (found.steps, found.game.name, found.settings["seed"]) == (2, game, 0)
    for one, other in zip(found.generator.parameters(), live_run.run.generator.parameters(), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(ValueError, match=r"ends in \.safetensors"):
        files.save_players(app.session, str(tmp_path / "run.html"))


@pytest.mark.parametrize("recipe", ["plain", "ring8", "pacgan_published", "unrolled_published"])
def test_the_diagram_has_every_learned_number_and_changes_nothing(recipe: str) -> None:
    if recipe == "pacgan_published":
        recipe = "self_conditioned_baseline_published"  # BatchNorm, one sample at a time
    live_run = LiveRun(watched_game("ring8"), recipe, batch_size=8)
    players = live_run.run.generator, live_run.run.discriminator
    before = [value.clone() for player in players for value in player.state_dict().values()]
    networks = live_run.networks
    after = [value for player in players for value in player.state_dict().values()]
    assert all(map(torch.equal, before, after))
    assert [player.training for player in players] == [True, True]
    for player, network in zip(players, networks, strict=True):
        assert network.parameters == sum(parameter.numel() for parameter in player.parameters())
    assert [network.layers[-1].size for network in networks] == [2, 1]
    assert networks[0].inputs == live_run.game.noise_size  # pyright: ignore - a game of samples


def test_the_layers_of_a_network_stand_in_the_order_in_which_they_compute() -> None:
    network = nn.Sequential(nn.Linear(3, 5), nn.Dropout(), nn.ReLU(), nn.Linear(5, 1))
    found = network_of(Discriminator(network), "discriminator", 3)
    assert [(layer.name, layer.size) for layer in found.layers] == [
        ("linear", 5),
        ("Dropout", 5),
        ("ReLU", 5),
        ("linear", 1),
    ]
    assert network.training
    assert network_of(Generator(nn.Linear(1, 2)), "generator", 1).parameters == 4


def test_marks_of_a_scale_are_round_and_few(rng: np.random.Generator) -> None:
    for _ in range(300):
        low = float(rng.normal() * 10.0 ** rng.integers(-3, 4))
        high = low + float(10.0 ** rng.uniform(-2, 4))
        most = int(rng.integers(3, 8))
        marks = ticks(low, high, most)
        assert 1 <= len(marks) <= most
        assert all(low - 1e-6 * (high - low) <= mark <= high + 1e-6 * (high - low) for mark in marks)
        gaps = np.diff(marks)
        digits = gaps / 10.0 ** np.floor(np.log10(gaps) + 1e-9)
        assert all(round(digit) in (1, 2, 5, 10) and abs(digit - round(digit)) < 1e-3 for digit in digits)
        ratio = ticks(abs(low) + 1e-6, abs(low) + 1e-6 + (high - low), most, logarithmic=True)
        assert 1 <= len(ratio) <= most


def test_the_predicted_rate_begins_where_the_rule_was_changed() -> None:
    rows = [{"step": float(step), "value": 0.0, "distance": 2.0 + step, "exploitability": 1.0} for step in range(9)]
    predicted = phase_charts(rows, 0.0, 0.5, began=4)[1].lines[0]
    assert predicted.steps.tolist() == [4, 5, 6, 7, 8]
    np.testing.assert_allclose(predicted.values, 6.0 * 0.5 ** np.arange(5))
    app = opened("dirac")
    press(app, "n", "n", "ctrl+3", "n")
    assert app.session.scene.began == 2


def test_what_is_judged_and_reported_follows_the_rules_of_now() -> None:
    """A run that goes on by another loss is not judged by the first."""
    app = opened("two_modes")
    press(app, "n", "shift+4", "ctrl+shift+1", "ctrl+3")
    run = app.session.live_run.run
    assert (run.loss.name, run.penalty and run.penalty.name, run.rule and run.rule.name) == (
        "wasserstein",
        "r1",
        "extragradient",
    )


def test_a_low_window_shows_the_panel_in_pages_and_a_high_one_all_of_it() -> None:
    app = opened("dirac")
    app.lay_out(Rect(0, 0, 1280, 720), 1.0)
    for page in (*PAGES[2:], *PAGES[:2]):
        press(app, "tab")
        assert app.page == page
        assert app.panel.content_height() <= app.panel.rect.height
    app.lay_out(Rect(0, 0, 1600, 1000), 1.0)
    assert app.panel.content_height() <= app.panel.rect.height
    press(app, "tab")
    assert "there is no other page" in app.session.status[0]


def test_views_and_layers_that_a_game_has_not_are_refused_in_words() -> None:
    app = opened("dirac")
    for stroke, words in (("3", "has one picture"), ("6", "no networks"), ("x", "always shown")):
        press(app, stroke)
        assert words in app.session.status[0]
        assert app.session.status[1]
    line = opened("bump")
    assert isinstance(line.session.live_run.game, MixtureGame)
    press(line, "3")
    assert "one picture beside the networks" in line.session.status[0]
    press(line, "l")
    assert line.session.status[0] == "D, blue dashes: hidden"


def test_players_that_learned_for_long_are_not_lost_without_a_question(tmp_path: Path) -> None:
    app = opened("two_modes")
    app.quit()
    assert app.closing  # nothing is lost that a few seconds do not bring back
    app.closing = False
    app.session.live_run.run.steps = 1000
    app.quit()
    assert (app.closing, app.session.unsaved[:32]) == (False, "The players have learned for 1,0")
    press(app, "s")
    assert app.prompt is not None
    app.prompt.answer = str(tmp_path / "kept.safetensors")
    press(app, "return")
    assert app.closing
    assert gan_lab.load(tmp_path / "kept.safetensors").steps == 1000
    assert not app.session.unsaved
    dirac = opened("dirac")
    dirac.session.live_run.run.steps = 5000
    assert not dirac.session.unsaved


def test_files_are_replaced_only_when_told(tmp_path: Path) -> None:
    app = opened("two_modes", beside={"penalty": "r1"})
    settle(app)
    there = tmp_path / "now.png"
    there.write_bytes(b"mine")
    app.ask_png()
    assert app.prompt is not None
    app.prompt.answer = str(there)
    press(app, "return")
    assert there.read_bytes() == b"mine"
    press(app, "escape")
    assert there.read_bytes() == b"mine"
    files.save_players(app.session, str(tmp_path / "both.safetensors"))
    assert [one.name for one in sorted(tmp_path.glob("both*"))] == ["both-A.safetensors", "both-B.safetensors"]
    with pytest.raises(ValueError, match="already: choose another name"):
        files.save_players(app.session, str(tmp_path / "both.safetensors"))
    app.page = "View"
