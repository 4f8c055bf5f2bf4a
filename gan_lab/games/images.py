"""Games of images: any array of them, with a part held out that tells learning from memorising."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import SIZE, WiringError, whole_number
from gan_lab.games.rows import FEWEST, RowsGame, split
from gan_lab.networks.convolutional import is_convolvable

LARGE: Final = 32  # pixels each way, from which on pictures have a recipe of their own
Images = NDArray[np.float32]


class ImagesGame(RowsGame):
    """Images as samples: flat vectors of numbers in [-1, 1], in the order of `image_shape`.

    The players never see the held-out part of the images. Its distances to the training images say how far a new image
    of the same kind is from them. Samples that are nearer are copies; samples that are farther are not images of this
    kind.

    Args:
        images: (n, channels, height, width) numbers in [-1, 1].
        held_out: Share of the images that the players never see.
        name: Name of the game.
        noise_size: Length of a noise vector.
        seed: Seed of the split.

    Attributes:
        image_shape: (channels, height, width): `samples.reshape(-1, *game.image_shape)` are images again.
        images: (m, d) training images, the `rows` that the players see.
        held_out: (k, d) images that the players never see.

    Raises:
        WiringError: Images of another shape, fewer than ten of them, or numbers outside [-1, 1].

    >>> game = ImagesGame(np.zeros((20, 1, 8, 8)), name="black")
    >>> game.dimension, game.image_shape, len(game.images), len(game.held_out)
    (64, (1, 8, 8), 16, 4)
    """

    image_shape: tuple[int, int, int]
    name: str
    noise_size: int
    bound: float = 2.0  # samples may overshoot: a network that ended in tanh would never reach the numbers -1 and 1
    scale: float = 1.0

    def __init__(
        self, images: Any, held_out: float = 0.2, *, name: str = "images", noise_size: int = 32, seed: int = 0
    ) -> None:
        """Check, flatten and split the images."""
        found = np.asarray(images)
        check_images(found)
        shown, hidden = split(len(found), held_out, seed)
        flat = found.reshape(len(found), -1).astype(np.float32, copy=False)
        self._begin(flat[shown], flat[hidden], found.shape[1:], name, noise_size)

    def _begin(
        self, images: Images, held_out: Images, shape: tuple[int, ...], name: str, noise_size: int, stack: int = 1
    ) -> None:
        """Keep the two parts; each sample is a stack of `stack` images."""
        self._keep(images, held_out, stack)
        self.image_shape = (stack * shape[0], shape[1], shape[2])  # pyright: ignore[reportIncompatibleVariableOverride]
        self.name, self.noise_size = name, whole_number("noise_size", noise_size, 1, SIZE)

    @property
    def own_recipes(self) -> tuple[str, ...]:
        """The recipe of small images, or that of residual networks, by the size of the images."""
        large = min(self.image_shape[1:]) >= LARGE and is_convolvable(self.image_shape)
        return ("pictures" if large else "images",)

    @property
    def images(self) -> Images:
        """(m, d) training images."""
        return self.rows

    def checked(self, samples: Any) -> Images:
        """(n, d) samples, clipped to [-1, 1] as in a picture; refuses other shapes and numbers that are not finite."""
        return np.clip(super().checked(samples), np.float32(-1.0), np.float32(1.0))


def check_images(images: NDArray[Any]) -> None:
    """Refuse what is no (n, channels, height, width) array of numbers in [-1, 1]."""
    if images.ndim != 4 or 0 in images.shape or images.dtype.kind not in "fiu":
        raise WiringError(
            f"images are {images.dtype} of shape {images.shape}; expected numbers, (n, channels, height, width)"
        )
    if len(images) < FEWEST:
        raise WiringError(f"there are {len(images)} images; expected at least {FEWEST}, of which some are held out")
    if not np.isfinite(images).all():
        first = int(np.flatnonzero(~np.isfinite(images).reshape(len(images), -1).all(axis=1))[0])
        raise WiringError(f"image {first} has numbers that are not finite")
    low, high = float(images.min()), float(images.max())
    if low < -1 or high > 1:
        raise WiringError(f"images have numbers from {low:g} to {high:g}; expected [-1, 1]")
