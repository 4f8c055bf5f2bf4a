"""Variational autoencoders: an exact linear one, and a neural one with bounds on its likelihood."""

from gan_lab.vae.importance_bound import Bound, importance_bound
from gan_lab.vae.linear_vae import LinearEncoder, LinearVAE
from gan_lab.vae.neural_vae import NeuralVAE
from gan_lab.vae.quadrature import log_density_by_quadrature
from gan_lab.vae.training import VAERun, train_vae

__all__ = [
    "Bound",
    "LinearEncoder",
    "LinearVAE",
    "NeuralVAE",
    "VAERun",
    "importance_bound",
    "log_density_by_quadrature",
    "train_vae",
]
