"""Scenes as plain Unicode text, without colour codes."""

import numpy as np

from gridworld_env.grid.actions import DIRECTIONS
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import number_text
from gridworld_env.rendering.scene import Scene, path_cells

Block = list[list[str]]  # the lines of a cell, each a list of tokens


def render_text(scene: Scene, width: int = theme.WIDEST_TEXT) -> str:
    """Write a scene as text, without a line break at the end.

    Without an overlay: a glyph a cell, `@` for the agent, `*` where the trail passed. With one: each cell
    shows its value and all tied actions as arrows, or its action values around it, and the agent's cell is
    in brackets. A map that would then be wider than `width` columns is written a glyph a cell, and without blanks
    between the glyphs if need be.

    >>> from gridworld_env.grid.grid import parse_grid
    >>> from gridworld_env.rendering.scene import build_scene
    >>> print(render_text(build_scene(parse_grid(["...+", ".#.-", "S..."]), agent=7)))
    . . . +
    . # . -
    @ . . .
    """
    lines = number_lines(scene, width) or _glyph_lines(scene, width)
    return "\n".join([*lines, scene.caption] if scene.caption else lines)


def number_lines(scene: Scene, width: int) -> list[str]:
    """The lines of a scene whose cells show what its overlay knows; none without one, or where they do not fit."""
    overlay = scene.overlay
    known = overlay.values is not None or overlay.policy is not None or overlay.action_values is not None
    if not known or 3 * scene.grid.width > width:  # a cell has at least three columns
        return []
    lines = _board(scene)
    return lines if max(map(len, lines)) <= width else []


def _glyph_lines(scene: Scene, width: int) -> list[str]:
    """A glyph a cell; greedy actions as single arrows where an overlay has them."""
    grid = scene.grid
    glyphs = scene.glyphs.copy()
    arrows = _state_arrows(scene)
    if arrows is not None:
        living = ~grid.terminal
        glyphs[tuple(grid.cell_of_state[living].T)] = arrows[living]
    else:
        for path in (_trajectory(scene), scene.trail):
            on_path = np.zeros(glyphs.shape, dtype=bool)
            on_path[tuple(path.T)] = True
            glyphs[on_path & (glyphs == ".")] = theme.VISITED_GLYPH
    if scene.agent is not None:
        glyphs[scene.agent] = theme.AGENT_GLYPH
    separator = " " if 2 * grid.width - 1 <= width else ""
    return [separator.join(row) for row in glyphs.tolist()]


def _trajectory(scene: Scene) -> np.ndarray:
    states = scene.overlay.trajectory
    return np.zeros((0, 2), dtype=np.int32) if states is None else path_cells(scene.grid, states)


def _state_arrows(scene: Scene) -> np.ndarray | None:
    """(S,) one glyph per state: its arrow, the sign for several, or a dot for none."""
    greedy = scene.shown_actions
    if greedy is None:
        return None
    arrows = np.array(list(theme.ARROWS))[greedy.argmax(axis=1)]
    count = greedy.sum(axis=1)
    arrows[count > 1] = theme.SEVERAL
    arrows[count == 0] = "."
    return arrows


def _board(scene: Scene) -> list[str]:
    """Each cell a block of tokens, every token as wide as the widest of its place in the block."""
    grid = scene.grid
    blocks = _blocks(scene)
    columns = len(blocks[0][0][0])
    widths = [max(len(line[place]) for row in blocks for block in row for line in block) for place in range(columns)]
    lines = []
    for row, line_of_blocks in enumerate(blocks):
        for part in range(len(line_of_blocks[0])):
            cells = []
            for column in range(grid.width):
                text = _aligned(line_of_blocks[column][part], widths)
                here = scene.agent == (row, column)
                cells.append(f"[{text}]" if here else f" {text} ")
            lines.append("".join(cells).rstrip())
        if len(line_of_blocks[0]) > 1 and row < grid.height - 1:
            lines.append("")
    return lines


def _aligned(tokens: list[str], widths: list[int]) -> str:
    """Numbers to the right; in the last of two places, the arrows, to the left."""
    if len(tokens) == 2:
        number, arrows = f"{tokens[0]:>{widths[0]}}", f"{tokens[1]:<{widths[1]}}"
        return " ".join(part for part in (number, arrows) if part)
    return " ".join(f"{token:>{width}}" for token, width in zip(tokens, widths, strict=True))


def _blocks(scene: Scene) -> list[list[Block]]:
    grid = scene.grid
    greedy = scene.shown_actions
    numbers = scene.overlay.action_values
    cross = numbers is not None
    blocks: list[list[Block]] = []
    for row in range(grid.height):
        blocks.append([])
        for column in range(grid.width):
            state = int(grid.state_of_cell[row, column])
            if state < 0 or grid.terminal[state]:
                label = "#" if state < 0 else scene.kind_labels[grid.kind[row, column]]
                blocks[-1].append(_around(label) if cross else [[label, ""]])
            elif numbers is not None:
                blocks[-1].append(_action_block(scene, state, numbers[state]))
            else:
                blocks[-1].append([_tokens(scene, state, greedy)])
    return blocks


def _tokens(scene: Scene, state: int, greedy: np.ndarray | None) -> list[str]:
    values = scene.overlay.values
    number = "" if values is None else number_text(float(values[state]))
    arrows = "" if greedy is None else "".join(theme.ARROWS[action] for action in np.flatnonzero(greedy[state]))
    return [number, arrows]


def _around(center: str) -> Block:
    return [["", "", ""], ["", center, ""], ["", "", ""]]


def _action_block(scene: Scene, state: int, numbers: np.ndarray) -> Block:
    """Action values where their moves lead, the value in the middle; `*` marks the best or the policy's."""
    values, shown = scene.overlay.values, scene.shown_actions
    block = _around("" if values is None else number_text(float(values[state])))
    for action, number in enumerate(numbers.tolist()):
        if np.isnan(number):
            continue  # NaN is the value of an action that there is not
        down, right = DIRECTIONS[action]
        mark = "*" if shown is not None and shown[state, action] else ""
        block[1 + down][1 + right] = mark + number_text(number)
    return block
