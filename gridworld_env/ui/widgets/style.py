"""Colours and sizes of panels: data only. Sizes are points, which a high-density screen draws with several pixels."""

from typing import Final

Color = tuple[int, int, int]

PAPER: Final[Color] = (255, 255, 255)
PANEL: Final[Color] = (244, 245, 247)
EDGE: Final[Color] = (206, 209, 216)
INK: Final[Color] = (24, 27, 36)
MUTED: Final[Color] = (92, 96, 108)
BUTTON: Final[Color] = (255, 255, 255)
HOT: Final[Color] = (226, 235, 248)
LIT: Final[Color] = (24, 90, 160)
LIT_INK: Final[Color] = (255, 255, 255)
TRACK: Final[Color] = (196, 200, 208)
ERROR: Final[Color] = (158, 40, 24)
BACKGROUND: Final[Color] = (226, 228, 233)  # behind the content

PANEL_WIDTH: Final = 340
STATUS_HEIGHT: Final = 30
MARGIN: Final = 10
GAP: Final = 4
TEXT: Final = 14
SMALL: Final = 13
TITLE: Final = 15
BUTTON_HEIGHT: Final = 24
SLIDER_HEIGHT: Final = 32
HEADING_HEIGHT: Final = 20
LINE_HEIGHT: Final = 18
RADIUS: Final = 4
