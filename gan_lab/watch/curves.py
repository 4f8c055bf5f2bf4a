"""The numbers of a game over its updates, and the charts that are made of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.truth import LOG_4
from gan_lab.watch.drawing import palette

Array = NDArray[np.float64]
MOST: Final = 1200  # rows that are kept
SMALLEST: Final = 1e-6  # on logarithmic charts


class Curves:
    """A row of numbers for each picture; when there are too many, every second one goes.

    >>> curves = Curves()
    >>> curves.add(0, {"value": -1.0}); curves.add(5, {"value": -2.0})
    >>> series(curves.rows, "value")
    (array([0., 5.]), array([-1., -2.]))
    """

    def __init__(self) -> None:
        """Begin with empty curves."""
        self.rows: list[dict[str, float]] = []

    def add(self, step: int, numbers: dict[str, float]) -> None:
        """Append a row, or put it in the place of one of the same update."""
        if self.rows and self.rows[-1]["step"] == step:
            self.rows.pop()
        self.rows.append({"step": float(step), **numbers})
        if len(self.rows) > MOST:
            self.rows = [*self.rows[:-1:2], self.rows[-1]]


def series(rows: Sequence[dict[str, float]], name: str) -> tuple[Array, Array]:
    """Updates and values of one number in some rows."""
    return np.array([row["step"] for row in rows]), np.array([row.get(name, np.nan) for row in rows])


@dataclass(frozen=True, eq=False)
class Line:
    """One curve of a chart.

    Attributes:
        label: Its name with its last value.
        steps: (n,) updates.
        values: (n,).
        color: Of the curve.
        dashed: Whether it is what the others are compared with.
    """

    label: str
    steps: Array
    values: Array
    color: palette.Color
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class Chart:
    """Curves with their frame.

    Attributes:
        title: What is shown.
        lines: The curves.
        low: Lower end of the frame.
        high: Upper end.
        logarithmic: Whether heights are logarithms; values and ends are given as they are.
    """

    title: str
    lines: list[Line]
    low: float
    high: float
    logarithmic: bool = False

    def heights(self, values: Array) -> Array:
        """(n,) share of the frame's height at which each value lies."""
        ends = np.array([self.low, self.high])
        if self.logarithmic:
            values, ends = np.log10(np.maximum(values, SMALLEST)), np.log10(np.maximum(ends, SMALLEST))
        return (values - ends[0]) / (ends[1] - ends[0])


def plane_charts(rows: Sequence[dict[str, float]], modes: int) -> list[Chart]:
    """V beside the best V and -log 4; the divergences; modes and good samples."""
    steps, value = series(rows, "value")
    jsd, kl = series(rows, "jsd")[1], series(rows, "reverse_kl")[1]
    found, good = series(rows, "modes")[1], series(rows, "high_quality")[1]
    best = 2 * jsd - LOG_4
    flat = np.full(len(steps), -LOG_4)
    return [
        Chart(
            "V(D, G)",
            [
                Line("-log 4 = -1.386", steps, flat, palette.EQUILIBRIUM, dashed=True),
                Line(f"of the best D, at least {_last(best)}", steps, best, palette.EXACT),
                Line(f"V {_last(value)}", steps, value, palette.LEARNED),
            ],
            *_ends(np.concatenate([value, flat, best]), least=0.5),
        ),
        Chart(
            "divergences in nats",
            [
                Line("log 2", steps, np.full(len(steps), np.log(2.0)), palette.EQUILIBRIUM, dashed=True),
                Line(f"KL of mode shares {_last(kl)}", steps, kl, palette.FAKE),
                Line(f"JSD {_last(jsd)}", steps, jsd, palette.DATA),
            ],
            0.0,
            max(0.8, float(np.nanmax(kl, initial=0.0)) * 1.05),
        ),
        Chart(
            f"shares of {modes} modes, and of samples",
            [
                Line(f"good samples {100 * good[-1]:.0f} %" if len(good) else "", steps, good, palette.FAKE),
                Line(f"modes found {found[-1]:.0f}" if len(found) else "", steps, found / modes, palette.DATA),
            ],
            0.0,
            1.05,
        ),
    ]


def phase_charts(
    rows: Sequence[dict[str, float]], known_value: float, radius: float | None, began: int = 0
) -> list[Chart]:
    """V beside its value at the equilibrium; the distance beside the predicted rate; the exploitability.

    Args:
        rows: The numbers so far.
        known_value: V at the equilibrium.
        radius: The factor of the distance that is predicted for an update; None: none is.
        began: The update since which it is.
    """
    steps, value = series(rows, "value")
    distance, gap = series(rows, "distance")[1], series(rows, "exploitability")[1]
    lines = [Line(f"distance {_last(distance)}", steps, distance, palette.PATH)]
    if radius is not None and len(steps):
        since = steps >= min(began, steps[-1])
        with np.errstate(over="ignore", under="ignore"):
            predicted = distance[since][0] * np.power(radius, steps[since] - steps[since][0])
        label = f"predicted: x {radius:.5f} an update"
        lines.insert(0, Line(label, steps[since], predicted, palette.EQUILIBRIUM, True))
    flat = np.full(len(steps), known_value)
    return [
        Chart(
            "V(D, G)",
            [
                Line(f"at the equilibrium {known_value:.4g}", steps, flat, palette.EQUILIBRIUM, dashed=True),
                Line(f"V {_last(value)}", steps, value, palette.LEARNED),
            ],
            *_ends(np.concatenate([value, flat]), least=0.5),
        ),
        Chart("distance to the equilibrium", lines, *_ratios(distance), logarithmic=True),
        Chart(
            "exploitability",
            [Line(f"gap {_last(gap)}", steps, gap, palette.DATA)],
            *_ratios(gap),
            logarithmic=True,
        ),
    ]


def beside_charts(first: Sequence[Chart], second: Sequence[Chart]) -> list[Chart]:
    """The charts of two runs in one: the last curve of either, and what the first one's are compared with."""
    charts = []
    for one, other in zip(first, second, strict=True):
        known = (
            [line for line in one.lines if line.dashed and np.ptp(line.values) == 0] if one.lines[0].values.size else []
        )
        runs = [
            replace(chart.lines[-1], label=f"{name}: {chart.lines[-1].label}", color=color)
            for name, chart, color in (("A", one, palette.PATH), ("B", other, palette.FAKE))
        ]
        charts.append(
            replace(one, lines=[*known, *reversed(runs)], low=min(one.low, other.low), high=max(one.high, other.high))
        )
    return charts


def ticks(low: float, high: float, most: int = 6, *, logarithmic: bool = False) -> list[float]:
    """Round numbers of a scale, at most so many: multiples of 1, 2 or 5 times a power of ten; or powers of ten.

    >>> ticks(-1.5, 0.11), ticks(0.0, 1.05, 3)
    ([-1.5, -1.0, -0.5, 0.0], [0.0, 0.5, 1.0])
    >>> ticks(0.3, 40.0, logarithmic=True), ticks(1.2, 1.8, logarithmic=True)
    ([1.0, 10.0], [1.2, 1.4, 1.6, 1.8])
    """
    if logarithmic:
        powers = [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
        if len(powers) >= 2:
            return powers[:: math.ceil(len(powers) / most)]
    size = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    steps = [size * times for times in (1, 2, 5, 10, 20, 50)]
    for step in steps:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [round(number * step, 1 - math.floor(math.log10(size))) for number in range(first, last + 1)]
    return [low, high]


def _last(values: Array) -> str:
    return f"{values[-1]:.3f}" if len(values) else ""


def _ends(values: Array, least: float) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (-LOG_4, -LOG_4)
    margin = max(0.08 * (high - low), 0.5 * (least - (high - low)), 0.02)
    return low - margin, high + margin


def _ratios(values: Array) -> tuple[float, float]:
    """Ends of a logarithmic scale around some values."""
    known = np.maximum(values[np.isfinite(values)], SMALLEST)
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.1, 1.0)
    margin = max(1.15, (high / low) ** 0.06)
    return low / margin, high * margin
