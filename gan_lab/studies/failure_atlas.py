"""The failure atlas: small runs that fail in each of the known ways, and beside each the run that does not.

`ATLAS["mode collapse"].failing(seed)` is a run whose report names the symptom, `.mended(seed)` one whose report does
not; both are over in seconds. `gan-lab atlas NAME` prints the two side by side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from gan_lab.games import DatasetGame, DiracGame, MixtureGame, ring
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.players import Generator, Strategist, ascent
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape, Recipe
from gan_lab.recipes.schedule import Schedule
from gan_lab.training.loop import train
from gan_lab.training.run import Run
from gan_lab.updates import Alternating

SMALL: Final = Recipe(
    "Small networks, for runs of seconds.",
    loss="non_saturating",
    penalty=None,
    generator_rate=Schedule(2e-3),
    discriminator_rate=Schedule(2e-3),
    batch_size=64,
    steps=500,
    averaging=None,
    generator=GeneratorShape(hidden=(64, 64)),
    discriminator=DiscriminatorShape(hidden=(64, 64), octaves=5),
)
PLAIN: Final = DiscriminatorShape(hidden=(64, 64), octaves=0)


@dataclass(frozen=True)
class Failure:
    """A known failure of training, with a run that shows it and a run that does not.

    Attributes:
        name: Name of the symptom, as in `Run.symptoms`.
        complaint: The failure as users describe it.
        cause: The reason for the failure, with its equation.
        cure: What the mended run does differently.
        source: The source, such as a paper.
        failing: Function from a seed to a run that shows the symptom.
        mended: Function from a seed to a run that differs only by the cure.
    """

    name: str
    complaint: str
    cause: str
    cure: str
    source: str
    failing: Callable[[int], Run]
    mended: Callable[[int], Run]

    def shown_by(self, run: Run) -> bool:
        """Whether a run shows the symptom."""
        return any(symptom.name == self.name for symptom in run.symptoms())


def dirac(seed: int, **changes: Any) -> Run:
    """One point against another, from a start that the seed draws on the circle of radius 1."""
    angle = 2 * np.pi * np.random.default_rng(seed).random()
    players = {
        name: Strategist(role, [start], ascent(0.2))
        for name, role, start in (
            ("discriminator", DISCRIMINATOR, np.cos(angle)),
            ("generator", GENERATOR, np.sin(angle)),
        )
    }
    return train(DiracGame(), **players, steps=400, seed=seed, **changes)


def eight_modes(seed: int, **changes: Any) -> Run:
    """Eight narrow modes on a circle, and a discriminator that sees fine detail."""
    return train(ring(8, 1.0, std=0.05), recipe=SMALL.with_(**changes), seed=seed, truth_every=100)


def far_away(seed: int, loss: str) -> Run:
    """A narrow mode far from where the generator starts, and five steps of the discriminator to each of its own."""
    game = MixtureGame([[2.0, 0.0]], 0.05, name="far mode")
    recipe = SMALL.with_(steps=300, loss=loss, discriminator=PLAIN, discriminator_rate=Schedule(5e-3))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        discriminator, _ = recipe.players(game)
        generator = Generator(recipe.generator.network(game), ascent(0.002))  # Adam divides by the gradient's size
    return train(game, generator, discriminator, recipe=recipe, update=Alternating(5), seed=seed, truth_every=50)


def few_points(seed: int, points: int = 32, **changes: Any) -> Run:
    """So few points of eight modes that the discriminator can tell them one by one."""
    game = DatasetGame(ring(8, 1.0, std=0.1), points, seed=seed)
    return train(game, recipe=SMALL.with_(**changes), seed=seed, truth_every=100)


def one_penalty(seed: int, penalty: str, steps: int = 700) -> Run:
    """`ring8`, whose modes are so narrow that R1 says nothing of the space between them."""
    recipe = SMALL.with_(loss="relativistic", penalty=penalty, penalty_weight=Schedule(1.0), batch_size=32, steps=steps)
    return train("ring8", recipe=recipe, seed=seed, truth_every=100)


_ALL = (
    Failure(
        "cycling",
        "the losses go round and round and never settle",
        "the eigenvalues of the field at the equilibrium are +-i/2, so that both players circle it",
        "penalty='r1' (R2 and both do the same here)",
        "Mescheder, Geiger and Nowozin 2018, section 2",
        lambda seed: dirac(seed, update="alternating"),
        lambda seed: dirac(seed, update="alternating", penalty="r1", penalty_weight=1.0),
    ),
    Failure(
        "mode collapse",
        "all samples look alike; some kinds of data never come",
        "each sample alone climbs D, and where D is steep all climb the same mode",
        "loss='relativistic', penalty='r1r2'",
        "Goodfellow 2016, section 5.1.1; Huang et al. 2024 (R3GAN), section 2",
        eight_modes,
        lambda seed: eight_modes(seed, loss="relativistic", penalty="r1r2"),
    ),
    Failure(
        "vanishing generator gradient",
        "the loss of D is 0 and the generator learns nothing",
        "d log(1 - sigmoid(s)) / ds = -D(G(z)), which is 0 where D is sure",
        "loss='non_saturating', whose derivative is 1 - D(G(z))",
        "Goodfellow et al. 2014, section 3; Arjovsky and Bottou 2017, Theorem 2.4",
        lambda seed: far_away(seed, "minimax"),
        lambda seed: far_away(seed, "non_saturating"),
    ),
    Failure(
        "memorising discriminator",
        "training goes well on paper, but D calls new data fake",
        "D = 1 on each training point and 0 beside it is optimal against the points, not against their density",
        "penalty='r1r2', penalty_weight=1 (more data does it too)",
        "Karras et al. 2020 (ADA), section 2",
        few_points,
        lambda seed: few_points(seed, penalty="r1r2", penalty_weight=Schedule(1.0)),
    ),
    Failure(
        "one-penalty divergence",
        "with R1 alone D runs away: it wins ever more, steep wherever no data are",
        "R1 bounds E |grad s(x)|^2 on data only; samples beside the data see any slope",
        "penalty='r1r2'",
        "Huang et al. 2024 (R3GAN), section 2",
        lambda seed: one_penalty(seed, "r1"),
        lambda seed: one_penalty(seed, "r1r2"),
    ),
)
ATLAS: Final[dict[str, Failure]] = {failure.name: failure for failure in _ALL}
