"""What the rules of squares look like: wind, one-way squares, teleports."""

from typing import Any

import numpy as np
import pytest

from gridworld_env.grid.grid import parse_grid
from gridworld_env.rendering import build_scene, make_overlay, theme
from gridworld_env.rendering.ansi import render_text
from gridworld_env.rendering.pygame_canvas import Canvas
from tests.oracles.frames import COMPASS, at

TOWARDS = {"UP": (-1, 0), "DOWN": (1, 0), "LEFT": (0, -1), "RIGHT": (0, 1)}
RING = ("UP", "RIGHT", "DOWN", "LEFT", "UP_RIGHT", "DOWN_RIGHT", "DOWN_LEFT", "UP_LEFT")


def picture(rows: list[str], legend: dict[str, Any], **overlay: Any) -> tuple[Canvas, np.ndarray]:
    grid = parse_grid(rows, legend)
    canvas = Canvas(grid)
    made = make_overlay(grid.num_states, 4, **overlay) if overlay else None
    return canvas, canvas.frame(build_scene(grid, overlay=made)).astype(int)


def runs(line: np.ndarray, color: theme.Color) -> list[int]:
    """Where the pieces of a line of pixels that are near a colour begin."""
    near = np.abs(line - color).max(axis=1) < 16
    return np.flatnonzero(np.diff(np.r_[False, near].astype(int)) == 1).tolist()


@pytest.mark.parametrize("towards", TOWARDS)
@pytest.mark.parametrize("strength", [1, 2, 3])
@pytest.mark.parametrize("gust", [0.0, 0.25])
def test_wind_is_a_chevron_for_each_square_that_it_blows(towards: str, strength: int, gust: float) -> None:
    down, right = TOWARDS[towards]
    legend = {"w": {"wind": (strength * down, strength * right), "gust": gust}}
    canvas, frame = picture(["...", ".w.", "..."], legend)
    x, y = canvas.layout.corner(1, 1)
    cell = frame[y : y + 96, x : x + 96]
    through = cell[:, 48] if down else cell[48]
    assert len(runs(through, theme.WIND)) == strength
    marked = (np.abs(through - theme.FREE).max(axis=1) > 24) & (np.arange(96) > 0)  # the first is the line of the grid
    assert np.count_nonzero(np.diff(marked.astype(int)) == 1) == strength + (gust > 0)
    # The tips are ahead of the ends: seen along the wind, the middle is coloured later than the sides.
    colored = np.argwhere(np.abs(cell - theme.WIND).max(axis=2) < 16)
    along, across = colored @ (down, right), np.abs(colored @ (right, down) - 48 * (right + down))
    assert along[across < 3].mean() > along[across > 10].mean() + 5


def test_wind_makes_room_for_values_and_arrows() -> None:
    values = {"values": np.zeros(9), "policy": [1] * 9}
    kinds = {"wind": (-1, 0)}, {"bump_reward": 0.0}  # both have the label w
    with_wind, without = (picture(["...", ".w.", "..."], {"w": kind}, **values)[1] for kind in kinds)
    rows, columns = np.nonzero((with_wind != without).any(axis=2))
    canvas = Canvas(parse_grid(["...", "...", "..."]))
    x, y = canvas.layout.corner(1, 1)
    assert 0.8 * 96 < columns.min() - x < columns.max() - x < 96
    assert 0.3 * 96 < rows.min() - y < rows.max() - y < 0.7 * 96


@pytest.mark.parametrize("way", range(8))
def test_a_one_way_square_has_a_wedge_on_its_way_out(way: int) -> None:
    canvas, frame = picture(["...", ".o.", "..."], {"o": {"one_way": RING[way]}})
    frame = frame.astype(np.uint8)
    for number, (right, down) in COMPASS.items():
        marked = at(canvas, frame, (1, 1), right * 0.42, down * 0.42) != theme.FREE
        assert marked == (number == way), RING[number]


def test_teleports_lead_to_their_target() -> None:
    legend = {"A": {"teleport": (3, 1)}}
    canvas, frame = picture([".A..", "....", "....", "...."], legend)
    rows, columns = np.nonzero(np.abs(frame - theme.TELEPORT_LINE).max(axis=2) < 16)
    (_, top), (x, bottom) = canvas.layout.center(0, 1), canvas.layout.center(3, 1)
    assert (rows.min(), rows.max()) == (pytest.approx(top, abs=4), pytest.approx(bottom, abs=4))
    assert np.ptp(columns[rows > bottom - 10]) > np.ptp(columns[rows < top + 10])  # the head is at the target
    assert 20 < np.abs(columns - x).max() < 48  # bowed, and within the column


def test_many_teleports_of_one_kind_have_one_line() -> None:
    canvas, frame = picture(["SCCCCCC."], {"C": {"teleport": (0, 0), "teleport_on_entry": True}})
    columns = np.nonzero(np.abs(frame - theme.TELEPORT_LINE).max(axis=2) < 16)[1]
    assert columns.max() < canvas.layout.center(0, 1)[0] + 4


def test_a_teleport_onto_itself_and_small_cells_are_drawn() -> None:
    picture(["A."], {"A": {"teleport": (0, 0)}})
    rows = ["w" * 200] * 199 + ["." * 199 + "A"]
    _, frame = picture(rows, {"w": {"wind": (-1, 0)}, "A": {"teleport": (0, 0)}})
    assert frame.shape[0] > 900


def test_actions_that_there_are_not_have_no_number(rng: np.random.Generator) -> None:
    """Action values of a world without all moves: the wedges of the others stay empty."""
    grid = parse_grid(["."])
    numbers = rng.random((1, 4))
    numbers[0, 3] = np.nan
    canvas = Canvas(grid)
    frame = canvas.frame(build_scene(grid, overlay=make_overlay(1, 4, action_values=numbers)))
    x, y = canvas.layout.corner(0, 0)
    left = frame[y + 36 : y + 60, x + 6 : x + 30]
    assert (left == theme.NOT_FINITE).all()


def test_actions_that_there_are_not_have_no_text() -> None:
    overlay = make_overlay(1, 4, action_values=[[0.5, 0.25, np.nan, 0.125]])
    assert render_text(build_scene(parse_grid(["."]), overlay=overlay)).split() == ["*0.50", "0.12", "0.25"]
