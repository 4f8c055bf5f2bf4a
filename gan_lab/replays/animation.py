"""The pictures of a replay of training, drawn by matplotlib: the scene on the left, the curves on the right."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.replays.charts import charts_of
from gan_lab.replays.frames import Frame, Scene
from gan_lab.replays.strategy_scenes import COLORS, STYLES
from gan_lab.training.run import Run
from gridworld_env.ui.pages.packing import unpacked

RATE: Final = 5.0  # a second
MOST_PICTURES: Final = 60
SIZE: Final = (9.6, 5.2)  # inches, of 80 pixels each


def pictures_of(
    title: str, scene: Scene, frames: list[Frame], captions: list[str], at: list[float], run: Run
) -> Iterator[NDArray[np.uint8]]:
    """(H, W, 3) pictures, thinned evenly."""
    canvas, left, cursors = _canvas(title, run)
    for index in np.unique(np.linspace(0, len(frames) - 1, MOST_PICTURES).round().astype(int)):
        left.clear()
        scene.draw(left, frames, index)
        left.set_title(captions[index], fontsize="small", loc="left", wrap=True)
        for cursor in cursors:
            cursor.set_xdata([at[index]] * 2)
        canvas.draw()
        canvas.figure.set_layout_engine("none")  # once is enough, and it takes most of the time
        yield np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def _canvas(title: str, run: Run) -> tuple[Any, Any, list[Any]]:
    """A canvas with two charts, the axes that are still empty, and the lines that move over the charts."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize="medium", parse_math=False)
    charts = charts_of(run)[:3]
    panels = figure.add_gridspec(len(charts), 2, width_ratios=(3, 2))
    cursors = []
    for row, chart in enumerate(charts):
        axes = figure.add_subplot(panels[row, 1])
        x = unpacked(chart["x"])
        for number, one in enumerate(chart["series"]):
            y = unpacked(one["y"]).astype(np.float64)
            shown = np.where(np.isfinite(y) & ((y > 0) | (not chart["log"])), y, np.nan)
            axes.plot(x, shown, STYLES[number], color=COLORS[number], label=one["name"])
        for line in chart["lines"]:
            axes.axhline(line["y"], color="black", linewidth=0.8, linestyle=":", label=line["name"])
        axes.set_yscale("log" if chart["log"] else "linear")
        axes.legend(fontsize="x-small", frameon=False)
        cursors.append(axes.axvline(x[0], color="black", linewidth=1))
    return canvas, figure.add_subplot(panels[:, 0]), cursors
