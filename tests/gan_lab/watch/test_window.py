"""The window of `gan-lab watch`, driven by pygame's own events on the dummy driver, checked by the pixel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pygame = pytest.importorskip("pygame")

from gan_lab.watch import files, sample_picture  # noqa: E402
from gan_lab.watch.commands import COMMANDS  # noqa: E402
from gan_lab.watch.drawing import palette  # noqa: E402
from gan_lab.watch.drawing.pygame_board import render  # noqa: E402
from gan_lab.watch.drawing.pygame_plane import on_rect  # noqa: E402
from gan_lab.watch.launch import open_watch, opening  # noqa: E402
from gridworld_env.ui.widgets import style  # noqa: E402
from gridworld_env.ui.widgets.events import Key  # noqa: E402
from gridworld_env.ui.widgets.pygame_keys import translate  # noqa: E402
from gridworld_env.ui.widgets.pygame_window import AppWindow  # noqa: E402
from tests.oracles.windows import DOCS, User, as_seen, script_of_docs, without_a_screen  # noqa: E402


class Driver(User):
    """Somebody at the window of `gan-lab watch`."""

    def __init__(self, window: AppWindow) -> None:
        super().__init__(window)
        self.settle()

    def settle(self) -> None:
        """Until the picture is finished and shown."""
        while self.session.picture_maker.busy or self.session.job is not None:
            self.window.step()
        self.window.step()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where numbers of the plane are in the window."""
        x, y = on_rect(np.array([x, y]), self.app.places.main, self.app._bound())
        return float(x), float(y)

    def patch(self, x: float, y: float, reach: int = 3) -> np.ndarray:
        """(n, 3) pixels around a place of the plane."""
        column, row = (round(self.app.density * part) for part in self.at(x, y))
        return self.pixels()[row - reach : row + reach + 1, column - reach : column + reach + 1].reshape(-1, 3)


def holds(patch: np.ndarray, color: Any, within: int = 12) -> bool:
    """Whether a pixel of the patch has about that colour."""
    return bool((np.abs(patch.astype(int) - np.array(color)).max(axis=1) <= within).any())


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with without_a_screen(monkeypatch) as windows:

        def make(game: Any = "ring8", scale: float = 1.0, **options: Any) -> Driver:
            if game not in ("dirac", "bilinear"):
                options = {"recipe": "plain", "batch_size": 8, **options}
            windows.append(open_watch(opening(game, **options), scale=scale))
            return Driver(windows[-1])

        yield make


def test_the_first_picture_has_the_data_where_they_are(opened: Any) -> None:
    user = opened()
    user.key("1")
    for x, y in user.session.live_run.game.means:
        assert holds(user.patch(x, y, 8), palette.DATA), (x, y)
    assert not holds(user.patch(0.5, 1.2, 8), palette.DATA)
    user.key("x")
    assert not any(holds(user.patch(x, y, 5), palette.DATA) for x, y in user.session.live_run.game.means)
    assert tuple(user.pixels()[5, 1235]) == style.PANEL


def test_it_runs_and_pauses_and_the_frames_follow(opened: Any) -> None:
    user = opened()
    frames = user.window.frames
    user.key("space")
    for _ in range(400):
        user.window.step()
        if len(user.session.recording.frames) >= 3:
            break
    assert user.session.live_run.run.steps >= 2
    assert user.window.frames > frames + 1
    user.key("space")
    user.settle()
    frames = user.window.frames
    for _ in range(5):
        user.window.step([])
    assert user.window.frames == frames  # nothing happened, nothing was painted


@pytest.mark.long
@pytest.mark.parametrize("view", ["2", "3", "4"])
def test_fields_have_the_colors_of_their_numbers(opened: Any, view: str) -> None:
    """Of cells whose neighbours are like them, as the field is stretched smoothly."""
    user = opened(width=0.2)
    user.key(view, "x", "z", "l", "e")
    picture = user.session.picture_maker.picture
    field = {"2": picture.stretched, "3": picture.exact, "4": picture.difference}[view]
    colors = (palette.difference_colors if view == "4" else palette.probability_colors)(field).astype(int)
    cells = len(field)
    assert cells == sample_picture.FINE
    centers = sample_picture.cell_centers(picture.bound, cells).reshape(cells, cells, 2)
    checked = 0
    for row in range(3, cells - 3, 7):
        for column in range(3, cells - 3, 7):
            around = colors[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3)
            if (slope := np.ptp(around, axis=0).max()) <= 40:
                x, y = centers[row, column]
                assert np.abs(user.patch(x, y, 0)[0] - colors[row, column]).max() <= 6 + slope / 2, (row, column)
                checked += 1
    assert checked > 50


def test_a_missed_mode_is_blue_in_the_best_discriminator_and_a_wrong_sample_orange(opened: Any) -> None:
    user = opened("two_modes")
    user.key("3", "x", "z", "l", "e")
    fake = user.session.picture_maker.picture.fake.mean(
        axis=0
    )  # before any update: near the middle, far from both modes
    assert np.abs(fake).max() < 0.4
    for x in (-0.8, 0.8):
        assert np.abs(user.patch(x, 0.0, 0)[0] - palette.SCALE[2]).max() < 12
    assert np.abs(user.patch(*fake, 0)[0] - palette.SCALE[0]).max() < 12
    assert np.abs(user.patch(0.0, 0.9, 0)[0] - np.array(palette.EMPTY)).max() < 3


def test_data_drawn_with_the_mouse_are_what_is_trained_on(opened: Any) -> None:
    user = opened()
    user.key("p")
    user.drag(user.at(-0.5, 0.5), user.at(0.0, 0.5), user.at(0.5, 0.5))
    user.settle()
    assert len(user.session.live_run.game.means) == 3
    assert holds(user.patch(0.0, 0.5, 12), palette.DATA)
    user.drag(user.at(0.0, 0.5), button=3)
    user.settle()
    assert len(user.session.live_run.game.means) == 2
    assert not holds(user.patch(0.0, 0.5, 8), palette.DATA)
    user.key("n")
    assert user.session.live_run.run.steps == 1


def test_the_path_of_dirac_is_painted_and_a_click_begins_elsewhere(opened: Any) -> None:
    user = opened("dirac", update="simultaneous")
    for _ in range(8):
        user.key("n")
    user.settle()
    for psi, theta in user.session.live_run.trajectory[1:]:
        assert holds(user.patch(psi, theta, 3), palette.PATH)
    assert holds(user.patch(0.0, 0.0, 3), palette.EQUILIBRIUM)
    user.drag(user.at(-1.2, -0.3))
    user.settle()
    assert user.session.live_run.place == pytest.approx((-1.2, -0.3), abs=0.01)
    assert holds(user.patch(-1.2, -0.3), palette.PATH)
    assert not holds(user.patch(0.81, 0.995, 3), palette.PATH)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_points_hit_what_they_show_at_every_size_and_density(opened: Any, scale: float) -> None:
    user = opened("bilinear", scale=scale)
    user.window.window.size = (round(900 * scale), round(600 * scale))
    user.window.step()
    assert user.pixels().shape[:2] == (600 * scale, 900 * scale)
    x, y = user.at(0.7, -0.4)
    user.drag((x * scale, y * scale))
    user.settle()
    assert user.session.live_run.place == pytest.approx((0.7, -0.4), abs=0.02)
    assert holds(user.patch(0.7, -0.4), palette.PATH)


def test_help_covers_the_window_and_goes(opened: Any) -> None:
    user = opened("dirac")
    before = user.pixels().copy()
    user.key("f1")
    assert (user.pixels() >= 190).mean() > 0.85  # a sheet of paper with text on it
    user.key("f1")
    assert (user.pixels() != before).any(axis=2).mean() < 1e-5  # two pixels of smooth lines may differ


def test_a_diverged_run_is_shown_with_its_message(opened: Any) -> None:
    user = opened()
    user.app.set_rate("generator", 1e30)
    user.app.set_rate("discriminator", 1e30)
    user.key("space")
    for _ in range(200):
        user.window.step()
        if user.session.live_run.diverged:
            break
    user.window.step()
    assert not user.session.running
    line = user.pixels()[-style.STATUS_HEIGHT + 2 :].reshape(-1, 3)
    assert holds(line, style.ERROR, 3)
    user.key("shift+o")
    user.settle()
    assert not holds(user.pixels()[-style.STATUS_HEIGHT + 2 :].reshape(-1, 3), style.ERROR, 3)


def test_pictures_and_animations_are_written(opened: Any, tmp_path: Path) -> None:
    user = opened("dirac")
    for _ in range(4):
        user.key("n")
        user.settle()
    user.answer("ctrl+g", str(tmp_path / "run.gif"))
    user.answer("ctrl+p", str(tmp_path / "now.png"))
    user.settle()
    assert user.session.status[0].startswith("wrote")
    with Image.open(tmp_path / "run.gif") as image:
        assert getattr(image, "n_frames", 1) == 5
    with Image.open(tmp_path / "now.png") as image:
        off = (np.asarray(image) != render(user.session.scene, (916, 780), 2.0)).any(axis=2)
        assert off.mean() < 1e-5  # two pixels of smooth lines differed in one of some hundred runs


@pytest.mark.parametrize("game", ["ring8", "dirac"])
def test_a_dense_picture_is_the_same_with_more_pixels(opened: Any, game: str) -> None:
    scene = opened(game).session.scene
    small, large = (render(scene, (800, 700), scale).astype(float) for scale in (1.0, 2.0))
    averaged = large.reshape(700, 2, 800, 2, 3).mean(axis=(1, 3))
    assert np.abs(averaged - small).mean() < 8
    assert np.abs(large - small.repeat(2, axis=0).repeat(2, axis=1)).max() > 100  # drawn, not stretched


@pytest.mark.parametrize("kind", ["WINDOWCLOSE", "QUIT"])
def test_closing_the_window_ends_it(opened: Any, kind: str) -> None:
    user = opened("dirac")
    user.post(getattr(pygame, kind))
    user.window.run()
    assert user.app.closing


@pytest.mark.visual
def test_the_page_shows_what_the_window_shows(opened: Any, tmp_path: Path) -> None:
    """docs/watch_dirac.png is what its script makes today; another version of the font may differ a little."""
    pictures = script_of_docs("watch_pictures")
    pictures.picture_of_dirac(tmp_path)
    made, stored = (
        np.asarray(Image.open(folder / "watch_dirac.png").convert("RGB"), dtype=float) for folder in (tmp_path, DOCS)
    )
    assert made.shape == stored.shape
    assert np.abs(made - stored).mean() < 1.5


@pytest.mark.parametrize("colors", [palette.probability_colors, palette.difference_colors])
def test_fields_stay_apart_for_eyes_without_red_or_green_or_blue(colors: Any) -> None:
    """Both ends, and each end and the middle, differ for every common colour blindness."""
    ends = (0.0, 0.5, 1.0) if colors is palette.probability_colors else (-1.0, 0.0, 1.0)
    marks = [palette.DATA, palette.FAKE, palette.LEARNED, palette.EXACT]
    for shown, _ in as_seen(np.concatenate([colors(np.array(ends)), marks])):
        for one, other in ((0, 1), (1, 2), (0, 2), (3, 4), (5, 6)):
            assert np.abs(shown[one] - shown[other]).max() > 40
    assert len(palette.few_colors()) <= 256


def test_few_colors_hold_those_of_every_field(rng: np.random.Generator) -> None:
    for made in (palette.probability_colors(rng.random((9, 9))), palette.difference_colors(rng.uniform(-1, 1, (9, 9)))):
        image = np.asarray(files.in_few_colors(made).convert("RGB"), dtype=int)
        assert np.abs(image - made.astype(int)).max() <= 6


@pytest.mark.parametrize("row", ["!@#$%^&*()", '!"§$%&/()=', "1234567890"], ids=["us", "german", "french"])
def test_losses_and_penalties_are_under_the_digits_of_every_keyboard(row: str) -> None:
    """By what Shift and the digits type: a French keyboard has the digits there, and letters without Shift."""
    unshifted = "&é\"'(-è_çà" if row[0] == "1" else "1234567890"
    for digit, sign, plain in zip("1234567890", row, unshifted, strict=True):
        code = {"key": ord(plain), "scancode": getattr(pygame, f"KSCAN_{digit}")}
        strokes = {
            f"shift+{digit}": {"mod": pygame.KMOD_LSHIFT, "unicode": sign},
            f"ctrl+shift+{digit}": {"mod": pygame.KMOD_LSHIFT | pygame.KMOD_LCTRL, "unicode": ""},
            digit: {"mod": 0, "unicode": plain},
        }
        for stroke, held in strokes.items():
            key = translate(pygame.event.Event(pygame.KEYDOWN, **code, **held), 1.0)
            assert isinstance(key, Key)
            found = COMMANDS.of_stroke(key.stroke) or COMMANDS.of_stroke(key.other)
            expected = COMMANDS.of_stroke(stroke)
            assert expected is None or found is expected, (stroke, key)
            assert key.text == held["unicode"]


def test_every_key_of_the_sheet_reaches_its_command() -> None:
    """As a keyboard sends it: with the letter or sign that it types, and without one where Ctrl or Alt is held."""
    for command in COMMANDS:
        for stroke in command.keys:
            *held, name = stroke.split("+") if len(stroke) > 1 else [stroke]
            mod = sum(
                {"shift": pygame.KMOD_LSHIFT, "ctrl": pygame.KMOD_LCTRL, "alt": pygame.KMOD_LALT}[one] for one in held
            )
            typed = name.upper() if held == ["shift"] else name
            shifted = dict(zip("1234567890", "!@#$%^&*()", strict=True)).get(name) if held == ["shift"] else None
            letter = "slash" if name == "?" else name
            code = {"key": getattr(pygame, f"K_{letter if len(letter) == 1 else letter.upper()}"), "mod": mod}
            if name.isdigit():
                code["scancode"] = getattr(pygame, f"KSCAN_{name}")
            text = "" if len(name) > 1 or {"ctrl", "alt"} & set(held) else shifted or typed
            key = translate(pygame.event.Event(pygame.KEYDOWN, **code, unicode=text), 1.0)
            assert isinstance(key, Key)
            assert (COMMANDS.of_stroke(key.stroke) or COMMANDS.of_stroke(key.other)) is command, stroke
