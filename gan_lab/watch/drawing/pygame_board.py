"""The content of the window: whatever a scene shows, in a rectangle of a window or on an array of pixels."""

import numpy as np
import pygame
from numpy.typing import NDArray

from gan_lab.games import MixtureGame
from gan_lab.games.strategy_game import StrategyGame
from gan_lab.watch.curves import Chart, beside_charts, phase_charts, plane_charts
from gan_lab.watch.drawing import palette
from gan_lab.watch.drawing.layout import Layout
from gan_lab.watch.drawing.pygame_charts import paint_chart
from gan_lab.watch.drawing.pygame_ink import Ink
from gan_lab.watch.drawing.pygame_labels import frame
from gan_lab.watch.drawing.pygame_line import paint_line
from gan_lab.watch.drawing.pygame_phase import paint_phase
from gan_lab.watch.drawing.pygame_plane import on_rect, paint_plane
from gan_lab.watch.drawn_data import REACH
from gan_lab.watch.line_picture import Line
from gan_lab.watch.phase_portrait import Phase
from gan_lab.watch.sample_picture import Plane
from gan_lab.watch.scene import Scene
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect
from gridworld_env.ui.widgets.pygame_painter import PygamePainter


class GameDrawing:
    """Paints scenes; callable as the `paint_board` of an app. Keeps what can be used again."""

    def __init__(self) -> None:
        """Begin before the first drawing."""
        self._ink: Ink | None = None

    def __call__(self, painter: PygamePainter, rect: Rect, scene: Scene) -> None:
        """Paint a scene into a rectangle."""
        if self._ink is None or self._ink.painter is not painter:
            self._ink = Ink(painter)
        ink, runs = self._ink, [scene] if scene.beside is None else [scene, scene.beside]
        for number, one in enumerate(runs):
            _paint_run(ink, Layout(rect, None if len(runs) == 1 else number), one)
        charts = _charts(scene) if scene.beside is None else beside_charts(*map(_charts, runs))
        for place, chart in zip(Layout(rect).charts, charts, strict=False):
            paint_chart(ink, place, chart)


def _paint_run(ink: Ink, places: Layout, scene: Scene) -> None:
    """Everything of one run but its charts."""
    painter, picture, line = ink.painter, scene.picture, places.headline
    painter.text(scene.title, line, style.TITLE, style.INK, "left")
    beside = 0.0 if places.side is not None else painter.text_width(scene.title, style.TITLE) + 16
    rules = Rect(places.rules.x + beside, places.rules.y, places.rules.width - beside, places.rules.height)
    painter.text(scene.rules, rules, style.SMALL, style.MUTED, "left")
    if places.side is not None and scene.chosen:
        painter.fill(Rect(line.x, line.y, line.width, 2), style.LIT)
    if isinstance(picture, Plane):
        paint_plane(ink, places, scene, picture)
    elif isinstance(picture, Line):
        paint_line(ink, places, scene, picture)
    elif isinstance(picture, Phase):
        paint_phase(ink, places, picture)
    if scene.blobs is not None:
        _paint_paper(ink, places.main, scene)


def _charts(scene: Scene) -> list[Chart]:
    if isinstance(scene.game, MixtureGame):
        return plane_charts(scene.rows, len(scene.game.weights))
    assert isinstance(scene.game, StrategyGame)  # nothing else can be watched
    spectrum = scene.picture.spectrum if isinstance(scene.picture, Phase) else None
    return phase_charts(scene.rows, scene.game.known_value, None if spectrum is None else spectrum.radius, scene.began)


def _paint_paper(ink: Ink, rect: Rect, scene: Scene) -> None:
    """What is being drawn by hand, over the picture; or empty paper, where it is not of these data."""
    if scene.game.name != "drawing":
        ink.painter.fill(rect, palette.PAPER)
    blobs = np.array(scene.blobs, dtype=np.float64).reshape(-1, 2)
    radius = max(3.0, scene.blob_width / REACH * rect.width / 2)
    ink.painter.clip(rect)
    for x, y in on_rect(blobs, rect, REACH):
        angles = np.linspace(0.0, 2 * np.pi, 33)
        ring = np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)
        ink.line(ring, palette.DATA, 1.6)
    ink.painter.clip(None)
    frame(ink, rect, lit=True)
    if not len(blobs):
        words = Rect(rect.x, rect.center[1] - 12, rect.width, 24)
        ink.painter.text("drag here to draw data", words, style.TITLE, style.MUTED)


def render(scene: Scene, size: tuple[float, float], scale: float) -> NDArray[np.uint8]:
    """(H, W, 3) a scene drawn on an array; needs no display."""
    surface = pygame.Surface((round(size[0] * scale), round(size[1] * scale)))
    surface.fill(style.PAPER)
    GameDrawing()(PygamePainter(surface, scale), Rect(0, 0, *size), scene)
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))
