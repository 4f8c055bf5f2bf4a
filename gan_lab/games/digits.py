"""Scikit-learn's handwritten digits as a game: ten classes, or a thousand where three digits are stacked.

The images come with scikit-learn, so nothing is downloaded: 1797 of 8 x 8 pixels (Alpaydin and Kaynak 1998, the test
part of the UCI set "Optical Recognition of Handwritten Digits").
"""

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_lab.errors import WiringError, whole_number
from gan_lab.games.digit_classifier import digit_classifier, digits
from gan_lab.games.images import Images, ImagesGame
from gan_lab.metrics.estimates import missed_beyond_chance, reverse_kl_of_shares


class DigitsGame(ImagesGame):
    """Digits of 8 x 8 pixels as (64,) numbers in [-1, 1]; the modes are the ten classes.

    A classifier says which digit a sample shows; its error on held-out images is in `truth` as `classifier_error`.

    Args:
        noise_size: Length of a noise vector.

    Attributes:
        modes: Number of classes of a sample.
        weights: (modes,) shares of the classes among the training images.

    Raises:
        WiringError: Scikit-learn is not installed.

    >>> game = DigitsGame()
    >>> game.dimension, game.image_shape, len(game.images), len(game.held_out), game.modes
    (64, (1, 8, 8), 1437, 360, 10)
    """

    def __init__(self, noise_size: int = 32) -> None:
        """Read the digits."""
        self._read("digits", noise_size, 1)

    def _read(self, name: str, noise_size: int, stack: int) -> None:
        data = digits()
        self._begin(data.images, data.held_out, (1, 8, 8), name, noise_size, stack)
        shares = np.bincount(data.labels, minlength=10) / len(data.labels)
        self.weights: NDArray[np.float64] = np.array([float(np.prod(row)) for row in product(shares, repeat=stack)])
        self.modes: int = len(self.weights)

    @property
    def mode_count(self) -> int:
        """One for each class."""
        return self.modes

    def known(self) -> str:
        """What is known of this game: the modes."""
        return f"{self.modes} modes, told apart by a classifier; the distance to the training images"

    def labels(self, samples: Any) -> NDArray[np.int64]:
        """(n,) classes from 0 to `modes` - 1 of (n, d) samples, by the classifier; for a stack, its digits in order."""
        found = self.checked(samples)
        each = digit_classifier().labels(found.reshape(-1, 64)).reshape(len(found), self._stack)
        return each @ 10 ** np.arange(self._stack)[::-1]

    def features(self, samples: Any) -> NDArray[np.float64]:
        """(n, 10) features of the classifier: how similar each digit is to each class; (n, 10 stack) for a stack."""
        found = self.checked(samples)
        return digit_classifier().features(found.reshape(-1, 64)).reshape(len(found), -1)

    def shares(self, samples: Any) -> NDArray[np.float64]:
        """(modes,) shares of the classes among (n, d) samples."""
        return np.bincount(self.labels(samples), minlength=self.modes) / len(samples)

    def truth(self, samples: NDArray[Any], rng: np.random.Generator) -> dict[str, float]:
        """The classes found, the divergence of their shares, the classifier's error, and everything known of images.

        `reverse_kl` is KL(shares of the samples' classes || shares of the data's); for n samples of the data itself it
        would be about `reverse_kl_floor` = (modes - 1) / 2n, and `modes` would be about `modes_expected`, which is less
        than the number of modes if there are few samples. `modes_missed` counts the missing modes that chance does not
        explain. `rarest` and `commonest` are the smallest and the largest share of a class, divided by its share of the
        data. `classifier_error` is the error for one digit, on images that the classifier never saw.
        """
        shares = self.shares(samples)
        ratios = shares / self.weights
        return {
            "modes": float((shares > 0).sum()),
            "modes_expected": float((1 - (1 - self.weights) ** len(samples)).sum()),
            "modes_missed": float(missed_beyond_chance(self.weights, int((shares > 0).sum()), len(samples))),
            "reverse_kl": reverse_kl_of_shares(shares, self.weights),
            "reverse_kl_floor": (self.modes - 1) / (2 * len(samples)),
            "rarest": float(ratios.min()),
            "commonest": float(ratios.max()),
            "classifier_error": digit_classifier().error,
            **super().truth(samples, rng),
        }


class StackedDigitsGame(DigitsGame):
    """Three digits, drawn independently, as the channels of an image: 1000 modes, one for each number 000 to 999.

    The protocol is that of stacked MNIST (Srivastava et al. 2017): 26 000 samples, the modes that they hit, and the
    divergence of their shares. The figures are **not comparable** with those of stacked MNIST: these digits have
    8 x 8 pixels instead of 28 x 28, there are 1437 of them instead of 60 000, and the classifier is another one.

    Args:
        noise_size: Length of a noise vector.
        stack: Number of digits in a sample.

    Attributes:
        protocol_samples: Number of samples that the protocol asks for.

    Raises:
        WiringError: Scikit-learn is not installed, or the stack does not have 1 to 4 digits.

    >>> game = StackedDigitsGame()
    >>> game.dimension, game.image_shape, game.modes
    (192, (3, 8, 8), 1000)
    """

    protocol_samples = 26_000

    def __init__(self, noise_size: int = 64, stack: int = 3) -> None:
        """Read the digits."""
        if whole_number("stack", stack, 1) > 4:
            raise WiringError(f"stack is {stack!r}; expected 1 to 4 digits")
        self._read("stacked_digits", noise_size, stack)

    def real(self, count: int, rng: np.random.Generator) -> Images:
        """(count, d) stacks of training images, each drawn with replacement."""
        return super().real(count * self._stack, rng).reshape(count, self.dimension)
