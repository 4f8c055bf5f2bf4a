"""A game of samples in the window: a large picture, four small ones, and words."""

import numpy as np
from numpy.typing import NDArray

from gan_lab.games import MixtureGame
from gan_lab.watch.drawing import palette
from gan_lab.watch.drawing.layout import LINE, Layout
from gan_lab.watch.drawing.pygame_ink import Ink
from gan_lab.watch.drawing.pygame_labels import caption, frame, legend
from gan_lab.watch.drawing.pygame_networks import paint_networks
from gan_lab.watch.sample_picture import Plane
from gan_lab.watch.scene import Scene
from gan_lab.watch.views import VIEWS
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect

DOT = 2.3
REACH = 27.0  # points of a long arrow


def on_rect(points: NDArray[np.floating], rect: Rect, bound: float) -> NDArray[np.float64]:
    """(..., 2) where numbers of the plane lie on a rectangle, in points."""
    scaled = np.asarray(points, dtype=np.float64) * (rect.width / 2 / bound)
    return np.array(rect.center) + scaled * np.array([1.0, -1.0])


def paint_plane(ink: Ink, places: Layout, scene: Scene, plane: Plane) -> None:
    """Paint everything of a picture but the charts."""
    painter, main = ink.painter, places.main
    colors = f"D(x), learned; colours {0.5 - plane.reach:g} to {0.5 + plane.reach:g}"
    caption(ink, main, colors if scene.view == "D" else VIEWS[scene.view].title, large=True)
    if scene.view == "networks":
        paint_networks(ink, main, scene.networks)
    else:
        _paint_main(ink, main, scene, plane)
    for name, place in places.small.items():
        caption(ink, Rect(place.x, place.y, places.small_caption, place.height), VIEWS[name].title)
        painter.clip(place)
        _background(ink, place, name, plane)
        painter.clip(None)
        frame(ink, place, lit=name == scene.view)
    _words(ink, places, scene, plane)


def _paint_main(ink: Ink, main: Rect, scene: Scene, plane: Plane) -> None:
    painter = ink.painter
    painter.clip(main)
    _background(ink, main, scene.view, plane)
    _samples(ink, main, scene, plane, DOT)
    if scene.view != "noise":
        _arrows(ink, main, scene, plane)
    painter.clip(None)
    frame(ink, main)


def _background(ink: Ink, rect: Rect, view: str, plane: Plane) -> None:
    if view == "D":
        ink.image(rect, palette.probability_colors(plane.stretched))
    elif view == "D*":
        ink.image(rect, palette.probability_colors(plane.exact))
    elif view == "D - D*":
        ink.image(rect, palette.difference_colors(plane.difference))
    else:
        ink.painter.fill(rect, palette.PAPER)
        if view == "noise":
            _fold(ink, rect, plane)


def _fold(ink: Ink, rect: Rect, plane: Plane) -> None:
    """The folded noise, lines of one first number in one colour; and, in a corner, the square that was folded."""
    places = on_rect(plane.folded, rect, plane.bound)
    _mesh(ink, places, 1.4 if rect.width > 300 else 1.0)
    if rect.width > 300:
        side, gap = 70.0, 10.0
        inset = Rect(rect.x + gap, rect.bottom - gap - side, side, side)
        ink.painter.fill(inset.inset(-6), palette.PAPER, opacity=0.85)
        line = np.linspace(0.0, side, len(places))
        x, y = np.meshgrid(inset.x + line, inset.bottom - line)
        _mesh(ink, np.stack([x, y], axis=-1), 1.0)
        words = Rect(inset.right + 10, inset.y, 236, 2 * LINE)
        ink.painter.fill(words.inset(-3), palette.PAPER, opacity=0.85)
        for number, text in enumerate(("the noise before G: its first number", "to the right, its second up")):
            line_rect = Rect(words.x, words.y + number * LINE, words.width, LINE)
            ink.painter.text(text, line_rect, style.SMALL, style.MUTED, "left")


def _mesh(ink: Ink, places: NDArray[np.float64], width: float) -> None:
    colors = [(int(r), int(g), int(b)) for r, g, b in palette.fold_colors(len(places))]
    for number in range(len(places)):
        ink.line(places[number], palette.FAINT, width)
    for number, color in enumerate(colors):
        ink.line(places[:, number], color, width)


def _samples(ink: Ink, rect: Rect, scene: Scene, plane: Plane, radius: float) -> None:
    for name, points, color in (("real", plane.real, palette.DATA), ("generated", plane.fake, palette.FAKE)):
        if name in scene.layers:
            ink.dots(on_rect(points, rect, plane.bound), radius, color, palette.PAPER)


def arrow_lengths(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, 2) vectors of at most 1, in their directions; one of the median length becomes 1/2.

    >>> arrow_lengths(np.array([[3.0, 0.0], [0.0, 0.0]])).tolist()[1]
    [0.0, 0.0]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    middle = float(np.median(lengths)) or 1.0
    return vectors / (lengths + middle)


def _arrows(ink: Ink, rect: Rect, scene: Scene, plane: Plane) -> None:
    arrows = plane.arrows
    starts = on_rect(arrows.origins, rect, plane.bound)
    for name, vectors, color in (("exact", arrows.exact, palette.EXACT), ("learned", arrows.learned, palette.LEARNED)):
        if name in scene.layers:
            steps = REACH * arrow_lengths(vectors) * np.array([1.0, -1.0])
            for (x, y), (right, down) in zip(starts.tolist(), steps.tolist(), strict=True):
                ink.arrow((x, y), (x + right, y + down), color, 1.6, palette.PAPER)


def _words(ink: Ink, places: Layout, scene: Scene, plane: Plane) -> None:
    """The legend and the numbers; the most important ones where two runs share the room."""
    game = scene.game
    assert isinstance(game, MixtureGame)  # what is painted here
    n, modes = plane.numbers, len(game.weights)
    rows = [
        ("dot", palette.DATA, "real samples"),
        ("dot", palette.FAKE, f"generated: {n['modes']:.0f} of {modes} modes, {100 * n['high_quality']:.0f} % good"),
        ("arrow", palette.LEARNED, "where D pulls the generator"),
        ("arrow", palette.EXACT, f"where D* would; mean cosine of both {n['agreement']:+.2f}"),
    ]
    divergence = f"JSD at least {n['jsd']:.3f}, at most log 2 = 0.693"
    lines = [
        f"mean D: {n['on_real']:.2f} on real, {n['on_fake']:.2f} on generated samples",
        divergence,
        f"h = {plane.blur:.3g}: p_data and 5000 samples of G are blurred by it for D*; grey: no samples",
        plane.note,
    ]
    legend(ink, places.words, rows, lines if places.side is None else [divergence, plane.note])
