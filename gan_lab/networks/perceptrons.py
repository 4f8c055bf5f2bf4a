"""Plain networks for the players: multilayer perceptrons, and what lets small ones be steep or see fine detail."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class Gain(nn.Module):
    """Multiplies all its inputs by one learned number.

    A map whose steps between modes must become steep has to grow many weights together, each by its own noisy
    gradient, and moves the steps as it does so. One number before an activation makes all its steps steeper and leaves
    them where they are.

    Args:
        start: The number at first.

    Attributes:
        logarithm: Of the number; the only parameter.

    >>> Gain()(torch.ones(2)).tolist()
    [1.0, 1.0]
    """

    def __init__(self, start: float = 1.0) -> None:
        """Make the gain with its first value."""
        super().__init__()
        self.logarithm: nn.Parameter = nn.Parameter(torch.tensor(math.log(start)))

    def forward(self, inputs: Tensor) -> Tensor:
        """The inputs times the number."""
        return inputs * self.logarithm.exp()


class Output(nn.Linear):
    """The last layer of a perceptron: what it learns moves and widens modes, and moves no sample to another mode.

    That holds where the layer before it is steep. A class of its own, so that a recipe can give it its own rate.
    """


def perceptron(
    sizes: Sequence[int], slope: float = 0.2, *, bounded: bool = False, gains: float | None = None
) -> nn.Sequential:
    """Linear layers of these sizes, with an activation between them.

    Args:
        sizes: Of the inputs, the hidden layers and the outputs.
        slope: Of the leaky ReLU, below 0.
        bounded: tanh instead of leaky ReLU: maps that are flat but for steep steps.
        gains: What the learned `Gain` before each activation is at first; None: there are none.

    >>> perceptron([2, 16, 1])(torch.zeros(5, 2)).shape
    torch.Size([5, 1])
    """
    layers: list[nn.Module] = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        if number:
            if gains is not None:
                layers.append(Gain(gains))
            layers.append(nn.Tanh() if bounded else nn.LeakyReLU(slope))
        layers.append((nn.Linear if number < len(sizes) - 2 else Output)(inputs, outputs))
    return nn.Sequential(*layers)


class FourierFeatures(nn.Module):
    """x, and sines and cosines of b 2^j x for j = 0 to octaves - 1: what lets a small network see fine detail.

    Args:
        octaves: Number of frequencies.
        scale: x is divided by it first.
        lowest: The lowest frequency b, in radians.

    Source: Tancik et al. 2020.
    """

    scale: float
    octaves: int

    def __init__(self, octaves: int, scale: float = 1.0, lowest: float = math.pi) -> None:
        """Fix the frequencies."""
        super().__init__()
        self.scale, self.octaves, self.lowest = scale, octaves, lowest
        self.frequencies: Tensor
        self.register_buffer("frequencies", lowest * 2.0 ** torch.arange(octaves), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """(n, d (1 + 2 octaves)) features of (n, d) samples."""
        scaled = samples / self.scale
        angles = (scaled[:, :, None] * self.frequencies).flatten(1)
        return torch.cat([scaled, angles.sin(), angles.cos()], dim=1)

    def size(self, inputs: int) -> int:
        """Number of features of d inputs."""
        return inputs * (1 + 2 * self.octaves)

    def sources(self, inputs: int) -> Tensor:
        """(features,) the input that each feature is of."""
        numbers = torch.arange(inputs)
        angles = numbers.repeat_interleave(self.octaves)
        return torch.cat([numbers, angles, angles])


class Shortcut(nn.Module):
    """A network plus a small linear map of its inputs, by which noise reaches the samples without bending.

    Args:
        network: Maps (n, inputs) to (n, outputs).
        inputs: Numbers of an input.
        outputs: Numbers of an output.
        size: Of the linear map at first, as a share of a linear layer's usual size.
    """

    network: nn.Module
    straight: nn.Linear

    def __init__(self, network: nn.Module, inputs: int, outputs: int, size: float = 0.05) -> None:
        """Make the linear map."""
        super().__init__()
        self.network, self.inputs, self.outputs = network, inputs, outputs
        self.straight = nn.Linear(inputs, outputs, bias=False)
        with torch.no_grad():
            self.straight.weight *= size

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, outputs) sum of both."""
        return self.network(inputs) + self.straight(inputs)


class Scaled(nn.Module):
    """A network whose output is multiplied by a constant."""

    network: nn.Module
    scale: float

    def __init__(self, network: nn.Module, scale: float) -> None:
        """Take the network and the constant."""
        super().__init__()
        self.network, self.scale = network, scale

    def forward(self, inputs: Tensor) -> Tensor:
        """The network's output times the scale."""
        return self.network(inputs) * self.scale
