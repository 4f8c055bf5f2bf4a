"""Pairs of networks for square pictures of any side that is a multiple of four: DCGAN's, and residual ones as R3GAN's.

Both go from noise to a small picture of many channels and double its side until it is whole; the discriminator is the
mirror image. Pictures are flat vectors at the interface, as all samples are.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_lab.networks.convolutional import SLOPE, ImageShape, check_convolvable

WIDEST = 4  # times the width of the full side: no picture, however small, has more channels
NORMAL = 0.02  # standard deviation of DCGAN's weights at first


def channels_of(shape: ImageShape, width: int) -> tuple[int, list[int]]:
    """(side of the smallest picture, channels of each size from the smallest one on to half of the full side).

    The side is halved until it is 4 or odd, but twice at least.

    >>> channels_of((3, 32, 32), 16), channels_of((1, 8, 8), 16)
    ((4, [64, 32, 16]), (2, [32, 16]))
    """
    side, halvings = shape[1], 0
    while side % 2 == 0 and (side > 4 or halvings < 2):
        side, halvings = side // 2, halvings + 1
    return side, [width * min(WIDEST, 2**number) for number in reversed(range(halvings))]


class DCGANGenerator(nn.Module):
    """Transposed convolutions of stride 2, batch normalisation and ReLU between them, tanh at the end.

    Args:
        noise_size: Numbers of one noise vector.
        shape: (channels, side, side) of a picture.
        width: Channels of the largest hidden picture, which has half the side.

    Raises:
        WiringError: Pictures that are not square, or whose side is no multiple of four.

    Source: Radford et al. 2016, section 3.

    >>> DCGANGenerator(32, (3, 32, 32))(torch.zeros(5, 32)).shape
    torch.Size([5, 3072])
    """

    def __init__(self, noise_size: int, shape: ImageShape, width: int = 16) -> None:
        """Make the layers."""
        super().__init__()
        check_convolvable(shape)
        side, sizes = channels_of(shape, width)
        layers: list[nn.Module] = [nn.Linear(noise_size, sizes[0] * side**2), nn.Unflatten(1, (sizes[0], side, side))]
        layers += [nn.BatchNorm2d(sizes[0]), nn.ReLU()]
        for inputs, outputs in pairwise(sizes):
            layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        layers += [nn.ConvTranspose2d(sizes[-1], shape[0], 4, 2, 1), nn.Tanh(), nn.Flatten()]
        self.layers: nn.Sequential = _normal(nn.Sequential(*layers))

    def forward(self, noise: Tensor) -> Tensor:
        """(n, channels side side) flat pictures of (n, noise_size) noise."""
        return self.layers(noise)


class DCGANDiscriminator(nn.Module):
    """Convolutions of stride 2, batch normalisation but for the first, and leaky ReLU; then one score.

    Arguments and errors are those of the generator, without noise.

    Source: Radford et al. 2016, section 3.

    >>> DCGANDiscriminator((3, 32, 32))(torch.zeros(5, 3072)).shape
    torch.Size([5, 1])
    """

    def __init__(self, shape: ImageShape, width: int = 16) -> None:
        """Make the layers."""
        super().__init__()
        check_convolvable(shape)
        side, sizes = channels_of(shape, width)
        layers: list[nn.Module] = [nn.Unflatten(1, shape), nn.Conv2d(shape[0], sizes[-1], 4, 2, 1), nn.LeakyReLU(SLOPE)]
        for inputs, outputs in pairwise(sizes[::-1]):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE)]
        layers += [nn.Flatten(), nn.Linear(sizes[0] * side**2, 1)]
        self.layers: nn.Sequential = _normal(nn.Sequential(*layers))

    def forward(self, samples: Tensor) -> Tensor:
        """(n, 1) scores of (n, channels side side) flat pictures."""
        return self.layers(samples)


def spectrally_normalised(weight: Tensor) -> Tensor:
    """W / sigma(W): a weight over its largest singular value, as a matrix with a row for each output.

    By eigenvalues of W W^T, exactly, where power iteration would leave a trace of every look in the network.

    Source: Miyato et al. 2018, section 2.1.

    >>> spectrally_normalised(torch.tensor([[3.0, 0.0], [0.0, 2.0]]))
    tensor([[1.0000, 0.0000],
            [0.0000, 0.6667]])
    """
    flat = weight.flatten(1)
    return weight / torch.linalg.eigvalsh(flat @ flat.T)[-1].sqrt()


class SpectralConv2d(nn.Conv2d):
    """A convolution whose weight is normalised spectrally."""

    def forward(self, input: Tensor) -> Tensor:
        """As of `nn.Conv2d`."""
        return self._conv_forward(input, spectrally_normalised(self.weight), self.bias)


class SpectralLinear(nn.Linear):
    """A linear map whose weight is normalised spectrally."""

    def forward(self, input: Tensor) -> Tensor:
        """As of `nn.Linear`."""
        return nn.functional.linear(input, spectrally_normalised(self.weight), self.bias)


class SpectralDiscriminator(nn.Module):
    """Convolutions of stride 2 and leaky ReLU, each weight over its spectral norm; then one score.

    How large the weights are does not matter, so that the slope of the scores is bounded: a pixel is in four patches
    of 4 x 4, and no layer is steeper than 2. Arguments and errors are those of `DCGANGenerator`, without noise.

    Source: Miyato et al. 2018, section 2.

    >>> SpectralDiscriminator((3, 32, 32))(torch.zeros(5, 3072)).shape
    torch.Size([5, 1])
    """

    def __init__(self, shape: ImageShape, width: int = 16) -> None:
        """Make the layers."""
        super().__init__()
        check_convolvable(shape)
        side, sizes = channels_of(shape, width)
        layers: list[nn.Module] = [nn.Unflatten(1, shape)]
        for inputs, outputs in pairwise([shape[0], *sizes[::-1]]):
            layers += [SpectralConv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        layers += [nn.Flatten(), SpectralLinear(sizes[0] * side**2, 1)]
        self.layers: nn.Sequential = nn.Sequential(*layers)

    def forward(self, samples: Tensor) -> Tensor:
        """(n, 1) scores of (n, channels side side) flat pictures."""
        return self.layers(samples)


def _normal(layers: nn.Sequential) -> nn.Sequential:
    for module in layers.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, NORMAL)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return layers


class Residual(nn.Module):
    """x + what two convolutions make of it, without normalisation: at first x itself, as the last weights are 0.

    Source: Zhang et al. 2019 (Fixup), section 3; Huang et al. 2024 (R3GAN), section 4.
    """

    layers: nn.Sequential

    def __init__(self, channels: int) -> None:
        """Make the layers."""
        super().__init__()
        last = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        first = nn.Conv2d(channels, channels, 3, padding=1)
        self.layers = nn.Sequential(nn.LeakyReLU(SLOPE), first, nn.LeakyReLU(SLOPE), last)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, c, s, s) of the same shape."""
        return pictures + self.layers(pictures)


class ResidualGenerator(nn.Module):
    """A residual block at each size, and the side doubled by repeating pixels; a convolution makes the picture.

    Args:
        noise_size: Numbers of one noise vector.
        shape: (channels, side, side) of a picture.
        width: Channels of the largest hidden picture, which has half the side.
        blocks: Residual blocks at each size.

    Raises:
        WiringError: Pictures that are not square, or whose side is no multiple of four.

    >>> ResidualGenerator(32, (3, 32, 32))(torch.zeros(5, 32)).shape
    torch.Size([5, 3072])
    """

    def __init__(self, noise_size: int, shape: ImageShape, width: int = 16, blocks: int = 1) -> None:
        """Make the layers."""
        super().__init__()
        check_convolvable(shape)
        side, sizes = channels_of(shape, width)
        layers: list[nn.Module] = [nn.Linear(noise_size, sizes[0] * side**2), nn.Unflatten(1, (sizes[0], side, side))]
        layers += _blocks(sizes[0], blocks)
        for inputs, outputs in pairwise(sizes):
            layers += [*_resized(inputs, outputs), nn.Upsample(scale_factor=2), *_blocks(outputs, blocks)]
        layers += [nn.LeakyReLU(SLOPE), nn.Upsample(scale_factor=2)]  # a transposed convolution would leave a chequer
        layers += [nn.Conv2d(sizes[-1], shape[0], 3, padding=1), nn.Flatten()]
        self.layers: nn.Sequential = nn.Sequential(*layers)

    def forward(self, noise: Tensor) -> Tensor:
        """(n, channels side side) flat pictures of (n, noise_size) noise."""
        return self.layers(noise)


class ResidualDiscriminator(nn.Module):
    """The generator's mirror image: the side halved by means of four pixels; then one score.

    Arguments and errors are those of the generator, without noise.

    >>> ResidualDiscriminator((3, 32, 32))(torch.zeros(5, 3072)).shape
    torch.Size([5, 1])
    """

    def __init__(self, shape: ImageShape, width: int = 16, blocks: int = 1, outputs: int = 1) -> None:
        """Make the layers."""
        super().__init__()
        check_convolvable(shape)
        side, sizes = channels_of(shape, width)
        layers: list[nn.Module] = [nn.Unflatten(1, shape), nn.Conv2d(shape[0], sizes[-1], 4, 2, 1)]
        layers += _blocks(sizes[-1], blocks)
        for inputs, wider in pairwise(sizes[::-1]):
            layers += [nn.AvgPool2d(2), *_resized(inputs, wider), *_blocks(wider, blocks)]
        layers += [nn.LeakyReLU(SLOPE), nn.Flatten(), nn.Linear(sizes[0] * side**2, outputs)]
        self.layers: nn.Sequential = nn.Sequential(*layers)

    def forward(self, samples: Tensor) -> Tensor:
        """(n, outputs) scores of (n, channels side side) flat pictures."""
        return self.layers(samples)


def _blocks(channels: int, count: int) -> Sequence[nn.Module]:
    return [Residual(channels) for _ in range(count)]


def _resized(inputs: int, outputs: int) -> Sequence[nn.Module]:
    """A linear map of the channels, where their number changes."""
    return [] if inputs == outputs else [nn.Conv2d(inputs, outputs, 1)]
