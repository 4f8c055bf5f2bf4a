"""Text boards, compared character by character."""

import textwrap
from dataclasses import replace

import numpy as np
import pytest

from gridworld_env.grid.grid import parse_grid
from gridworld_env.rendering import build_scene, make_overlay, render_text

LECTURE = parse_grid(["...+", ".#.-", "S..."])
# The lecture's values without discount, slip 0.2: reward on entering (Russell and Norvig, fig. 17.3, plus 0.04).
VALUES = np.array([0.8516, 0.9078, 0.9578, 0, 0.8016, 0.7003, 0, 0.7453, 0.6953, 0.6514, 0.4279])


def board(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def test_plain() -> None:
    scene = build_scene(LECTURE, agent=7)
    assert render_text(scene) == board(
        """
        . . . +
        . # . -
        @ . . .
        """
    )


def test_trail_trajectory_and_caption() -> None:
    overlay = make_overlay(11, 4, trajectory=[10, 9])
    scene = build_scene(LECTURE, agent=0, trail=[7, 4, 0], overlay=overlay, caption="step 2")
    assert render_text(scene) == board(
        """
        @ . . +
        * # . -
        S . * *
        step 2
        """
    )


def test_values() -> None:
    scene = build_scene(LECTURE, agent=7, overlay=make_overlay(11, 4, values=VALUES))
    assert render_text(scene) == (
        " 0.85  0.91  0.96    +1\n"
        " 0.80     #  0.70    -1\n"
        "[0.75] 0.70  0.65  0.43"
    )  # fmt: skip


def test_values_and_all_tied_actions() -> None:
    values = VALUES.copy()
    values[[1, 2]] = -np.inf, np.nan
    policy = np.zeros((11, 4), dtype=bool)
    policy[[0, 1, 2], 1] = True
    policy[[4, 5, 7], 0] = True
    policy[7, 1] = True
    policy[[8, 9, 10], 3] = True
    overlay = make_overlay(11, 4, values=values, policy=policy)
    assert render_text(build_scene(LECTURE, agent=10, overlay=overlay)).split("\n") == [
        " 0.85 →   -inf →    nan →     +1",
        " 0.80 ↑      #     0.70 ↑     -1",
        " 0.75 ↑→  0.70 ←   0.65 ←  [0.43 ← ]",
    ]


def test_policy_alone_in_eight_directions() -> None:
    grid = parse_grid(["...", "...", "..+"])
    policy = np.eye(9, 8, dtype=bool)
    policy[7, 0] = True
    assert render_text(build_scene(grid, overlay=make_overlay(9, 8, policy=policy))) == (
        "    ↑      →      ↓\n"
        "    ←      ↗      ↘\n"
        "    ↙      ↑↖  +1"
    )  # fmt: skip


def test_negligible_weights_have_no_arrow() -> None:
    grid = parse_grid([".."])
    overlay = make_overlay(2, 4, policy=[[0.97, 0.03, 0, 0], [0.5, 0.05, 0.0, 0.45]])
    assert render_text(build_scene(grid, overlay=overlay)) == " ↑    ↑→←"


def test_action_values_stand_where_their_moves_lead() -> None:
    grid = parse_grid([".+"])
    overlay = make_overlay(2, 4, values=[1, 0], action_values=[[0.1, 1, -0.2, 0.3], [0, 0, 0, 0]])
    assert render_text(build_scene(grid, agent=0, overlay=overlay)) == (
        "[      0.10      ]\n"
        "[0.30  1.00 *1.00]         +1\n"
        "[     -0.20      ]"
    )  # fmt: skip


def test_eight_action_values_fill_the_corners() -> None:
    grid = parse_grid(["."])
    overlay = make_overlay(1, 8, action_values=[[0, 1, 2, 3, 4, 5, 6, 7]])
    assert render_text(build_scene(grid, overlay=overlay)) == (
        " *7.00 0.00 4.00\n"
        "  3.00      1.00\n"
        "  6.00 2.00 5.00"
    )  # fmt: skip


def test_rows_of_blocks_are_set_apart() -> None:
    grid = parse_grid([".", "+"])
    overlay = make_overlay(2, 4, action_values=np.zeros((2, 4)))
    lines = render_text(build_scene(grid, overlay=overlay)).split("\n")
    assert lines[1] == " *0.00       *0.00"
    assert lines[3] == ""
    assert lines[5].split() == ["+1"]


def test_wide_maps_fall_back_to_a_glyph_a_cell() -> None:
    grid = parse_grid(["." * 99 + "+", "#" + "." * 99])
    tied = np.zeros((199, 4), dtype=bool)
    tied[:, 1] = True
    tied[0, 2] = True
    lines = render_text(build_scene(grid, agent=3, overlay=make_overlay(199, 4, policy=tied))).split("\n")
    assert lines[0] == "◆→→@" + "→" * 95 + "+"
    assert lines[1] == "#" + "→" * 99


@pytest.mark.parametrize("columns", [1, 7, 13, 14, 20, 40, 41, 80])
def test_a_map_that_can_fits_into_80_columns(columns: int, rng: np.random.Generator) -> None:
    grid, states = parse_grid(["." * columns, "." * columns]), 2 * columns
    overlay = make_overlay(states, 4, values=rng.normal(size=states), action_values=rng.normal(size=(states, 4)))
    for shown in (overlay, replace(overlay, action_values=None), make_overlay(states, 4)):
        assert max(map(len, render_text(build_scene(grid, overlay=shown)).split("\n"))) <= 80


def test_values_on_a_wide_map_leave_the_map() -> None:
    grid = parse_grid(["." * 30 + "+"])
    overlay = make_overlay(31, 4, values=np.full(31, -12345.678))
    assert render_text(build_scene(grid, agent=0, overlay=overlay)) == " ".join("@" + "." * 29 + "+")


def test_very_wide_maps_have_no_gaps_and_all_rows() -> None:
    text = render_text(build_scene(parse_grid(["." * 1000] * 1000), agent=1001))
    lines = text.split("\n")
    assert len(lines) == 1000
    assert lines[0] == "." * 1000
    assert lines[1] == ".@" + "." * 998


def test_text_has_no_escape_codes() -> None:
    overlay = make_overlay(11, 4, values=VALUES, policy=[0] * 11)
    assert "\x1b" not in render_text(build_scene(LECTURE, agent=1, overlay=overlay, caption="x"))
