"""A map in the terminal: values and arrows where they fit, and else what to do instead."""

import shutil
import textwrap
from typing import Any, Final

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gridworld_env.env import GridWorldEnv
from gridworld_env.rendering import theme
from gridworld_env.rendering.ansi import number_lines, render_text
from gridworld_env.rendering.overlay import in_compass_order, make_overlay
from gridworld_env.rendering.scene import build_scene

MOST_ROWS: Final = 40


def map_text(
    options: dict[str, Any],
    values: NDArray[np.float64],
    actions: NDArray[np.bool_],
    *,
    instead: str,
    width: int | None = None,
) -> str:
    """The map with a value and all actions of each square.

    Where that does not fit, arrows come first, and the values below them; where these do not fit either, a sentence
    says what shows them.

    Args:
        options: Arguments of `gym.make("GridWorld-v0", ...)`.
        values: (S,) one number for each state.
        actions: (S, A) True for the actions that are drawn as arrows.
        instead: The options that show the values of a large map, as the end of a sentence.
        width: Columns of text. None: those of the terminal, 80 where there is none.

    >>> up = np.arange(4) == np.zeros((11, 1))
    >>> print(map_text({}, np.zeros(11), up, instead="--json lists them", width=7))
    ↑ ↑ ↑ +
    ↑ # ↑ -
    ↑ ↑ ↑ ↑
    <BLANKLINE>
    The values do not fit into 7 columns:
    --json lists them.
    """
    columns = shutil.get_terminal_size().columns if width is None else width
    env = gym.make("GridWorld-v0", **options).unwrapped
    assert isinstance(env, GridWorldEnv)
    grid, moves = env.grid, env.rules.action_moves
    if grid.height > MOST_ROWS or grid.width > columns:
        size, most = f"{grid.height} rows and {grid.width} columns", f"{MOST_ROWS} rows and {columns} columns"
        return _filled(
            f"The map has {size}, and is not printed: at most {most} are. For the values, {instead}.", columns
        )
    overlay = in_compass_order(make_overlay(grid.num_states, len(moves), values=values, policy=actions), moves)
    scene = build_scene(grid, overlay=overlay)
    if lines := number_lines(scene, columns):
        return "\n".join(lines)
    arrows = render_text(scene, columns)
    several = [f"{theme.SEVERAL} stands for several actions."] if theme.SEVERAL in arrows else []
    if lines := number_lines(build_scene(grid, overlay=make_overlay(grid.num_states, 4, values=values)), columns):
        return "\n".join([arrows, *several, "", *lines])
    note = " ".join([*several, f"The values do not fit into {columns} columns: {instead}."])
    return f"{arrows}\n\n{_filled(note, columns)}"


def _filled(sentence: str, columns: int) -> str:
    return textwrap.fill(sentence, max(columns, 40), break_on_hyphens=False)
