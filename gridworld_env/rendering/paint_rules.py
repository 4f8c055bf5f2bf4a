"""What the rules of a square look like: wind, one-way squares, and where teleports lead."""

import math
from collections.abc import Iterator

import numpy as np

from gridworld_env.grid.actions import DIRECTIONS, Action
from gridworld_env.grid.legend import Cell
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import ink_on
from gridworld_env.rendering.layout import Layout
from gridworld_env.rendering.paint_cells import paint_pay, pay_of
from gridworld_env.rendering.paint_path import blend
from gridworld_env.rendering.scene import Scene
from gridworld_env.rendering.sheet import Point, Sheet

MOST_CHEVRONS = 3
DRAWN_TELEPORTS = 4  # of one glyph; where there are more, the nearest alone has its line


def paint_rules(sheet: Sheet, scene: Scene, layout: Layout) -> None:
    """Draw what the legend's glyphs do, where a cell has room for it.

    Wind: a chevron for each square that it blows, a fainter one more where it comes in gusts. One way: a wedge on
    the side that is the way out. Teleport: a line to where it leads.
    """
    for index, cell in enumerate(scene.grid.kinds):
        states = np.flatnonzero(scene.grid.state_kind == index)
        if cell.wall or not states.size:
            continue
        if cell.teleport is not None and layout.cell >= theme.LINE_CELL:
            _paint_teleports(sheet, scene, layout, states, cell.teleport)
        if layout.cell < theme.LABEL_CELL or cell.terminal:
            continue
        if amount := pay_of(cell):
            for row, column in scene.grid.cell_of_state[states]:
                paint_pay(sheet, layout.corner(row, column), layout.cell, amount)
        for row, column in scene.grid.cell_of_state[states] if any(cell.wind) or cell.one_way else ():
            fill = scene.color(row, column)
            if any(cell.wind):
                paint_wind(sheet, layout.center(row, column), layout.cell, cell, _bare(scene), fill)
            if cell.one_way:
                paint_way_out(sheet, layout.center(row, column), layout.cell, Action[cell.one_way], fill)


def _bare(scene: Scene) -> bool:
    """Whether nothing but the agent needs the middle of the cells."""
    overlay = scene.overlay
    return overlay.values is None and overlay.policy is None and overlay.action_values is None


def paint_wind(sheet: Sheet, center: Point, side: int, cell: Cell, bare: bool, fill: theme.Color) -> None:
    """Chevrons in the middle of a bare cell, and else at its rim, beside arrows and numbers."""
    strength = max(abs(part) for part in cell.wind)
    ahead = (float(np.sign(cell.wind[1])), float(np.sign(cell.wind[0])))  # x, y
    aside = (-ahead[1], ahead[0])
    count = min(strength, MOST_CHEVRONS) + bool(cell.gust)
    half = side * (0.17 if bare else 0.055)
    step = half * 1.05
    middle = center if bare else _on_rim(center, side, vertical=bool(cell.wind[0]))
    for number in range(count):
        along = (number - (count - 1) / 2) * step
        tip = along + half / 2
        ends = [(tip - half, -half), (tip, 0.0), (tip - half, half)]
        points = [(middle[0] + u * ahead[0] + v * aside[0], middle[1] + u * ahead[1] + v * aside[1]) for u, v in ends]
        faint = bool(cell.gust) and number == count - 1
        sheet.line(points, max(1.0, side / 44), blend(fill, theme.WIND if bare else ink_on(fill), 0.4 if faint else 1))


def _on_rim(center: Point, side: int, *, vertical: bool) -> Point:
    right, down = (0.42, 0.0) if vertical else (0.28, -0.42)
    return center[0] + right * side, center[1] + down * side


def paint_way_out(sheet: Sheet, center: Point, side: int, way: Action, fill: theme.Color) -> None:
    """A wedge whose tip is on the side, or in the corner, by which the square can be left."""
    down, right = (float(part) for part in DIRECTIONS[way])
    norm = math.hypot(down, right)
    ahead, aside = (right / norm, down / norm), (-down / norm, right / norm)
    tip, foot, half = side * 0.47 * norm, side * (0.47 * norm - 0.13), side * 0.2
    outline = [(tip, 0.0), (foot, half), (foot, -half)]
    points = [(center[0] + u * ahead[0] + v * aside[0], center[1] + u * ahead[1] + v * aside[1]) for u, v in outline]
    sheet.polygon(points, blend(fill, ink_on(fill), 0.7))


def _paint_teleports(sheet: Sheet, scene: Scene, layout: Layout, states: np.ndarray, target: tuple[int, int]) -> None:
    """A bowed line from each square to the target, with a head; squares and target can be far apart."""
    places = scene.grid.cell_of_state[states]
    distances = np.abs(places - np.asarray(target)).sum(axis=1)
    nearest = np.argsort(distances, kind="stable")[: DRAWN_TELEPORTS if len(places) <= DRAWN_TELEPORTS else 1]
    width = max(1.0, layout.cell / 40)
    for row, column in places[nearest].tolist():
        if (row, column) == tuple(target):
            continue
        points = list(_bow(layout.center(row, column), layout.center(*target), layout.cell * 0.3))
        sheet.line(points, width, theme.TELEPORT_LINE)
        (x0, y0), (x1, y1) = points[-2:]
        angle, size = math.atan2(y1 - y0, x1 - x0), max(3.0, layout.cell * 0.12)
        head = [(x1 - size * math.cos(angle + turn), y1 - size * math.sin(angle + turn)) for turn in (-0.45, 0.45)]
        sheet.polygon([(x1, y1), *head], theme.TELEPORT_LINE)


def _bow(start: Point, end: Point, bulge: float) -> Iterator[Point]:
    """Points of a parabola from `start` to `end` that is `bulge` away from the straight line in the middle."""
    length = math.dist(start, end)
    aside = (-(end[1] - start[1]) / length, (end[0] - start[0]) / length)
    for share in np.linspace(0.0, 1.0, 25).tolist():
        off = 4 * bulge * share * (1 - share)
        yield (
            start[0] + share * (end[0] - start[0]) + off * aside[0],
            start[1] + share * (end[1] - start[1]) + off * aside[1],
        )
