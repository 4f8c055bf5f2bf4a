"""The board itself: walls, colours, lines, terminals, marks and labels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.legend import Cell, mean_reward
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import ink_on
from gridworld_env.rendering.layout import Layout
from gridworld_env.rendering.scene import Scene
from gridworld_env.rendering.sheet import Sheet, fit_text

PIT: Final = 0.27  # radius of a hole, in sides of a square
STRIPES: Final = 5  # dark stripes along each side of a square that costs something


def board_pixels(scene: Scene, layout: Layout) -> NDArray[np.uint8]:
    """(height, width, 3) the frame with all that needs no shapes: border, cells, lines, strip.

    Cost: a few array operations on the frame, none on Python objects per cell.
    """
    pixels = np.empty((layout.height, layout.width, 3), dtype=np.uint8)
    pixels[: layout.board_height] = theme.WALL
    pixels[layout.board_height :] = theme.STRIP
    board = layout.enlarge(scene.colors)
    if layout.cell >= theme.LINE_CELL:
        _rule(board, scene.grid.wall, layout.cell)
    inside = slice(layout.border, layout.border + layout.map_height)
    pixels[inside, layout.border : layout.border + layout.map_width] = board
    if layout.cell < theme.LINE_CELL:
        _stamp_terminals(pixels, scene, layout)
    return pixels


def _rule(board: NDArray[np.uint8], wall: NDArray[np.bool_], cell: int) -> None:
    """Lines along the upper and left sides of the cells that are free; walls stay in one piece."""
    free_rows = ~wall.repeat(cell, axis=1)
    free_columns = ~wall.repeat(cell, axis=0)
    board[::cell][free_rows] = theme.LINE
    board[:, ::cell][free_columns] = theme.LINE


def _stamp_terminals(pixels: NDArray[np.uint8], scene: Scene, layout: Layout) -> None:
    """Make terminals some pixels wide where a cell is too small to be seen: a light rim, then the colour."""
    centers = layout.centers(scene.terminals).astype(np.intp)
    reach = max(layout.cell, 3) // 2 + 1
    for rim, colors in ((1, np.array(theme.PAPER, dtype=np.uint8)), (0, scene.terminal_colors)):
        for down in range(-reach - rim, reach + rim + 1):
            for right in range(-reach - rim, reach + rim + 1):
                y = np.clip(centers[:, 1] + down, 0, layout.board_height - 1)
                x = np.clip(centers[:, 0] + right, 0, layout.width - 1)
                pixels[y, x] = colors


def paint_cells(sheet: Sheet, scene: Scene, layout: Layout) -> None:
    """Draw the shapes and the text that belong to the map: hatching, terminals, starts, labels."""
    if layout.cell >= theme.HATCH_CELL:
        _paint_hatching(sheet, scene, layout)
    if layout.cell >= theme.LINE_CELL:
        _paint_terminals(sheet, scene, layout)
    if layout.cell >= theme.LABEL_CELL:
        _paint_labels(sheet, scene, layout)
    elif layout.cell >= theme.LINE_CELL:
        for row, column in scene.starts:
            x, y = layout.corner(row, column)
            side = layout.cell * 0.45
            sheet.polygon([(x + 1, y + 1), (x + side, y + 1), (x + 1, y + side)], theme.MUTED)


def _paint_hatching(sheet: Sheet, scene: Scene, layout: Layout) -> None:
    if scene.values is None:
        return
    cell = layout.cell
    width = max(1.0, cell / 40)
    unknown = ~np.isfinite(scene.values) & ~scene.grid.terminal
    for row, column in scene.grid.cell_of_state[unknown]:
        x, y = layout.corner(row, column)
        inset = width + 1
        for part in (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75):
            low, high = max(0.0, part - 1), min(1.0, part)
            span = cell - 2 * inset
            ends = [(x + inset + low * span, y + inset + (part - low) * span)]
            ends.append((x + inset + high * span, y + inset + (part - high) * span))
            sheet.line(ends, width, theme.HATCH)


def _paint_terminals(sheet: Sheet, scene: Scene, layout: Layout) -> None:
    """Double outlines, and the reward as text: neither the sign nor the end rests on colour alone."""
    cell = layout.cell
    texts = [_reward_text(scene, index) for index in range(len(scene.terminals))]
    size = min(fit_text(sheet, texts, cell * 0.62, cell * 0.48), theme.LARGEST_TEXT)
    for (row, column), text in zip(scene.terminals, texts, strict=True):
        pit = scene.pits[scene.grid.kind[row, column]]
        paint_terminal(sheet, layout.corner(row, column), cell, scene.color(row, column), text, size, pit=pit)


def paint_terminal(
    sheet: Sheet, corner: tuple[float, float], cell: int, fill: theme.Color, text: str, size: int, *, pit: bool
) -> None:
    """Draw one terminal: its outlines, and its reward in a font size, or a sign where that is too small to read.

    A pit is a dark hole in the square, on which the reward is written in light ink.
    """
    x, y = corner
    if pit:
        size = min(size, fit_text(sheet, [text], cell * 2 * PIT * 0.86, cell * 2 * PIT * 0.7))
    legible = size >= theme.SMALLEST_TEXT
    ink = ink_on(fill)
    thick = max(1, round(cell / 48))
    for inset in (1 + 2 * thick, 1 + 4 * thick) if legible else (2,):
        _outline(sheet, (x + inset, y + inset), cell + 1 - 2 * inset, thick, ink)
    center = (x + cell / 2, y + cell / 2)
    if pit and legible:
        sheet.disc(center, cell * PIT, theme.PIT)
        ink = theme.PAPER
    if legible:
        sheet.text(text, center, size, ink)
    elif cell >= theme.SIGN_CELL:
        _paint_sign(sheet, center, cell, text, ink)


def paint_pay(sheet: Sheet, corner: tuple[float, float], cell: int, amount: float) -> None:
    """Frame a square that pays or costs something on the way: a plain blue frame, or one of warning stripes."""
    (x, y), thick = corner, max(2, round(cell * 0.055))
    inside, side = (x + 1, y + 1), cell - 1
    _outline(sheet, inside, side, thick, theme.TERMINAL_POSITIVE if amount > 0 else theme.TERMINAL_NEGATIVE)
    if amount > 0 or cell < theme.NUMBER_CELL:
        return
    stripe = side / (2 * STRIPES + 1)
    for number in range(STRIPES):
        along = (2 * number + 1) * stripe
        for across in (0, side - thick):
            sheet.rectangle((inside[0] + along, inside[1] + across), (stripe, thick), theme.PIT)
            sheet.rectangle((inside[0] + across, inside[1] + along), (thick, stripe), theme.PIT)


def pay_of(cell: Cell) -> float:
    """What entering a square that is not terminal pays beside an ordinary step; 0: nothing."""
    if cell.wall or cell.terminal:
        return 0.0
    return mean_reward(cell.teleport_reward if cell.teleport_reward is not None else cell.reward) or 0.0


def _paint_sign(sheet: Sheet, center: tuple[float, float], cell: int, text: str, ink: theme.Color) -> None:
    """A plus or a minus in place of a reward that there is no room to print."""
    reach, thick = round(cell * 0.22), max(2, round(cell / 9))
    # Whole pixels, or the bars would be blurred; the upper and left lines of the cell move its middle.
    x, y = round(center[0] + 0.5 - thick / 2), round(center[1] + 0.5 - thick / 2)
    if text[:1] in ("+", "-"):
        sheet.rectangle((x - reach, y), (2 * reach + thick, thick), ink)
    if text[:1] == "+":
        sheet.rectangle((x, y - reach), (thick, 2 * reach + thick), ink)


def _reward_text(scene: Scene, index: int) -> str:
    row, column = scene.terminals[index]
    return scene.kind_labels[scene.grid.kind[row, column]]


def _outline(sheet: Sheet, corner: tuple[float, float], side: float, thick: float, color: theme.Color) -> None:
    x, y = corner
    sheet.rectangle((x, y), (side, thick), color)
    sheet.rectangle((x, y + side - thick), (side, thick), color)
    sheet.rectangle((x, y), (thick, side), color)
    sheet.rectangle((x + side - thick, y), (thick, side), color)


def _paint_labels(sheet: Sheet, scene: Scene, layout: Layout) -> None:
    """Small text in the upper left corner: S for a start, and the label of a special glyph."""
    if scene.overlay.action_values is not None and scene.overlay.action_values.shape[1] == 8:
        return  # the corners belong to the diagonal moves
    labels = np.array(scene.kind_labels, dtype=object)[scene.grid.state_kind]
    labels[scene.grid.attribute("start", bool) & (labels == "")] = "S"
    labels[scene.grid.terminal] = ""
    size = max(10, min(17, round(layout.cell * 0.17)))
    for state in np.flatnonzero(labels != ""):
        row, column = (int(part) for part in scene.grid.cell_of_state[state])
        wide, high = sheet.text_size(labels[state], size)
        x, y = layout.corner(row, column)
        gap = layout.cell * 0.07 + 2
        ink = ink_on(fill := scene.color(row, column))
        ink = theme.MUTED if ink == theme.INK and max(fill) > 235 else ink
        sheet.text(labels[state], (x + gap + wide / 2, y + gap + high / 2), size, ink)
