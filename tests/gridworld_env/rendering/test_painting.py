"""What an overlay looks like, pixel by pixel: arrows, wedges, numbers, the trail."""

from typing import Any

import numpy as np
import pytest

from gridworld_env.grid.grid import parse_grid
from gridworld_env.rendering import build_scene, make_overlay, theme
from gridworld_env.rendering.heat import heat_colors
from gridworld_env.rendering.pygame_canvas import Canvas
from tests.oracles.frames import COMPASS, LECTURE, at, cell_of, inked, pixel


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
