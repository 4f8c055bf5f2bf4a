"""The recipes that come with the package, by name, and the choice among them.

`mixture_recipe` says what its numbers are for; benchmarks/gan_mixtures.md has the runs that they were chosen by.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from scipy.spatial.distance import pdist

from gan_lab.errors import choose, whole_number
from gan_lab.errors.argument_names import takes_own_names
from gan_lab.games import Game, MixtureGame, game_of
from gan_lab.games.strategy_game import RATE
from gan_lab.recipes.known import AS_PUBLISHED, KNOWN
from gan_lab.recipes.picture_shapes import (
    DCGANDiscriminatorShape,
    DCGANGeneratorShape,
    ResidualDiscriminatorShape,
    ResidualGeneratorShape,
    SpectralDiscriminatorShape,
)
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape, Recipe
from gan_lab.recipes.schedule import Schedule

PLAIN: Final = Recipe(
    "Nothing changes during the run; no penalty.", loss="non_saturating", penalty=None, steps=1000, averaging=None
)


@takes_own_names
def mixture_recipe(
    game: "str | MixtureGame",
    *,
    smoothness: float = 0.2,
    attends: int = 2,
    batch_size: int = 400,
    narrow: int | None = None,
    steps: int = 20_000,
) -> Recipe:
    """A recipe for modes much narrower than their distances: it learns every mode with its weight and its width.

    The recipe has two phases. In the first, the penalty is large: the discriminator is smooth from mode to mode, so
    that mass moves from modes with too much of it to modes with too little, while the gains make the generator's steps
    between modes steep. In the second, the perceptron's rate is so small that the shares of the modes stay unchanged,
    and the penalty falls below the variance of a mode, so that the discriminator sees the shape of the modes. The
    shortcut, at a rate of its own, then gives the modes their widths, from the noise that the perceptron does not
    attend to.

    Args:
        game: The mixture, or its name; the distances and the width of its modes set the penalties and the frequencies.
        smoothness: Weight of the first penalty, divided by the square of the distance of the nearest two modes.
        attends: How many numbers of the noise the perceptron attends to: more for many modes, but fewer than all, as
            the shortcut needs others for the widths.
        batch_size: Number of samples in a turn.
        narrow: Units of the generator's last hidden layer, instead of 128, with gains that start at 5; the last gain
            grows once the shares are right, and the output has a rate of its own. Units that no step between modes
            needs make small steps within a mode, so that its width is uneven; with fewer units, the shortcut alone sets
            the widths. None: 128 units, and gains that start at 1 and grow throughout.
        steps: Updates; the schedules are stretched over them.

    Raises:
        WiringError: The game is of another kind, or `narrow` is not a whole number of at least 1.

    >>> mixture_recipe("grid25").discriminator.octaves
    8
    """
    found = game_of(MixtureGame, game, "is not a mixture of Gaussians, whose widths this recipe needs")
    return _mixture_recipe(
        found, smoothness=smoothness, attends=attends, batch_size=batch_size, narrow=narrow, steps=steps
    )


def _mixture_recipe(
    found: MixtureGame,
    *,
    smoothness: float = 0.2,
    attends: int = 2,
    batch_size: int = 400,
    narrow: int | None = None,
    steps: int = 20_000,
) -> Recipe:
    """`mixture_recipe` of a game."""
    nearest = max(found.std, float(pdist(found.means).min(initial=2 * found.scale)))  # one mode has no neighbour
    recipe = Recipe(
        "Every mode of a mixture, at its weight and its width.",
        penalty_weight=Schedule(smoothness * nearest**2, 0.15 * found.std**2, first=0.68, last=0.8),
        generator_rate=Schedule(1e-3, 1e-6),
        gain_rate=Schedule(1e-3, 4e-3),
        shortcut_rate=Schedule(1e-3, 1e-5),
        discriminator_rate=Schedule(1e-3, 3e-4, first=0.85),
        batch_size=batch_size,
        steps=steps,
        generator=GeneratorShape(bounded=True, gains=1.0, shortcut=True, attends=attends),
        discriminator=DiscriminatorShape(octaves=max(5, math.ceil(math.log2(found.scale / found.std)) + 1)),
    )
    return recipe if narrow is None else _narrowed(recipe, narrow, steady=2.4e-3 * found.std / found.scale)


def _narrowed(recipe: Recipe, units: int, steady: float) -> Recipe:
    """Few units at the end of the generator: first the shares, while the gains wait; then steep steps; then widths.

    The hidden layers say which noise goes to which mode, and their rate falls until the shares are right and stay so;
    the last gain sharpens the steps between modes without moving them. The output and the shortcut say where the modes
    are and how wide: the rate of the output is `steady` until near the end.
    """
    shares = Schedule(1e-3, 2e-6, first=0.1, last=0.66, then=Schedule(2e-6, 1e-7, first=0.66, last=0.72))
    return recipe.with_(
        penalty_weight=replace(recipe.penalty_weight, first=0.66, last=0.78),
        generator_rate=shares,
        gain_rate=Schedule(1e-4, 1e-7, first=0.6, last=0.72),
        last_gain_rate=Schedule(1e-4, 3e-3, first=0.6, last=0.66, then=Schedule(3e-3, 1e-4, first=0.8, last=0.9)),
        output_rate=Schedule(1e-3, steady, first=0.1, last=0.45, then=Schedule(steady, 1e-6, first=0.86)),
        shortcut_rate=Schedule(1e-3, 1e-4, last=0.5, then=Schedule(1e-4, 1e-5, first=0.88)),
        generator=replace(recipe.generator, hidden=(128, 128, whole_number("narrow", units, 1)), gains=5.0),
    )


IMAGES: Final = Recipe(
    "Small images, by convolutions.",
    penalty_weight=Schedule(1.0),
    generator_rate=Schedule(2e-3, 4e-5, first=0.5),
    discriminator_rate=Schedule(2e-3, 4e-5, first=0.5),
    batch_size=64,
    steps=1500,
    averaging=0.995,
)

PICTURES: Final = Recipe(
    "Pictures of 32 x 32 and more: DCGAN's generator, and a discriminator of spectral norm 1 (Miyato et al. 2018).",
    loss="hinge",
    penalty=None,
    generator_rate=Schedule(1e-3, 2e-5, first=0.5),
    discriminator_rate=Schedule(1e-3, 2e-5, first=0.5),
    betas=(0.5, 0.999),
    batch_size=32,
    steps=12_000,
    averaging=0.999,
    generator=DCGANGeneratorShape(),
    discriminator=SpectralDiscriminatorShape(),
)
DCGAN: Final = Recipe(
    "Strided convolutions and batch normalisation, on square pictures (Radford et al. 2016).",
    loss="non_saturating",
    penalty=None,
    generator_rate=Schedule(1e-3, 3e-5, first=0.3),
    discriminator_rate=Schedule(1e-3, 3e-5, first=0.3),
    betas=(0.5, 0.999),
    batch_size=32,
    steps=4000,
    averaging=0.995,
    generator=DCGANGeneratorShape(),
    discriminator=DCGANDiscriminatorShape(),
)
R3GAN_PICTURES: Final = Recipe(
    "Residual networks without normalisation, the relativistic loss, R1 and R2, as R3GAN (Huang et al. 2024).",
    penalty_weight=Schedule(1.0, 0.1, first=0.5),
    generator_rate=Schedule(1e-3, 1e-4, first=0.5),
    discriminator_rate=Schedule(1e-3, 1e-4, first=0.5),
    batch_size=32,
    steps=2400,
    averaging=0.995,
    generator=ResidualGeneratorShape(),
    discriminator=ResidualDiscriminatorShape(),
)

MIXTURES: Final[dict[str, tuple[int, dict[str, Any]]]] = {  # from so many modes on, what `mixture_recipe` takes
    "grid100": (64, {"smoothness": 0.1, "attends": 4, "narrow": 64, "steps": 30_000}),
    "grid25": (16, {"narrow": 32}),
    "ring8": (0, {"batch_size": 320, "narrow": 16, "steps": 10_000}),
}
RECIPES: Final[dict[str, Recipe]] = {
    "plain": PLAIN,
    "images": IMAGES,
    "digits": IMAGES,
    "stacked_digits": IMAGES,
    "pictures": PICTURES,
    "shapes": PICTURES,
    "dcgan": DCGAN,
    "r3gan_pictures": R3GAN_PICTURES,
    **{name: mixture_recipe(name, **options) for name, (_, options) in MIXTURES.items()},
    **KNOWN,
    **AS_PUBLISHED,
}


def own_recipe(game: Game) -> Recipe:
    """The recipe that suits a game: of mixtures of narrow modes by their numbers, else the first that it names.

    >>> from gan_lab.games import ring
    >>> own_recipe(ring()) == RECIPES["ring8"], own_recipe(ring(radius=10.0)) == RECIPES["ring8"]
    (True, False)
    """
    if isinstance(game, MixtureGame) and game.narrow:
        options = next(options for least, options in MIXTURES.values() if game.mode_count >= least)
        return _mixture_recipe(game, **options)
    return RECIPES[next(name for name in game.own_recipes if name in RECIPES)]


def choose_recipe(
    game: Game, recipe: "str | Recipe | None", *, players: bool, changes: Mapping[str, Any], whole: bool = False
) -> Recipe:
    """The recipe of a run: the one that is named, or the game's own, or the plain one; and what was chosen instead.

    Args:
        game: The game.
        recipe: What was asked for.
        players: Whether players were given.
        changes: Attributes of the recipe that were given; None: not given.
        whole: Whether the recipe comes from settings, so that the game has nothing to add to it.

    Raises:
        WiringError: There is no recipe of this name.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    if recipe is None and (players or not given.keys() <= {"steps"}):
        recipe = "plain"
    elif recipe is None:
        recipe = own_recipe(game)
    found = recipe if isinstance(recipe, Recipe) else choose(recipe, RECIPES, "recipe")
    if game.own_loss is not None:
        given.setdefault("loss", game.own_loss)
    if isinstance(given.get("penalty"), str) and given["penalty"] == "none":
        given["penalty"] = None
    if not game.of_samples and not whole:
        given = {"generator_rate": RATE, "discriminator_rate": RATE} | given
    if found.changes and given.get("steps", found.steps) != found.steps and found.own_steps is None:
        given["own_steps"] = found.steps
    return found.with_(**given)
