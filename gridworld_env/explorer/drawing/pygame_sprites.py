"""Small pictures of what stands in a square, drawn once for each size and then only copied."""

from collections.abc import Callable
from typing import Final

import pygame

from gridworld_env.grid.actions import Action
from gridworld_env.grid.legend import Cell, mean_reward
from gridworld_env.rendering import theme
from gridworld_env.rendering.heat import ink_on
from gridworld_env.rendering.paint_arrows import paint_arrow
from gridworld_env.rendering.paint_cells import paint_pay, paint_terminal, pay_of
from gridworld_env.rendering.paint_rules import paint_way_out, paint_wind
from gridworld_env.rendering.pygame_sheet import PygameSheet
from gridworld_env.rendering.sheet import fit_text
from gridworld_env.ui.fonts.pygame_fonts import Fonts

SCALE: Final = 4
SHARES: Final = 8  # lengths of arrows that are told apart
KEPT: Final = 4096


class SpriteSheet(PygameSheet):
    """A sheet of one square that is transparent where nothing is drawn."""

    def __init__(self, cell: int, ink: theme.Color, fonts: Fonts) -> None:
        """Draw in `ink` and other colours; the transparent part has its colour too, so that edges do not darken."""
        large = pygame.Surface((cell * SCALE, cell * SCALE), pygame.SRCALPHA)
        large.fill((*ink, 0))
        super().__init__(pygame, large, SCALE, fonts)
        self._cell = cell

    def finish(self) -> pygame.Surface:
        """The picture at its size."""
        self.surface: pygame.Surface = pygame.transform.smoothscale(self.surface, (self._cell, self._cell))
        self.scale = 1
        return super().finish()


def _text(kind: Cell, label: str) -> str:
    """What is written on a square: what cannot be seen otherwise."""
    if (mean_reward(kind.teleport_reward) or 0.0) < 0:
        label = label.rpartition(" ")[2]  # what it costs; the glyph would lie under arrows
    if kind.reward is not None:
        return f"S {label}" if kind.start else label
    told = kind.slip is None and kind.teleport is None and kind.bump_reward is None
    return "S" if kind.start else "" if told else label


class Sprites:
    """Arrows and kinds of squares for one size of square at a time."""

    def __init__(self) -> None:
        """Begin without sprites."""
        self.fonts: Fonts = Fonts(pygame, bold=True)
        self._kept: dict[tuple[object, ...], pygame.Surface] = {}

    def arrows(self, cell: int, code: int, actions: int, ink: theme.Color, *, numbered: bool) -> pygame.Surface:
        """The arrows of a policy in a square.

        Args:
            cell: Pixels of the square.
            code: The length of each action's arrow, in eighths, as digits to the base 9; see `arrow_codes`.
            actions: How many digits there are.
            ink: Their colour.
            numbered: Whether there is a number under them.
        """

        def draw(sheet: SpriteSheet) -> None:
            shares = [(code // (SHARES + 1) ** action) % (SHARES + 1) / SHARES for action in range(actions)]
            paint_arrow(sheet, (cell / 2, cell / 2), cell, shares, ink, numbered=numbered)

        return self._sprite(("arrows", cell, code, actions, ink, numbered), cell, ink, draw)

    def kind(
        self, cell: int, kind: Cell, label: str, fill: theme.Color, *, bare: bool, pit: bool = False
    ) -> pygame.Surface:
        """What is painted on squares of one kind, over the colour `fill`: rewards of ends, starts, wind, labels."""
        ink = ink_on(fill)

        def draw(sheet: SpriteSheet) -> None:
            if kind.terminal:
                size = min(fit_text(sheet, [label], cell * 0.62, cell * 0.48) if label else 0, round(cell * 0.3))
                paint_terminal(sheet, (0, 0), cell, fill, label, size, pit=pit)
                return
            if (amount := pay_of(kind)) and cell >= theme.LABEL_CELL:
                paint_pay(sheet, (0, 0), cell, amount)
            if any(kind.wind) and cell >= theme.LABEL_CELL:
                paint_wind(sheet, (cell / 2, cell / 2), cell, kind, bare, fill)
            if kind.one_way and cell >= theme.LABEL_CELL:
                paint_way_out(sheet, (cell / 2, cell / 2), cell, Action[kind.one_way], fill)
            text = _text(kind, label)
            if text and cell >= theme.LABEL_CELL:
                size = max(10, round(cell * 0.17))
                wide, high = sheet.text_size(text, size)
                sheet.text(text, (cell * 0.075 + 1 + wide / 2, cell * 0.06 + 1 + high / 2), size, ink)
            elif kind.start and cell >= theme.LINE_CELL:
                sheet.polygon([(1, 1), (cell * 0.45, 1), (1, cell * 0.45)], theme.MUTED)

        return self._sprite(("kind", cell, kind, label, fill, bare, pit), cell, ink, draw)

    def _sprite(
        self, key: tuple[object, ...], cell: int, ink: theme.Color, draw: Callable[[SpriteSheet], None]
    ) -> pygame.Surface:
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            sheet = SpriteSheet(cell, ink, self.fonts)
            draw(sheet)
            self._kept[key] = sheet.finish()
        return self._kept[key]
