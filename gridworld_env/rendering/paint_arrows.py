"""The policy as arrows."""

import math
from collections.abc import Iterable

import numpy as np

from gridworld_env.actions import DIRECTIONS, Action
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
    full = cell * (0.27 if numbered else 0.38)
    shown = shown_weights(weights)
    for state in states:
        row, column = scene.grid.cell_of_state[state]
        x, y = layout.center(row, column)
        hub = (x, y - cell * 0.12) if numbered else (x, y)
        ink = ink_on(scene.colors[row, column])
        actions = np.flatnonzero(shown[state])
        for action in actions:
            # A single arrow is centred on its hub; several share the hub as their tail.
            tail = -0.6 if len(actions) == 1 else 0.0
            if action == Action.STAY:
                sheet.disc(hub, cell * 0.09, ink)
                continue
            length = full * float(weights[state, action] / weights[state].max())
            sheet.polygon(_arrow(hub, int(action), length, tail, cell), ink)
        if len(actions) > 1:
            sheet.disc(hub, cell * 0.028, ink)


def _arrow(hub: Point, action: int, length: float, tail: float, cell: int) -> list[Point]:
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
