"""The players that a game is trained with when none are given."""

import numpy as np
from torch import nn

from gan_lab.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator, is_convolvable
from gan_lab.games import Game
from gan_lab.games.finite import FiniteGame
from gan_lab.games.sample_game import DISCRIMINATOR, GENERATOR, SampleGame
from gan_lab.networks import FourierFeatures, Scaled, perceptron
from gan_lab.players import Discriminator, Generator, Player, Strategist, ascent

WIDTH, OCTAVES = 128, 5


def default_discriminator(game: Game) -> Player:
    """Convolutions for square images, else three hidden layers on Fourier features; or plain ascent on a strategy."""
    if isinstance(game, SampleGame):
        if game.image_shape is not None and is_convolvable(game.image_shape):
            return Discriminator(ConvolutionalDiscriminator(game.image_shape))
        features = FourierFeatures(OCTAVES, scale=game.scale)
        layers = perceptron([features.size(game.dimension), WIDTH, WIDTH, WIDTH, 1])
        return Discriminator(nn.Sequential(features, layers))
    form = "logits" if isinstance(game, FiniteGame) else "plain"
    return Strategist(DISCRIMINATOR, game.start(DISCRIMINATOR).tolist(), ascent(0.2), form)


def default_generator(game: Game) -> Player:
    """Convolutions for square images, else three hidden layers; or plain ascent on a strategy, from the first one."""
    if isinstance(game, SampleGame):
        if game.image_shape is not None and is_convolvable(game.image_shape):
            return Generator(ConvolutionalGenerator(game.noise_size, game.image_shape))
        layers = perceptron([game.noise_size, WIDTH, WIDTH, WIDTH, game.dimension])
        return Generator(Scaled(layers, game.scale))
    form = "softmax" if isinstance(game, FiniteGame) else "plain"
    return Strategist(GENERATOR, np.asarray(game.start(GENERATOR)).tolist(), ascent(0.2), form)
