"""Plain networks for the players: multilayer perceptrons, and Fourier features for the discriminator."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


def perceptron(sizes: Sequence[int], slope: float = 0.2) -> nn.Sequential:
    """Linear layers of these sizes, with leaky ReLU between them.

    >>> perceptron([2, 16, 1])(torch.zeros(5, 2)).shape
    torch.Size([5, 1])
    """
    layers: list[nn.Module] = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        if number:
            layers.append(nn.LeakyReLU(slope))
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


class FourierFeatures(nn.Module):
    """x, and sines and cosines of pi 2^j x for j = 0 to octaves - 1: what lets a small network see fine detail.

    Args:
        octaves: Number of frequencies.
        scale: x is divided by it first.

    Source: Tancik et al. 2020.
    """

    def __init__(self, octaves: int, scale: float = 1.0) -> None:
        """Fix the frequencies."""
        super().__init__()
        self.scale, self.octaves = scale, octaves
        self.frequencies: Tensor
        self.register_buffer("frequencies", math.pi * 2.0 ** torch.arange(octaves), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """(n, d (1 + 2 octaves)) features of (n, d) samples."""
        scaled = samples / self.scale
        angles = (scaled[:, :, None] * self.frequencies).flatten(1)
        return torch.cat([scaled, angles.sin(), angles.cos()], dim=1)

    def size(self, inputs: int) -> int:
        """Number of features of d inputs."""
        return inputs * (1 + 2 * self.octaves)


class Scaled(nn.Module):
    """A network whose output is multiplied by a constant."""

    def __init__(self, network: nn.Module, scale: float) -> None:
        """Take the network and the constant."""
        super().__init__()
        self.network, self.scale = network, scale

    def forward(self, inputs: Tensor) -> Tensor:
        """The network's output times the scale."""
        return self.network(inputs) * self.scale
