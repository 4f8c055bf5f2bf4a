"""What lies over the board, in order: action values, marks of rules, a trajectory, policy arrows, values."""

import math

import numpy as np
from numpy.typing import NDArray

from gridworld_env.grid.actions import DIRECTIONS
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import heat_colors, ink_on, number_text
from gridworld_env.rendering.layout import Layout
from gridworld_env.rendering.paint_arrows import paint_arrows
from gridworld_env.rendering.paint_numbers import Numbers, fit_decimals, living_states
from gridworld_env.rendering.paint_path import blend, paint_path
from gridworld_env.rendering.paint_rules import paint_rules
from gridworld_env.rendering.scene import Scene, path_cells
from gridworld_env.rendering.sheet import Point, Sheet


def paint_overlay(sheet: Sheet, scene: Scene, layout: Layout, numbers: Numbers | None) -> None:
    """Draw the overlay. Action values take the place of printed values and of arrows.

    With action values, the emphasised wedges are those of the policy where one is given, else the best ones.
    """
    overlay = scene.overlay
    if overlay.action_values is not None and layout.cell >= theme.WEDGE_CELL:
        paint_wedges(sheet, scene, layout, overlay.action_values)
    paint_rules(sheet, scene, layout)  # wedges fill their cells, so not before them
    crossed: set[int] = set()
    first: int | None = None
    states = living_states(scene)
    if overlay.trajectory is not None and overlay.trajectory.size:
        cells = path_cells(scene.grid, overlay.trajectory)
        paint_path(sheet, cells, layout, (theme.TRAJECTORY_OLD, theme.TRAJECTORY_NEW), start=tuple(cells[0]))
        crossed = set(overlay.trajectory.tolist())
        first = int(overlay.trajectory[0])
        states = [state for state in states if state != first]  # the ring is there
    paint_arrows(sheet, scene, layout, states, numbered=numbers is not None)
    if numbers is not None:
        for state in states:
            numbers.paint(sheet, scene, layout, state, plate=state in crossed)
        if first is not None and not scene.grid.terminal[first]:
            under_ring = numbers if numbers.below else numbers.lowered(layout)
            under_ring.paint(sheet, scene, layout, first, plate=False)


def paint_wedges(sheet: Sheet, scene: Scene, layout: Layout, numbers: NDArray[np.float64]) -> None:
    """Cut each cell into a wedge per action, coloured by its value; the best are outlined and read first."""
    cell, actions = layout.cell, numbers.shape[1]
    colors = heat_colors(numbers, scene.limit, scene.knee)
    there = ~np.isnan(numbers)  # NaN is the value of an action that there is not
    fitted = None if cell < theme.NUMBER_CELL else fit_decimals(sheet, numbers[there], cell * 0.29, cell * 0.26)
    edge = max(1.0, cell / 80)
    best = scene.shown_actions
    assert best is not None  # there are action values, so there are best ones
    for state in living_states(scene):
        row, column = scene.grid.cell_of_state[state]
        center = layout.center(row, column)
        for action in range(actions):
            points = _wedge(center, action, actions, (cell - 1) / 2)
            red, green, blue = (int(part) for part in colors[state, action])
            sheet.polygon(points, (red, green, blue))
            sheet.line([points[0], points[1]], edge * 0.6, theme.LINE)
            if fitted is not None and there[state, action]:
                decimals, size = fitted
                ink = ink_on((red, green, blue))
                if not best[state, action]:
                    ink = blend(ink, (red, green, blue), 0.28)
                text = number_text(float(numbers[state, action]), decimals)
                sheet.text(text, _wedge_label(center, action, actions, cell), size, ink)
        for action in np.flatnonzero(best[state]):
            points = _wedge(center, int(action), actions, (cell - 1) / 2 - edge)
            sheet.line([*points, points[0]], edge * 2, theme.INK)


def _wedge(center: Point, action: int, actions: int, half: float) -> list[Point]:
    """The centre and the points on the square's rim that bound an action's sector, clockwise."""
    down, right = DIRECTIONS[action]
    angle = math.atan2(down, right)
    points = [center]
    for turn in (-math.pi / actions, 0.0, math.pi / actions):
        x, y = math.cos(angle + turn), math.sin(angle + turn)
        reach = half / max(abs(x), abs(y))
        points.append((center[0] + reach * x, center[1] + reach * y))
    return points


def _wedge_label(center: Point, action: int, actions: int, cell: int) -> Point:
    down, right = (float(part) for part in DIRECTIONS[action])
    reach = cell * (0.32 if actions == 4 else 0.335)
    return center[0] + right * reach, center[1] + down * reach
