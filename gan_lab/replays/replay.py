"""`Replay`: a callback of `train` that records each evaluation, and writes a page or an animation of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError
from gan_lab.replays.charts import caption_of, charts_of
from gan_lab.replays.frames import THEME, Frame, Scene
from gan_lab.replays.sample_scenes import scene_of_samples
from gan_lab.replays.strategy_scenes import COLORS, STYLES, AtomsScene, DensityScene, PathScene
from gan_lab.training.run import Run
from gridworld_env.ui.files.whole_file import check_place
from gridworld_env.ui.pages.packing import unpacked
from gridworld_env.ui.pages.page import write_page
from gridworld_env.ui.pages.thinning import Thinning

LONGEST: Final = 20.0  # seconds that a replay takes at first
SCENES: Final[dict[str, Callable[[Run], Scene]]] = {  # by `Game.picture`
    "samples": scene_of_samples,
    "atoms": AtomsScene,
    "density": DensityScene,
    "path": PathScene,
}
RATE: Final = 5.0  # pictures of an animation a second
MOST_PICTURES: Final = 60
SIZE: Final = (9.6, 5.2)  # of a picture in inches, of 80 pixels each
SETTINGS: Final = ("recipe", "update", "loss", "penalty", "batch_size", "seed")


class Replay:
    """A recorder of frames of a training run; give it to `train` among the callbacks.

    The page shows what suits the game: real and generated samples over D's field; images; densities or distributions
    beside D and the exact D*; or the path of both players. Its curves over the updates are V beside its value at the
    equilibrium, the divergences and the modes. Long runs are thinned evenly: at most 240 frames, and at most 6 MB of
    them.

    Args:
        title: Title of the page; None: the name of the game.

    >>> from gan_lab import train
    >>> replay = Replay()
    >>> run = train("dirac", update="extragradient", steps=60, looks=30, callbacks=[replay])
    >>> print(replay)
    all 30 looks
    """

    def __init__(self, title: str | None = None) -> None:
        """Begin with an empty replay."""
        self.title = title
        self.run: Run | None = None
        self.looks: Thinning[tuple[dict[str, float], Frame]] = Thinning(
            lambda found: sum(array.nbytes for array in found[1].values())
        )
        self._scene: Scene | None = None

    def __call__(self, run: Run) -> None:
        """Record the players as they are; `train` calls it after each evaluation."""
        self.record(run, run.truth[-1])

    def record(self, run: Run, row: dict[str, float]) -> None:
        """Record the players as they are, with a row like those of `run.truth`."""
        if self._scene is None or run is not self.run:
            self.run, self._scene = run, SCENES[run.game.picture](run)
        # Made at once: another update changes the players, so that the last frame could not be made later.
        found = row, self._scene.frame(run)
        self.looks.add(lambda: found)

    def html(self, path: str | Path) -> int:
        """Write the page as one file that any browser shows without a network; returns its size in bytes.

        Raises:
            WiringError: Nothing was recorded.
            ValueError: The name does not end in .html.
            OSError: The file cannot be written; a file that was there before is then unchanged.
        """
        return write_page(path, self.document())

    def gif(self, path: str | Path) -> int:
        """Write the animation, of at most 60 pictures; returns its size in bytes.

        Raises:
            WiringError: Nothing was recorded.
            ModuleNotFoundError: matplotlib is missing.
            ValueError: The name does not end in .gif.
            OSError: The file cannot be written.
        """
        from gridworld_env.ui.files.pictures import save_gif

        run, scene, rows = self._recorded()
        captions = [caption_of(run, row) for row, _ in rows]
        frames = [frame for _, frame in rows]
        pictures = pictures_of(self._title(run), scene, frames, captions, [row["step"] for row, _ in rows], run)
        return save_gif(check_place(path, ".gif"), pictures, RATE).stat().st_size

    def document(self) -> dict[str, Any]:
        """The content of the page: see `gridworld_env.ui.pages.page`."""
        run, scene, rows = self._recorded()
        report = run.report().splitlines()
        settings = [
            f"{name.replace('_', ' ')} {run.settings.facts[name]}"
            for name in SETTINGS
            if str(run.settings.facts.get(name)) != "None" and (name != "batch_size" or run.game.of_samples)
        ]
        return {
            "title": self._title(run),
            "subtitle": ", ".join(settings),
            "facts": [
                ("How it ended", f"{run.steps} updates. {run.status.value}"),
                ("Last look", report[1].strip()),
                *[("In words", line.strip()) for line in report[2:]],
                ("Frames", f"{self}"),
            ],
            "unit": "update",
            "at": [row["step"] for row, _ in rows],
            "captions": [caption_of(run, row) for row, _ in rows],
            "phases": [],
            "rate": min(max(len(rows) / LONGEST, 2.0), 15.0),
            "scenes": scene.pieces([frame for _, frame in rows]),
            "charts": charts_of(run),
            "theme": THEME,
        }

    def _title(self, run: Run) -> str:
        return self.title or f"{run.game.name}, trained"

    def _recorded(self) -> tuple[Run, Scene, list[tuple[dict[str, float], Frame]]]:
        if self.run is None or self._scene is None:
            raise WiringError(
                "this replay has recorded nothing: give it to a run that looks at the truth at least once, as in "
                "gan_lab.train('ring8', callbacks=[replay])"
            )
        return self.run, self._scene, self.looks.frames

    def __str__(self) -> str:
        """The recorded frames, described in a line."""
        return f"{self.looks} look{'' if self.looks.seen == 1 else 's'}"


def pictures_of(
    title: str, scene: Scene, frames: list[Frame], captions: list[str], at: list[float], run: Run
) -> Iterator[NDArray[np.uint8]]:
    """(H, W, 3) pictures, thinned evenly: the scene on the left, the curves on the right."""
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
