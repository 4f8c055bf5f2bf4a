"""The canvas: frames and their shape, cells and the agent, what is kept between frames, what is left out when small."""

import re
import sys
from typing import Any

import gymnasium.error
import numpy as np
import pytest

from gridworld_env.errors import MapError
from gridworld_env.grid.grid import parse_grid
from gridworld_env.rendering import build_scene, make_overlay, theme
from gridworld_env.rendering.pygame_canvas import Canvas
from tests.oracles.frames import LECTURE, at, cell_of, pixel


def test_frames_are_contiguous_copies_of_one_shape_without_a_display() -> None:
    pygame = pytest.importorskip("pygame")
    pygame.quit()
    canvas = Canvas(LECTURE)
    overlay = make_overlay(11, 4, values=np.linspace(-3, 3, 11), policy=[0] * 11)
    scenes = [
        build_scene(LECTURE),
        build_scene(LECTURE, agent=3, trail=[7, 4, 0], caption="a caption " * 30),
        build_scene(LECTURE, agent=0, overlay=overlay, caption="short"),
    ]
    frames = [canvas.frame(scene) for scene in scenes]
    assert {frame.shape for frame in frames} == {(332, 400, 3)}
    assert all(frame.dtype == np.uint8 and frame.flags.c_contiguous and frame.flags.owndata for frame in frames)
    assert not pygame.display.get_init()
    before = canvas.frame(scenes[0])
    frames[0][:] = 0
    np.testing.assert_array_equal(canvas.frame(scenes[0]), before)


def test_cells_walls_terminals_and_border() -> None:
    canvas = Canvas(LECTURE)
    frame = canvas.frame(build_scene(LECTURE))
    assert at(canvas, frame, (0, 0)) == theme.FREE
    assert at(canvas, frame, (1, 1)) == theme.WALL
    assert at(canvas, frame, (1, 1), right=-0.49, down=-0.3) == theme.WALL
    assert at(canvas, frame, (0, 3), right=-0.3) == theme.TERMINAL_POSITIVE
    assert at(canvas, frame, (1, 3), right=-0.3) == theme.TERMINAL_NEGATIVE
    assert pixel(frame, 2, 2) == theme.WALL
    assert pixel(frame, 200, 331) == theme.STRIP
    x, y = canvas.layout.corner(0, 1)
    assert pixel(frame, x, y + 20) == theme.LINE
    assert pixel(frame, x + 1, y + 20) == pixel(frame, x - 1, y + 20) == theme.FREE


def test_terminals_have_two_outlines_and_their_reward() -> None:
    canvas = Canvas(LECTURE)
    frame = canvas.frame(build_scene(LECTURE))
    x, y = canvas.layout.corner(0, 3)
    dark = (frame[y : y + 40, x + 20] == theme.INK).all(axis=-1)
    starts = np.flatnonzero(np.diff(np.r_[False, dark].astype(int)) == 1)
    assert starts.tolist() == [5, 9]
    middle = slice(y + 30, y + 66), slice(x + 30, x + 66)
    positive = (frame[middle] != theme.TERMINAL_POSITIVE).any(axis=-1)
    below = middle[0].start + 96, middle[0].stop + 96
    negative = frame[below[0] : below[1], middle[1]]
    hole, letters = ((negative == color).all(axis=-1).sum() for color in (theme.PIT, theme.PAPER))
    assert hole > positive.sum() > letters > 20  # a pit, and "+1" has more ink than "-1"


@pytest.mark.parametrize("state", range(11))
def test_the_agent_is_on_its_cell_and_nowhere_else(state: int) -> None:
    canvas = Canvas(LECTURE)
    cell = cell_of(state)
    frame = canvas.frame(build_scene(LECTURE, agent=state))
    rows, columns = np.nonzero((frame == theme.AGENT).all(axis=-1))
    x, y = canvas.layout.center(*cell)
    assert (abs(rows.mean() + 0.5 - y), abs(columns.mean() + 0.5 - x)) < (1.0, 1.0)
    assert max(np.ptp(rows), np.ptp(columns)) < canvas.layout.cell / 2
    assert at(canvas, frame, cell, right=0.24) == theme.INK
    assert theme.PAPER in [at(canvas, frame, cell, right=part / 100) for part in range(15, 25)]


def test_a_trajectory_is_part_of_what_is_kept() -> None:
    canvas = Canvas(LECTURE)
    overlay = make_overlay(11, 4, trajectory=[7, 8, 9])
    frame = canvas.frame(build_scene(LECTURE, overlay=overlay))
    assert at(canvas, frame, (2, 2), right=-0.25) == theme.TRAJECTORY_NEW
    assert at(canvas, frame, (2, 0), right=0.1) == theme.TRAJECTORY_NEW
    assert at(canvas, frame, (2, 3)) == theme.FREE


def test_the_static_layer_is_kept_until_map_or_overlay_changes() -> None:
    canvas = Canvas(LECTURE)
    overlay = make_overlay(11, 4, values=np.arange(11.0))
    bare = canvas.static_layer(build_scene(LECTURE, agent=1))
    assert canvas.static_layer(build_scene(LECTURE, agent=2, trail=[1, 2], caption="x")) is bare
    first = canvas.static_layer(build_scene(LECTURE, agent=1, overlay=overlay))
    assert first is not bare
    assert canvas.static_layer(build_scene(LECTURE, agent=2, overlay=overlay)) is first
    again = make_overlay(11, 4, values=np.arange(11.0))
    assert canvas.static_layer(build_scene(LECTURE, agent=2, overlay=again)) is not first
    other = parse_grid(["....", "....", "...+"])
    assert canvas.static_layer(build_scene(other)) is not first
    frames = [canvas.frame(build_scene(LECTURE, agent=state, overlay=overlay)) for state in (0, 10, 0)]
    np.testing.assert_array_equal(frames[0], frames[2])
    assert (frames[0] != frames[1]).any()


def test_captions_and_the_color_scale() -> None:
    canvas = Canvas(LECTURE)
    strip = slice(canvas.layout.board_height, None)
    empty = canvas.frame(build_scene(LECTURE))[strip]
    assert (empty == theme.STRIP).all()
    written = canvas.frame(build_scene(LECTURE, caption="hello"))[strip]
    assert (written[:, :80] != theme.STRIP).any()
    assert (written[:, 200:] == theme.STRIP).all()
    long = canvas.frame(build_scene(LECTURE, caption="hello " * 50))[strip]
    assert (long[:, -8:] == theme.STRIP).all()
    scaled = canvas.frame(build_scene(LECTURE, overlay=make_overlay(11, 4, values=np.arange(11.0))))[strip]
    shown = {tuple(color) for color in scaled.reshape(-1, 3).tolist()}
    assert {theme.HEAT_COLORS[0], theme.HEAT_COLORS[-1]} <= shown


def test_a_large_map_is_drawn_by_array_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand rows and columns: as many drawing calls as for a small map, whatever its number of cells."""
    from gridworld_env.rendering import pygame_sheet

    calls: list[str] = []
    for name in ("rectangle", "polygon", "line", "disc", "text"):
        original = getattr(pygame_sheet.PygameSheet, name)

        def counted(self: Any, *args: Any, _name: str = name, _original: Any = original) -> None:
            calls.append(_name)
            _original(self, *args)

        monkeypatch.setattr(pygame_sheet.PygameSheet, name, counted)
    grid = parse_grid(["." * 999 + "+"] * 1000)
    canvas = Canvas(grid)
    overlay = make_overlay(10**6, 4, values=np.linspace(-1, 1, 10**6), policy=np.zeros(10**6, int))
    frame = canvas.frame(build_scene(grid, agent=500_500, overlay=overlay))
    assert frame.shape == (1034, 1006, 3)
    assert calls.count("disc") == 3  # the agent
    assert len(calls) < 100  # the rest is the colour scale
    assert at(canvas, frame, (500, 500)) == theme.AGENT
    assert pixel(frame, 3, 3) == theme.HEAT_COLORS[0]


@pytest.mark.parametrize("size", [300, 2500])
def test_agent_and_terminals_are_never_lost(size: int) -> None:
    rows = ["." * size for _ in range(size)]
    rows[7] = "." * 11 + "-" + "." * (size - 12)
    grid = parse_grid(rows)
    canvas = Canvas(grid)
    frame = canvas.frame(build_scene(grid, agent=(size - 9) * size + 40))
    assert at(canvas, frame, (size - 9, 40)) == theme.AGENT
    assert (frame == theme.AGENT).all(axis=-1).sum() >= 9
    assert at(canvas, frame, (7, 11)) == theme.TERMINAL_NEGATIVE
    assert (frame == theme.TERMINAL_NEGATIVE).all(axis=-1).sum() >= 9


def test_small_cells_show_the_sign_of_a_reward() -> None:
    grid = parse_grid(["+-" + "." * 48] * 2)
    canvas = Canvas(grid)
    assert canvas.layout.cell == 20
    frame = canvas.frame(build_scene(grid))
    assert at(canvas, frame, (0, 0), down=-0.18) == theme.INK
    assert at(canvas, frame, (0, 1), down=-0.18) == theme.TERMINAL_NEGATIVE
    assert at(canvas, frame, (0, 1), right=0.18) == theme.INK


def test_a_scene_of_another_map_or_number_of_actions_is_refused() -> None:
    canvas = Canvas(LECTURE)
    message = "scene: its map has 1 rows and 2 columns, the canvas was made for 3 and 4; make a canvas for each"
    with pytest.raises(MapError, match=re.escape(message)):
        canvas.frame(build_scene(parse_grid([".."])))
    with pytest.raises(MapError, match=re.escape("scene: its policy has 8 actions, the canvas has 4")):
        canvas.frame(build_scene(LECTURE, overlay=make_overlay(11, 8, policy=[0] * 11)))


def test_a_chosen_cell_size() -> None:
    canvas = Canvas(LECTURE, cell_size=40)
    assert canvas.frame(build_scene(LECTURE)).shape == (canvas.layout.height, canvas.layout.width, 3)
    assert canvas.layout.map_width == 160


def test_missing_pygame_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(gymnasium.error.DependencyNotInstalled, match="pip install pygame-ce"):
        Canvas(LECTURE)


def test_text_survives_somebody_elses_pygame_quit() -> None:
    pygame = pytest.importorskip("pygame")
    canvas = Canvas(LECTURE)
    scene = build_scene(LECTURE, caption="one")
    before = canvas.frame(scene)
    pygame.quit()
    np.testing.assert_array_equal(canvas.frame(scene), before)
    pygame.quit()
    pygame.font.init()
    other = canvas.frame(build_scene(LECTURE, caption="another"))
    assert (other != before).any()
