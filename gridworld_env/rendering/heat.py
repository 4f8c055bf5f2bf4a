"""Numbers as colours, and the ink that can be read on a colour."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridworld_env.rendering import theme

FAR: Final = 10.0  # times the median: beyond it a number is a large one
SOME: Final = 10  # large numbers make the scale logarithmic


def heat_limit(values: NDArray[np.float64]) -> float:
    """Largest magnitude of the finite values, the end of the symmetric scale; 0 where there is none."""
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if finite.size else 0.0


def heat_knee(values: NDArray[np.float64]) -> float:
    """The magnitude beyond which the scale is logarithmic; 0 where all of it is linear.

    Large numbers, such as those beside a cliff, would make all others white: the scale is then that of the median.
    There have to be some of them: a single one, as after the first sweep of value iteration, changes nothing.

    >>> heat_knee(np.array([-5.0] * 30 + [-107.0])), heat_knee(np.array([-5.0] * 30 + [-107.0] * 10))
    (0.0, 5.0)
    """
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if not sizes.size:
        return 0.0
    middle = float(np.median(sizes))
    return middle if np.count_nonzero(sizes > FAR * middle) >= SOME else 0.0


def heat_positions(values: NDArray[np.float64], limit: float, knee: float = 0.0) -> NDArray[np.float64]:
    """(...) where values stand on the scale, from -1 to 1; those that are not finite stand at 0."""
    finite = np.where(np.isfinite(values), values, 0.0)
    if not knee:
        return finite / (limit or 1.0)
    return np.sign(finite) * np.log1p(np.abs(finite) / knee) / np.log1p(limit / knee)


def heat_values(positions: NDArray[np.float64], limit: float, knee: float = 0.0) -> NDArray[np.float64]:
    """(...) the values that stand at positions from -1 to 1: what a scale's ticks say.

    >>> heat_positions(heat_values(np.array([-0.5, 1.0]), 107.0, 5.5), 107.0, 5.5).tolist()
    [-0.5, 1.0]
    """
    if not knee:
        return positions * limit
    return np.sign(positions) * knee * np.expm1(np.abs(positions) * np.log1p(limit / knee))


def heat_colors(values: NDArray[np.float64], limit: float, knee: float = 0.0) -> NDArray[np.uint8]:
    """Colour each value on the scale from -limit to +limit.

    Args:
        values: (...) numbers; NaN and infinities get the grey of `theme.NOT_FINITE`.
        limit: End of the scale; 0: every finite value has the colour of zero.
        knee: What `heat_knee` says of the values; 0: the scale is linear.

    Returns:
        (..., 3) uint8.

    >>> heat_colors(np.array([0.0, 1.0]), 1.0).tolist()
    [[250, 250, 250], [21, 110, 192]]
    """
    finite = np.isfinite(values)
    position = heat_positions(values, limit, knee)
    stops = np.array(theme.HEAT_COLORS, dtype=np.float64)
    channels = [np.interp(position, theme.HEAT_POSITIONS, stops[:, channel]) for channel in range(3)]
    colors = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    colors[~finite] = theme.NOT_FINITE
    return colors


def luminance(color: Any) -> float:
    """Relative luminance of an sRGB colour, 0 (black) to 1 (white), as WCAG 2.2 defines it."""
    parts = np.asarray(color, dtype=np.float64)[:3] / 255.0
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: Any, other: Any) -> float:
    """Contrast ratio of two colours, 1 (none) to 21, as WCAG 2.2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink_on(color: Any) -> theme.Color:
    """The dark or the light ink, whichever stands out more on `color`."""
    return max(theme.INK, theme.PAPER, key=lambda ink: contrast(ink, color))


def number_text(value: float, decimals: int = 2) -> str:
    """A value as it is printed in a cell: fixed decimals, no minus on a zero, `inf`, `-inf` or `nan`.

    >>> number_text(-0.001), number_text(-2.5), number_text(float("-inf"))
    ('0.00', '-2.50', '-inf')
    """
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text
