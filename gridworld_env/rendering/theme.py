"""Colours, sizes and limits of the pictures: data only.

The heat map runs from orange (negative) through near-white (zero) to blue (positive), a pair that every
common kind of colour blindness keeps apart. The stops are evenly spaced in the lightness of OKLab and
mirror each other, so that equal steps of value look like equal steps and the sign does not look like size.
"""

from typing import Final

Color = tuple[int, int, int]

# Where on the scale from -1 to +1 each colour of the heat map stands.
HEAT_POSITIONS: Final = (-1.0, -0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
HEAT_COLORS: Final[tuple[Color, ...]] = (
    (167, 83, 0),
    (187, 116, 63),
    (207, 148, 108),
    (225, 181, 152),
    (241, 215, 198),
    (250, 250, 250),
    (201, 223, 248),
    (158, 195, 237),
    (116, 167, 224),
    (74, 139, 209),
    (21, 110, 192),
)
NOT_FINITE: Final[Color] = (172, 174, 180)
HATCH: Final[Color] = (134, 136, 144)

FREE: Final[Color] = (250, 250, 250)
WALL: Final[Color] = (62, 65, 74)
LINE: Final[Color] = (206, 209, 216)
SLIPPERY: Final[Color] = (222, 240, 240)
TELEPORT: Final[Color] = (233, 226, 245)
TELEPORT_LINE: Final[Color] = (126, 92, 178)
WIND: Final[Color] = (112, 146, 178)
TERMINAL_POSITIVE: Final[Color] = (74, 139, 209)
TERMINAL_NEGATIVE: Final[Color] = (187, 116, 63)
PIT: Final[Color] = (44, 36, 34)
TERMINAL_NEUTRAL: Final[Color] = (190, 193, 200)

INK: Final[Color] = (24, 27, 36)
PAPER: Final[Color] = (255, 255, 255)
MUTED: Final[Color] = (104, 108, 120)
STRIP: Final[Color] = (244, 245, 247)

AGENT: Final[Color] = (172, 32, 128)
TRAIL_OLD: Final[Color] = (226, 178, 210)
TRAIL_NEW: Final[Color] = (172, 32, 128)
TRAJECTORY_OLD: Final[Color] = (126, 190, 168)
TRAJECTORY_NEW: Final[Color] = (0, 92, 74)

LONGEST_SIDE: Final = 1024  # px, the map without its border
LARGEST_CELL: Final = 96  # px
STRIP_HEIGHT: Final = 28  # px
STRIP_TEXT: Final = 15  # pixels
LARGEST_TEXT: Final = 28
SMALLEST_TEXT: Final = 10  # pixels below which a number is not worth printing
OVERSAMPLE: Final = 3  # shapes are drawn this many times larger and averaged down

# Cells smaller than this many pixels do without the feature.
LINE_CELL: Final = 6
ARROW_CELL: Final = 10
HATCH_CELL: Final = 10
WEDGE_CELL: Final = 12
SIGN_CELL: Final = 8
LABEL_CELL: Final = 18
NUMBER_CELL: Final = 26

SMALLEST_ARROW: Final = 0.04  # arrows shorter than this part of the longest in their cell are left out
TRAIL_LENGTH: Final = 100  # moves of the live trail that are drawn, newest first
FANCY_MOVES: Final = 2000  # a longer trajectory is drawn as one plain line
TEXT_CACHE: Final = 4096  # rendered strings kept

ARROWS: Final = "↑→↓←↗↘↙↖•"  # in the order of `gridworld_env.grid.actions.Action`
SEVERAL: Final = "◆"  # several actions in one glyph
AGENT_GLYPH: Final = "@"
VISITED_GLYPH: Final = "*"
WIDEST_TEXT: Final = 200  # columns
