"""What is drawn of a game of two numbers: the field, the path, the equilibrium, and how fast it is reached."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from gan_lab.errors import WiringError
from gan_lab.games.strategy_game import StrategyGame
from gan_lab.payoffs.losses import find_loss
from gan_lab.payoffs.penalties import find_penalty
from gan_lab.updates.spectrum import Spectrum, gradients, spectrum
from gan_lab.watch.live_run import LiveRun

Array = NDArray[np.float64]
SIDE: Final = 17  # arrows a side
REACHES: Final = (1.5, 2.5, 4.0, 6.5, 10.5)  # of the picture; the largest holds all strategies
DRAWN: Final = 2000  # places of the path


@dataclass(frozen=True, eq=False)
class Phase:
    """A picture of a game of two numbers.

    Attributes:
        step: Updates played.
        bound: The picture shows [-bound, bound]^2: psi of the discriminator to the right, theta of the generator up.
        origins: (k, 2) where the field is drawn.
        field: (k, 2) the gradients of both players' payoffs there.
        path: (t, 2) the places so far, the last one included.
        equilibrium: (2,).
        spectrum: Eigenvalues and the predicted rate; None where they cannot be had.
        numbers: V, the distance to the equilibrium, the exploitability.
        note: Why there is no spectrum.
    """

    step: int
    bound: float
    origins: Array
    field: Array
    path: Array
    equilibrium: Array
    spectrum: Spectrum | None
    numbers: dict[str, float]
    note: str


@dataclass
class Portrait:
    """Makes the pictures of one game, and keeps what stays the same from one to the next."""

    _fields: dict[Any, tuple[Array, Array]] = field(default_factory=dict)
    _spectra: dict[Any, tuple[Spectrum | None, str]] = field(default_factory=dict)

    def draw(self, live_run: LiveRun) -> Generator[None, None, Phase]:
        """Make a picture, in parts of a few milliseconds each."""
        game = live_run.game
        assert isinstance(game, StrategyGame)  # others have no portrait
        path = np.asarray(live_run.trajectory)
        path = path[:: -(-len(path) // DRAWN)] if len(path) > DRAWN else path
        path = np.concatenate([path, [live_run.place]])
        furthest = np.abs(path).max()
        bound = next((reach for reach in REACHES if reach >= 1.08 * furthest), REACHES[-1])
        state, loss = live_run.pair.env.game_state, find_loss(live_run.recipe.loss)
        rules = (loss.name, str(live_run.recipe.penalty), state.penalty_weight)
        if (rules, bound) not in self._fields:
            self._fields[rules, bound] = yield from _field(live_run, bound)
        origins, arrows = self._fields[rules, bound]
        key = (rules, live_run.rule.name, live_run.rule.discriminator_steps, live_run.rate("generator"))
        if key not in self._spectra:
            self._spectra[key] = _spectrum(live_run)
            yield
        found, note = self._spectra[key]
        middle = np.concatenate(game.equilibrium)
        numbers = game.truth(*live_run.run.strategies)
        return Phase(live_run.run.steps, bound, origins, arrows, path, middle, found, numbers, note)


def _field(live_run: LiveRun, bound: float) -> Generator[None, None, tuple[Array, Array]]:
    """The field on a square of places, each by automatic differentiation."""
    game: Any = live_run.game
    loss, penalty = find_loss(live_run.recipe.loss), find_penalty(live_run.recipe.penalty)
    weight = live_run.pair.env.game_state.penalty_weight
    line = np.linspace(-bound, bound, SIDE + 2)[1:-1]
    origins = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    found = []
    for number, (psi, theta) in enumerate(origins):
        place = [torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in (psi, theta)]
        found.append([float(part.detach()) for part in gradients(game, place[0], place[1], loss, penalty, weight)])
        if number % 16 == 15:
            yield
    return origins, np.asarray(found)


def _spectrum(live_run: LiveRun) -> tuple[Spectrum | None, str]:
    try:
        found = spectrum(
            live_run.game,
            live_run.rule,
            rate=live_run.rate("generator"),
            loss=live_run.recipe.loss,
            penalty=live_run.recipe.penalty,
            penalty_weight=live_run.pair.env.game_state.penalty_weight,
        )
        return (None, found.unknown) if found.unknown else (found, "")
    except (WiringError, RuntimeError, ValueError) as error:
        return None, str(error)
