"""A convolutional pair of players for square images whose side is a multiple of four.

Plain: no batch normalisation, which ties the samples of a batch together and has no place under slope penalties
(Gulrajani et al. 2017, section 4), and no normalisation of another kind (Huang et al. 2024). Images are flat vectors
at the interface, as all samples are.
"""

from torch import Tensor, nn

from gan_lab.errors import WiringError

SLOPE = 0.2  # of leaky ReLU below 0
ImageShape = tuple[int, int, int]


def is_convolvable(shape: ImageShape | None) -> bool:
    """Whether images of this shape are square, with a side that is a multiple of four.

    >>> is_convolvable((3, 8, 8)), is_convolvable((1, 8, 12)), is_convolvable(None)
    (True, False, False)
    """
    return shape is not None and shape[0] > 0 and shape[1] == shape[2] and shape[1] > 0 and shape[1] % 4 == 0


class ConvolutionalGenerator(nn.Module):
    """From noise to a quarter of the side, then twice up by two with transposed convolutions.

    noise -> (2 width, s/4, s/4) -> (2 width, s/2, s/2) -> (width, s, s) -> (channels, s, s) -> flat

    Args:
        noise_size: Numbers of one noise vector.
        shape: (channels, side, side) of an image.
        width: Channels at the full size; twice as many at the smaller ones.

    Raises:
        WiringError: Images that are not square, or whose side is no multiple of four.

    >>> import torch
    >>> ConvolutionalGenerator(32, (3, 8, 8))(torch.zeros(5, 32)).shape
    torch.Size([5, 192])
    """

    def __init__(self, noise_size: int, shape: ImageShape, width: int = 32) -> None:
        """Make the layers."""
        super().__init__()
        check_convolvable(shape)
        channels, side, _ = shape
        small = (2 * width, side // 4, side // 4)
        self.layers: nn.Sequential = nn.Sequential(
            nn.Linear(noise_size, small[0] * small[1] * small[2]),
            nn.LeakyReLU(SLOPE),
            nn.Unflatten(1, small),
            nn.ConvTranspose2d(2 * width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(width, channels, 3, padding=1),
            nn.Flatten(),
        )

    def forward(self, noise: Tensor) -> Tensor:
        """(n, channels side side) flat images of (n, noise_size) noise."""
        return self.layers(noise)


class ConvolutionalDiscriminator(nn.Module):
    """The generator's mirror image: twice down by two with strided convolutions, then one score.

    flat -> (channels, s, s) -> (width, s, s) -> (2 width, s/2, s/2) -> (2 width, s/4, s/4) -> score

    Args:
        shape: (channels, side, side) of an image.
        width: Channels at the full size; twice as many at the smaller ones.

    Raises:
        WiringError: Images that are not square, or whose side is no multiple of four.

    >>> import torch
    >>> ConvolutionalDiscriminator((3, 8, 8))(torch.zeros(5, 192)).shape
    torch.Size([5, 1])
    """

    def __init__(self, shape: ImageShape, width: int = 32) -> None:
        """Make the layers."""
        super().__init__()
        check_convolvable(shape)
        channels, side, _ = shape
        self.layers: nn.Sequential = nn.Sequential(
            nn.Unflatten(1, shape),
            nn.Conv2d(channels, width, 3, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(2 * width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Flatten(),
            nn.Linear(2 * width * (side // 4) ** 2, 1),
        )

    def forward(self, samples: Tensor) -> Tensor:
        """(n, 1) scores of (n, channels side side) flat images."""
        return self.layers(samples)


def check_convolvable(shape: ImageShape) -> None:
    """Refuse images that are not square, or whose side is no multiple of four."""
    if not is_convolvable(shape):
        raise WiringError(f"images are {shape}; expected (channels, side, side), side a multiple of 4")
