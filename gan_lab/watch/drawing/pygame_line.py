"""A game of samples of one number in the window: figure 1 of Goodfellow et al. 2014, live; and D - D* beside it."""

import numpy as np
from numpy.typing import NDArray

from gan_lab.games import MixtureGame
from gan_lab.watch.drawing import palette
from gan_lab.watch.drawing.layout import CAPTION, Layout
from gan_lab.watch.drawing.pygame_ink import Ink
from gan_lab.watch.drawing.pygame_labels import caption, frame, legend
from gan_lab.watch.drawing.pygame_networks import paint_networks
from gan_lab.watch.line_picture import Line
from gan_lab.watch.scene import Scene
from gan_lab.watch.views import VIEWS
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect

Array = NDArray[np.float64]
PLOT = 0.72  # of the picture's height, for the curves; the arrows from z to x have the rest
AXIS = 26.0  # width of the numbers at either side
REACH = 2.2  # of the line of z, in standard deviations


def paint_line(ink: Ink, places: Layout, scene: Scene, line: Line) -> None:
    """Paint everything of a picture but the charts."""
    main = places.main
    if scene.view == "networks":
        caption(ink, main, VIEWS["networks"].title, large=True)
        paint_networks(ink, main, scene.networks)
    else:
        caption(ink, main, "left axis: densities; right: D and D*", large=True)
        _figure(ink, main, scene, line)
    words = places.words
    if places.side is None:
        column = places.column
        beside = Rect(column.x, column.y + CAPTION, column.width, 0.42 * column.height)
        _difference(ink, beside, line)
        words = Rect(column.x, beside.bottom + 8, column.width, column.bottom - beside.bottom - 8)
    _words(ink, words, scene, line, brief=places.side is not None)


def _figure(ink: Ink, rect: Rect, scene: Scene, line: Line) -> None:
    ink.painter.fill(rect, palette.PAPER)
    plot = Rect(rect.x + AXIS, rect.y + 10, rect.width - 2 * AXIS, PLOT * rect.height - 10)
    tallest = max(1.6 * float(line.data.max()), 1e-9)
    x, known = _across(line.middles, line, plot), np.isfinite(line.exact)
    _scales(ink, plot, tallest)
    ink.painter.clip(plot)
    for layer, y, color, dashed in (
        ("exact", np.where(known, line.exact, np.nan), palette.EXACT, True),
        ("learned", line.learned, palette.DATA, True),
        ("generated", line.fake / tallest, palette.FAKE, False),
    ):
        if layer in scene.layers:
            _curve(ink, x, plot.bottom - y * plot.height, color, dashed=dashed)
    if "real" in scene.layers:
        at = np.linspace(0, len(x) - 1, 110).round().astype(int)
        ink.dots(np.stack([x, plot.bottom - line.data / tallest * plot.height], axis=1)[at], 1.7, palette.LEARNED)
    ink.painter.clip(None)
    if "generated" in scene.layers:
        _ways(ink, Rect(plot.x, plot.bottom, plot.width, rect.bottom - plot.bottom), line)
    frame(ink, rect)


def _across(values: Array, line: Line, plot: Rect) -> Array:
    low, high = line.edges[0], line.edges[-1]
    return plot.x + (values - low) / (high - low) * plot.width


def _curve(ink: Ink, x: Array, y: Array, color: palette.Color, *, dashed: bool) -> None:
    known = np.isfinite(y)
    for part in np.split(np.flatnonzero(known), np.flatnonzero(np.diff(np.flatnonzero(known)) > 1) + 1):
        points = np.stack([x[part], np.clip(y[part], -9999, 9999)], axis=1)
        if len(points) > 1:
            (ink.dashes if dashed else ink.line)(points, color, 2.0)


def _scales(ink: Ink, plot: Rect, tallest: float) -> None:
    """Densities on the left, probabilities on the right, and the line where D cannot tell."""
    for share in (0.0, 0.5, 1.0):
        y = plot.bottom - share * plot.height
        ink.painter.fill(Rect(plot.x, y, plot.width, 1), palette.FAINT if share else style.INK)
        left = Rect(plot.x - AXIS, y - 8, AXIS - 3, 16)
        right = Rect(plot.right + 3, y - 8, AXIS - 4, 16)
        ink.painter.text(f"{share * tallest:.2g}", left, style.SMALL - 2, style.MUTED, "right")
        ink.painter.text(f"{share:g}", right, style.SMALL - 2, style.MUTED, "left")


def _ways(ink: Ink, rect: Rect, line: Line) -> None:
    """Arrows from noise to samples: each carries the same share of the noise, so they crowd where p_g is large."""
    below, above = rect.bottom - 14, rect.y + 12
    for y, name in ((below, "z"), (above, "x")):
        ink.painter.fill(Rect(rect.x, y, rect.width, 1), style.INK)
        ink.painter.text(name, Rect(rect.right + 4, y - 9, 14, 18), style.SMALL, style.INK, "left")
    starts = rect.x + (line.noise + REACH) / (2 * REACH) * rect.width
    ends = _across(line.ways, line, rect)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if rect.x <= end <= rect.right:
            ink.arrow((start, below), (end, above), palette.FLOW, 1.1)


def _difference(ink: Ink, rect: Rect, line: Line) -> None:
    caption(ink, rect, "D - D*" + ("" if line.blur else ", computed, without a blur"))
    ink.painter.fill(rect, palette.PAPER)
    plot = Rect(rect.x + AXIS + 6, rect.y + 10, rect.width - AXIS - 16, rect.height - 20)
    for mark in (-1.0, 0.0, 1.0):
        y = plot.bottom - (mark + 1) / 2 * plot.height
        ink.painter.fill(Rect(plot.x, y, plot.width, 1), palette.FAINT if mark else style.INK)
        ink.painter.text(f"{mark:g}", Rect(rect.x, y - 8, AXIS, 16), style.SMALL - 2, style.MUTED, "right")
    ink.painter.clip(plot)
    weight = line.data + line.fake  # where there is next to no mass, D does not matter
    counted = np.isfinite(line.exact) & (weight > 1e-3 * weight.max())
    difference = np.where(counted, line.difference, np.nan)
    _curve(
        ink,
        _across(line.middles, line, plot),
        plot.bottom - (difference + 1) / 2 * plot.height,
        palette.PATH,
        dashed=False,
    )
    ink.painter.clip(None)
    frame(ink, rect)


def _words(ink: Ink, rect: Rect, scene: Scene, line: Line, *, brief: bool) -> None:
    game = scene.game
    assert isinstance(game, MixtureGame)  # what is painted here
    n = line.numbers
    rows = [
        ("dot", palette.LEARNED, "p_data, the density of the data"),
        ("line", palette.FAKE, f"p_g, of the generator; JSD {n['jsd']:.3f}, at most log 2 = 0.693"),
        (
            "dashes",
            palette.DATA,
            f"D, learned: mean {n['on_real']:.2f} on real, {n['on_fake']:.2f} on generated samples",
        ),
        ("dashes", palette.EXACT, "D* = p_data / (p_data + p_g), the best D"),
        ("arrow", palette.FLOW, "from z to x = G(z): each arrow is the same share of the noise"),
    ]
    how = (
        "p_g is computed from G itself, p_g(x) = p_z(z) / |G'(z)|, summed over all z with G(z) = x"
        if not line.blur
        else f"p_data and 4000 samples of G are blurred by h = {line.blur:.3g}, as p_g is not known"
    )
    legend(ink, rect, rows, [line.note] if brief else [how, line.note])
