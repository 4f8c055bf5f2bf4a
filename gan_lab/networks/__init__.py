"""Networks of the players: perceptrons, and convolutions for images."""

from gan_lab.networks.perceptrons import FourierFeatures, Scaled, perceptron

__all__ = ["FourierFeatures", "Scaled", "perceptron"]
