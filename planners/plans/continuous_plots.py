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
    axes.set(
        xlabel=system.axes[0],
        ylabel=system.axes[1],
        title={"lower": "lower bound of V*", "upper": "upper bound of V*", "gap": "what lies between"}.get(
            title, title
        ),
    )
    return axes


def bounds_figure(plan: Any) -> Any:
    """A new Matplotlib figure with `draw_bounds`."""
    figure = import_pyplot().figure(figsize=(11, 7), layout="constrained")
    draw_bounds(plan, figure)
    return figure


def draw_bounds(plan: Any, figure: Any, drives: int = 4) -> None:
    """A plan of a system with two axes on a Matplotlib figure: both bounds, the gap, and a phase portrait.

    The portrait has `drives` drives of the policy, from starts that are spread evenly, by the system's own steps.
    """
    system = plan.system
    low, high = np.array(system.start)
    paths = [followed(plan, low + (high - low) * (k + 0.5) / drives) for k in range(drives)]
    for axes, what in zip(figure.subplots(2, 2).flat, ("lower", "upper", "gap", "drives"), strict=True):
        if what == "drives":
            plan.plot("lower", axes, drives=paths).set_title("drives of its policy")
        else:
            plan.plot(what, axes)


def followed(plan: Any, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, n) states of a drive of the plan's policy, until its end; of a system without one, of 80 steps."""
    system, path, rng = plan.system, [tuple(map(float, start))], np.random.default_rng(0)
    plan.reset()
    for _ in range(300 if system.ends else 80):
        if bool(system.ended(path[-1])):
            break
        action = plan.action(np.array(path[-1]))
        path.append(tuple(float(x) for x in system.sample(path[-1], action, rng)))
    turned = np.array(path)
    span = np.array(system.high) - system.low
    return np.where(system.wraps, np.array(system.low) + np.mod(turned - system.low, span), turned)
