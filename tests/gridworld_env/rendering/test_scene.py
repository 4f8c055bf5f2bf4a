"""Scenes and the colours of values: arrays, checked by hand on the lecture's map and by properties."""

import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridworld_env.errors import MapError
from gridworld_env.grid.grid import parse_grid
from gridworld_env.rendering import build_scene, make_overlay, theme
from gridworld_env.rendering.heat import (
    contrast,
    heat_colors,
    heat_knee,
    heat_limit,
    heat_positions,
    heat_values,
    ink_on,
    luminance,
    number_text,
)
from gridworld_env.rendering.layout import Layout

LECTURE = parse_grid(["...+", ".#.-", "S..."])


def test_text_and_scenes_import_no_drawing_library() -> None:
    code = (
        "import sys; import gridworld_env.rendering as r, gridworld_env.ui.files.pictures; "
        "from gridworld_env.grid.grid import parse_grid; r.render_text(r.build_scene(parse_grid(['.+']), agent=0)); "
        "print(sorted({'pygame', 'PIL', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_plain_colors() -> None:
    colors = build_scene(LECTURE).colors
    assert colors.shape == (3, 4, 3)
    assert tuple(colors[1, 1]) == theme.WALL
    assert tuple(colors[0, 3]) == theme.TERMINAL_POSITIVE
    assert tuple(colors[1, 3]) == theme.TERMINAL_NEGATIVE
    assert {tuple(color) for color in colors[2]} == {theme.FREE}


def test_value_colors_are_symmetric_and_leave_terminals_alone() -> None:
    values = np.zeros(11)
    values[[0, 1, 2, 3, 4]] = 2.0, -2.0, np.nan, 99.0, -np.inf  # state 3 is the terminal worth +1
    scene = build_scene(LECTURE, overlay=make_overlay(11, 4, values=values))
    assert scene.limit == 2.0
    assert tuple(scene.colors[0, 0]) == theme.HEAT_COLORS[-1]
    assert tuple(scene.colors[0, 1]) == theme.HEAT_COLORS[0]
    assert tuple(scene.colors[0, 2]) == tuple(scene.colors[1, 0]) == theme.NOT_FINITE
    assert tuple(scene.colors[0, 3]) == theme.TERMINAL_POSITIVE
    assert tuple(scene.colors[2, 0]) == theme.HEAT_COLORS[5]


def test_action_values_color_by_the_best_and_scale_by_all() -> None:
    numbers = np.zeros((11, 4))
    numbers[0] = 1.0, 0.5, -4.0, 0.0
    scene = build_scene(LECTURE, overlay=make_overlay(11, 4, action_values=numbers))
    assert scene.limit == 4.0
    np.testing.assert_array_equal(scene.colors[0, 0], heat_colors(np.array([1.0]), 4.0)[0])
    assert scene.shown_actions is not None
    assert scene.shown_actions[0].tolist() == [True, False, False, False]
    assert scene.shown_actions[1].all()


def test_agent_trail_and_labels() -> None:
    scene = build_scene(LECTURE, agent=2, trail=[7, 7, 4, 0, 0, 1, 2], caption="hello")
    assert scene.agent == (0, 2)
    assert scene.trail.tolist() == [[2, 0], [1, 0], [0, 0], [0, 1], [0, 2]]
    assert scene.trail_start == (2, 0)
    assert scene.caption == "hello"
    assert scene.starts.tolist() == [[2, 0]]
    assert scene.terminals.tolist() == [[0, 3], [1, 3]]
    assert scene.terminal_rewards.tolist() == [1.0, -1.0]


def test_a_long_trail_keeps_its_start() -> None:
    scene = build_scene(LECTURE, trail=[7, *([4, 0] * 500)])
    assert len(scene.trail) == theme.TRAIL_LENGTH + 1
    assert scene.trail_start == (2, 0)


def test_labels_and_tints_of_a_legend() -> None:
    legend = {
        "A": {"teleport": (1, 1), "teleport_reward": 10},
        "~": {"slip": 0.5},
        "G": {"terminal": True, "reward": 2.5},
        "p": {"reward": -0.5},
        "E": {"terminal": True},
    }
    grid = parse_grid(["A~Gp", "S.E."], legend)
    scene = build_scene(grid)
    labels = [scene.kind_labels[kind] for kind in grid.kind.ravel()]
    assert labels == ["A +10", "~", "+2.5", "-0.5", "", "", "E", ""]
    colors = [tuple(int(part) for part in color) for color in scene.colors.reshape(-1, 3)]
    assert colors[:4] == [theme.TELEPORT, theme.SLIPPERY, theme.TERMINAL_POSITIVE, theme.HEAT_COLORS[4]]
    assert colors[6] == theme.TERMINAL_NEUTRAL


def test_without_marked_starts_none_are_drawn() -> None:
    assert len(build_scene(parse_grid(["..+"])).starts) == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"agent": 11}, "agent: 11 at index 0 is no state; states are 0 to 10"),
        ({"trail": [0, -3]}, "trail: -3 at index 1 is no state"),
        ({"overlay": make_overlay(3, 4, values=np.zeros(3))}, "overlay: its values has 3 states, the map has 11"),
        ({"overlay": make_overlay(3, 4, policy=[0, 0, 0])}, "overlay: its policy has 3 states, the map has 11"),
        ({"overlay": make_overlay(99, 4, trajectory=[50])}, "overlay: its trajectory visits state 50, the map has 11"),
    ],
)
def test_refusals(given: dict[str, Any], message: str) -> None:
    with pytest.raises(MapError, match=re.escape(message)):
        build_scene(LECTURE, **given)


@given(arrays(float, 20, elements=st.floats(allow_nan=True, allow_infinity=True, width=32)))
def test_every_color_is_on_the_scale_and_signs_are_told_apart(values: np.ndarray) -> None:
    limit = heat_limit(values)
    colors = heat_colors(values, limit).astype(int)
    red_over_blue = colors[:, 0] - colors[:, 2]
    finite = np.isfinite(values)
    assert (colors[~finite] == theme.NOT_FINITE).all()
    assert (red_over_blue[finite & (values <= 0)] >= 0).all()
    assert (red_over_blue[finite & (values >= 0)] <= 0).all()


def test_the_scale_darkens_evenly_to_both_sides() -> None:
    lightness = [luminance(color) ** (1 / 3) for color in theme.HEAT_COLORS]
    assert lightness[:6] == sorted(lightness[:6])
    assert lightness[5:] == sorted(lightness[5:], reverse=True)
    assert np.abs(np.subtract(lightness, lightness[::-1])).max() < 0.03
    steps = np.abs(np.diff(lightness))
    assert steps.max() < 1.5 * steps.min()


def test_ink_can_be_read_on_every_color() -> None:
    for position in np.linspace(-1, 1, 401):
        color = heat_colors(np.array([position]), 1.0)[0]
        assert contrast(ink_on(color), color) >= 4.0, position
    for ground in (theme.TERMINAL_POSITIVE, theme.TERMINAL_NEGATIVE, theme.TERMINAL_NEUTRAL, theme.NOT_FINITE):
        assert contrast(ink_on(ground), ground) >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)


def test_numbers_have_no_negative_zero() -> None:
    texts = [number_text(value) for value in (-0.004, 0.0, -0.006, float("nan"), float("inf"))]
    assert texts == ["0.00", "0.00", "-0.01", "nan", "inf"]
    assert number_text(-0.4, 0) == "0"


@pytest.mark.parametrize(
    ("rows", "columns", "cell", "stride"),
    [
        (3, 4, 96, 1),
        (1, 1, 96, 1),
        (50, 50, 20, 1),
        (1000, 600, 1, 1),
        (1024, 1, 1, 1),
        (1025, 1, 1, 2),
        (9, 5000, 1, 5),
    ],
)
def test_layout_fits(rows: int, columns: int, cell: int, stride: int) -> None:
    layout = Layout.fit(rows, columns)
    assert (layout.cell, layout.stride) == (cell, stride)
    assert max(layout.map_width, layout.map_height) <= 1024
    assert layout.width % 2 == layout.height % 2 == 0
    assert layout.height - layout.board_height in (theme.STRIP_HEIGHT, theme.STRIP_HEIGHT + 1)
    x, y = layout.corner(rows - 1, columns - 1)
    assert x + layout.cell == layout.border + layout.map_width
    assert y + layout.cell == layout.border + layout.map_height
    center = layout.centers(np.array([[rows - 1, columns - 1]], dtype=np.int32))[0]
    assert tuple(center) == layout.center(rows - 1, columns - 1) == (x + cell / 2, y + cell / 2)


def test_averaging_below_a_pixel_a_cell_is_the_mean_of_each_block(rng: np.random.Generator) -> None:
    colors = rng.integers(0, 256, (1030, 2051, 3), dtype=np.uint8)
    layout = Layout.fit(1030, 2051)
    small = layout.enlarge(colors)
    assert layout.stride == 3
    assert small.shape == (layout.map_height, layout.map_width, 3) == (344, 684, 3)
    for row, column in [(0, 0), (100, 17), (343, 683), (343, 5), (7, 683)]:
        block = colors[3 * row : 3 * row + 3, 3 * column : 3 * column + 3].reshape(-1, 3)
        np.testing.assert_allclose(small[row, column], block.mean(axis=0), atol=0.51)


def test_a_scale_with_a_few_large_values_still_tells_the_small_ones_apart() -> None:
    """Beside a cliff some Q are -107, the others -1 to -8, whose colours differ, in their order."""
    values = np.array([-1.0, -2.0, -4.0, -8.0, -107.0])
    knee = heat_knee(np.repeat(values, [20, 20, 20, 20, 10]))
    assert knee == 4.0
    linear, told = heat_colors(values, 107.0).astype(int), heat_colors(values, 107.0, knee).astype(int)
    assert np.abs(np.diff(linear[:4].sum(axis=1))).max() < np.abs(np.diff(told[:4].sum(axis=1))).min()
    assert (np.diff(told.sum(axis=1)) < 0).all()
    assert told[-1].tolist() == linear[-1].tolist()
    assert heat_knee(np.array([0.5, 0.7, 1.0])) == 0
    assert heat_knee(np.repeat(values, [20, 20, 20, 20, 9])) == 0  # too few to change the scale
    assert heat_knee(np.array([0.0, np.nan, np.inf])) == 0


def test_positions_of_values_and_values_of_positions_are_inverse() -> None:
    for knee in (0.0, 0.3, 5.0):
        positions = np.linspace(-1, 1, 21)
        values = heat_values(positions, 100.0, knee)
        np.testing.assert_allclose(heat_positions(values, 100.0, knee), positions, atol=1e-12)
        assert (np.diff(values) > 0).all()


@pytest.mark.parametrize(
    ("rows", "legend", "pits"),
    [
        (["S+-"], {}, {"-"}),
        (["SHG"], {"H": {"terminal": True, "reward": 0.0}, "G": {"terminal": True, "reward": 1.0}}, {"H"}),
        (["SG"], {"G": {"terminal": True}}, set()),  # it pays nothing, and nothing else does
        (["SRG"], {"R": {"reward": -5}, "G": {"terminal": True, "reward": 0.0}}, set()),
    ],
)
def test_ends_to_be_avoided_are_pits(rows: list[str], legend: Any, pits: set[str]) -> None:
    scene = build_scene(parse_grid(rows, legend))
    found = {rows[0][at] for at in range(len(rows[0])) if scene.pits[scene.grid.kind[0, at]]}
    assert found == pits
