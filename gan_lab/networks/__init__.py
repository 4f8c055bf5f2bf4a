"""Networks of the players."""

from gan_lab.networks.perceptrons import FourierFeatures, Scaled, perceptron

__all__ = ["FourierFeatures", "Scaled", "perceptron"]
