"""The players that a game is trained with when none are given."""

import numpy as np
from torch import nn

from gan_lab.games import Game
from gan_lab.games.finite import FiniteGame
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR, SampleGame
from gan_lab.networks import FourierFeatures, Scaled, perceptron
from gan_lab.players import Discriminator, Generator, Player, Strategist, ascent

WIDTH, OCTAVES = 128, 5


def default_discriminator(game: Game) -> Player:
    """Three hidden layers on Fourier features; or the game's first strategy, by plain ascent."""
    if isinstance(game, SampleGame):
        features = FourierFeatures(OCTAVES, scale=game.scale)
        layers = perceptron([features.size(game.dimension), WIDTH, WIDTH, WIDTH, 1])
        return Discriminator(nn.Sequential(features, layers))
    form = "logits" if isinstance(game, FiniteGame) else "plain"
    return Strategist(DISCRIMINATOR, game.start(DISCRIMINATOR).tolist(), ascent(0.2), form)


def default_generator(game: Game) -> Player:
    """Three hidden layers from noise to samples; or the game's first strategy, by plain ascent."""
    if isinstance(game, SampleGame):
        layers = perceptron([game.noise_size, WIDTH, WIDTH, WIDTH, game.dimension])
        return Generator(Scaled(layers, game.scale))
    form = "softmax" if isinstance(game, FiniteGame) else "plain"
    return Strategist(GENERATOR, np.asarray(game.start(GENERATOR)).tolist(), ascent(0.2), form)
