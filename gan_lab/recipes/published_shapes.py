"""Networks as papers on mixtures printed them, or as their code has them: not what this package would choose."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_lab.games.sample_game import SampleGame
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape


class Maxout(nn.Module):
    """A linear layer with several pieces for each output, of which the largest counts.

    Source: Goodfellow et al. 2013, section 3.
    """

    linear: nn.Linear
    pieces: int

    def __init__(self, inputs: int, outputs: int, pieces: int) -> None:
        """Make the layer."""
        super().__init__()
        self.linear, self.pieces = nn.Linear(inputs, outputs * pieces), pieces

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, outputs) of (n, inputs)."""
        return self.linear(inputs).unflatten(1, (-1, self.pieces)).amax(dim=2)


@dataclass(frozen=True)
class BatchNormGenerator(GeneratorShape):
    """Linear layers, batch normalisation, ReLU; nothing scales the output.

    Attributes:
        weight_std: Of the normal numbers that weights are at first; None: as PyTorch has them.
        bias: Whether the hidden layers have one.
        momentum: Share of a batch in the running statistics, which samples are drawn with.

    Source: the code of Lin et al. 2018, synthetic data.
    """

    hidden: tuple[int, ...] = (400, 400, 400, 400)
    weight_std: float | None = 0.02
    bias: bool = False
    momentum: float = 0.05

    def network(self, game: SampleGame) -> nn.Module:
        """From (n, noise_size) to (n, d)."""
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise([game.noise_size, *self.hidden]):
            layers += [nn.Linear(inputs, outputs, bias=self.bias), nn.BatchNorm1d(outputs, momentum=self.momentum)]
            layers.append(nn.ReLU())
        return _normal(nn.Sequential(*layers, nn.Linear(self.hidden[-1], game.dimension)), self.weight_std)


@dataclass(frozen=True)
class MaxoutDiscriminator(DiscriminatorShape):
    """Layers of maxout on the samples as they are.

    Attributes:
        pieces: Of each unit.
        weight_std: Of the normal numbers that weights are at first; None: as PyTorch has them.

    Source: the code of Lin et al. 2018, synthetic data.
    """

    hidden: tuple[int, ...] = (200, 200, 200)
    pieces: int = 5
    weight_std: float | None = 0.02

    def network(self, game: SampleGame) -> nn.Module:
        """From (m, d) to (m, 1) scores."""
        layers = [Maxout(inputs, outputs, self.pieces) for inputs, outputs in pairwise([game.dimension, *self.hidden])]
        return _normal(nn.Sequential(*layers, nn.Linear(self.hidden[-1], 1)), self.weight_std)


@dataclass(frozen=True)
class TanhGenerator(GeneratorShape):
    """Two layers of tanh, weights orthogonal at first.

    Source: the notebook of Metz et al. 2017, which says that it is not the paper's network.
    """

    hidden: tuple[int, ...] = (128, 128)

    def network(self, game: SampleGame) -> nn.Module:
        """From (n, noise_size) to (n, d)."""
        return _tanh([game.noise_size, *self.hidden, game.dimension])


@dataclass(frozen=True)
class TanhDiscriminator(DiscriminatorShape):
    """Two layers of tanh on the samples as they are; the same source."""

    hidden: tuple[int, ...] = (128, 128)

    def network(self, game: SampleGame) -> nn.Module:
        """From (m, d) to (m, 1) scores."""
        return _tanh([game.dimension, *self.hidden, 1])


def _tanh(sizes: list[int]) -> nn.Module:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        linear = nn.Linear(inputs, outputs)
        nn.init.orthogonal_(linear.weight, gain=1.4)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def _normal(network: nn.Module, std: float | None) -> nn.Module:
    if std is None:
        return network
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Linear):
                module.weight.normal_(0.0, std)
                if module.bias is not None:
                    module.bias.zero_()
    return network
