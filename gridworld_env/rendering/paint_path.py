"""What moves or is left behind by moving: paths and the agent, and the caption strip."""

import math

import numpy as np
from numpy.typing import NDArray

from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import heat_colors, ink_on, number_text
from gridworld_env.rendering.layout import Layout
from gridworld_env.rendering.paint_arrows import paint_arrows
from gridworld_env.rendering.paint_numbers import Numbers
from gridworld_env.rendering.scene import Scene
from gridworld_env.rendering.sheet import Point, Sheet, cut_text


def paint_moving(sheet: Sheet, scene: Scene, layout: Layout, numbers: Numbers | None = None) -> None:
    """Draw what may change from frame to frame: the trail, the agent, the caption.

    The arrows and values that the trail runs across are drawn again over it, so that they stay legible.
    """
    if numbers is not None and not numbers.below:
        for cell in {scene.agent, scene.trail_start}:
            if cell is not None:
                _move_number(sheet, scene, layout, numbers, cell)
    if scene.trail_start is not None and len(scene.trail):
        paint_path(sheet, scene.trail, layout, (theme.TRAIL_OLD, theme.TRAIL_NEW), start=scene.trail_start)
        _paint_again(sheet, scene, layout, numbers)
    if scene.agent is not None:
        crowded = scene.overlay.action_values is not None and layout.cell >= theme.NUMBER_CELL
        paint_agent(sheet, layout.center(*scene.agent), layout.cell * (0.14 if crowded else 0.25))
    paint_caption(sheet, scene, layout)


def _move_number(sheet: Sheet, scene: Scene, layout: Layout, numbers: Numbers, cell: tuple[int, int]) -> None:
    """Print the value of a cell smaller and lower, where the disc or the ring will not cover it."""
    state = int(scene.grid.state_of_cell[cell])
    if not scene.grid.terminal[state]:
        numbers.clear(sheet, scene, layout, state)
        numbers.lowered(layout).paint(sheet, scene, layout, state, plate=False)


def _paint_again(sheet: Sheet, scene: Scene, layout: Layout, numbers: Numbers | None) -> None:
    """Arrows and values of the cells that the trail runs across, except under the ring and the agent."""
    states = np.unique(scene.grid.state_of_cell[tuple(scene.trail.T)])
    states = states[~scene.grid.terminal[states]]
    hidden = [scene.grid.state_of_cell[cell] for cell in (scene.agent, scene.trail_start) if cell is not None]
    open_states = states[~np.isin(states, hidden)]
    paint_arrows(sheet, scene, layout, open_states, numbered=numbers is not None)
    if numbers is not None:
        for state in states if numbers.below else open_states:
            numbers.paint(sheet, scene, layout, int(state), plate=True)


def paint_path(
    sheet: Sheet,
    cells: NDArray[np.int32],
    layout: Layout,
    colors: tuple[theme.Color, theme.Color],
    start: tuple[int, ...],
) -> None:
    """Draw a line through cell centres, from the old to the new colour, with a ring where it began.

    A light casing keeps it apart from cells of any colour; arrowheads give its direction.
    """
    points: list[Point] = [(float(x), float(y)) for x, y in layout.centers(cells)]
    width = max(1.0, layout.cell * 0.055)
    if layout.cell >= theme.LINE_CELL and len(points) > 1:
        sheet.line(points, width + max(2.0, width * 0.7), theme.PAPER)
    if len(points) - 1 > theme.FANCY_MOVES:
        sheet.line(points, width, colors[1])
    else:
        _paint_fading(sheet, points, layout, width, colors)
    center = layout.center(*start)
    radius = max(3.0, layout.cell * 0.13)
    for reach, color in ((radius + max(1.0, width * 0.4), theme.PAPER), (radius, colors[1])):
        sheet.disc(center, reach, color)
    sheet.disc(center, radius * 0.55, theme.PAPER)


def _paint_fading(
    sheet: Sheet, points: list[Point], layout: Layout, width: float, colors: tuple[theme.Color, theme.Color]
) -> None:
    moves = len(points) - 1
    for move in range(moves):
        share = (move + 1) / moves
        color = blend(colors[0], colors[1], share)
        sheet.line(points[move : move + 2], width, color)
        if layout.cell >= theme.LABEL_CELL:
            paint_head(sheet, points[move], points[move + 1], (layout.cell * 0.15, layout.cell * 0.10), color)


def paint_head(sheet: Sheet, start: Point, end: Point, reaches: tuple[float, float], color: theme.Color) -> None:
    """An arrowhead in the middle of a line, in a light casing; `reaches` are the sizes of casing and head."""
    (x, y), angle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), math.atan2(end[1] - start[1], end[0] - start[0])
    turns = ((0.0, 1.0), (2.4, 0.95), (-2.4, 0.95))
    for reach, fill in zip(reaches, (theme.PAPER, color), strict=True):
        sheet.polygon(
            [(x + reach * r * math.cos(angle + turn), y + reach * r * math.sin(angle + turn)) for turn, r in turns],
            fill,
        )


def paint_agent(sheet: Sheet, center: Point, radius: float) -> None:
    """A disc in a light and a dark ring, so that it stands out on every colour of cell."""
    radius = max(4.0, radius)
    ring = max(1.0, radius * 0.13)
    sheet.disc(center, radius, theme.INK)
    sheet.disc(center, radius - ring, theme.PAPER)
    sheet.disc(center, radius - 2 * ring, theme.AGENT)


def paint_caption(sheet: Sheet, scene: Scene, layout: Layout) -> None:
    """Write the caption on its strip, and where values are shown the scale of their colours."""
    margin = 8.0
    middle = layout.board_height + theme.STRIP_HEIGHT / 2
    right = layout.width - margin
    if scene.values is not None and scene.limit > 0 and layout.width >= 240:
        right = _paint_scale(sheet, scene, right, middle) - margin
    text = cut_text(sheet, scene.caption, theme.STRIP_TEXT, right - margin) if scene.caption else ""
    if text:
        wide, _ = sheet.text_size(text, theme.STRIP_TEXT)
        sheet.text(text, (margin + wide / 2, middle), theme.STRIP_TEXT, theme.INK)


def _paint_scale(sheet: Sheet, scene: Scene, right: float, middle: float) -> float:
    """Draw the colour scale with its two ends; returns where it begins."""
    bar, height, size = 72, 10, 13
    ends = [number_text(scene.limit * sign) for sign in (-1, 1)]
    widths = [sheet.text_size(end, size)[0] for end in ends]
    left = right - widths[1] - 5 - bar
    for step, color in enumerate(heat_colors(np.linspace(-1, 1, bar), 1.0)):
        red, green, blue = (int(part) for part in color)
        sheet.rectangle((left + step, middle - height / 2), (1, height), (red, green, blue))
    sheet.text(ends[1], (right - widths[1] / 2, middle), size, ink_on(theme.STRIP))
    sheet.text(ends[0], (left - 5 - widths[0] / 2, middle), size, ink_on(theme.STRIP))
    return left - 5 - widths[0]


def blend(old: theme.Color, new: theme.Color, share: float) -> theme.Color:
    """The colour `share` of the way from `old` to `new`."""
    red, green, blue = (round(o + share * (n - o)) for o, n in zip(old, new, strict=True))
    return red, green, blue
