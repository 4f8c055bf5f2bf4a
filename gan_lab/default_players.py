"""The players that a game has when none are given."""

import numpy as np

from gan_lab.games import Game
from gan_lab.games.finite import FiniteGame
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR, SampleGame
from gan_lab.players import Player, Strategist, ascent
from gan_lab.recipe import Recipe

RATE = 0.2  # of plain ascent in games of strategies


def default_players(game: Game, recipe: Recipe) -> tuple[Player, Player]:
    """(discriminator, generator): networks by a recipe; or the game's first strategies, by plain ascent."""
    if isinstance(game, SampleGame):
        return recipe.players(game)
    forms = ("logits", "softmax") if isinstance(game, FiniteGame) else ("plain", "plain")
    discriminator, generator = (
        Strategist(name, np.asarray(game.start(name)).tolist(), ascent(RATE), form)
        for name, form in zip((DISCRIMINATOR, GENERATOR), forms, strict=True)
    )
    return discriminator, generator
