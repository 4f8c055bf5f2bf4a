"""The value of each state as a number in its cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import ink_on, number_text
from gridworld_env.rendering.layout import Layout
from gridworld_env.rendering.scene import Scene
from gridworld_env.rendering.sheet import Point, Sheet, fit_text


@dataclass(frozen=True)
class Numbers:
    """How the values of one overlay are printed.

    Attributes:
        decimals: Digits after the point, the same for all states.
        size: Font size.
        below: Pixels below the centre of the cell, to leave room for arrows.
    """

    decimals: int
    size: int
    below: float

    def paint(self, sheet: Sheet, scene: Scene, layout: Layout, state: int, plate: bool) -> None:
        """Print the value of a state; `plate` clears away the path or the hatching behind it."""
        text, (x, y), color = self._placed(scene, layout, state)
        if plate or color == theme.NOT_FINITE:
            self.clear(sheet, scene, layout, state)
        sheet.text(text, (x, y), self.size, ink_on(color))

    def lowered(self, layout: Layout) -> "Numbers":
        """Smaller, and at the lower side of the cell."""
        return Numbers(self.decimals, round(self.size * 0.62), layout.cell * 0.38)

    def clear(self, sheet: Sheet, scene: Scene, layout: Layout, state: int) -> None:
        """Fill the place of the number with the colour of its cell."""
        text, (x, y), color = self._placed(scene, layout, state)
        wide, high = sheet.text_size(text, self.size)
        sheet.rectangle((x - wide / 2 - 2, y - high / 2), (wide + 4, high), color)

    def _placed(self, scene: Scene, layout: Layout, state: int) -> tuple[str, Point, theme.Color]:
        assert scene.overlay.values is not None  # `fit_numbers` made this from them
        row, column = scene.grid.cell_of_state[state]
        x, y = layout.center(row, column)
        text = number_text(float(scene.overlay.values[state]), self.decimals)
        return text, (x, y + self.below), scene.color(row, column)


def fit_numbers(sheet: Sheet, scene: Scene, layout: Layout) -> Numbers | None:
    """The most decimals, two at most, for which every value has room; None: no values, no room, or action values."""
    values, cell = scene.overlay.values, layout.cell
    if values is None or scene.overlay.action_values is not None or cell < theme.NUMBER_CELL:
        return None
    arrows = scene.overlay.policy is not None
    living = values[~scene.grid.terminal]
    fitted = fit_decimals(sheet, living, cell * 0.84, cell * (0.28 if arrows else 0.38))
    return None if fitted is None else Numbers(*fitted, cell * 0.33 if arrows else 0.0)


def fit_decimals(sheet: Sheet, numbers: NDArray[np.float64], width: float, height: float) -> tuple[int, int] | None:
    """The most decimals, two at most, with which all numbers can be read, and the font size; None: with none."""
    for decimals in (2, 1, 0):
        texts = [number_text(number, decimals) for number in numbers.tolist()]
        size = min(fit_text(sheet, texts, width, height), theme.LARGEST_TEXT)
        if size >= theme.SMALLEST_TEXT:
            return decimals, size
    return None


def living_states(scene: Scene) -> list[int]:
    """The states that are not terminal."""
    return np.flatnonzero(~scene.grid.terminal).tolist()
