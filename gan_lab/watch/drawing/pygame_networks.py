"""Both networks as a diagram: from noise to a sample through the generator, from a sample to a score through D."""

from collections.abc import Sequence

from gan_lab.watch.drawing import palette
from gan_lab.watch.drawing.pygame_ink import Ink
from gan_lab.watch.drawing.pygame_labels import frame
from gan_lab.watch.networks import Network
from gridworld_env.ui.widgets import style
from gridworld_env.ui.widgets.geometry import Rect

ENDS = {
    "generator": ("noise z", "a sample G(z)"),
    "discriminator": ("a sample x", "its score s; D = 1 / (1 + exp(-s))"),
}
COLORS = {"generator": palette.FAKE, "discriminator": palette.DATA}
TALLEST = 30.0  # of a row
PUTS_OUT = 34.0  # width of the column
LEARNS = 46.0
GAP = 16.0


def paint_networks(ink: Ink, rect: Rect, networks: Sequence[Network]) -> None:
    """The generator on the left, the discriminator on the right; every row has the size of its output."""
    ink.painter.fill(rect, palette.PAPER)
    for network, place in zip(networks, rect.inset(GAP / 2).columns(2, GAP / 2), strict=True):
        _paint_network(ink, place, network)
    frame(ink, rect)


def _paint_network(ink: Ink, rect: Rect, network: Network) -> None:
    first, last = ENDS[network.player]
    rows = [(f"{network.player}, {network.parameters:,} numbers", "", ""), ("layer", "out", "learns")]
    rows += [(first, str(network.inputs), "")]
    rows += [(one.name, str(one.size), f"{one.parameters:,}" if one.parameters else "") for one in network.layers]
    rows += [(last, "", "")]
    high = min(TALLEST, rect.height / len(rows))
    for number, (name, size, learns) in enumerate(rows):
        place = Rect(rect.x, rect.y + number * high, rect.width, high - 4)
        if number > 1:
            is_end = number in (2, len(rows) - 1)
            ink.painter.fill(place, palette.EMPTY if is_end else palette.PAPER, style.RADIUS)
            rim = COLORS[network.player] if learns else style.EDGE
            ink.painter.outline(place, rim, 1.5 if learns else 1, style.RADIUS)
        words = Rect(place.x + 5, place.y, place.width - 10, place.height)
        free = words.width - LEARNS - PUTS_OUT if size else words.width
        ink.painter.text(name, Rect(words.x, words.y, free, words.height), style.SMALL - 1, style.INK, "left")
        out = Rect(words.right - LEARNS - PUTS_OUT, words.y, PUTS_OUT, words.height)
        ink.painter.text(size, out, style.SMALL - 1, style.MUTED, "right")
        own = Rect(words.right - LEARNS, words.y, LEARNS, words.height)
        ink.painter.text(learns, own, style.SMALL - 1, style.MUTED, "right")
