"""`gan-lab watch dirac --html`: a game of two numbers and its rules as a document, and the page around it."""

from pathlib import Path
from typing import Any, Final

from gan_lab.errors import WiringError
from gridworld_env.ui.files.whole_file import check_place
from gridworld_env.ui.pages.page import write_page
from gridworld_env.ui.pages.panel_page import assembled

SCRIPTS: Final = ("game", "picture", "app")
GAMES: Final = ("dirac", "bilinear")
UPDATES: Final = ("simultaneous", "alternating", "extragradient", "optimistic", "consensus")
LOSSES: Final = ("minimax", "non_saturating", "wasserstein")
PENALTIES: Final = ("none", "r1")
THEME: Final[dict[str, Any]] = {
    "line": (206, 209, 216),
    "muted": (134, 138, 150),
    "ink": (24, 27, 36),
    "paper": (255, 255, 255),
    "path": (132, 100, 220),
    "equilibrium": (226, 148, 20),
}


def write_game(
    path: str | Path,
    game: str = "dirac",
    *,
    update: str | None = None,
    loss: str | None = None,
    penalty: str | None = None,
    penalty_weight: float | None = None,
) -> int:
    """Write the page of a game of two numbers, whole or not at all, and return its size in bytes.

    Args:
        path: A file that ends in .html.
        game: "dirac" or "bilinear"; the page has both.
        update: The rule that it begins with; None: "simultaneous".
        loss: That of the Dirac GAN; None: "minimax".
        penalty: "none" or "r1"; None: "none".
        penalty_weight: From 0 to 1; None: 0.1.

    Raises:
        WiringError: The page does not have what it is asked for.
        ValueError: The name does not end in .html.
        OSError: It cannot be written; a file that was there before is then as it was.
    """
    check_place(path, ".html")
    start: dict[str, Any] = {
        "game": _one_of("game", game, GAMES),
        "update": _one_of("update", update or "simultaneous", UPDATES),
        "loss": _one_of("loss", loss or "minimax", LOSSES),
        "penalty": _one_of("penalty", penalty or "none", PENALTIES),
        "weight": 0.1 if penalty_weight is None else penalty_weight,
    }
    if not 0 <= start["weight"] <= 1:
        raise WiringError(f"penalty_weight is {penalty_weight!r}; the page has weights from 0 to 1")
    if game == "bilinear" and (start["loss"] != "minimax" or start["penalty"] != "none"):
        raise WiringError("the game 'bilinear' is played for V(D, G) alone: loss 'minimax' and no penalty")
    start |= {"rate": 0.2, "steps_of_D": 1, "at": [1.0, 1.0]}
    return write_page(path, {"title": "Games of two numbers", "start": start, "theme": THEME}, template())


def template() -> str:
    """The page without a document."""
    return assembled("gan_lab.watch.page", SCRIPTS)


def _one_of(what: str, chosen: str, known: tuple[str, ...]) -> str:
    if chosen not in known:
        raise WiringError(f"the page does not have the {what} {chosen!r}; expected one of {', '.join(known)}")
    return chosen
