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
        View("samples", "samples", "Real and generated samples on plain paper"),
        View("D", "D(x), learned", "The discriminator: blue where it says real, orange where it says generated"),
        View("D*", "D*(x), densities blurred", "The best discriminator, p_data / (p_data + p_g), both blurred by h"),
        View(
            "D - D*",
            "D - D*",
            "Green: D, averaged as D*, is too sure of the data; purple: of G; grey: no mass",
        ),
        View("noise", "the noise, folded by G", "Where G puts a square of its first two noise numbers"),
    )
}
LAYERS: Final = {
    "real": "Real samples, blue",
    "generated": "Generated samples, orange",
    "learned": "Black arrows: where D pulls the generator's samples",
    "exact": "Green arrows: where D* would pull them",
}
