"""The policy as arrows."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from gridworld_env.grid.actions import DIRECTIONS, Action
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import ink_on
from gridworld_env.rendering.layout import Layout
from gridworld_env.rendering.scene import Scene, shown_weights
from gridworld_env.rendering.sheet import Point, Sheet


def paint_arrows(sheet: Sheet, scene: Scene, layout: Layout, states: Iterable[int], numbered: bool) -> None:
    """An arrow for each action with weight, its length in proportion to the largest weight of the state.

    Args:
        sheet: Where to draw.
        scene: What to draw; nothing without a policy, or with action values, which show it themselves.
        layout: Where the cells lie.
        states: Whose arrows to draw; none of them terminal.
        numbered: Whether there is a number under the arrows.
    """
    weights, cell = scene.overlay.policy, layout.cell
    if weights is None or cell < theme.ARROW_CELL or scene.overlay.action_values is not None:
        return
    shown = shown_weights(weights)
    for state in states:
        row, column = scene.grid.cell_of_state[state]
        ink = ink_on(scene.colors[row, column])
        shares = np.where(shown[state], weights[state] / weights[state].max(), 0.0).tolist()
        paint_arrow(sheet, layout.center(row, column), cell, shares, ink, numbered=numbered)


def paint_arrow(
    sheet: Sheet, center: Point, cell: int, shares: Sequence[float], ink: theme.Color, *, numbered: bool
) -> None:
    """The arrows of one square.

    Args:
        sheet: Where to draw.
        center: Of the square.
        cell: Pixels along its side.
        shares: Length of each action's arrow as a part of the longest; 0: none.
        ink: Their colour.
        numbered: Whether there is a number under the arrows.
    """
    full = cell * (0.27 if numbered else 0.38)
    x, y = center
    hub = (x, y - cell * 0.12) if numbered else (x, y)
    actions = [action for action, share in enumerate(shares) if share]
    for action in actions:
        # A single arrow is centred on its hub; several share the hub as their tail.
        tail = -0.6 if len(actions) == 1 else 0.0
        if action == Action.STAY:
            sheet.disc(hub, cell * 0.09, ink)
            continue
        sheet.polygon(arrow_outline(hub, action, full * shares[action], tail, cell), ink)
    if len(actions) > 1:
        sheet.disc(hub, cell * 0.028, ink)


def arrow_outline(hub: Point, action: int, length: float, tail: float, cell: int) -> list[Point]:
    """Outline of an arrow that ends `length` from the hub and begins at `tail` times that."""
    down, right = (float(part) for part in DIRECTIONS[action])
    norm = math.hypot(down, right)
    ahead, aside = (right / norm, down / norm), (-down / norm, right / norm)
    head, half, shaft = (
        min(length * 0.42, cell * 0.13),
        min(length * 0.26, cell * 0.08),
        min(length * 0.12, cell * 0.026),
    )
    outline = [(tail * length, shaft), (length - head, shaft), (length - head, half), (length, 0.0)]
    outline += [(along, -across) for along, across in reversed(outline[:-1])]
    return [
        (hub[0] + along * ahead[0] + across * aside[0], hub[1] + along * ahead[1] + across * aside[1])
        for along, across in outline
    ]
