"""Replays looked at in a headless Chromium, where there is one: `apt install chromium`."""

from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import gan_lab
import planners
from gridworld_env import LearningReplay, Replay
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import heat_colors
from tests.gridworld_env.replays.test_replay import HOSTILE
from tests.oracles.chromium import Chromium, installed

pytestmark = [
    pytest.mark.visual,
    pytest.mark.skipif(installed() is None, reason="no Chromium here: apt install chromium"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Replay, Path]:
    env = gym.make("GridWorld-v0", slip=0.2)
    replay = Replay(env, HOSTILE)
    replay.play(planners.value_iteration(env, discount=0.9, progress=replay), seed=3)
    path = tmp_path_factory.mktemp("pages") / "plan.html"
    replay.html(path)
    return replay, path


def check_silence(browser: Chromium, page: Path) -> None:
    """Nothing was asked for but the page itself, and nothing complained about."""
    assert {address.partition("#")[0] for address in browser.requests} <= {page.resolve().as_uri(), "data:,"}
    assert browser.complaints == []


def test_complaints_and_requests_are_noticed(browser: Chromium, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<script>console.error('no'); throw Error('oh')</script><img src='missing.png'>", encoding="utf-8")
    browser.open(page)
    assert len(browser.complaints) >= 2
    assert any(address.endswith("missing.png") for address in browser.requests)


def test_frames_differ_and_each_address_shows_its_own(browser: Chromium, planned: tuple[Replay, Path]) -> None:
    replay, page = planned
    pictures = []
    for frame in (0, 7, len(replay.sweeps.frames) + 2):
        browser.open(page, frame)
        pictures.append(browser.picture())
        assert browser.run("document.getElementById('scrub').value") == str(frame)
        check_silence(browser, page)
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert (pictures[one] != pictures[other]).any(axis=2).mean() > 0.01
    browser.open(page, 7)
    assert (browser.picture() != pictures[1]).any(axis=2).mean() < 0.001


def test_squares_have_the_colours_of_their_values(browser: Chromium, planned: tuple[Replay, Path]) -> None:
    """Read off the canvas, at the upper left of each square, against the renderer's own scale."""
    replay, page = planned
    frame = replay.sweeps.frames[9]
    browser.open(page, 9)
    width, height = browser.run("(() => { const c = document.querySelector('canvas'); return [c.width, c.height]; })()")
    cell = min((width - 2) / 4, 128, max(260, 900 * 0.66) / 3)
    limit = max(np.abs(one.values[~replay.grid.terminal]).max() for one in replay.sweeps.frames)
    expected = heat_colors(frame.values.astype(float), float(limit))
    for state, (row, column) in enumerate(replay.grid.cell_of_state):
        if replay.grid.terminal[state]:
            continue
        x, y = (width - 4 * cell) / 2 + (column + 0.04) * cell, 1 + (row + 0.04) * cell
        found = browser.run(
            f"[...document.querySelector('canvas').getContext('2d').getImageData({x}, {y}, 1, 1).data].slice(0, 3)"
        )
        assert np.abs(np.array(found) - expected[state]).max() <= 1, (state, found, expected[state])
    assert height > 3 * cell


def test_keys_buttons_and_the_slider(browser: Chromium, planned: tuple[Replay, Path]) -> None:
    replay, page = planned
    last = len(replay.sweeps.frames) + len(replay.steps)
    browser.open(page)

    def frame() -> int:
        return int(browser.run("document.getElementById('scrub').value"))

    for key, expected in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", last), ("Home", 0)):
        browser.key(key)
        assert frame() == expected, key
    browser.run("document.getElementById('on').click()")
    browser.run("document.getElementById('on').click()")
    browser.run("document.getElementById('back').click()")
    assert frame() == 1
    assert browser.run("location.hash") == "#frame=1"
    browser.run("(s => { s.value = 5; s.dispatchEvent(new Event('input')); })(document.getElementById('scrub'))")
    assert browser.run("document.getElementById('caption').textContent").startswith("V after 5 sweeps")
    browser.run("document.getElementById('rate').value = '30'")
    browser.key(" ")
    assert browser.run("document.getElementById('play').getAttribute('aria-label')") == "Pause"
    browser.until(f"document.getElementById('scrub').value === '{last}'")
    browser.until("document.getElementById('play').getAttribute('aria-label') === 'Play'")
    assert "the episode ends" in browser.run("document.getElementById('caption').textContent")
    check_silence(browser, page)


def test_pointing_at_a_square_shows_its_numbers(browser: Chromium, planned: tuple[Replay, Path]) -> None:
    replay, page = planned
    browser.open(page, 4)
    left, top, width = browser.run(
        "(b => [b.left, b.top, b.width])(document.querySelector('canvas').getBoundingClientRect())"
    )
    cell = min((width - 2) / 4, 128)
    browser.point(left + (width - 4 * cell) / 2 + 2.5 * cell, top + 0.5 * cell)
    text = browser.run("document.getElementById('tip').textContent").replace("\u2212", "-")
    state = replay.grid.cell_to_state((0, 2))
    sweep = replay.sweeps.frames[4]
    assert f"row 0, column 2, state {state}" in text
    shown = [float(word) for word in text.split("V = ")[1].replace("\n", " ").split() if word[-1].isdigit()]
    assert shown[0] == pytest.approx(float(sweep.values[state]), rel=1e-6)
    assert shown[1:3] == pytest.approx([float(sweep.lower[state]), float(sweep.upper[state])], rel=1e-6)
    assert "greedy: right" in text


def test_hostile_names_are_text(browser: Chromium, planned: tuple[Replay, Path]) -> None:
    _, page = planned
    browser.open(page)
    assert browser.run("document.getElementById('title').textContent") == HOSTILE
    assert browser.run("document.title").startswith("</script>")
    assert browser.run("document.querySelectorAll('script').length + document.images.length") == 2
    check_silence(browser, page)


def test_even_an_injected_script_would_not_run(browser: Chromium, planned: tuple[Replay, Path], tmp_path: Path) -> None:
    _, page = planned
    changed = tmp_path / "changed.html"
    text = page.read_text(encoding="utf-8")
    changed.write_text(text.replace("<main>", "<main><script>window.ran = 1</script>"), encoding="utf-8")
    browser.open(changed)
    assert browser.run("typeof window.ran") == "undefined"
    assert browser.run("document.getElementById('scrub').max") != "0"  # the page's own script did


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it(browser: Chromium, planned: tuple[Replay, Path], scheme: str) -> None:
    _, page = planned
    browser.open(page, 3, size=(360, 740), prefers_color_scheme=scheme)
    assert browser.run("document.documentElement.scrollWidth") <= 360
    small = browser.run(
        "[...document.querySelectorAll('button, select')].filter(b => b.getBoundingClientRect().height < 44).length"
    )
    assert small == 0
    corner = browser.picture()[2, 2].mean()
    assert corner < 60 if scheme == "dark" else corner > 240
    check_silence(browser, page)


def test_reduced_motion_is_slow_and_never_begins_by_itself(browser: Chromium, planned: tuple[Replay, Path]) -> None:
    _, page = planned
    browser.open(page, prefers_reduced_motion="reduce")
    assert browser.run("document.getElementById('rate').value") == "1"
    assert browser.run("document.getElementById('play').getAttribute('aria-label')") == "Play"
    browser.open(page)
    assert browser.run("document.getElementById('rate').value") == "2"


def test_the_table_has_the_numbers(browser: Chromium, planned: tuple[Replay, Path]) -> None:
    replay, page = planned
    browser.open(page, 6)
    browser.run("document.getElementById('numbers').open = true")
    browser.until("document.querySelectorAll('#numbers tr').length > 11")
    rows = browser.run("[...document.querySelectorAll('#numbers tr')].map(r => [...r.cells].map(c => c.textContent))")
    found = [float(row[3].replace("\u2212", "-")) for row in rows[1:12]]
    assert found == pytest.approx(replay.sweeps.frames[6].values.tolist(), rel=1e-6)


@pytest.mark.parametrize("game", ["dirac", "finite", "gaussian", "plane", "line", "images"])
def test_every_kind_of_training(browser: Chromium, game: str, tmp_path: Path) -> None:
    made = {
        "plane": lambda: gan_lab.games.MixtureGame(np.eye(2), std=0.2),
        "line": lambda: gan_lab.games.MixtureGame([[-1.0], [1.0]], std=0.2),
        "images": lambda: gan_lab.games.ImagesGame(np.linspace(-1, 1, 20 * 64).reshape(20, 1, 8, 8)),
    }.get(game, lambda: game)()
    replay = gan_lab.Replay(HOSTILE)
    gan_lab.train(made, recipe="plain", steps=6, looks=3, callbacks=[replay])
    page = tmp_path / "run.html"
    replay.html(page)
    pictures = []
    for frame in (0, 2):
        browser.open(page, frame, size=(700, 700))
        pictures.append(browser.picture())
        assert browser.run("document.getElementById('caption').textContent").startswith(f"After update {2 * frame + 2}")
        check_silence(browser, page)
    assert (pictures[0] != pictures[1]).any(axis=2).mean() > 1e-3
    assert browser.run("document.querySelectorAll('canvas').length") >= 3


def test_the_browser_finds_the_theme() -> None:
    """The colours of the page come from the theme of the renderer, not from a copy."""
    from gridworld_env.replays.page import THEME

    assert THEME["heat"]["colors"] == theme.HEAT_COLORS


def test_a_learner(browser: Chromium, tmp_path: Path) -> None:
    """Q in triangles by the renderer's scale, visits in words, frames that differ; and eight triangles on a phone."""
    env = gym.make("GridWorld-v0", slip=0.2)
    replay = LearningReplay(env, planners.QLearning(), discount=0.9, seed=1, title=HOSTILE)
    replay.learn(200)
    page = tmp_path / "learn.html"
    replay.html(page)
    frames = replay.frames.frames
    pictures = []
    for frame in (0, len(frames) - 1):
        browser.open(page, frame)
        pictures.append(browser.picture())
        assert f"Regret {frames[frame].regret:.4g}" in browser.run("document.getElementById('caption').textContent")
        check_silence(browser, page)
    assert (pictures[0] != pictures[1]).any(axis=2).mean() > 0.005
    width = browser.run("document.querySelector('canvas').width")
    cell, q = min((width - 2) / 4, 128, max(260, 900 * 0.66) / 3), frames[-1].q.astype(float)
    limit = max(np.abs(one.q[~replay.env.grid.terminal]).max() for one in frames)
    for action, (across, down) in enumerate([(0.3, 0.2), (0.8, 0.3), (0.3, 0.8), (0.2, 0.3)]):
        x, y = (width - 4 * cell) / 2 + (2 + across) * cell, 1 + down * cell
        found = browser.run(
            f"[...document.querySelector('canvas').getContext('2d').getImageData({x}, {y}, 1, 1).data].slice(0, 3)"
        )
        assert np.abs(np.array(found) - heat_colors(np.array(q[2, action]), float(limit))).max() <= 1, action
    left, top = browser.run("(b => [b.left, b.top])(document.querySelector('canvas').getBoundingClientRect())")
    browser.point(left + (width - 4 * cell) / 2 + 2.5 * cell, top + 0.5 * cell)
    tip = browser.run("document.getElementById('tip').textContent")
    assert f"tried {frames[-1].visits[2, 1]} times" in tip
    assert "optimal: right" in tip
    browser.run("document.getElementById('numbers').open = true")
    browser.until("document.querySelectorAll('#numbers tr').length > 11")
    kings = LearningReplay(gym.make("GridWorld-v0", moves="king"), planners.Sarsa(), discount=0.9, seed=1)
    kings.learn(60)
    kings.html(page)
    browser.open(page, 5, size=(360, 740))
    assert browser.run("document.documentElement.scrollWidth") <= 360
    check_silence(browser, page)
