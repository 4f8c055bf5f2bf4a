"""Games of images: any array of them, with a part held out that tells learning from memorising."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError
from gan_lab.games.sample_game import SampleGame

CHUNK: Final = 2**22  # numbers of the images whose distances are computed at once, on either side: 32 MB
QUANTILES: Final = (0.01, 0.99)  # of the distances of held-out images: what lies outside is too near or too far
NEIGHBOURS, REFERENCE = 5, 1000  # k of coverage, and of how many training images it is counted
FEWEST: Final = 10  # images of a game: fewer cannot be split into two parts that say anything

Images = NDArray[np.float32]


class ImagesGame(SampleGame):
    """Images as samples: flat vectors of numbers in [-1, 1], in the order of `image_shape`.

    A part of the images is never shown to the players. Its distances to the others say how far from the training
    images a new image of the same kind is; samples that are nearer are copies, samples that are farther are no such
    images.

    Args:
        images: (n, channels, height, width) numbers in [-1, 1].
        held_out: Share of the images that is held out.
        name: How the game is called.
        noise_size: Numbers of one noise vector.
        seed: Of the split.

    Attributes:
        image_shape: (channels, height, width): `samples.reshape(-1, *game.image_shape)` are images again.
        images: (m, d) training images.
        held_out: (k, d) images that the players never see.

    Raises:
        WiringError: Images of another shape, fewer than ten of them, or numbers outside [-1, 1].

    >>> game = ImagesGame(np.zeros((20, 1, 8, 8)), name="black")
    >>> game.dimension, game.image_shape, len(game.images), len(game.held_out)
    (64, (1, 8, 8), 16, 4)
    """

    image_shape: tuple[int, int, int]
    images: Images
    held_out: Images
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
        if not 0 < held_out < 1:
            raise WiringError(f"held_out is {held_out!r}; expected a share between 0 and 1")
        order = np.random.default_rng(seed).permutation(len(found))
        kept = min(max(round(held_out * len(found)), 1), len(found) - 1)
        flat = found.reshape(len(found), -1).astype(np.float32, copy=False)
        self._begin(flat[np.sort(order[kept:])], flat[np.sort(order[:kept])], found.shape[1:], name, noise_size)

    def _begin(
        self, images: Images, held_out: Images, shape: tuple[int, ...], name: str, noise_size: int, stack: int = 1
    ) -> None:
        """Keep the two parts; each sample is a stack of `stack` images."""
        self.images, self.held_out, self._stack = images, held_out, stack
        self.image_shape = (stack * shape[0], shape[1], shape[2])  # pyright: ignore[reportIncompatibleVariableOverride]
        self.dimension: int = stack * images.shape[1]
        self.name, self.noise_size = name, noise_size
        self._held_out_distances = nearest_distances(held_out, images)
        self._reference: tuple[Images, NDArray[np.float64]] | None = None

    @property
    def own_recipes(self) -> tuple[str, ...]:
        """That of its name, or that of images."""
        return (self.name, "images")

    def real(self, count: int, rng: np.random.Generator) -> Images:
        """(count, d) training images, drawn with replacement."""
        return self.images[rng.integers(len(self.images), size=count)]

    def unseen(self, count: int, rng: np.random.Generator) -> Images:
        """(count, d) held-out images, drawn with replacement."""
        return self.held_out[rng.integers(len(self.held_out), size=(count, self._stack))].reshape(count, -1)

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """How near samples are to the training images, beside how near held-out images are.

        `nearest` is the mean distance of a sample to its nearest training image, `nearest_held_out` that of held-out
        images. `memorised` is the share of samples that are nearer than all but 1 % of the held-out images, and
        `high_quality` the share of those that are not farther than 99 % of them: new images of the same kind would
        have about .01 and .99. One good picture, repeated, is of high quality and no copy; `coverage` tells: see
        `covered`. New images of the same kind would have about `coverage_expected`.
        """
        found = self.checked(samples)
        distances = nearest_distances(found.reshape(len(found) * self._stack, -1), self.images)
        near, far = np.quantile(self._held_out_distances, QUANTILES)
        whole = distances.reshape(len(found), self._stack)
        return {
            "high_quality": float((whole <= far).all(axis=1).mean()),
            "memorised": float((whole < near).all(axis=1).mean()),
            "nearest": float(distances.mean()),
            "nearest_held_out": float(self._held_out_distances.mean()),
            **self.covered(found, rng),
        }

    def covered(self, samples: Images, rng: np.random.Generator) -> dict[str, float]:
        """Share of training images, of up to 1,000, with a sample nearer than their fifth nearest among the others.

        Beside it the share that as many new images of the same kind have on average: such an image is covered unless
        the five nearest of all are training images; with as many samples as images, 1 - 2^-5 = .97.

        Source: Naeem et al. 2020, section 3 and Lemma 2.
        """
        if self._reference is None:
            count_of = len(self.images)
            count = min(count_of**self._stack, REFERENCE)
            rng_of_images = np.random.default_rng(REFERENCE)
            one_each = self._stack == 1
            images = (
                self.images[rng_of_images.permutation(count_of)[:count]]
                if one_each
                else self.real(count, rng_of_images)
            )
            self._reference = images, _radii(images, min(NEIGHBOURS, len(images) - 1))
        images, radii = self._reference
        drawn = samples[rng.permutation(len(samples))[: len(images)]]
        k, others = min(NEIGHBOURS, len(images) - 1), len(images) - 1
        uncovered = np.prod([(others - place) / (others + len(drawn) - place) for place in range(k)])
        share = float((nearest_distances(images, drawn) <= radii).mean())
        return {"coverage": share, "coverage_expected": 1 - float(uncovered)}

    def checked(self, samples: Any) -> Images:
        """(n, d) samples, clipped to [-1, 1] as a picture of them is; refuses another shape and what is not finite."""
        found = np.asarray(samples, dtype=np.float32)
        if found.ndim != 2 or not len(found) or found.shape[1] != self.dimension:
            raise WiringError(f"samples have shape {found.shape}; expected (n, {self.dimension})")
        if not (finite := np.isfinite(found).all(axis=1)).all():
            raise WiringError(f"sample {int(np.flatnonzero(~finite)[0])} is not finite")
        return np.clip(found, np.float32(-1.0), np.float32(1.0))


def nearest_distances(points: NDArray[Any], images: NDArray[Any]) -> NDArray[np.float64]:
    """(n,) Euclidean distances of (n, d) points to the nearest of (m, d) images.

    >>> nearest_distances(np.array([[0.0, 3.0]]), np.array([[0.0, 0.0], [4.0, 3.0]]))
    array([3.])
    """
    rows = max(1, CHUNK // max(images.shape[1], 1))
    nearest = np.full(len(points), np.inf)
    for first in range(0, len(images), rows):
        reference = np.asarray(images[first : first + rows], dtype=np.float64)
        squares = np.einsum("ij,ij->i", reference, reference)
        for start in range(0, len(points), rows):
            part = np.asarray(points[start : start + rows], dtype=np.float64)
            found = (squares - 2 * part @ reference.T).min(axis=1) + np.einsum("ij,ij->i", part, part)
            nearest[start : start + rows] = np.minimum(nearest[start : start + rows], found)
    return np.sqrt(np.maximum(nearest, 0.0))


def _radii(images: Images, neighbours: int) -> NDArray[np.float64]:
    """(n,) distance of each of (n, d) images to its k-th nearest among the others."""
    found = np.empty(len(images))
    whole = images.astype(np.float64)
    squares = np.einsum("ij,ij->i", whole, whole)
    for start in range(0, len(images), REFERENCE // 4):
        part = whole[start : start + REFERENCE // 4]
        distances = squares - 2 * part @ whole.T + squares[start : start + REFERENCE // 4, None]
        found[start : start + len(part)] = np.partition(distances, neighbours, axis=1)[:, neighbours]
    return np.sqrt(np.maximum(found, 0.0))


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
