"""Frames, pixel by pixel: where things are, what is kept from frame to frame, what is left out when small."""

import re
import sys
from typing import Any

import gymnasium.error
import numpy as np
import pytest
from numpy.typing import NDArray

from gridworld_env.errors import MapError
from gridworld_env.grid import parse_grid
from gridworld_env.rendering import build_scene, make_overlay, theme
from gridworld_env.rendering.heat import heat_colors
from gridworld_env.rendering.pygame_canvas import Canvas

LECTURE = parse_grid(["...+", ".#.-", "S..."])
# Unit steps right and down of the actions, restated here so that a wrong table in the package shows.
COMPASS = {0: (0, -1), 1: (1, 0), 2: (0, 1), 3: (-1, 0), 4: (1, -1), 5: (1, 1), 6: (-1, 1), 7: (-1, -1)}


def cell_of(state: int) -> tuple[int, int]:
    row, column = LECTURE.cell_of_state[state]
    return int(row), int(column)


def pixel(frame: NDArray[np.uint8], x: float, y: float) -> tuple[int, ...]:
    return tuple(int(part) for part in frame[int(y), int(x)])


def at(canvas: Canvas, frame: NDArray[np.uint8], cell: tuple[int, int], right: float = 0, down: float = 0) -> Any:
    """Colour at a place in a cell, in cell sides from its centre."""
    x, y = canvas.layout.center(*cell)
    return pixel(frame, x + right * canvas.layout.cell, y + down * canvas.layout.cell)


def inked(canvas: Canvas, frame: NDArray[np.uint8], cell: tuple[int, int]) -> int:
    """Pixels of the dark ink in a cell."""
    x, y = canvas.layout.corner(*cell)
    side = canvas.layout.cell
    return int((frame[y : y + side, x : x + side] == theme.INK).all(axis=-1).sum())


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
    negative = (frame[below[0] : below[1], middle[1]] != theme.TERMINAL_NEGATIVE).any(axis=-1)
    assert positive.sum() > negative.sum() > 20  # "+1" has more ink than "-1"


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


@pytest.mark.parametrize("actions", [4, 8])
@pytest.mark.parametrize("values", [None, np.zeros(9)])
def test_arrows_at_all_tied_actions_and_no_other(actions: int, values: Any, rng: np.random.Generator) -> None:
    grid = parse_grid(["...", "...", "..."])
    tied = rng.random((9, actions)) < 0.5
    tied[np.arange(9), rng.integers(actions, size=9)] = True
    tied[tied.sum(axis=1) == 1, :2] = True  # two at least: a single arrow also reaches back from the centre
    canvas = Canvas(grid, actions)
    frame = canvas.frame(build_scene(grid, overlay=make_overlay(9, actions, values=values, policy=tied)))
    lift, reach = (0.0, 0.30) if values is None else (-0.12, 0.22)
    for state in range(9):
        cell = divmod(state, 3)
        for action in range(actions):
            right, down = np.array(COMPASS[action]) / np.hypot(*COMPASS[action]) * reach
            found = at(canvas, frame, cell, right, down + lift) == theme.INK
            assert found == tied[state, action], (state, action)


def test_arrow_lengths_follow_the_probabilities() -> None:
    grid = parse_grid(["."])
    canvas = Canvas(grid)
    overlay = make_overlay(1, 4, policy=[[0.4, 0.2, 0.4, 0.0]])
    frame = canvas.frame(build_scene(grid, overlay=overlay))
    x, y = (int(part) for part in canvas.layout.center(0, 0))
    dark = (frame == theme.INK).all(axis=-1)
    up = y - np.flatnonzero(dark[:y, x]).min()
    right = np.flatnonzero(dark[y, x:]).max()
    assert up == pytest.approx(0.38 * 96, abs=3)
    assert right == pytest.approx(0.19 * 96, abs=3)  # the very tip is thinner than a pixel
    assert not dark[y, : x - 6].any()


def test_wedges_have_the_colors_of_their_action_values() -> None:
    for actions in (4, 8):
        numbers = np.linspace(-1, 1, 11 * actions).reshape(11, actions)
        canvas = Canvas(LECTURE, actions)
        scene = build_scene(LECTURE, overlay=make_overlay(11, actions, action_values=numbers))
        frame = canvas.frame(scene)
        expected = heat_colors(numbers, scene.limit)
        for state in np.flatnonzero(~LECTURE.terminal).tolist():
            cell = cell_of(state)
            for action in range(actions):
                right, down = np.array(COMPASS[action]) / np.hypot(*COMPASS[action]) * 0.17
                assert at(canvas, frame, cell, right, down) == tuple(expected[state, action]), (state, action)
        assert at(canvas, frame, (0, 3), right=-0.3) == theme.TERMINAL_POSITIVE


def test_the_best_wedges_are_outlined() -> None:
    grid = parse_grid(["."])
    canvas = Canvas(grid)
    numbers = [[0.5, 0.5, 0.1, 0.0]]
    frame = canvas.frame(build_scene(grid, overlay=make_overlay(1, 4, action_values=numbers)))
    rim = 0.5 - 2.5 / 96
    assert [at(canvas, frame, (0, 0), *np.array(COMPASS[a]) * rim) == theme.INK for a in range(4)] == [1, 1, 0, 0]
    overlay = make_overlay(1, 4, action_values=numbers, policy=[2])
    frame = canvas.frame(build_scene(grid, overlay=overlay))
    assert [at(canvas, frame, (0, 0), *np.array(COMPASS[a]) * rim) == theme.INK for a in range(4)] == [0, 0, 1, 0]


def test_values_are_printed_where_they_fit_and_hatched_where_not_finite() -> None:
    canvas = Canvas(LECTURE)
    values = np.zeros(11)
    values[0] = np.nan
    frame = canvas.frame(build_scene(LECTURE, overlay=make_overlay(11, 4, values=values)))
    assert inked(canvas, frame, (2, 3)) > 100
    x, y = canvas.layout.corner(0, 0)
    colors = {tuple(color) for color in frame[y + 2 : y + 90, x + 2 : x + 90].reshape(-1, 3).tolist()}
    assert {theme.NOT_FINITE, theme.HATCH} <= colors
    huge = canvas.frame(build_scene(LECTURE, overlay=make_overlay(11, 4, values=np.full(11, 1.23e15))))
    assert at(canvas, huge, (2, 3)) == theme.HEAT_COLORS[-1]
    assert pixel(huge, *np.add(canvas.layout.corner(2, 3), (8, 48))) == theme.HEAT_COLORS[-1]
    assert inked(canvas, huge, (2, 3)) == 0


def test_the_trail_runs_through_cell_centres_and_shows_its_start() -> None:
    canvas = Canvas(LECTURE)
    plain = canvas.frame(build_scene(LECTURE))
    frame = canvas.frame(build_scene(LECTURE, trail=[7, 4, 0, 1]))
    # Between centre and arrowhead; old moves are paler than new ones.
    assert at(canvas, frame, (1, 0), down=0.25) != theme.FREE
    assert at(canvas, frame, (0, 1), right=-0.25) == theme.TRAIL_NEW
    greens = [at(canvas, frame, cell, *offset)[1] for cell, offset in
              [((1, 0), (0, 0.25)), ((0, 0), (0, 0.25)), ((0, 1), (-0.25, 0))]]  # fmt: skip
    assert greens == sorted(greens, reverse=True)
    assert len(set(greens)) == 3
    assert at(canvas, frame, (2, 0)) == theme.PAPER
    assert at(canvas, frame, (2, 0), right=0.1) == theme.TRAIL_NEW
    assert at(canvas, frame, (1, 0), right=0.07) == at(canvas, plain, (1, 0), right=0.07)
    for cell in [(0, 2), (1, 2), (2, 1), (2, 3)]:
        assert at(canvas, frame, cell) == theme.FREE


def test_a_trajectory_is_part_of_what_is_kept() -> None:
    canvas = Canvas(LECTURE)
    overlay = make_overlay(11, 4, trajectory=[7, 8, 9])
    frame = canvas.frame(build_scene(LECTURE, overlay=overlay))
    assert at(canvas, frame, (2, 2), right=-0.25) == theme.TRAJECTORY_NEW
    assert at(canvas, frame, (2, 0), right=0.1) == theme.TRAJECTORY_NEW
    assert at(canvas, frame, (2, 3)) == theme.FREE


def test_numbers_stay_legible_under_trail_and_agent() -> None:
    canvas = Canvas(LECTURE)
    overlay = make_overlay(11, 4, values=np.zeros(11))
    plain = canvas.frame(build_scene(LECTURE, overlay=overlay))
    crossed = canvas.frame(build_scene(LECTURE, overlay=overlay, trail=[7, 8, 9]))
    assert inked(canvas, crossed, (2, 1)) == inked(canvas, plain, (2, 1)) > 0
    agent = canvas.frame(build_scene(LECTURE, overlay=overlay, agent=8))
    x, y = canvas.layout.corner(2, 1)
    under_disc = agent[y + 75 : y + 95, x : x + 96]
    assert (under_disc == theme.INK).all(axis=-1).any()
    assert not (plain[y + 75 : y + 95, x : x + 96] == theme.INK).all(axis=-1).any()


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
    with pytest.raises(gymnasium.error.DependencyNotInstalled, match=re.escape('pip install "gridworld-lab[render]"')):
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
