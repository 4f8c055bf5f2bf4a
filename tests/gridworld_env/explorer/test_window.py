"""The explorer's window, driven by pygame's own events on the dummy driver; its pictures are checked by the pixel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gridworld_env import random_map
from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.session import Session
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import heat_colors, heat_knee

pygame = pytest.importorskip("pygame")

from gridworld_env.explorer.drawing import board_colors  # noqa: E402 - pygame may be missing
from gridworld_env.explorer.drawing.curves import OPTIMAL  # noqa: E402
from gridworld_env.explorer.drawing.pygame_actors import LOSES  # noqa: E402
from gridworld_env.explorer.launch import open_explorer  # noqa: E402
from gridworld_env.ui.widgets import style  # noqa: E402
from gridworld_env.ui.widgets.pygame_window import fitting  # noqa: E402
from tests.oracles.windows import DOCS, User, as_seen, script_of_docs, without_a_screen, written  # noqa: E402


class Driver(User):
    """Somebody at the explorer's window."""

    def square(self, row: int, column: int, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        """A point of a square in window units."""
        view = self.app.viewport
        x, y = view.corner(row, column)
        return x + across * view.cell, y + down * view.cell

    def color(self, row: int, column: int, across: float = 0.85, down: float = 0.12) -> tuple[int, ...]:
        x, y = self.square(row, column, across, down)
        return tuple(int(part) for part in self.pixels()[int(y), int(x)])


def near(one: Any, other: Any) -> bool:
    return bool(np.abs(np.subtract(one, other, dtype=int)).max() <= 3)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with without_a_screen(monkeypatch) as windows:

        def make(
            size: tuple[int, int] = (1240, 840), scale: float = 1.0, discount: float = 0.9, **arguments: Any
        ) -> Driver:
            document = make_document(arguments or {"map_name": "lecture"}, discount)
            windows.append(open_explorer(Session(document, seed=1), size, scale))
            return Driver(windows[-1])

        yield make


def test_the_first_picture_is_the_map(opened: Any) -> None:
    user = opened()
    assert user.color(1, 1) == theme.WALL
    assert near(user.color(0, 3, 0.3, 0.3), theme.TERMINAL_POSITIVE)
    assert near(user.color(1, 3, 0.3, 0.3), theme.TERMINAL_NEGATIVE)
    assert near(user.color(0, 0), theme.FREE)
    assert tuple(user.pixels()[5, 1235]) == style.PANEL
    assert user.window.frames == 1


def test_walls_are_painted_with_the_mouse_and_undone(opened: Any) -> None:
    user = opened()
    user.drag(user.square(2, 1), user.square(2, 2), user.square(2, 3))
    user.away()
    assert user.app.session.document.rows == ("...+", ".#.-", "S###")
    assert [user.color(2, column) for column in (1, 2, 3)] == [theme.WALL] * 3
    user.key("ctrl+z")
    assert near(user.color(2, 2), theme.FREE)


def test_colors_are_those_of_the_values(opened: Any) -> None:
    user = opened(map_name="aima-4x3")
    user.key("return", "1")
    values = user.app.session.planning.values
    limit = np.abs(values[[0, 1, 2, 4, 5, 7, 8, 9, 10]]).max()
    for state, (row, column) in enumerate(user.app.session.document.grid.cell_of_state.tolist()):
        if not user.app.session.document.grid.terminal[state]:
            expected = heat_colors(np.array(values[state]), limit)
            assert near(user.color(row, column), expected), (row, column)


def test_triangles_have_the_colors_of_their_action_values(opened: Any) -> None:
    user = opened(map_name="aima-4x3")
    user.key("return", "3")
    q = user.app.session.planning.action_values()
    limit = np.abs(q[~user.app.session.document.grid.terminal]).max()
    # Beside the numbers, in each of the four wedges.
    for action, (across, down) in enumerate([(0.3, 0.06), (0.94, 0.3), (0.3, 0.94), (0.06, 0.3)]):
        assert near(user.color(0, 1, across, down), heat_colors(np.array(q[1, action]), limit))


def test_the_policy_is_seen_to_flip_when_the_slider_is_dragged(opened: Any) -> None:
    user = opened()
    user.key("k")
    user.away()
    arrow_up = user.square(2, 3, 0.5, 0.16)  # where an arrow up has its tip, and one to the left has nothing

    def ink() -> bool:
        x, y = arrow_up
        patch = user.pixels()[int(y) : int(y) + 14, int(x) - 4 : int(x) + 5].astype(int)
        return bool((np.abs(patch - np.array(theme.INK)).sum(axis=2) < 60).any())

    assert not ink()
    slider = next(place for control, place in user.app.panel.places() if getattr(control, "title", "") == "step reward")
    user.drag(
        (slider.x + 200, slider.bottom - 10), (slider.x + 40, slider.bottom - 10), (slider.x + 2, slider.bottom - 10)
    )
    user.away()
    assert user.app.session.document.rules.step_reward == -2.0
    assert ink()
    frame = user.color(1, 2, 0.5, 0.025)
    assert frame in (theme.TRAJECTORY_NEW, theme.PAPER)  # the mark of a square whose policy changed


def test_the_agent_is_dropped_and_walks_with_intended_and_actual_move(opened: Any) -> None:
    user = opened(map_name="aima-4x3", slip=1.0)  # it always slips
    user.key("2")
    user.app.session.planning.solve()
    user.app.session.changed()
    user.key("a")
    user.drag(user.square(0, 0))
    assert user.app.session.agent.state == 0
    user.away()
    assert near(user.color(0, 0, 0.5, 0.38), theme.AGENT)
    user.key("m")
    move = user.app.session.agent.last
    assert move.intended != move.made
    assert "slipped" in user.app.session.status[0]
    row, column = user.app.session.document.grid.cell_of_state[move.target].tolist()
    assert near(user.color(row, column, 0.5, 0.38), theme.AGENT)
    magenta = (np.abs(user.pixels().astype(int) - np.array(theme.AGENT)).sum(axis=2) < 30).sum()
    user.key("0")
    assert magenta > 500
    assert (np.abs(user.pixels().astype(int) - np.array(theme.AGENT)).sum(axis=2) < 30).sum() == 0


def test_help_covers_the_window_and_goes(opened: Any) -> None:
    user = opened()
    before = user.pixels().copy()
    user.key("f1")
    assert (user.pixels() >= 190).mean() > 0.85  # a sheet of paper with text on it
    user.key("?")
    np.testing.assert_array_equal(user.pixels(), before)


def test_the_window_is_resized_and_everything_has_its_place(opened: Any) -> None:
    user = opened()
    user.window.window.size = (900, 600)
    user.window.step()
    assert user.pixels().shape[:2] == (600, 900)
    assert user.app.content.right == user.app.panel.rect.x == 900 - style.PANEL_WIDTH
    assert user.app.viewport.columns * user.app.viewport.cell <= 900 - style.PANEL_WIDTH
    assert user.color(1, 1) == theme.WALL
    user.drag(user.square(0, 0))
    assert user.app.session.document.rows[0] == "#..+"


@pytest.mark.visual
def test_a_dense_screen_shows_the_same_with_more_pixels(opened: Any) -> None:
    """At two pixels a point: the same picture where it is averaged down, and finer edges than an enlarged one has."""
    shown = {}
    for scale in (1.0, 2.0):
        user = opened(scale=scale, map_name="four-rooms")
        user.key("return")
        shown[scale] = user.pixels().astype(float)
    small, large = shown[1.0], shown[2.0]
    assert large.shape == (2 * small.shape[0], 2 * small.shape[1], 3)
    averaged = large.reshape(small.shape[0], 2, small.shape[1], 2, 3).mean(axis=(1, 3))
    panel = np.s_[:, -style.PANEL_WIDTH :]
    assert np.abs(averaged[panel] - small[panel]).mean() < 8  # text is not the same to the pixel
    assert np.abs(averaged - small).mean() < 12
    enlarged = small.repeat(2, axis=0).repeat(2, axis=1)
    assert np.abs(large - enlarged)[panel].max() > 100  # the text is drawn at the density, not stretched


def test_points_hit_what_they_show_on_a_dense_screen(opened: Any) -> None:
    user = opened(scale=2.0)
    user.drag(user.square(2, 1))
    assert user.app.session.document.rows[2] == "S#.."


@pytest.mark.parametrize("view", "12345678")
def test_every_view_is_drawn_at_every_size_of_square(opened: Any, view: str, rng: np.random.Generator) -> None:
    user = opened(
        desc=random_map(12, 30, seed=int(rng.integers(10**6))), slip=0.2, moves=str(rng.choice(["cardinal", "king"]))
    )
    user.key("n", "n", view)
    assert user.app.session.problem == ""
    for _ in range(14):
        layers = user.app._drawing.layers
        user.key("ctrl+=")
        assert user.app._drawing.layers == layers + 1 or user.app.viewport.cell >= 248
    user.key("home")
    for _ in range(16):
        user.key("ctrl+-")
    assert user.app.viewport.cell == 1


def test_the_kept_layer_is_not_drawn_again_for_what_moves(opened: Any) -> None:
    user = opened(desc=random_map(50, 50, seed=3))
    content = user.app._drawing
    layers, frames = content.layers, user.window.frames
    user.key("left", "up", "right", "d", "a")
    for step in range(5):
        user.move(100 + 40 * step, 200)
    assert user.window.frames > frames
    assert content.layers == layers
    frames = user.window.frames
    for _ in range(10):
        user.window.step([])
    assert user.window.frames == frames  # nothing happened, nothing was painted


def test_a_run_is_shown_sweep_by_sweep(opened: Any) -> None:
    user = opened(map_name="four-rooms")
    user.app.session.speed = 1e6
    user.key("space")
    user.finish()
    assert "settled" in user.app.session.status[0]
    assert not user.app.busy


def test_500_x_500_is_painted_zoomed_and_swept(opened: Any) -> None:
    user = opened(desc=random_map(500, 500, seed=5))
    user.key("n")
    assert user.app.session.planning.counts.sweeps == 1
    view = user.app.viewport
    assert view.cell == 1
    for _ in range(9):
        user.post(pygame.MOUSEWHEEL, x=0, y=1, precise_x=0.0, precise_y=1.0, flipped=False, touch=False, pos=(400, 300))
    user.window.step()
    assert view.cell == 14
    rows, columns = view.seen()
    row, column = rows.start + 3, columns.start + 3
    user.key("w")
    user.drag(user.square(row, column), user.square(row, column + 2))
    user.away()
    assert user.app.session.document.rows[row][column : column + 3] == "###"
    assert user.color(row, column + 1) == theme.WALL


def test_pictures_and_animations_are_written_and_problems_are_said(opened: Any, tmp_path: Path) -> None:
    user = opened()
    user.answer("ctrl+g", str(tmp_path / "run.gif"))
    assert "nothing has been done since the reset" in user.app.session.status[0]
    for _ in range(4):
        user.key("n")
    user.answer("ctrl+g", str(tmp_path / "run.gif"))
    with Image.open(tmp_path / "run.gif") as image:
        assert getattr(image, "n_frames", 1) == 4
    user.answer("ctrl+p", str(tmp_path / "now.png"))
    with Image.open(tmp_path / "now.png") as image:
        assert image.size == (400, 332)
    for stroke, name in (("ctrl+p", "now.jpg"), ("ctrl+g", "none/run.gif"), ("ctrl+p", "none/now.png")):
        user.answer(stroke, str(tmp_path / name))
        assert user.app.session.status[1], name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["now.png", "run.gif"]


@pytest.mark.parametrize("kind", ["WINDOWCLOSE", "QUIT"])
def test_closing_the_window_ends_the_run(opened: Any, kind: str) -> None:
    user = opened()
    pygame.event.post(pygame.event.Event(getattr(pygame, kind), window=user.window.window))
    user.window.run()
    assert user.app.closing
    user.window.close()
    assert pygame.display.get_init()


def test_another_windows_events_are_not_ours(opened: Any) -> None:
    user = opened()
    other = pygame.Window("other", (50, 50))
    pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE, window=other))
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_n, mod=0, unicode="n", window=other))
    user.window.step()
    assert not user.app.closing
    assert user.app.session.planning.counts.sweeps == 0
    other.destroy()


@pytest.mark.visual
def test_the_page_shows_what_the_window_shows(opened: Any, tmp_path: Path) -> None:
    """docs/explore.png is what its script makes today; another version of the font may differ a little."""
    pictures = script_of_docs("explore_pictures")
    pictures.picture_of_a_slip(tmp_path)
    made, stored = (np.asarray(Image.open(folder / "explore.png"), dtype=float) for folder in (tmp_path, DOCS))
    assert made.shape == stored.shape
    assert np.abs(made - stored).mean() < 1.5
    pictures.animation_of_the_flip(tmp_path)
    with Image.open(tmp_path / "explore_flip.gif") as image:
        assert getattr(image, "n_frames", 1) == 9


def test_heat_stays_apart_for_eyes_without_red_or_green_or_blue() -> None:
    """Negative and positive of one size differ for every common colour blindness; size is seen in lightness alone."""
    for display, seen in as_seen(np.array(board_colors.PALETTE[: 2 * board_colors.HALF + 1])):
        lightness = np.cbrt(seen @ np.array([0.2126, 0.7152, 0.0722]))
        negative, positive = lightness[: board_colors.HALF + 1][::-1], lightness[board_colors.HALF :]
        for side in (negative, positive):
            assert (np.diff(side[::10]) < 0).all()  # further from zero is darker
        apart = np.abs(display[: board_colors.HALF] - display[: board_colors.HALF : -1]).max(axis=1)
        assert apart[: board_colors.HALF // 2].min() > 40


@pytest.mark.parametrize(("driver", "size"), [("x11", (1240, 678)), ("dummy", (1240, 820))])
def test_a_window_is_no_larger_than_its_screen(monkeypatch: pytest.MonkeyPatch, driver: str, size: Any) -> None:
    monkeypatch.setattr(pygame.display, "get_driver", lambda: driver)
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [(1366, 768)])
    assert fitting((1240, 820)) == size


STATES = (
    "f2",
    "f2 shift+l",
    "f2 t",
    "f2 v",
    "f3",
    "f4",
    "f4 shift+l",
    "f1",
    "ctrl+m",
    "f3 ctrl+a",
    "w u ctrl+q",
    "ctrl+s",
)
SIZES = [((1280, 720), 1.0), ((1600, 1000), 1.0), ((2560, 1440), 2.0)]


@pytest.mark.parametrize(("size", "scale"), SIZES, ids=["1280x720", "1600x1000", "scale 2"])
def test_every_label_is_whole(opened: Any, size: Any, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is measured: no line of panel, chart, formula, status, help, menu or question is cut on any side."""
    for strokes in STATES:
        user = opened(size=size, scale=scale, map_name="lecture", slip=0.2)
        user.key("j", "h", *strokes.split())
        lines = written(user, monkeypatch)
        assert len(lines) > 20, strokes
        cut = [line.text for line in lines if not line.whole]
        if user.app.overlay is not None:  # a menu scrolls: tiles at its lower edge may be seen in part
            cut = [line.text for line in lines if line.width > line.place.width]
        assert cut == [], strokes


@pytest.mark.parametrize(("size", "scale"), SIZES, ids=["1280x720", "1600x1000", "scale 2"])
def test_every_control_is_reached_without_scrolling(opened: Any, size: Any, scale: float) -> None:
    for strokes in ("f2", "f2 t", "f2 v", "f3", "f4"):
        user = opened(size=size, scale=scale)
        user.key(*strokes.split())
        panel = user.app.panel
        assert panel.content_height() <= panel.rect.height, strokes


def test_every_hint_and_message_is_whole_however_narrow_the_window(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too long for the last line takes several, none of which is cut."""
    user = opened(size=(800, 500))
    for message in ("x" * 30, "one sentence of many words " * 12, user.app.panel.controls[0].buttons[1].hint):
        user.app.session.say(message, refusal=True)
        lines = [line for line in written(user, monkeypatch) if line.place.y > 300 and line.place.x < 100]
        assert all(line.whole for line in lines)
        told = " ".join(line.text for line in lines)
        assert "".join(f"Cannot: {message}".split()) in "".join(told.split())
    for control, place in user.app.panel.places():
        for x in range(int(place.x), int(place.right), 30):
            for y in range(int(place.y) + 5, int(place.bottom), 20):
                assert len(control.hint((x, y), place)) < 200  # two lines at most


def test_f11_fills_the_screen_and_f12_makes_everything_larger(opened: Any) -> None:
    user = opened(size=(1280, 720))
    small = user.app.panel.rect.width / user.app.content.width
    user.key("f11")
    assert user.app.full_screen
    user.key("escape")
    assert not user.app.full_screen
    assert user.window.window.size == (1280, 720)
    user.key("f12")
    assert user.app.panel.rect.width / user.app.content.width > small
    assert user.pixels().shape == (720, 1280, 3)


def test_a_learner_is_watched_in_the_window(opened: Any) -> None:
    """Triangles have the colours of Q, tips point out what is optimal, the learner stands where it is."""
    user = opened(size=(1280, 720), map_name="lecture", slip=0.2)
    user.key("h")
    user.finish()
    user.away()
    run = user.app.session.learning.run
    assert run.steps == 1000
    q = run.action_values
    alive = q[~user.app.session.document.grid.terminal]
    for action, (across, down) in enumerate([(0.3, 0.12), (0.9, 0.3), (0.3, 0.9), (0.12, 0.3)]):
        expected = heat_colors(np.array(q[1, action]), np.abs(alive).max(), heat_knee(alive))
        assert near(user.color(0, 1, across, down), expected)
    tips = {0: (0.5, 0.035), 1: (0.967, 0.5), 2: (0.5, 0.967), 3: (0.035, 0.5)}
    for state in (0, 1, 2, 4, 5, 8, 9, 10):
        row, column = user.app.session.document.grid.cell_of_state[state].tolist()
        for action, place in tips.items():
            green = near(user.color(row, column, *place), OPTIMAL)
            assert green == run.plan.optimal_actions[state, action], (state, action)
    row, column = user.app.session.document.grid.cell_of_state[run.state].tolist()
    assert near(user.color(row, column, 0.5, 0.5), theme.AGENT)
    learned = user.pixels().copy()
    user.key("f7")
    assert (user.pixels() != learned).any(axis=2).mean() > 0.02  # visits are another picture


def test_squares_in_which_a_policy_loses_are_framed(opened: Any) -> None:
    user = opened(map_name="lecture", slip=0.2)
    user.key("f4")
    user.app.session.cursor = (0, 0)
    user.away()
    red = {state: near(user.color(*square, 0.5, 0.02), LOSES) for state, square in squares(user).items()}
    assert red == {state: bool(loses) for state, loses in enumerate(user.app.session.by_hand.loses)}
    user.key("return", "c")
    assert not any(near(user.color(*square, 0.5, 0.02), LOSES) for square in squares(user).values())


def squares(user: Driver) -> dict[int, tuple[int, int]]:
    return {
        state: (row, column)
        for state, (row, column) in enumerate(user.app.session.document.grid.cell_of_state.tolist())
    }
