"""A game of two numbers in the window: the phase portrait, eigenvalues in the complex plane, and words."""

import numpy as np

from gan_lab.updates.spectrum import NEUTRAL, Spectrum
from gan_lab.watch.drawing import palette
from gan_lab.watch.drawing.layout import CAPTION, LINE, Layout
from gan_lab.watch.drawing.pygame_ink import Ink
from gan_lab.watch.drawing.pygame_labels import caption, frame
from gan_lab.watch.drawing.pygame_plane import on_rect
from gan_lab.watch.phase_portrait import Phase
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect

REACH = 0.82  # of the distance of two arrows


def paint_phase(ink: Ink, places: Layout, phase: Phase) -> None:
    """Paint everything of a picture but the charts."""
    main, painter = places.main, ink.painter
    caption(ink, main, "psi of D to the right, theta of G up", large=True)
    painter.fill(main, palette.PAPER)
    painter.clip(main)
    _axes(ink, main, phase.bound)
    _field(ink, main, phase)
    _path(ink, main, phase)
    painter.clip(None)
    frame(ink, main)
    if places.side is not None:
        ink.words(places.words, _lines(phase), LINE)
        return
    side = min(places.column.width, places.column.height - 8 * LINE - CAPTION)
    circle = Rect(places.column.x, places.column.y + CAPTION, side, side)
    _eigenvalues(ink, circle, phase.spectrum)
    words = Rect(places.column.x, circle.bottom + 8, places.column.width, places.column.bottom - circle.bottom - 8)
    ink.words(words, _lines(phase), LINE)


def _axes(ink: Ink, rect: Rect, bound: float) -> None:
    x, y = rect.center
    ink.painter.fill(Rect(rect.x, y, rect.width, 1), palette.FAINT)
    ink.painter.fill(Rect(x, rect.y, 1, rect.height), palette.FAINT)
    for mark in (-bound, bound):
        place = on_rect(np.array([mark, 0.0]), rect, bound)
        left = place[0] + 4 if mark < 0 else place[0] - 44
        align = "left" if mark < 0 else "right"
        ink.painter.text(f"{mark:g}", Rect(left, y + 16, 40, 16), style.SMALL, style.MUTED, align)
        down = rect.y + 2 if mark > 0 else rect.bottom - 18
        ink.painter.text(f"{mark:g}", Rect(x + 4, down, 40, 16), style.SMALL, style.MUTED, "left")


def _field(ink: Ink, rect: Rect, phase: Phase) -> None:
    starts = on_rect(phase.origins, rect, phase.bound)
    spacing = abs(starts[1, 0] - starts[0, 0])
    lengths = np.linalg.norm(phase.field, axis=1, keepdims=True)
    longest = float(lengths.max()) or 1.0
    steps = phase.field / np.maximum(lengths, 1e-12) * REACH * spacing * np.sqrt(lengths / longest)
    steps = steps * np.array([1.0, -1.0])
    for start, step in zip(starts, steps, strict=True):
        begin, end = start - step / 2, start + step / 2
        ink.arrow((begin[0], begin[1]), (end[0], end[1]), palette.FLOW, 1.2)


def _path(ink: Ink, rect: Rect, phase: Phase) -> None:
    places = on_rect(phase.path, rect, phase.bound)
    ink.line(places, palette.PATH, 1.6)
    if len(places) <= 400:
        ink.dots(places, 1.8, palette.PATH)
    ink.dots(on_rect(phase.equilibrium[None], rect, phase.bound), 6.0, palette.EQUILIBRIUM, style.INK)
    ink.dots(places[:1], 4.0, palette.PAPER, palette.PATH)
    ink.dots(places[-1:], 5.5, palette.PATH, palette.PAPER)


def _eigenvalues(ink: Ink, rect: Rect, spectrum: Spectrum | None) -> None:
    """Those of one update in the complex plane, beside the unit circle: inside it, it converges."""
    caption(ink, rect, "eigenvalues of an update")
    ink.painter.fill(rect, palette.PAPER)
    frame(ink, rect)
    found = np.zeros(0, dtype=np.complex128) if spectrum is None else spectrum.operator_eigenvalues
    bound = max(1.25, 1.15 * float(np.abs(found).max(initial=1.0)))
    ink.painter.clip(rect)
    _axes(ink, rect, bound)
    angles = np.linspace(0.0, 2 * np.pi, 181)
    ink.dashes(on_rect(np.stack([np.cos(angles), np.sin(angles)], axis=1), rect, bound), palette.EQUILIBRIUM)
    places = on_rect(np.stack([found.real, found.imag], axis=1), rect, bound)
    for place in places:
        x, y = rect.center
        ink.line([(x, y), (place[0], place[1])], palette.FAINT)
    ink.dots(places, 5.0, _verdict_color(spectrum), style.INK)
    ink.painter.clip(None)


def _verdict_color(spectrum: Spectrum | None) -> palette.Color:
    """Green: it converges; orange: it circles; red: it leaves."""
    if spectrum is None or abs(spectrum.radius - 1) <= NEUTRAL:
        return palette.EQUILIBRIUM
    return palette.EXACT if spectrum.radius < 1 else palette.FAKE


def _lines(phase: Phase) -> list[str]:
    psi, theta = phase.path[-1]
    lines = [f"psi {psi:+.4f}, theta {theta:+.4f}; distance {phase.numbers['distance']:.4g}"]
    if phase.spectrum is None:
        return [*lines, phase.note]
    values = ", ".join(f"{value:.3g}" for value in phase.spectrum.eigenvalues)
    return [
        *lines,
        f"eigenvalues of the game: {values}",
        f"an update multiplies the distance by {phase.spectrum.radius:.6f}",
        f"(predicted at the equilibrium, step {phase.spectrum.rate:g})",
        phase.spectrum.verdict,
        "orange: the equilibrium; white: where it began",
        "click on the picture to begin somewhere else",
    ]
