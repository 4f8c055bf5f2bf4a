"""What the benchmark plays: games and methods, by name."""

from typing import Final

import numpy as np

from gan_lab.errors import WiringError, choose
from gan_lab.games import MixtureGame, grid, ring
from gan_lab.recipes.choose import MIXTURES, RECIPES, mixture_recipe
from gan_lab.recipes.known import AS_PUBLISHED, KNOWN
from gan_lab.recipes.recipe import Recipe

OURS: Final = "ours"
METHODS: Final = (OURS, *KNOWN)
METHODS_AS_PUBLISHED: Final = (*AS_PUBLISHED,)  # 20 minutes to 3 hours of a core each: not among `all`
ROTATION: Final = 0.3  # radians
MODES_1200: Final = 10
MANY: Final = 100  # modes of the larger grids, whatever their shape


def make_case(name: str, radius: float = 1.0) -> MixtureGame:
    """A mixture by name: those of `gan_lab.games`, and three that no axis, symmetry or plane helps with.

    Args:
        name: "ring8", "grid25", "grid100", "grid100_rotated", "grid100_staggered" or "modes1200".
        radius: Of the ring.

    Raises:
        WiringError: No such mixture.

    >>> make_case("modes1200").means.shape
    (10, 1200)
    """
    made = {
        "grid100_rotated": _rotated,
        "grid100_staggered": _staggered,
        "modes1200": _modes1200,
        "ring8": lambda: ring(radius=radius),
        "grid25": grid,
        "grid100": _grid100,
    }
    return choose(name, made, "game of the benchmark")()


def recipe_of(method: str, game: MixtureGame) -> Recipe:
    """The recipe of a method for a game; "ours" is the game's own, or made for its distances and widths.

    Raises:
        WiringError: No such method.
    """
    if method == OURS:
        like = "grid100" if len(game.means) == MANY else game.name
        return mixture_recipe(game, **MIXTURES.get(like, (0, {}))[1])
    known = (*METHODS, *METHODS_AS_PUBLISHED)
    if method not in known:
        raise WiringError(f"unknown method {method!r}. There are: {', '.join(known)}")
    return RECIPES[method]


def _rotated() -> MixtureGame:
    turn = np.array([[np.cos(ROTATION), -np.sin(ROTATION)], [np.sin(ROTATION), np.cos(ROTATION)]])
    return MixtureGame(_grid100().means @ turn.T, 0.03, name="grid100_rotated")


def _staggered() -> MixtureGame:
    means = _grid100().means.copy()
    rows = np.arange(len(means)) // 10
    means[:, 1] += np.where(rows % 2 == 1, 0.5, 0.0) - 0.25
    return MixtureGame(means, 0.03, name="grid100_staggered")


def _modes1200() -> MixtureGame:
    """Ten round modes in 1200 dimensions, about 49 apart: the distance of random points of the cube."""
    means = np.random.default_rng(1200).uniform(-1, 1, (MODES_1200, 1200)) * np.sqrt(3)
    return MixtureGame(means, 0.1, name="modes1200", noise_size=16)


def _grid100() -> MixtureGame:
    return grid(10, spacing=1.0, std=0.03)
