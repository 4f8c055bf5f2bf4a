"""What can be looked at: what lies behind the samples, and what lies over it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class View:
    """Something to look at.

    Attributes:
        name: What it is called.
        title: Over its picture.
        help: One line that says what is shown.
    """

    name: str
    title: str
    help: str


VIEWS: Final = {
    view.name: view
    for view in (
        View("samples", "real and generated samples", "Real and generated samples on plain paper"),
        View("D", "D(x), learned", "The discriminator: blue where it says real, orange where it says generated"),
        View("D*", "D*(x), the best D", "The best discriminator, p_data / (p_data + p_g), both blurred by h"),
        View(
            "D - D*",
            "D - D*",
            "Green: D says real too often; purple: too rarely; both averaged over the width h; grey: no samples",
        ),
        View("noise", "where G puts z", "Where G puts a square of its first two noise numbers"),
        View("networks", "both networks, layer by layer", "Layers of both networks: their shapes and learned numbers"),
    )
}
SMALL: Final = ("D", "D*", "D - D*", "noise")  # what has a small picture beside the large one
LAYERS: Final = {
    "real": "Real samples, blue",
    "generated": "Generated samples, orange",
    "learned": "Black arrows: where D pulls the generator's samples",
    "exact": "Green arrows: where D* would pull them",
}
LINE_LAYERS: Final = {  # the same keys, in a game of samples of one number
    "real": "p_data, dotted",
    "generated": "p_g, and the arrows from z to x",
    "learned": "D, blue dashes",
    "exact": "D*, the best D, green",
}
