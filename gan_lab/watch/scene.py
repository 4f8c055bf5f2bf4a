"""All that the window shows, as data: a drawing of it is made when somebody wants one."""

from collections.abc import Sequence
from dataclasses import dataclass

from gan_lab.games import Game
from gan_lab.watch.line_picture import Line
from gan_lab.watch.networks import Network
from gan_lab.watch.phase_portrait import Phase
from gan_lab.watch.sample_picture import Plane


@dataclass(frozen=True, eq=False)
class Scene:
    """One run, or two side by side.

    Attributes:
        game: What is played.
        title: The game, the update and the seed; of two runs: which of them it is.
        rules: The loss, the update rule and the penalty, in words.
        picture: The game as numbers; None before the first.
        rows: The numbers of the curves.
        view: Name of what lies behind the samples.
        layers: Names of what lies over it.
        networks: Of discriminator and generator; empty in a game of two numbers.
        began: The update since which the rules are those of now.
        blobs: Middles of what is being drawn by hand; None where nothing is.
        blob_width: Their standard deviation.
        beside: The other run; None: there is one only.
        chosen: Whether a change of the rules is of this one.
    """

    game: Game
    title: str
    rules: str
    picture: "Plane | Line | Phase | None"
    rows: Sequence[dict[str, float]]
    view: str
    layers: frozenset[str]
    networks: Sequence[Network] = ()
    began: int = 0
    blobs: Sequence[tuple[float, float]] | None = None
    blob_width: float = 0.0
    beside: "Scene | None" = None
    chosen: bool = True
