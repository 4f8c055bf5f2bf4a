"""The recipes that come with the package, by name, and the choice among them.

`mixture_recipe` says what its numbers are for; benchmarks/README.md has the runs that they were chosen by.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from gan_lab.errors import WiringError, choose, number_of_at_least_0
from gan_lab.games import Game, ImagesGame, MixtureGame, StrategyGame, make_game
from gan_lab.known_recipes import AS_PUBLISHED, KNOWN
from gan_lab.recipe import DiscriminatorShape, GeneratorShape, Recipe
from gan_lab.schedule import Schedule

PLAIN: Final = Recipe(
    "Nothing changes during the run; no penalty.", loss="non_saturating", penalty=None, steps=1000, averaging=None
)


def mixture_recipe(
    game: "str | MixtureGame", *, smoothness: float = 0.1, batch_size: int = 400, octaves: int = 0
) -> Recipe:
    """A recipe for modes that are much narrower than their distances: every one, at its weight and its width.

    Three things happen one after the other. While the penalty is large, the discriminator is smooth over the whole
    picture, and carries mass from modes with too much of it to those with too little. Meanwhile the gains make the
    generator's steps between modes steep. When the rate has come down, so that the modes no longer tremble by more
    than their width, the penalty falls below the variance of a mode, and the discriminator, which goes on learning
    fast, sees their shape.

    Args:
        game: The mixture, or its name; its scale and the width of its modes set the penalties and the frequencies.
        smoothness: Weight of the first penalty, on samples divided by the scale: larger for more modes.
        batch_size: Samples of a turn.
        octaves: Frequencies of the noise that the generator sees.

    Raises:
        WiringError: Another kind of game.

    >>> mixture_recipe("grid25").discriminator.octaves
    8
    """
    found = make_game(game)
    if not isinstance(found, MixtureGame):
        raise WiringError(f"{found.name!r} is no mixture of Gaussians, whose widths this recipe needs")
    fine = found.scale / found.std
    return Recipe(
        "Every mode of a mixture, at its weight and its width.",
        penalty_weight=Schedule(smoothness * found.scale**2, 0.15 * found.std**2, first=0.6, last=0.75),
        generator_rate=Schedule(1e-3, 5e-6, last=0.8),
        gain_rate=Schedule(1e-3, 4e-3),
        discriminator_rate=Schedule(1e-3, 3e-4, first=0.85),
        batch_size=batch_size,
        generator=GeneratorShape(bounded=True, gains=True, octaves=octaves, shortcut=True),
        discriminator=DiscriminatorShape(octaves=max(5, math.ceil(math.log2(fine)) + 1)),
    )


IMAGES: Final = Recipe(
    "Small images, by convolutions.",
    penalty_weight=Schedule(1.0, 0.1),
    generator_rate=Schedule(1e-3, 2e-5, first=0.5),
    discriminator_rate=Schedule(1e-3, 2e-5, first=0.5),
    batch_size=64,
    steps=3000,
)

RECIPES: Final[dict[str, Recipe]] = {
    "plain": PLAIN,
    "images": IMAGES,
    "digits": IMAGES,
    "stacked_digits": IMAGES,
    "ring8": mixture_recipe("ring8", smoothness=0.03, batch_size=320),
    "grid25": mixture_recipe("grid25", smoothness=0.05),
    "grid100": mixture_recipe("grid100", batch_size=256),
    **KNOWN,
    **AS_PUBLISHED,
}


def choose_recipe(game: Game, recipe: "str | Recipe | None", *, players: bool, changes: Mapping[str, Any]) -> Recipe:
    """The recipe of a run: the one that is named, or the game's own, or the plain one; and what was chosen instead.

    Args:
        game: The game; its own recipe is that of its name.
        recipe: What was asked for.
        players: Whether players were given.
        changes: Attributes of the recipe that were given; None: not given.

    Raises:
        WiringError: There is no recipe of this name.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    if recipe is None:
        recipe = "plain" if players or not given.keys() <= {"steps"} else _own(game)
    found = recipe if isinstance(recipe, Recipe) else choose(recipe, RECIPES, "recipe")
    if isinstance(game, StrategyGame):
        given.setdefault("loss", "minimax")
    if given.get("penalty") == "none":
        given["penalty"] = None
    if "penalty_weight" in given:
        given["penalty_weight"] = Schedule(number_of_at_least_0("penalty_weight", given["penalty_weight"]))
    return found.with_(**given)


def _own(game: Game) -> str:
    """The name of a game's own recipe."""
    if isinstance(game, MixtureGame | ImagesGame) and game.name in RECIPES:
        return game.name
    return "images" if isinstance(game, ImagesGame) else "plain"
