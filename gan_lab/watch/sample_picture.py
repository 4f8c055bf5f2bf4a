"""What is drawn of a game of samples in the plane: samples, D beside D*, arrows, the folded noise. Numbers only."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from gan_lab.errors import DivergedError
from gan_lab.games import MixtureGame
from gan_lab.games.sample_game import GENERATOR
from gan_lab.metrics.duality_gap import log_odds
from gan_lab.payoffs.losses import Loss, find_loss
from gan_lab.players import move_of, scores_of
from gan_lab.truth import jsd
from gan_lab.watch.arrows import Arrows, draw_arrows
from gan_lab.watch.density import (
    averaged_verdicts,
    blur_width,
    cell_centers,
    data_mass,
    is_separated,
    optimum,
    sample_mass,
)
from gan_lab.watch.drawn_data import NAME, REACH
from gan_lab.watch.live_run import LiveRun

Array = NDArray[np.floating]
SHOWN: Final = 400  # samples of either kind
COUNTED: Final = 5000  # samples that p_g is estimated from
COARSE: Final = 64  # cells a side while training runs
FINE: Final = 128  # when it stands
FOLDS: Final = 21  # lines of the folded noise, each way
MARGIN: Final = 1.35  # of the picture around the data
REACHES: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # of D from 1/2, that the colours tell apart
LIMIT: Final = 30.0  # log-odds beyond which D is 0 or 1 in every picture


@dataclass(frozen=True, eq=False)
class Plane:
    """A picture of a game in the plane, as numbers.

    Attributes:
        step: Updates played.
        bound: The picture shows [-bound, bound]^2.
        real: (n, 2) samples of the data.
        fake: (n, 2) samples of the generator, of the same noise in every picture.
        learned: (c, c) D, rows from above.
        averaged: (c, c) the mean of D over samples near each cell, NaN where there are none: what D* is compared with.
        exact: (c, c) D*, NaN where neither density has mass.
        blur: h, by which both densities are blurred for D*.
        arrows: What the generator learns at some of its samples, and what it would against D*.
        folded: (f, f, 2) where the generator puts a square of its first two noise coordinates, the others at 0.
        numbers: V, the divergences, and whatever else is a curve.
        note: What has to be known to read D; may be empty.
    """

    step: int
    bound: float
    real: Array
    fake: Array
    learned: Array
    averaged: Array
    exact: Array
    blur: float
    arrows: Arrows
    folded: Array
    numbers: dict[str, float]
    note: str

    @property
    def difference(self) -> Array:
        """(c, c) D - D*, both averaged over what lies near each cell."""
        return self.averaged - self.exact

    @property
    def reach(self) -> float:
        """How far from 1/2 the colours of D go: a round number, small where D is near 1/2 everywhere."""
        furthest = float(np.abs(self.learned - 0.5).max())
        return next((reach for reach in REACHES if furthest <= reach), REACHES[-1])

    @property
    def stretched(self) -> Array:
        """(c, c) D, stretched so that these colours are from 0 to 1."""
        return 0.5 + (self.learned - 0.5) * 0.5 / self.reach


def bound_of(game: MixtureGame) -> float:
    """How far the picture of a game reaches."""
    if game.name == NAME:
        return REACH
    return MARGIN * game.scale


def with_outside(mass: Any) -> Any:
    """(cells + 1,) probabilities of all cells, and of what lies outside of the plane."""
    flat = np.append(mass.ravel(), max(1.0 - float(mass.sum()), 0.0))
    return flat / flat.sum()


def note_on(loss: Loss) -> str:
    """What has to be known to read D of a loss."""
    if loss.log_odds is None:
        return (
            "the score is no log-odds: D = sigmoid(a score + b), the a and b that make V largest, shows its shape only"
        )
    if loss.relative:
        return "scores are known up to a constant; the one that makes V largest is taken"
    return "" if loss.is_value else "D is the score itself, which this loss trains to be p / (p + q)"


def draw(live_run: LiveRun, cells: int = COARSE) -> Generator[None, None, Plane]:
    """Make the picture in parts of a few milliseconds each, so that a window can answer meanwhile.

    Raises:
        DivergedError: The generator's samples are not finite.
    """
    game, run = live_run.game, live_run.run
    assert isinstance(game, MixtureGame)  # others are not drawn in the plane
    bound, loss = bound_of(game), find_loss(live_run.recipe.loss)
    width = blur_width(game, 2 * bound / COARSE)
    fake = move_of(run.generator, torch.from_numpy(live_run.noise(COUNTED)))
    if not np.isfinite(fake).all():
        raise DivergedError(f"the samples of {GENERATOR} are not finite", player=GENERATOR)
    real = game.real(COUNTED, np.random.default_rng([live_run.seed, 3]))
    yield
    scores = []
    for samples in (real, fake):
        scores.append(scores_on(run.discriminator, samples))
        yield
    odds = log_odds(loss, *scores)
    numbers = _values([odds(part) for part in scores])
    yield
    numbers |= game.truth(fake, np.random.default_rng(run.steps))
    yield
    rows = []
    for part in np.array_split(cell_centers(bound, cells), max(1, cells * cells // 2048)):
        rows.append(odds(scores_on(run.discriminator, part)))
        yield
    learned = torch.sigmoid(torch.cat(rows)).clamp(0.0, 1.0).numpy().reshape(cells, cells)
    said = [torch.sigmoid(odds(part)).clamp(0.0, 1.0).double().numpy() for part in scores]
    averaged = averaged_verdicts([real, fake], said, bound, cells, width)
    masses = data_mass(game, bound, cells, width), sample_mass(fake, bound, cells, width)
    exact = optimum(*masses, COUNTED)
    if not is_separated(game):  # where the game's own count, by the nearest mode, means nothing
        numbers["jsd"] = jsd(*map(with_outside, masses))
    yield
    arrows = draw_arrows(live_run, loss, fake, width)
    numbers["agreement"] = arrows.agreement
    folded = _folded(live_run)
    return Plane(
        run.steps, bound, real[:SHOWN], fake[:SHOWN], learned, averaged, exact, width, arrows, folded, numbers,
        note_on(loss),
    )  # fmt: skip


def scores_on(discriminator: Any, samples: Array) -> torch.Tensor:
    """(n,) scores of (n, d) samples.

    Raises:
        DivergedError: They are not finite.
    """
    with torch.no_grad():
        found = scores_of(discriminator, torch.from_numpy(np.asarray(samples, dtype=np.float32)))
    if not torch.isfinite(found).all():
        raise DivergedError("the scores of discriminator_0 are not finite", player="discriminator_0")
    return found


def _values(odds: list[torch.Tensor]) -> dict[str, float]:
    """V, and the mean of D on either kind of samples."""
    real, fake = (part.double() for part in odds)
    value = torch.nn.functional.logsigmoid(real).mean() + torch.nn.functional.logsigmoid(-fake).mean()
    return {
        "value": float(value),
        "on_real": float(torch.sigmoid(real).mean()),
        "on_fake": float(torch.sigmoid(fake).mean()),
    }


def noise_lines() -> Array:
    """(FOLDS,) noise between which a standard normal number is equally likely, from -2 to 2 or so."""
    return ndtri(np.linspace(0.02, 0.98, FOLDS))


def _folded(live_run: LiveRun) -> Array:
    size = live_run.noise(1).shape[1]
    line = noise_lines().astype(np.float32)
    first, second = np.meshgrid(line, line if size > 1 else np.zeros_like(line))
    noise = np.zeros((FOLDS * FOLDS, size), dtype=np.float32)
    noise[:, 0] = first.ravel()
    if size > 1:
        noise[:, 1] = second.ravel()
    return move_of(live_run.run.generator, torch.from_numpy(noise)).reshape(FOLDS, FOLDS, 2)
