"""Maps of what is known of a continuous system: a number over two axes, and drives on it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.plans.plots import HEAT, INK, NOT_FINITE, import_pyplot


def plot_field(numbers: NDArray[np.float64], system: Any, title: str, axes: Any = None, drives: Any = ()) -> Any:
    """Matplotlib axes with (rows, columns) numbers of the cells of a system with two axes, and drives of (K, 2) states.

    Raises:
        ModuleNotFoundError: matplotlib is missing.
    """
    pyplot = import_pyplot()
    if axes is None:
        axes = pyplot.subplots(layout="constrained")[1]
    (left, bottom), (right, top) = system.low, system.high
    colors = pyplot.get_cmap("viridis").with_extremes(bad=NOT_FINITE)
    shown = axes.imshow(
        np.ma.masked_invalid(numbers).T, origin="lower", extent=(left, right, bottom, top), aspect="auto", cmap=colors,
        interpolation="nearest",
    )  # fmt: skip
    axes.figure.colorbar(shown, ax=axes)
    for drive in drives:
        x, y = np.asarray(drive, dtype=np.float64).T
        jumps = np.abs(np.diff(x)) > 0.5 * (right - left)  # once round the circle
        x = np.insert(x, np.flatnonzero(jumps) + 1, np.nan)
        y = np.insert(y, np.flatnonzero(jumps) + 1, np.nan)
        axes.plot(x, y, color=HEAT[0], linewidth=1.4)
        axes.plot(x[:1], y[:1], marker="o", markersize=4.0, color=INK)
    axes.set(xlabel=system.axes[0], ylabel=system.axes[1], title=title)
    return axes
